"""An INT8 model is made of a pack's own inputs, measured against FP32, and written with its tolerance."""

import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.errors import Cancelled, PackNotChangedError, PackTrialError, QuantizeError
from inference.golden import Golden, read_golden
from inference.manifest import Role, Scores
from inference.packs import load_pack
from inference.preprocess import Box
from inference.requests import Look
from inference.verify import VerifyCheck, verify_pack
from services import int8_drift
from services.int8_drift import ceiling
from services.places import pack_roots
from services.quantize_images import OwnedLook, parted
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
    assert (done.images, done.apart) == (12, 4)
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
    assert done.sides[0].images == done.apart


def test_a_tolerance_is_twice_the_drift_on_the_golden_inputs_and_no_more(request_of: QuantizeRequest) -> None:
    for drift in quantize_pack(request_of).roles:
        assert drift.tolerance == pytest.approx(min(max(2 * drift.golden, 1e-3), drift.ceiling), rel=0.06)


def made_worse(model: bytes, by: float) -> bytes:
    """Return the toy's network with an answer that is off by so much."""
    import onnx
    from onnx import numpy_helper

    network = onnx.load_from_string(model)
    for weight in network.graph.initializer:
        if weight.name == "bias":
            weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) + np.float32(by), "bias"))
    return bytes(network.SerializeToString())


@pytest.mark.parametrize("by", [0.6, -3.0])
def test_a_model_that_drifts_further_than_may_be_forgiven_is_refused_and_nothing_changes(
    request_of: QuantizeRequest, monkeypatch: pytest.MonkeyPatch, by: float
) -> None:
    monkeypatch.setattr("inference.quantizer.quantized", lambda full, *_, **__: made_worse(full, by))
    before = {path: path.read_bytes() for path in request_of.folder.iterdir()}
    with pytest.raises(
        QuantizeError, match=r"(logits|activation_map) of INT8 lies .* the most that may be forgiven"
    ):
        quantize_pack(request_of)
    assert {path: path.read_bytes() for path in request_of.folder.iterdir()} == before


@pytest.mark.parametrize(
    ("role", "values", "scores", "most"),
    [
        ("logits", [-2.0, 2.0], "logits", 0.4),
        ("logits", [-20.0, 20.0], "logits", 2.0),
        ("logits", [0.1, 0.9], "probabilities", 0.1),
        ("masks", [0.0, 1.0], "probabilities", 0.5),
        ("masks", [0.0, 1.0], "logits", 0.5),
        ("activation_map", [-1.0, 9.0], "logits", 1.5),
        ("sense", [-36.0, 22.0], "logits", 2.9),
        ("familiarity", [0.5, 2.0], "logits", 0.2),
    ],
)
def test_the_most_that_may_be_forgiven_depends_on_what_an_output_means(
    role: Role, values: list[float], scores: Scores, most: float
) -> None:
    golden = Golden(batch=np.zeros((1, 1, 2, 2), np.float32), expected={role: np.array(values, np.float32)})
    manifest: Any = SimpleNamespace(output=SimpleNamespace(scores=scores))
    assert ceiling(role, golden, manifest) == pytest.approx(most)


@pytest.mark.parametrize("pack_id", ["chest-lungs", "chest-pneumonia-child"])
def test_no_tolerance_of_our_own_packs_is_larger_than_what_may_be_forgiven(pack_id: str) -> None:
    pack = load_pack(pack_roots()[0] / pack_id)
    golden = read_golden(pack.read("golden.npz"), pack.manifest)
    for role, tolerance in pack.manifest.tolerance.items():
        assert tolerance <= ceiling(role, golden, pack.manifest), role


@pytest.mark.parametrize("count", [0, 1, 11])
def test_with_few_images_that_the_pack_answers_it_says_how_many_are_needed(
    request_of: QuantizeRequest, tmp_path: Path, count: int
) -> None:
    labelled_toys.write_pictures(tmp_path / "few", count)
    with pytest.raises(QuantizeError, match=f"answers {count} of the images; 12" if count else "none of the"):
        quantize_pack(replace(request_of, images=tmp_path / "few"))


def owned(*patients: str) -> list[OwnedLook]:
    """Return looks of these patients, each with another value of its one pixel."""
    return [
        OwnedLook(
            patient=patient,
            look=Look(
                tensor=np.full((1, 1, 1), n, np.float32),
                outputs={},
                box=Box(top=0.0, left=0.0, bottom=1.0, right=1.0),
            ),
        )
        for n, patient in enumerate(patients)
    ]


def test_no_patient_both_sets_the_ranges_and_measures_the_drift() -> None:
    patients = [f"P{n % 7}" for n in range(40)]
    ranges, apart = parted(owned(*patients))
    sides = [{patients[int(look.tensor[0, 0, 0])] for look in part} for part in (ranges, apart)]
    assert not sides[0] & sides[1]
    assert len(ranges) + len(apart) == 40
    assert 8 <= len(apart) <= 13


def test_images_of_one_patient_alone_cannot_measure_what_they_set() -> None:
    ranges, apart = parted(owned(*["P1"] * 30))
    assert not ranges or not apart


def test_drift_is_measured_on_other_images_than_those_that_set_the_ranges(
    request_of: QuantizeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inference import quantizer
    from services import quantize_pack as module

    seen: dict[str, set[bytes]] = {}
    make, measure = quantizer.quantized, int8_drift.drift_of

    def quantized(full: bytes, samples: list[Any], **more: Any) -> bytes:
        seen["ranges"] = {sample.tobytes() for sample in samples}
        return make(full, samples, **more)

    def drift_of(pack: Any, full: bytes, small: bytes, apart: Any, threads: int | None) -> Any:
        seen["apart"] = {look.tensor.tobytes() for look in apart}
        return measure(pack, full, small, apart, threads)

    monkeypatch.setattr(quantizer, "quantized", quantized)
    monkeypatch.setattr(module, "drift_of", drift_of)
    quantize_pack(request_of)
    assert not seen["ranges"] & seen["apart"]
    assert (len(seen["ranges"]), len(seen["apart"])) == (12, 4)


def test_outlines_that_change_are_told_by_structure(
    request_of: QuantizeRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.inference import toy_packs

    monkeypatch.setattr(int8_drift, "ceiling", lambda *_: 100.0)  # its golden inputs are noise: not the point
    labelled_toys.write_outlined(tmp_path / "chests", tmp_path / "masks", 13)
    folder = toy_packs.write_outline_pack(tmp_path / "own")
    done = quantize_pack(replace(request_of, folder=folder, images=tmp_path / "chests", count=8))
    assert [(side.code, side.of, side.images) for side in done.sides] == [
        ("left", "outline", 4),
        ("right", "outline", 4),
    ]


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

    monkeypatch.setattr(places, "program_folder", lambda: toy_pair.parent)
    monkeypatch.setattr(int8_drift, "ceiling", lambda *_: 100.0)  # its golden inputs are noise: not the point
    images = tmp_path / "chests"
    labelled_toys.write_outlined(images, tmp_path / "masks", 13)
    assert cv2.imwrite(str(images / "refused.png"), np.full((64, 64), 90, np.uint8))
    folder = tmp_path / "own" / "toy-finding"
    from tests.inference import toy_packs

    toy_packs.write_finding_pack(tmp_path / "own")
    done = quantize_pack(replace(request_of, folder=folder, images=images, count=8))
    assert (done.images, done.apart) == (8, 4)
    assert done.refused <= 1


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


def test_a_model_that_ends_an_engine_is_found_in_a_child_and_nothing_changes(
    request_of: QuantizeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Path] = []

    def trial(folder: Path, **_: object) -> tuple[VerifyCheck, ...]:
        tried.append(folder)
        alive = len(tried) == 1
        code = None if alive else PackTrialError.code
        return (VerifyCheck(name="trial", passed=alive, text="it ended by SIGSEGV", code=code),)

    monkeypatch.setattr("inference.trial.try_pack", trial)
    before = {path: path.read_bytes() for path in request_of.folder.iterdir()}
    with pytest.raises(QuantizeError, match="SIGSEGV"):
        quantize_pack(request_of)
    assert tried[0] == request_of.folder
    assert tried[1] != request_of.folder
    assert {path: path.read_bytes() for path in request_of.folder.iterdir()} == before


def test_a_network_of_another_make_is_quantized_for_both_engines(tmp_path: Path) -> None:
    from inference.engine import ENGINES, open_engine
    from inference.quantizer import quantized
    from tests.inference.foreign_networks import densenet

    full = densenet(blocks=(2, 2, 2, 2), side=64)
    samples = [np.random.default_rng(n).random((1, 3, 64, 64), dtype=np.float32) for n in range(3)]
    small = quantized(full, samples)
    for name in ENGINES:
        slow, fast = (open_engine(name, model, threads=1).run(samples[0]) for model in (full, small))
        for output in slow:
            assert np.isfinite(fast[output]).all()
