"""A planted name is nowhere outside the encrypted records, neither in the profile nor where desktops look."""

from __future__ import annotations

import base64
import html
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Photo

from tests.faults.morning import acts_of, write_studies
from tests.faults.planted import (
    APOSTROPHE,
    CHINESE,
    LATIN,
    NAMES,
    NUMBER,
    planted_in,
    planted_under,
)
from tests.faults.stand import ROOT, Stem, held_by_permissions, own_environment
from tests.faults.witness import Ledger
from tests.opening import ADMINISTRATOR, PASSWORD
from tests.ui.stage import write_chest

NAME = LATIN
_SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": str.encode,
    "UTF-16": lambda name: name.encode("utf-16-le"),
    "UTF-16, the other way": lambda name: name.encode("utf-16-be"),
    "Latin-1": lambda name: name.encode("latin-1", "replace"),
    "GB 18030": lambda name: name.encode("gb18030"),
    "capitals": lambda name: name.upper().encode(),
    "an address": lambda name: urllib.parse.quote(name).encode(),
    "HTML": lambda name: html.escape(name).encode(),
    "JSON": lambda name: json.dumps(name).encode(),
    "JSON, all escaped": lambda name: "".join(f"\\u{ord(sign):04x}" for sign in name).encode(),
    "SQL": lambda name: name.replace("'", "''").encode(),
    "hexadecimal": lambda name: name.encode().hex().encode(),
    "octal": lambda name: "".join(
        chr(one) if one < 128 else f"\\{one:03o}" for one in name.encode()
    ).encode(),
    **{
        f"base64, {before} before": lambda name, before=before: base64.b64encode(
            b"x" * before + name.encode()
        )  # type: ignore[misc]
        for before in range(3)
    },
    "base64 for addresses": lambda name: base64.urlsafe_b64encode(name.encode()),
    "base64 of UTF-16": lambda name: base64.b64encode(name.encode("utf-16-le")),
}


@pytest.mark.parametrize("spelling", _SPELLINGS)
@pytest.mark.parametrize("name", NAMES)
def test_the_search_finds_a_name_that_is_planted_in_a_file(tmp_path: Path, name: str, spelling: str) -> None:
    """What the tests below rely on: without it, they could not fail."""
    written = _SPELLINGS[spelling](name)
    if spelling == "Latin-1" and name == CHINESE:
        assert set(written) == {ord("?")}, "Latin-1 cannot say it"
        return
    (tmp_path / "some.bin").write_bytes(b"\0\1\xff" + written + b"\0")
    assert planted_under(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_the_search_finds_a_name_in_names_of_files_links_and_what_is_packed(
    tmp_path: Path, name: str
) -> None:
    def only(make: Callable[[Path], object]) -> list[str]:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        make(folder)
        return planted_under(folder)

    def pack(folder: Path, member: str, text: str) -> None:
        with zipfile.ZipFile(folder / "support.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(member, text * 3)

    assert only(lambda folder: (folder / f"{name}.lnk").touch())
    assert only(lambda folder: (folder / "recent").symlink_to(f"/media/{name}/1.dcm"))
    assert only(lambda folder: pack(folder, "log.txt", name))
    assert only(lambda folder: pack(folder, f"{name}.txt", "x"))
    assert only(lambda folder: pack(folder, "log.txt", "cannot read the file")) == []


def test_the_search_finds_nothing_in_noise(tmp_path: Path) -> None:
    (tmp_path / "noise.bin").write_bytes(random.Random(1).randbytes(8_000_000))
    assert planted_under(tmp_path) == []


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
    assert planted_under(own) == []


@pytest.mark.slow
@pytest.mark.display
@pytest.mark.timeout(300)
def test_the_window_leaves_no_name_in_titles_logs_dialogs_or_what_desktops_remember(
    display: str, tmp_path: Path
) -> None:
    """One life: read and signed in the window with copies kept, locked, quit; then a register, a backup, the
    file for support and an export of the trail by the real program. All of it is searched together.
    """
    own, stick, cwd = tmp_path / "own", tmp_path / NAME, tmp_path / "own" / "cwd"
    for folder in (stick, cwd, own / "backup"):
        folder.mkdir(parents=True)
    image = write_chest(stick / NAME, f"{NAME}.dcm", patient=NAME.replace(" ", "^"), number=NUMBER)
    picture = stick / f"{APOSTROPHE} {CHINESE}.png"
    Photo.fromarray(np.random.default_rng(3).integers(60, 200, (96, 112)).astype(np.uint8)).save(picture)
    order = {
        "do": "leave_traces", "profile": str(own / "profile"), "open": str(image), "picture": str(picture),
        "stick": str(stick), "keep": "copy", "names": NAMES, "looked": str(own / "looked"),
    }  # fmt: skip
    facts = _live_in_the_window(order, own, cwd, display)
    assert facts == {"copies": 2, "signed": 1}
    assert "Farlight" in (own / "titles").read_text()
    assert "Farlight: locked" in (own / "titles-locked").read_text()
    assert "background work failed" in (own / "profile" / "log" / "window.log").read_text()
    assert list(stick.glob("*.pdf"))
    _live_on_the_command_line(own, stick)
    with_names = planted_in((stick / "trail-with-names.jsonl").read_bytes())
    assert {word for name in (LATIN, CHINESE) for word in name.split()} <= with_names, (
        "they were in the records"
    )
    assert planted_under(own) == []


def _live_in_the_window(order: Mapping[str, object], own: Path, cwd: Path, display: str) -> dict[str, object]:
    """Have the real window do what is ordered; looks at its titles while it is open and when it is locked."""
    read, write = os.pipe()
    with (own / "said").open("wb") as said:
        window = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.window", json.dumps(order), str(write)],
            cwd=cwd, env={**own_environment(own), "PYTHONPATH": str(ROOT)}, pass_fds=(write,),
            stdout=said, stderr=said,
        )  # fmt: skip
        os.close(write)
        with os.fdopen(read) as told:
            facts = json.loads(told.readline())
            assert "crash" not in facts, facts["crash"]
            (own / "titles").write_text(_titles(display))
            (own / "looked").touch()
            assert json.loads(told.readline()) == {"locked": True}
            (own / "titles-locked").write_text(_titles(display))
            (own / "looked").unlink()
        assert window.wait(timeout=60) == 0, (own / "said").read_text()
    return dict(facts)


def _live_on_the_command_line(own: Path, stick: Path) -> None:
    """Have the real program read a register, back up, write the file for support and export the trail."""
    register = stick / f"{APOSTROPHE}.csv"
    rows = "".join(f"{name},{NUMBER}-{number},198{number}-05-31\n" for number, name in enumerate(NAMES))
    register.write_text(f"Name,ID,Date of birth\n{rows}", encoding="utf-8")
    for arguments, names in (
        (("records", "register", str(register)), True),
        (("records", "list", "--search", CHINESE), True),
        (("backup", str(own / "backup"), "--verify"), False),
        (("diagnostics", str(own / "support.zip")), False),
        (("audit", "export", str(own / "trail.jsonl")), False),
        (("audit", "export", str(stick / "trail-with-names.jsonl"), "--with-names"), True),  # its path
    ):
        ended = subprocess.run(
            [sys.executable, str(ROOT / "main.py"), "--profile", str(own / "profile"), *arguments,
             "--user", ADMINISTRATOR, "--password-fd", "0"],
            cwd=own / "cwd", env=own_environment(own), input=f"{PASSWORD}\n".encode(), capture_output=True,
            check=False,
        )  # fmt: skip
        assert ended.returncode == 0, (arguments[0], ended.stderr.decode())
        assert bool(planted_in(ended.stdout)) == names, arguments
        assert planted_in(ended.stderr) == set(), arguments


def _titles(display: str) -> str:
    """Return titles and all properties of all windows on the display."""

    def said(*command: str) -> str:
        environment = {**os.environ, "DISPLAY": display, "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            command, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False
        ).stdout

    windows = said("xdotool", "search", "--name", "").split()
    return "".join(
        said("xdotool", "getwindowname", window) + said("xprop", "-id", window) for window in windows
    )


@pytest.mark.slow
def test_the_command_line_leaves_no_name_outside_its_output_folder(tmp_path: Path) -> None:
    """The real program with its real packs."""
    own, cwd = tmp_path / "own", tmp_path / "own" / "cwd"
    cwd.mkdir(parents=True)
    image = write_chest(tmp_path / NAME, f"{NAME}.dcm", patient=NAME.replace(" ", "^"), number=NUMBER)
    ended = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), "analyze", str(image), "--out", str(tmp_path / "out")],
        cwd=cwd, env=own_environment(own), capture_output=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr.decode()
    assert planted_under(tmp_path / "out")
    assert planted_under(own) == []


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
