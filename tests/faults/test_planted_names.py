"""A planted name is nowhere outside the encrypted records, neither in the profile nor where desktops look."""

from __future__ import annotations

import html
import json
import os
import resource
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.morning import acts_of, write_studies
from tests.faults.stand import ROOT, Stem, held_by_permissions, own_environment
from tests.faults.witness import Ledger
from tests.ui.stage import write_chest

NAME = "Zawadi Wanjikũ Plantedname"
WORDS = (*NAME.split(), "PLANT-4711", "SAMPLE^Study")


def _forms(word: str) -> Iterator[bytes]:
    """Yield a word as files write it: encodings, escapes, addresses."""
    quoted = urllib.parse.quote(word)
    escaped = word.encode("unicode_escape").decode()
    spelled = {
        word,
        word.upper(),
        word.lower(),
        quoted,
        quoted.lower(),
        escaped,
        html.escape(word),
        json.dumps(word)[1:-1],
    }
    for text in spelled:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le"):
            yield text.encode(encoding)
        yield text.encode("latin-1", "replace") if "?" not in text else text.encode()
        yield text.encode("utf-8").hex().encode()


def _found(*folders: Path) -> list[str]:
    """Return where a planted word stands, in the name of a file or in it."""
    needles = {form.lower(): word for word in WORDS for form in _forms(word) if b"?" not in form}
    found: list[str] = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            content = os.fsencode(str(path.relative_to(folder)))
            if path.is_file() and not path.is_symlink():
                content += b"\n" + path.read_bytes()
            lowered = content.lower()
            found.extend(f"{path}: {word}" for needle, word in needles.items() if needle in lowered)
    return found


def test_the_search_for_names_finds_them_in_each_spelling(tmp_path: Path) -> None:
    for number, form in enumerate((
        NAME.encode(), NAME.encode("utf-16-le"), urllib.parse.quote(NAME).encode(), json.dumps(NAME).encode(),
        "zawadi".encode("latin-1"), "WANJIKŨ".encode(),
    )):  # fmt: skip
        file = tmp_path / f"{number}.bin"
        file.write_bytes(b"\0\1" + form + b"\0")
        assert _found(tmp_path), form
        file.unlink()
    (tmp_path / "plantedname.lnk").touch()
    assert _found(tmp_path)


@pytest.mark.slow
def test_a_morning_leaves_no_name_outside_the_encrypted_records(tmp_path: Path) -> None:
    """All acts of the services, killed once and gone on with; then all that was written is searched."""
    own = tmp_path / "own"
    studies = write_studies(tmp_path / NAME, 1)
    profile, ledger, length = own / "profile", Ledger(), len(acts_of(0))
    own.mkdir()
    with Stem(own) as stem:
        killed = stem.start(profile=profile, studies=studies, first=0, last=length, stop_before=20)
        assert killed.wait_stopped()
        killed.kill()
        ledger.take(killed.read_all())
        ledger.take(
            stem.start(profile=profile, studies=studies, first=ledger.next_act, last=length).read_all()
        )
    assert ledger.crashes == []
    assert len(ledger.signed) == 2
    shutil.rmtree(own / "stick")  # what somebody exports on purpose names the patient
    assert _found(own) == []


@pytest.mark.slow
@pytest.mark.display
def test_the_window_leaves_no_name_in_titles_logs_dialogs_or_what_desktops_remember(
    display: str, tmp_path: Path
) -> None:
    own, stick, cwd = tmp_path / "own", tmp_path / NAME, tmp_path / "own" / "cwd"
    for folder in (stick, cwd):
        folder.mkdir(parents=True)
    image = write_chest(stick / NAME, f"{NAME}.dcm", patient=NAME.replace(" ", "^"), number="PLANT-4711")
    looked = own / "looked"
    order = {
        "do": "leave_traces", "profile": str(own / "profile"), "open": str(image), "stick": str(stick),
        "name": NAME, "looked": str(looked),
    }  # fmt: skip
    read, write = os.pipe()
    with (own / "said").open("wb") as said:
        window = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.window", json.dumps(order), str(write)],
            cwd=cwd, env={**own_environment(own), "PYTHONPATH": str(ROOT)}, pass_fds=(write,),
            stdout=said, stderr=said,
        )  # fmt: skip
        os.close(write)
        with os.fdopen(read) as told:
            assert json.loads(told.readline()) == {"ready": True}
            (own / "titles").write_text(_titles(display))
            looked.touch()
        assert window.wait(timeout=60) == 0, (own / "said").read_text()
    assert "Farlight" in (own / "titles").read_text()
    assert "background work failed" in (own / "profile" / "log" / "window.log").read_text()
    assert list(stick.glob("*.pdf"))
    assert _found(own) == []


def _titles(display: str) -> str:
    """Return all properties of all windows on the display."""
    environment = {**os.environ, "DISPLAY": display}
    windows = subprocess.run(
        ["xdotool", "search", "--name", ""], env=environment, capture_output=True, text=True, check=False
    ).stdout.split()
    return "".join(
        subprocess.run(
            ["xprop", "-id", window], env=environment, capture_output=True, text=True, check=False
        ).stdout
        for window in windows
    )


@pytest.mark.slow
def test_the_command_line_leaves_no_name_outside_its_output_folder(tmp_path: Path) -> None:
    """The real program with its real packs."""
    own, cwd = tmp_path / "own", tmp_path / "own" / "cwd"
    cwd.mkdir(parents=True)
    image = write_chest(tmp_path / NAME, f"{NAME}.dcm", patient=NAME.replace(" ", "^"), number="PLANT-4711")
    ended = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), "analyze", str(image), "--out", str(tmp_path / "out")],
        cwd=cwd, env=own_environment(own), capture_output=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr.decode()
    assert _found(tmp_path / "out")
    assert _found(own) == []


_CRASH = """
import os, resource, sys
if sys.argv[1] == "as_farlight":
    import main
    main.main(["--version"])
name = "".join(sys.argv[2:])
os.abort()
"""


@pytest.mark.parametrize("how", ["as_any_program", "as_farlight"])
def test_a_crash_leaves_no_picture_of_the_memory(tmp_path: Path, how: str) -> None:
    def cores_wanted() -> None:
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    ended = subprocess.run(
        [sys.executable, "-c", _CRASH, how, NAME],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=cores_wanted, capture_output=True, check=False,
    )  # fmt: skip
    assert ended.returncode < 0 or how == "as_farlight"
    left = list(tmp_path.iterdir())
    if how == "as_any_program" and not left:
        pytest.skip("this computer writes no picture of the memory of any program into its folder")
    assert bool(left) == (how == "as_any_program")


_READ_MEMORY = """
import sys
with open(f"/proc/{sys.argv[1]}/mem", "rb"):
    print("read")
"""
_STAY = """
import sys
if sys.argv[1] == "as_farlight":
    import main
    try:
        main.main(["--version"])
    except SystemExit:
        pass
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system has no such switch")
@pytest.mark.parametrize("how", ["as_any_program", "as_farlight"])
def test_another_program_of_the_user_does_not_read_the_memory(how: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", _STAY, how], env=environment, text=True,
        preexec_fn=held_by_permissions,  # noqa: PLW1509 - no thread of the test runs beside it
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as stays:  # fmt: skip
        assert stays.stdout is not None
        while stays.stdout.readline().strip() != "ready":
            assert stays.poll() is None
        other = subprocess.run(
            [sys.executable, "-c", _READ_MEMORY, str(stays.pid)],
            preexec_fn=held_by_permissions, capture_output=True, text=True, check=False,
        )  # fmt: skip
        stays.terminate()
    if how == "as_any_program" and "read" not in other.stdout:
        pytest.skip("this computer lets no program read another one's memory")
    assert ("read" in other.stdout) == (how == "as_any_program"), other.stderr
