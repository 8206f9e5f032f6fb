"""An INT8 model is made of a pack's own inputs, measured against FP32, and written with its tolerance."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import Cancelled, PackNotChangedError, QuantizeError
from inference.verify import verify_pack
from services.places import pack_roots
from services.quantize_pack import QuantizeRequest, quantize_pack
from tests.services import labelled_toys


@pytest.fixture
def request_of(tmp_path: Path) -> QuantizeRequest:
    """A toy pack and a folder of pictures for it."""
    pack = labelled_toys.write_whole_pack(tmp_path / "packs")
    labelled_toys.write_pictures(tmp_path / "images", 20)
    return QuantizeRequest(folder=pack, images=tmp_path / "images", count=12, threads=1)


def test_the_pack_gets_a_model_that_passes_its_own_tolerance(request_of: QuantizeRequest) -> None:
    model = request_of.folder / "model.int8.onnx"
    before = model.read_bytes()
    done = quantize_pack(request_of)
    assert model.read_bytes() != before
    assert done.images == 12
    assert done.int8_bytes == model.stat().st_size
    manifest = tomllib.loads((request_of.folder / "pack.toml").read_text())
    assert manifest["tolerance"] == {drift.role: drift.tolerance for drift in done.roles}
    assert all(check.passed for check in verify_pack(request_of.folder))
    assert "# a guess" in (request_of.folder / "pack.toml").read_text()


def test_drift_is_told_by_output_engine_and_side(request_of: QuantizeRequest) -> None:
    done = quantize_pack(request_of)
    assert {drift.role for drift in done.roles} == {"logits", "activation_map"}
    assert all(0 < drift.median <= drift.largest for drift in done.roles)
    assert {speed.engine for speed in done.speeds} == {"onnxruntime", "openvino"}
    assert done.sides[0].code == "brightness"
    assert done.sides[0].images == 12


def test_a_tolerance_may_be_left_as_it_is(request_of: QuantizeRequest) -> None:
    before = tomllib.loads((request_of.folder / "pack.toml").read_text())["tolerance"]
    done = quantize_pack(replace(request_of, keep_tolerance=True))
    assert tomllib.loads((request_of.folder / "pack.toml").read_text())["tolerance"] == before
    assert not done.tolerance_written


def test_a_pack_that_looks_inside_masks_is_quantized_on_what_it_sees_there(
    request_of: QuantizeRequest, toy_pair: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2

    from services import places
    from tests.inference.toy_packs import marker

    monkeypatch.setattr(places, "program_folder", lambda: toy_pair.parent)
    images = tmp_path / "chests"
    images.mkdir()
    assert cv2.imwrite(str(images / "a.png"), marker(64) * 255)
    folder = tmp_path / "own" / "toy-finding"
    from tests.inference import toy_packs

    toy_packs.write_finding_pack(tmp_path / "own")
    done = quantize_pack(replace(request_of, folder=folder, images=images))
    assert done.images == 1
    assert done.refused == 0


@pytest.fixture
def toy_pair(tmp_path: Path) -> Path:
    """A folder ``models`` with the pack whose outlines the other one needs."""
    from tests.inference import toy_packs

    toy_packs.write_outline_pack(tmp_path / "program" / "models")
    return tmp_path / "program" / "models"


def test_installed_packs_and_empty_folders_are_refused(request_of: QuantizeRequest, tmp_path: Path) -> None:
    with pytest.raises(PackNotChangedError):
        quantize_pack(replace(request_of, folder=pack_roots()[0] / "chest-lungs"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(QuantizeError, match="none of the images"):
        quantize_pack(replace(request_of, images=tmp_path / "empty"))


def test_stopped_it_changes_nothing(request_of: QuantizeRequest) -> None:
    before = {path: path.read_bytes() for path in request_of.folder.iterdir()}
    with pytest.raises(Cancelled):
        quantize_pack(request_of, cancelled=lambda: True)
    assert {path: path.read_bytes() for path in request_of.folder.iterdir()} == before
