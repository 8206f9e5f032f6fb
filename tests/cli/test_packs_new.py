"""``packs new`` in the real program: a table for people, JSON for scripts, sentences for what cannot be."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.drafting import ARGUMENT
from tests.inference import foreign_networks
from tests.inference.drafts import fill_in

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a transformer of three classes as an ONNX file."""
    path = tmp_path / "Three classes.onnx"
    path.write_bytes(foreign_networks.transformer())
    return path


def test_a_model_is_begun_filled_in_built_and_verified(run: Run, model: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(foreign_networks.CLASSES), encoding="utf-8")
    begun = run("packs", "new", str(model), "--out", str(tmp_path / "packs"), "--labels", str(labels))
    assert (begun.returncode, begun.stderr) == (0, "")
    assert "x float ? x 1 x 64 x 64" in begun.stdout
    assert "rise: attention mixes the places" in begun.stdout
    folder = tmp_path / "packs" / "three-classes"
    for field in ("output.scores", "licence.spdx", "labels[0..2].operating_points[0].threshold"):
        assert f"\n{field} " in begun.stdout
    left = run("packs", "build", str(folder))
    assert left.returncode == 1
    assert "\n  licence.spdx: is missing\n" in left.stderr
    fill_in(folder, {"mean": "[0.5]", "std": "[0.5]"}, calibrated=False)
    manifest = folder / "pack.toml"
    manifest.write_text(manifest.read_text().replace('scores = ""  # FILL IN', 'scores = "softmax"'))
    built = run("packs", "build", str(folder))
    assert (built.returncode, built.stdout.strip()) == (0, str(folder.parent / "three-classes-1.0.0.farpack"))
    verified = run("packs", "verify", str(folder), "--json")
    assert verified.returncode == 0
    checks = json.loads(verified.stdout)
    assert {check["engine"] for check in checks if check["engine"]} == {"onnxruntime", "openvino"}


def test_json_holds_what_the_table_says(run: Run, model: Path, tmp_path: Path) -> None:
    done = run(
        "packs", "new", str(model), "--id", "mine", "--out", str(tmp_path), "--size", "64x64", "--json"
    )
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert (told["pack_id"], told["task"], told["runs"]) == ("mine", "classify", True)
    assert ["input", "x float ? x 1 x 64 x 64"] in told["found"]
    assert "pack.toml" in told["files"]
    assert any(field == "title" for field, _ in told["missing"])


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [(("--size", "big"), 2, ""), (("--size", "32x32"), 1, "E241"), (("--id", "Not an id"), 1, "E202")],
)
def test_what_cannot_be_is_said(
    run: Run, model: Path, tmp_path: Path, arguments: tuple[str, ...], status: int, code: str
) -> None:
    done = run("packs", "new", str(model), "--out", str(tmp_path / "packs"), *arguments)
    assert done.returncode == status
    assert code in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    done = run("packs", "new", str(tmp_path / "gone.onnx"), "--out", str(tmp_path / "packs"))
    assert done.returncode == 1
    assert done.stderr.startswith("E241 ")


def test_the_program_started_once_more_looks_into_models(tmp_path: Path) -> None:
    order = {"model": str(tmp_path / "gone.onnx"), "folder": str(tmp_path)}
    order |= {"size": "", "task": "", "output": ""}
    done = subprocess.run(
        [sys.executable, "main.py", ARGUMENT],
        cwd=Path(__file__).parents[2],
        input=json.dumps(order) + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(done.stdout)["error"] == "E241"
