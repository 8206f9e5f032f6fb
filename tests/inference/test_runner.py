"""Packs run on images, end to end, in the real engines."""

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import (
    Cancelled,
    InferenceError,
    ModelLoadError,
    PackDependencyError,
    PackError,
    UnknownPackError,
)
from core.image import Image, ImageRef
from core.result import EngineName, Precision
from inference import loaded
from inference.build import write_checksums
from inference.engine import ENGINES, Engine, open_engine, physical_cores
from inference.packs import PackLibrary
from inference.requests import PackRequest, PackRun
from inference.runner import PackRunner
from inference.subject import Subject
from tests.inference import toy_packs
from tests.inference.toy_packs import marker

Grey = NDArray[np.float32]
CHILD = Subject(modality="DX", body_part="CHEST", view="PA", age_years=3.0)
COMBINATIONS = [(engine, precision) for engine in ENGINES for precision in ("int8", "fp32")]


def _image(grey: Grey, name: str = "a.png") -> Image:
    return Image(ref=ImageRef(file=name), values=grey)


def _run(
    runner: PackRunner, grey: Grey, subject: Subject = CHILD, *, use_gates: bool = True
) -> dict[str, PackRun]:
    runs: dict[str, PackRun] = {}
    for pack_id in runner.plan(["toy-finding"]):
        runs[pack_id] = runner.run(pack_id, _image(grey), grey, subject, runs, use_gates=use_gates)
    return runs


def _lying(turns: int, *, inverted: bool = False) -> Grey:
    grey = np.ascontiguousarray(np.rot90(marker(64), turns))
    return np.asarray(1 - grey if inverted else grey, dtype=np.float32)


@pytest.fixture
def root(toy_root: Path, tmp_path: Path) -> Path:
    """Return a copy of the toy packs that a test may spoil."""
    return Path(shutil.copytree(toy_root, tmp_path / "packs"))


def test_a_pack_comes_after_what_it_depends_on(runner: PackRunner) -> None:
    assert runner.plan(None) == ("toy-outline", "toy-finding")
    assert runner.plan(["toy-finding"]) == ("toy-outline", "toy-finding")
    assert runner.plan(["toy-finding", "toy-outline", "toy-finding"]) == ("toy-outline", "toy-finding")
    assert runner.plan(["toy-outline"]) == ("toy-outline",)
    assert runner.plan([]) == ()


def test_an_unknown_pack_is_not_planned(runner: PackRunner) -> None:
    with pytest.raises(UnknownPackError):
        runner.plan(["toy-outline", "chest-unicorn"])


def test_demonstration_packs_run_when_asked_for_only(root: Path) -> None:
    manifest = root / "toy-finding" / "pack.toml"
    manifest.write_text(manifest.read_text().replace('class = "research"', 'class = "demonstration"'))
    runner = PackRunner(PackLibrary([root]))
    assert runner.plan(None) == ("toy-outline",)
    assert runner.plan(None, demonstration=True) == ("toy-outline", "toy-finding")
    assert runner.plan(["toy-finding"]) == ("toy-outline", "toy-finding")


def test_a_broken_pack_is_left_out_of_all_but_an_error_when_named(root: Path) -> None:
    (root / "toy-finding" / "pack.toml").write_text("schema = 1")
    runner = PackRunner(PackLibrary([root]))
    assert runner.plan(None) == ("toy-outline",)
    with pytest.raises(PackError):
        runner.plan(["toy-finding"])


@pytest.mark.parametrize(("engine", "precision"), COMBINATIONS)
def test_finds_outlines_scores_and_a_map_in_each_engine_and_precision(
    library: PackLibrary, engine: EngineName, precision: Precision
) -> None:
    runs = _run(PackRunner(library, engine, precision, threads=1), marker(64))
    outline, finding = runs["toy-outline"].result, runs["toy-finding"].result
    assert (outline.status, finding.status) == ("ok", "ok")
    assert (finding.stamp.engine, finding.stamp.precision, finding.stamp.device) == (engine, precision, "CPU")
    left = next(mask for mask in outline.masks if mask.code == "left")
    truth = np.zeros((64, 64), dtype=np.bool_)
    truth[20:48, 36:56] = True
    overlap = 2 * (left.pixels & truth).sum() / (left.pixels.sum() + truth.sum())
    assert overlap > 0.9
    score = finding.findings[0]
    assert score.interval is not None
    assert score.interval[0] <= score.probability <= score.interval[1]
    assert score.position == "above"
    assert score.threshold_source == "model pack, balanced, chosen on nothing"
    assert finding.heatmaps[0].shown
    assert finding.heatmaps[0].values[:16].max() == 0.0
    assert finding.heatmaps[0].values[20:48, 8:28].mean() > 0.3


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_both_engines_give_one_answer(library: PackLibrary, precision: Precision) -> None:
    first, second = (_run(PackRunner(library, e, precision), marker(64))["toy-finding"] for e in ENGINES)
    assert first.result.findings[0].probability == pytest.approx(
        second.result.findings[0].probability, abs=0.005
    )


def test_the_same_image_gives_the_same_result_each_time(runner: PackRunner) -> None:
    first, second = (_run(runner, marker(64)) for _ in range(2))
    for pack_id, run in first.items():
        again = second[pack_id].result
        assert replace(run.result, seconds=0, masks=(), heatmaps=()) == replace(
            again, seconds=0, masks=(), heatmaps=()
        )
        for one, other in zip(run.result.masks, again.masks, strict=True):
            np.testing.assert_array_equal(one.pixels, other.pixels)
        for one_map, other_map in zip(run.result.heatmaps, again.heatmaps, strict=True):
            np.testing.assert_array_equal(one_map.values, other_map.values)


def test_images_together_give_what_each_gives_alone(runner: PackRunner) -> None:
    greys = [marker(64), _lying(1), np.full((64, 64), 0.5, dtype=np.float32), marker(128)]
    requests = [PackRequest(image=_image(g, f"{i}.png"), grey=g, subject=CHILD) for i, g in enumerate(greys)]
    together = runner.run_batch("toy-outline", requests)
    for request, run in zip(requests, together, strict=True):
        alone = runner.run("toy-outline", request.image, request.grey, CHILD)
        assert run.result.status == alone.result.status
        assert run.result.correction == alone.result.correction
        for one, other in zip(run.result.masks, alone.result.masks, strict=True):
            np.testing.assert_array_equal(one.pixels, other.pixels)
            assert one.image == request.image.ref


@pytest.mark.parametrize("turns", range(4))
def test_a_turned_picture_is_put_right_and_its_results_lie_where_it_was_stored(
    runner: PackRunner, turns: int
) -> None:
    upright, lying = _run(runner, marker(64)), _run(runner, _lying(turns))
    correction = lying["toy-outline"].result.correction
    assert (correction.quarter_turns if correction else 0) == (4 - turns) % 4
    assert lying["toy-finding"].result.correction == correction
    for one, other in zip(
        upright["toy-outline"].result.masks, lying["toy-outline"].result.masks, strict=True
    ):
        np.testing.assert_array_equal(np.rot90(one.pixels, turns), other.pixels)
    one_map, other_map = (runs["toy-finding"].result.heatmaps[0] for runs in (upright, lying))
    np.testing.assert_allclose(np.rot90(one_map.values, turns), other_map.values, atol=1e-5)
    assert lying["toy-finding"].result.findings[0].probability == pytest.approx(
        upright["toy-finding"].result.findings[0].probability, abs=1e-6
    )


def test_a_large_picture_gives_the_answer_of_its_small_copy_at_its_own_size(runner: PackRunner) -> None:
    small, large = _run(runner, marker(512)), _run(runner, np.ascontiguousarray(np.rot90(marker(2048))))
    first, second = (runs["toy-finding"].result.findings[0].probability for runs in (small, large))
    assert second == pytest.approx(first, abs=0.003)
    mask = np.rot90(large["toy-outline"].result.masks[0].pixels, 3)
    assert mask.shape == (2048, 2048)
    np.testing.assert_allclose(mask.mean(), small["toy-outline"].result.masks[0].pixels.mean(), atol=0.01)
    assert large["toy-finding"].result.heatmaps[0].values.shape == (2048, 2048)


def test_an_inverted_picture_is_put_right_and_said(runner: PackRunner) -> None:
    runs = _run(runner, _lying(0, inverted=True))
    correction = runs["toy-outline"].result.correction
    assert correction is not None
    assert correction.inverted
    assert any(check.text == correction.text for check in runs["toy-outline"].result.quality)
    upright = _run(runner, marker(64))["toy-finding"].result.findings[0].probability
    assert runs["toy-finding"].result.findings[0].probability == pytest.approx(upright, abs=1e-3)


def test_what_may_not_be_put_right_is_refused_with_advice(runner: PackRunner) -> None:
    runs = _run(runner, _lying(1, inverted=True))
    outline, finding = runs["toy-outline"].result, runs["toy-finding"].result
    assert outline.refusal is not None
    assert outline.refusal.gate == "sense"
    assert outline.masks == ()
    assert outline.correction is None
    assert finding.refusal is not None
    assert finding.refusal.gate == "upstream"
    assert outline.refusal.reason in finding.refusal.reason
    assert finding.refusal.advice == outline.refusal.advice
    assert (finding.findings, finding.heatmaps) == ((), ())


@pytest.mark.parametrize(
    ("subject", "status", "gate"),
    [
        (replace(CHILD, modality="CT"), "not_applicable", "applies"),
        (replace(CHILD, frames=20), "not_applicable", "applies"),
        (replace(CHILD, age_years=None), "refused", "age"),
        (replace(CHILD, age_years=40.0), "refused", "age"),
        (replace(CHILD, body_part="SKULL"), "refused", "upstream"),
        (replace(CHILD, view="LL"), "refused", "upstream"),
        (replace(CHILD, colour=True), "refused", "upstream"),
    ],
)
def test_the_header_and_the_patient_are_asked_before_the_network(
    runner: PackRunner, subject: Subject, status: str, gate: str
) -> None:
    result = _run(runner, marker(64), subject)["toy-finding"].result
    assert result.refusal is not None
    assert (result.status, result.refusal.gate) == (status, gate)
    assert result.findings == ()


@pytest.mark.parametrize(
    ("grey", "gate"),
    [
        (np.full((64, 64), 0.4, dtype=np.float32), "exposure"),
        ((0.4 + 0.1 * marker(64)).astype(np.float32), "exposure"),
        (marker(16), "sharpness"),
        (np.random.default_rng(4).integers(0, 2, (64, 64)).astype(np.float32), "sense"),
    ],
)
def test_a_picture_that_cannot_be_read_is_refused(runner: PackRunner, grey: Grey, gate: str) -> None:
    result = runner.run("toy-outline", _image(grey), grey, CHILD).result
    assert result.refusal is not None
    assert result.refusal.gate == gate
    assert any(check.outcome == "refused" for check in result.quality)


def test_without_gates_everything_is_listed_and_nothing_refuses(runner: PackRunner) -> None:
    grey = _lying(1, inverted=True)
    runs = _run(runner, grey, Subject(modality="CT", body_part="SKULL"), use_gates=False)
    for run in runs.values():
        assert run.result.status == "ok"
        assert run.result.refusal is None
        assert run.result.gates_skipped
        assert any(check.outcome == "refused" for check in run.result.quality)
    assert len(runs["toy-finding"].result.findings) == 1
    assert runs["toy-outline"].result.correction is None


def test_without_gates_an_empty_outline_leaves_the_whole_picture(runner: PackRunner) -> None:
    grey = np.zeros((64, 64), dtype=np.float32)
    runs = _run(runner, grey, use_gates=False)
    assert runs["toy-finding"].result.status == "ok"
    assert any(
        "found nothing to look inside of" in check.text for check in runs["toy-finding"].result.quality
    )


@pytest.mark.parametrize(
    "grey",
    [
        np.zeros((0, 0), dtype=np.float32),
        np.zeros((4, 400), dtype=np.float32),
        np.full((64, 64), np.nan, dtype=np.float32),
        np.zeros((64, 64, 3), dtype=np.float32),
    ],
)
@pytest.mark.parametrize("use_gates", [True, False])
def test_what_is_no_picture_is_not_applicable_with_or_without_gates(
    runner: PackRunner, grey: Grey, use_gates: bool
) -> None:
    for run in _run(runner, grey, use_gates=use_gates).values():
        assert run.result.status == "not_applicable"
        assert run.result.refusal is not None


def test_a_pack_is_not_run_without_what_it_depends_on(runner: PackRunner) -> None:
    with pytest.raises(PackDependencyError, match="without the results of toy-outline"):
        runner.run("toy-finding", _image(marker(64)), marker(64), CHILD)


def test_outlines_of_another_image_are_refused(runner: PackRunner) -> None:
    other = runner.run("toy-outline", _image(marker(64), "other.png"), marker(64), CHILD)
    with pytest.raises(PackError, match="another image"):
        runner.run("toy-finding", _image(marker(64)), marker(64), CHILD, {"toy-outline": other})


def test_work_that_was_cancelled_stops(runner: PackRunner) -> None:
    with pytest.raises(Cancelled):
        runner.run("toy-outline", _image(marker(64)), marker(64), CHILD, cancelled=lambda: True)


def test_a_changed_model_is_never_run(root: Path) -> None:
    model = root / "toy-outline" / "model.int8.onnx"
    model.write_bytes(model.read_bytes() + b"\x00")
    with pytest.raises(PackError, match="is not the file"):
        _run(PackRunner(PackLibrary([root])), marker(64))


def test_a_model_is_loaded_once(library: PackLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def count(name: EngineName, model: bytes, *, threads: int | None = None) -> Engine:
        opened.append(name)
        return open_engine(name, model, threads=threads)

    monkeypatch.setattr(loaded, "open_engine", count)
    runner = PackRunner(library)
    runner.warm_up(runner.plan(None))
    for _ in range(3):
        _run(runner, marker(64))
    assert len(opened) == 2


def test_auto_falls_back_to_the_other_engine_and_says_so(
    library: PackLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_the_second(name: EngineName, model: bytes, *, threads: int | None = None) -> Engine:
        if name == ENGINES[0]:
            raise ModelLoadError(name)
        return open_engine(name, model, threads=threads)

    monkeypatch.setattr(loaded, "open_engine", only_the_second)
    result = PackRunner(library).run("toy-outline", _image(marker(64)), marker(64), CHILD).result
    assert result.stamp.engine == ENGINES[1]
    assert any(check.outcome == "note" and ENGINES[0] in check.text for check in result.quality)
    with pytest.raises(ModelLoadError):
        PackRunner(library, ENGINES[0]).run("toy-outline", _image(marker(64)), marker(64), CHILD)


def test_a_model_that_lacks_a_promised_output_is_an_error_and_no_finding(root: Path) -> None:
    for name in ("model.int8.onnx", "model.fp32.onnx"):
        (root / "toy-outline" / name).write_bytes(toy_packs.finding_model())
    write_checksums(root / "toy-outline")
    with pytest.raises(InferenceError, match="the network reads"):
        _run(PackRunner(PackLibrary([root])), marker(64))


def test_several_threads_may_use_one_runner(runner: PackRunner) -> None:
    expected = _run(runner, marker(64))["toy-finding"].result.findings[0].probability
    found: list[float] = []

    def work() -> None:
        found.extend(_run(runner, marker(64))["toy-finding"].result.findings[0].probability for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 15


def test_results_cannot_be_written_and_belong_to_their_image(runner: PackRunner) -> None:
    for run in _run(runner, marker(64)).values():
        assert run.image == ImageRef(file="a.png")
        for mask in run.result.masks:
            assert mask.image == run.image
            assert not mask.pixels.flags.writeable
        for heat in run.result.heatmaps:
            assert heat.image == run.image
            assert not heat.values.flags.writeable


def test_the_time_that_it_took_is_told(runner: PackRunner) -> None:
    assert all(run.result.seconds > 0 for run in _run(runner, marker(64)).values())


def test_what_the_network_read_and_said_is_kept_also_where_a_gate_refuses(runner: PackRunner) -> None:
    asked = _run(runner, marker(64))["toy-finding"]
    refused = _run(runner, marker(64), replace(CHILD, age_years=40.0))["toy-finding"]
    assert asked.look is not None
    assert asked.look.tensor.shape == (1, 24, 24)
    assert set(asked.look.outputs) == {"logits", "activation_map"}
    assert refused.look is None  # its header refused before the network was asked
    flat = _run(runner, np.full((64, 64), 0.5, np.float32))["toy-outline"]
    assert flat.result.status == "refused"
    assert flat.look is not None
    assert not flat.soft_masks


@pytest.mark.parametrize(("engine", "batch"), [("onnxruntime", 3), ("openvino", None)])
def test_the_result_says_on_how_many_cores_and_with_how_many_images_it_was_made(
    library: PackLibrary, engine: EngineName, batch: int | None
) -> None:
    one_core = PackRunner(library, engine, "fp32", threads=1)
    requests = [
        PackRequest(image=_image(marker(64)), grey=marker(64), subject=CHILD, use_gates=False)
        for _ in range(3)
    ]
    stamps = [run.result.stamp for run in one_core.run_batch("toy-outline", requests)]
    assert [(one.threads, one.batch) for one in stamps] == [(1, batch)] * 3
    (alone,) = PackRunner(library, engine, "fp32").run_batch("toy-outline", requests[:1])
    assert alone.result.stamp.threads == physical_cores()
    assert alone.result.stamp.batch == (None if batch is None else 1)
