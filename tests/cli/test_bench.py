"""``bench`` and ``self-test`` in the real program."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cli.program import build_parser
from services.selftest import SelfCheck

LINES, COLUMNS = 24, 80
"""The smallest terminal that is around."""


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
def test_self_test_says_of_each_pack_whether_it_gives_its_known_answers(root: Path, tmp_path: Path) -> None:
    shown = _run(root, tmp_path, "self-test")
    assert shown.returncode == 0
    assert all(line.startswith("Checking: ") for line in shown.stderr.splitlines())
    told = _run(root, tmp_path, "self-test", "--json")
    said = json.loads(told.stdout)
    packs = len(list((root / "models").glob("*/pack.toml")))
    lines = shown.stdout.splitlines()
    (first,) = [number for number, line in enumerate(lines) if line.startswith(f"{packs} models give their")]
    assert lines[first + 1 : first + 1 + packs] == [one["row"] for one in said["packs"]]
    assert all("known answers on this computer" in one["sentence"] for one in said["packs"])
    total = len(said["checks"])
    assert lines[-1].startswith(f"{total} of {total} checks passed")
    assert sum(max(1, -(-len(line) // COLUMNS)) for line in lines) <= LINES, "it fits on one screen"
    assert {one["state"] for one in said["packs"]} == {"trusted"}
    assert said["computer"]
    assert all(check["passed"] for check in said["checks"])


@pytest.mark.parametrize(
    ("flags", "passed", "named"), [([], True, False), (["--checks"], True, True), ([], False, True)]
)
def test_checks_are_listed_where_that_is_asked_for_or_one_failed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    *,
    passed: bool,
    named: bool,
) -> None:
    check = SelfCheck(
        pack_id="chest-lungs", name="?", passed=True, detail="", engine="onnxruntime", precision="fp32"
    )
    checks = (check, replace(check, name="a rare check", precision="int8", passed=passed))
    monkeypatch.setattr("services.selftest.run_self_test", lambda **_: checks)
    monkeypatch.setattr("services.tuning.tuner_of_profile", lambda: None)
    arguments = build_parser().parse_args(["self-test", *flags])
    assert arguments.run(arguments) == 0
    assert ("a rare check" in capsys.readouterr().out) is named


@pytest.mark.slow
@pytest.mark.timeout(400)  # it measures while all other tests run beside
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
