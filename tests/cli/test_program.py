"""The front door: exit statuses, sentences, streams."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imaging.decode_worker import ARGUMENT
from services.batch_helper import ARGUMENT as HELPER

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).parents[2]


def test_the_version_is_told(run: Run) -> None:
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Farlight ")


def test_help_names_every_verb(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    for verb in ("scan", "analyze", "packs", "self-test", "bench"):
        assert verb in done.stdout


def test_help_and_the_parser_load_nothing_heavy() -> None:
    code = (
        "import sys; from cli.program import build_parser; build_parser().format_help(); "
        "print([name for name in ('numpy', 'cv2', 'pydicom', 'onnxruntime', 'openvino', 'PySide6', 'sqlite3')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display there")
def test_without_a_display_one_sentence_says_so(run: Run) -> None:
    done = run()
    assert done.returncode == 1
    assert "no display" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("unknown-verb",),
        ("scan",),
        ("analyze", "a.png"),
        ("analyze", "--out", "out"),
        ("analyze", "a.png", "--out", "out", "--engine", "magic"),
        ("analyze", "a.png", "--out", "out", "--force", "--resume"),
        ("analyze", "a.png", "--out", "out", "--pack", "nothing"),
        ("packs",),
        ("packs", "show", "nothing"),
        ("packs", "verify", "nothing"),
    ],
)
def test_wrong_arguments_end_with_status_2_and_leave_nothing(
    run: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_packs_are_listed_shown_and_verified(run: Run) -> None:
    listed = run("packs", "list")
    assert listed.returncode == 0
    assert "chest-lungs" in listed.stdout
    assert "Intended" not in listed.stdout
    shown = run("packs", "show", "chest-lungs")
    assert shown.returncode == 0
    assert "intended_use:" in shown.stdout
    verified = run("packs", "verify", "chest-lungs")
    assert verified.returncode == 0, verified.stdout


def test_a_pack_folder_without_a_manifest_cannot_be_built(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("packs", "build", "empty")
    assert done.returncode == 1
    assert done.stderr.startswith("E202 ")


def test_a_profile_that_cannot_be_written_does_not_keep_a_verb_from_working(run: Run, tmp_path: Path) -> None:
    (tmp_path / "profile").write_text("a file where the profile should be")
    assert run("packs", "list").returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
def test_a_reader_that_goes_away_is_no_traceback(picture: Path, tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"{number}.png").hardlink_to(picture)
    script = f'"{sys.executable}" "{ROOT / "main.py"}" --profile p scan . --json | head -c 10'
    done = subprocess.run(script, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("[")
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX shells")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_is_no_error(closed: str, tmp_path: Path) -> None:
    script = f'"{sys.executable}" "{ROOT / "main.py"}" --profile p packs list {closed}'
    done = subprocess.run(script, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_onto_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    script = f'"{sys.executable}" "{ROOT / "main.py"}" --profile p packs list > /dev/full'
    done = subprocess.run(script, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("E604 ")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows consoles take other encodings")
def test_a_terminal_that_is_not_utf_8_gets_escapes_and_no_traceback(run: Run, picture: Path) -> None:
    picture.rename(picture.with_name("छाती.png"))
    done = run("scan", ".", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "\\u091b" in done.stdout


def test_the_decoder_child_is_the_first_thing_that_the_program_looks_for() -> None:
    # A frozen program starts itself as the decoder's child: no display, no parser, no profile.
    done = subprocess.run(
        [sys.executable, "main.py", ARGUMENT],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == b""
    assert b"ready" in done.stdout


def test_a_helper_of_a_batch_ends_where_nobody_asks_it_anything() -> None:
    done = subprocess.run(
        [sys.executable, "main.py", HELPER],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_page_of_the_command_line_lists_every_verb_and_action() -> None:
    from cli.program import build_parser

    page = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
    listed = page.split("## scan")[0]
    for words in _verbs(build_parser()):
        verb, *action = words
        line = " ".join(one for one in listed.splitlines() if f"main.py {verb}" in one)
        assert line, f"{verb} is missing"
        assert not action or action[0] in line, f"{verb} {action} is missing"


def _verbs(parser: argparse.ArgumentParser, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for action in parser._actions:
        for name, below in action.choices.items() if isinstance(action, argparse._SubParsersAction) else ():
            yield (*before, name)
            yield from _verbs(below, (*before, name))
