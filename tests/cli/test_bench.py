"""``bench`` and ``self-test`` in the real program."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


def _run(root: Path, profile: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "main.py", "--profile", str(profile), *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def root() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_self_test_says_in_a_sentence_for_each_pack_whether_it_can_be_trusted(
    root: Path, tmp_path: Path
) -> None:
    shown = _run(root, tmp_path, "self-test")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.count("gives its maker's known answers on this computer") == 2
    told = _run(root, tmp_path, "self-test", "--json")
    said = json.loads(told.stdout)
    total = len(said["checks"])
    assert shown.stdout.splitlines()[-1].startswith(f"{total} of {total} checks passed")
    assert len(shown.stdout.splitlines()) <= 24, "it fits on one screen"
    assert {one["state"] for one in said["packs"]} == {"trusted"}
    assert said["computer"]
    assert all(check["passed"] for check in said["checks"])


@pytest.mark.slow
def test_bench_shows_every_way_and_marks_what_auto_means(root: Path, tmp_path: Path) -> None:
    shown = _run(root, tmp_path, "bench", "--pack", "chest-lungs")
    assert shown.returncode == 0
    lines = [line.split() for line in shown.stdout.splitlines() if line.startswith("chest-lungs")]
    assert len(lines) == 4
    assert sum("*" in line for line in lines) == 1
    told = _run(root, tmp_path, "bench", "--pack", "chest-lungs", "--keep", "--json")
    said = json.loads(told.stdout)
    assert said["measured"] == ["chest-lungs"]
    assert sum(one["chosen"] for one in said["timings"]) == 1
    assert (tmp_path / "cache" / "engines" / "tuning.json").is_file()


def test_bench_of_a_pack_that_is_not_installed_is_a_wrong_argument(root: Path, tmp_path: Path) -> None:
    assert _run(root, tmp_path, "bench", "--pack", "nothing").returncode == 2
