"""The profile folder: its place on each platform, its lock, its log."""

import logging
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import ProfileInUseError, ProfileNotWritableError
from store.profile import Profile, default_folder, start_log, stop_log

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys, time
from pathlib import Path
from store.profile import Profile
profile = Profile(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"HOME": "/home/a"}, "/home/a/.local/share/farlight"),
        ("linux", {"HOME": "/home/a", "XDG_DATA_HOME": "/data"}, "/data/farlight"),
        ("linux", {"HOME": "/home/a", "XDG_DATA_HOME": "relative"}, "/home/a/.local/share/farlight"),
        ("darwin", {"HOME": "/Users/a"}, "/Users/a/Library/Application Support/Farlight"),
        ("win32", {"USERPROFILE": "/u", "APPDATA": "/u/Roaming"}, "/u/Roaming/Farlight"),
        ("win32", {"USERPROFILE": "/u"}, "/u/AppData/Roaming/Farlight"),
    ],
)
def test_each_platform_has_its_own_place(platform: str, environment: dict[str, str], expected: str) -> None:
    assert default_folder(platform, environment) == Path(expected)


def test_a_second_process_is_refused_until_the_first_one_dies(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "p")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ProfileInUseError):
            Profile(tmp_path / "p")
        holder.kill()
    Profile(tmp_path / "p").close()


def test_a_closed_profile_can_be_opened_again(tmp_path: Path) -> None:
    Profile(tmp_path).close()
    Profile(tmp_path).close()


def test_a_place_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ProfileNotWritableError):
        Profile(tmp_path / "file" / "profile")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such bits")
def test_the_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    Profile(tmp_path / "new").close()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_the_log_is_written_and_a_folder_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    nowhere = start_log(tmp_path / "file", "window")
    handler = start_log(tmp_path, "window")
    logging.getLogger("farlight").info("a line")
    stop_log(handler)
    stop_log(nowhere)
    logging.getLogger("farlight").info("a later line")
    assert "a line" in (tmp_path / "log" / "window.log").read_text()
    assert "a later line" not in (tmp_path / "log" / "window.log").read_text()
