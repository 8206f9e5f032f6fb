"""Measuring and quantizing on the command line: tables and JSON on stdout, sentences on stderr."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services import labelled_toys

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def prepared(tmp_path: Path) -> tuple[str, ...]:
    """A toy pack with labelled pictures, as arguments."""
    pack = labelled_toys.write_whole_pack(tmp_path)
    labels = labelled_toys.write_pictures(tmp_path / "images", 100)
    return str(pack), "--images", str(tmp_path / "images"), "--labels", str(labels)


def test_a_pack_is_measured_and_what_was_written_is_said(
    run: Run, prepared: tuple[str, ...], tmp_path: Path
) -> None:
    done = run("packs", "evaluate", *prepared, "--out", str(tmp_path / "out"), "--map-images", "0")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split()[:3] == ["POPULATION", "METRIC", "VALUE"]
    assert "AUC" in done.stdout
    assert "0.0% of 100 images refused" in done.stderr
    assert (tmp_path / "out" / "card.md").is_file()


def test_calibrating_says_that_the_pack_changed(run: Run, prepared: tuple[str, ...], tmp_path: Path) -> None:
    done = run("packs", "evaluate", *prepared, "--calibrate", "--json", "--map-images", "0", "--name", "Here")
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert measured["calibrated"]["patients"] == 50
    assert measured["set"]["name"] == "Here"
    assert "Raise the version" in done.stderr
    assert "had no markers" in done.stderr
    assert (tmp_path / "toy-whole-evaluation" / "images.csv").is_file()  # the default, where it was started


def test_a_wrong_table_ends_with_status_2_and_names_its_lines(
    run: Run, prepared: tuple[str, ...], tmp_path: Path
) -> None:
    labels = Path(prepared[-1])
    labels.write_text(labels.read_text().replace("P7,1", "P7,perhaps"))
    done = run("packs", "evaluate", *prepared)
    assert done.returncode == 2
    assert "E261" in done.stderr
    assert "line 9" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_image_that_cannot_be_read_ends_with_status_1(run: Run, prepared: tuple[str, ...]) -> None:
    (Path(prepared[2]) / "0-0.png").write_bytes(b"nothing")
    done = run("packs", "evaluate", *prepared, "--map-images", "0")
    assert done.returncode == 1
    assert "1 images could not be read" in done.stderr


def test_an_int8_model_is_made_with_its_drift(run: Run, prepared: tuple[str, ...]) -> None:
    done = run("packs", "quantize", prepared[0], *prepared[1:3], "--count", "10")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["OUTPUT", "logits", "activation_map"]
    assert "change sides of the threshold" in done.stderr
    assert "tolerance written" in done.stderr


def test_no_installed_pack_is_quantized_or_calibrated(run: Run, prepared: tuple[str, ...]) -> None:
    done = run("packs", "evaluate", "chest-pneumonia-child", *prepared[1:], "--calibrate")
    assert done.returncode == 1
    assert "E264" in done.stderr
    assert run("packs", "evaluate", "nothing-such", *prepared[1:]).returncode == 2
