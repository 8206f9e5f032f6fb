"""What is learned of a computer in the background, and what of it an analysis takes."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.clock import FixedClock
from core.errors import Cancelled
from core.image import ReadingUnit
from inference.choices import Choice
from inference.packs import Pack
from inference.probe import Found, Probe
from inference.processor import Processor
from inference.tuning import Tuning
from services.analyze import Analysis, AnalysisOptions, Analyzer
from services.places import use_profile
from services.scan import scan
from services.tuning import (
    Tuner,
    cache_folder,
    computer_limits,
    computer_words,
    tuner_of_profile,
    way_words,
    why_processor,
)
from tests.inference import toy_packs

CLOCK = FixedClock(instant=datetime(2026, 3, 1, 8, 0, tzinfo=UTC))
SLOWEST = Choice(engine="onnxruntime", precision="fp32", threads=1)
OLD = Processor(
    model="Old", machine="x86_64", features=frozenset({"sse4_2"}), logical_cores=2, physical_cores=2,
    memory_bytes=4_000_000_000,
)  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    toy_packs.write_outline_pack(folder)
    return folder


@pytest.fixture
def tuner(tmp_path: Path) -> Tuner:
    return Tuner(tmp_path / "engines", CLOCK, rounds=1)


def _analyzer(root: Path, tuner: Tuner) -> Analyzer:
    return Analyzer(AnalysisOptions(use_gates=False), pack_folders=[root], tuner=tuner)


def _force(tuner: Tuner, pack: Pack, choice: Choice) -> None:
    """Have a way count as the one that was found to be the fastest."""
    tuner.measured.keep(
        Tuning(pack_id=pack.id, sha256=pack.sha256, chosen=choice, measured=(), noise=0.0, at="")
    )


def _ways(analysis: Analysis) -> list[tuple[str | None, str | None]]:
    return [(one.stamp.engine, one.stamp.precision) for one in analysis.result.results]


@pytest.fixture
def unit(tmp_path: Path) -> ReadingUnit:
    import numpy as np
    from PIL import Image as Picture

    Picture.fromarray((toy_packs.marker(64) * 255).astype(np.uint8)).save(tmp_path / "marker.png")
    (found,) = [one for one in scan([str(tmp_path / "marker.png")]) if isinstance(one, ReadingUnit)]
    return found


def test_the_first_use_measures_each_pack_once_and_remembers(
    root: Path, tuner: Tuner, tmp_path: Path
) -> None:
    analyzer = _analyzer(root, tuner)
    (found,) = tuner.learn(analyzer)
    assert found.pack_id == "toy-outline"
    assert len({one.choice.engine for one in found.measured}) == 2
    assert tuner.learn(analyzer) == ()
    later = Tuner(tmp_path / "engines", CLOCK, rounds=1)
    assert later.learn(_analyzer(root, later)) == ()
    assert len(later.learn(_analyzer(root, later), again=True)) == 1


def test_the_default_answers_until_something_was_measured(
    root: Path, tuner: Tuner, unit: ReadingUnit
) -> None:
    assert _ways(_analyzer(root, tuner).analyze(unit)) == [("openvino", "int8")]


def test_what_was_measured_answers_from_the_next_study_on(
    root: Path, tuner: Tuner, unit: ReadingUnit
) -> None:
    analyzer = _analyzer(root, tuner)
    other = replace(unit, path="another study")
    assert _ways(analyzer.analyze(unit)) == [("openvino", "int8")]
    (pack,) = analyzer.to_tune()
    _force(tuner, pack, SLOWEST)
    analyzer.renew(pack)
    assert _ways(analyzer.analyze(unit)) == [("openvino", "int8")]
    assert _ways(analyzer.analyze(other)) == [("onnxruntime", "fp32")]


def test_the_command_line_takes_what_the_window_measured(
    root: Path, unit: ReadingUnit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tuner_of_profile() is None
    use_profile(tmp_path)
    tuner = Tuner(cache_folder(tmp_path), CLOCK)
    (pack,) = _analyzer(root, tuner).to_tune()
    _force(tuner, pack, SLOWEST)
    monkeypatch.setattr("services.analyze.pack_roots", lambda: (root,))
    assert _ways(Analyzer(AnalysisOptions(use_gates=False)).analyze(unit)) == [("onnxruntime", "fp32")]
    named = AnalysisOptions(use_gates=False, engine="openvino")
    assert _ways(Analyzer(named).analyze(unit)) == [("openvino", "int8")]


def test_a_new_driver_and_a_new_device_are_found_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = [Found(engine="openvino", device="GPU", name="GPU", driver="1")]
    listings: list[str] = []

    def devices(_self: Probe, engine: str, **_named: object) -> tuple[Found, ...]:
        listings.append(engine)
        return tuple(one for one in here if one.engine == engine)

    monkeypatch.setattr(Probe, "devices", devices)
    first = Tuner(tmp_path, CLOCK)
    first.find_devices()
    first.find_devices()
    assert len(listings) == 2  # each engine once
    before = first.measured.conditions()
    here[:] = [replace(here[0], driver="2"), replace(here[0], device="NPU")]
    later = Tuner(tmp_path, CLOCK)
    later.find_devices()
    assert [one.key for one in later.devices.devices()] == ["openvino:GPU", "openvino:NPU"]
    assert later.measured.conditions() != before


def test_learning_can_be_stopped_and_keeps_nothing_half_measured(root: Path, tuner: Tuner) -> None:
    with pytest.raises(Cancelled):
        tuner.learn(_analyzer(root, tuner), cancelled=lambda: True)
    (pack,) = _analyzer(root, tuner).to_tune()
    assert tuner.choice(pack) is None


def test_nothing_of_an_image_is_in_what_is_kept(
    root: Path, tuner: Tuner, unit: ReadingUnit, tmp_path: Path
) -> None:
    analyzer = _analyzer(root, tuner)
    analyzer.analyze(unit)
    tuner.learn(analyzer)
    for file in (tmp_path / "engines").rglob("*.json"):
        assert "marker" not in file.read_text()


def test_a_device_that_is_not_here_or_failed_is_told_with_what_answers_instead(
    tuner: Tuner, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = [Found(engine="openvino", device="GPU", name="Iris", driver="1")]
    monkeypatch.setattr(
        Probe, "devices", lambda _self, engine, **_named: tuple(one for one in here if one.engine == engine)
    )
    assert [why_processor(one, tuner) for one in ("auto", "CPU", "openvino:GPU")] == ["", "", ""]
    said = why_processor("openvino:NPU", tuner)
    assert said.startswith("openvino:NPU is not among this computer's devices (CPU, openvino:GPU)")
    gpu = Choice(engine="openvino", precision="fp32", device="GPU")
    tuner.devices.remember_failed(gpu, "crashed", "signal 11")
    assert why_processor("openvino:GPU", tuner) == (
        "Iris: its driver crashed when it was tried; the processor answers."
    )


def test_an_old_computer_is_told_what_works_and_what_does_not() -> None:
    slow, little = computer_limits(OLD)
    assert "AVX2" in slow
    assert "4 GB" in little
    assert len(computer_limits(replace(OLD, features=frozenset(), memory_bytes=1_000_000_000))) == 2
    assert "SSE4.2" in computer_limits(replace(OLD, features=frozenset()))[0]
    assert computer_limits(replace(OLD, features=None, memory_bytes=None)) == ()
    arm = replace(OLD, machine="aarch64", features=frozenset({"neon"}), memory_bytes=8_000_000_000)
    assert computer_limits(arm) == ()


def test_the_computer_is_told_in_one_sentence() -> None:
    assert computer_words(OLD) == "Old; 2 cores; 4 GB of memory; no AVX2"


def test_some_of_the_cores_are_told_by_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.processor.this_processor", lambda: replace(OLD, physical_cores=8))
    assert way_words(replace(SLOWEST, threads=4)).endswith("4 cores")
    assert way_words(replace(SLOWEST, threads=8)).endswith("all cores")


def test_a_way_of_running_is_told_in_words(tuner: Tuner) -> None:
    assert way_words(SLOWEST) == "ONNX Runtime FP32, processor, 1 core"
    assert way_words(replace(SLOWEST, threads=None)) == "ONNX Runtime FP32, processor, all cores"
    assert tuner.entries()[0].key == "CPU"
