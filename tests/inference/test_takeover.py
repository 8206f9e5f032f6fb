"""Devices take over from the processor between studies, and the processor takes over where they fail."""

import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from core.clock import FixedClock
from core.errors import InferenceError
from core.image import Image
from inference import devices
from inference.choices import Choice
from inference.compiled import CompiledCache
from inference.devices import DeviceMemory, list_devices
from inference.engine import CPU, Batch, Engine, Outputs
from inference.loaded import LoadedPack, open_choice
from inference.packs import Pack, PackLibrary
from inference.requests import PackRun
from inference.runner import PackRunner
from inference.takeover import Takeover
from tests.inference.fake_devices import Wrong
from tests.inference.test_devices import Children
from tests.inference.test_runner import CHILD, _image
from tests.inference.toy_packs import marker

CLOCK = FixedClock(instant=datetime(2026, 3, 1, 8, 0, tzinfo=UTC))


class Slow:
    """A device that needs long to compile, and may fail after some runs; it computes on the processor."""

    def __init__(self) -> None:
        self.compiled = threading.Event()
        self.runs_left = 1_000_000
        self.caches: list[Path | None] = []

    def open(self, pack: Pack, choice: Choice, *, cache: Path | None = None) -> LoadedPack:
        """Load when the test says so."""
        assert self.compiled.wait(60)
        self.caches.append(cache)
        engine = open_choice(pack, Choice(engine=choice.engine, precision=choice.precision, threads=1)).engine
        return LoadedPack(pack=pack, engine=_Failing(self, engine, choice.device), precision=choice.precision)


class _Failing(Wrong):
    def __init__(self, device: Slow, engine: Engine, name: str) -> None:
        super().__init__(engine, name)
        self._owner = device

    def run(self, batch: Batch) -> Outputs:
        self._owner.runs_left -= 1
        if self._owner.runs_left < 0:
            raise InferenceError("the driver was reset")
        return super().run(batch)


@pytest.fixture
def memory(tmp_path: Path) -> DeviceMemory:
    known = DeviceMemory(tmp_path / "devices.json", CLOCK)
    list_devices(known, probe=Children().probe)
    return known


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def takeover(memory: DeviceMemory, slow: Slow, tmp_path: Path) -> Takeover:
    cache = CompiledCache(tmp_path / "compiled")
    return Takeover(memory, cache, probe=Children().probe, open_=slow.open)


def _runner(library: PackLibrary, takeover: Takeover, device: str) -> PackRunner:
    return PackRunner(library, precision="fp32", threads=1, device=device, takeover=takeover)


def _ask(runner: PackRunner, study: str = "") -> PackRun:
    image: Image = _image(marker(64))
    return runner.run("toy-outline", image, marker(64), CHILD, study=study)


def _notes(run: PackRun) -> list[str]:
    return [
        check.text for check in run.result.quality if check.outcome == "note" and "openvino:" in check.text
    ]


def test_the_processor_answers_until_the_device_is_ready_and_a_study_keeps_what_it_began_with(
    library: PackLibrary, takeover: Takeover, slow: Slow
) -> None:
    runner = _runner(library, takeover, "openvino:GOOD")
    first = _ask(runner, "study 1")
    assert first.result.stamp.device == CPU
    slow.compiled.set()
    assert takeover.settle(60)
    assert _ask(runner, "study 1").result.stamp.device == CPU
    after = _ask(runner, "study 2")
    assert (after.result.stamp.device, after.result.stamp.engine) == ("GOOD", "openvino")
    for code, mask in first.soft_masks.items():
        np.testing.assert_array_equal(mask, after.soft_masks[code])
    assert _notes(first) == _notes(after) == []


@pytest.mark.parametrize("device", ["CRASHES", "WRONG", "REFUSES"])
def test_a_device_that_fails_when_it_is_tried_never_takes_over(
    library: PackLibrary, takeover: Takeover, slow: Slow, device: str
) -> None:
    slow.compiled.set()
    runner = _runner(library, takeover, f"openvino:{device}")
    _ask(runner)
    assert takeover.settle(60)
    assert slow.caches == []
    assert _ask(runner).result.stamp.device == CPU
    later = _ask(_runner(library, takeover, f"openvino:{device}"))
    assert later.result.stamp.device == CPU
    assert len(_notes(later)) == 1
    assert f"openvino:{device} cannot be used" in _notes(later)[0]


def test_a_device_that_fails_in_the_middle_is_replaced_and_the_whole_image_is_looked_at_again(
    library: PackLibrary,
    takeover: Takeover,
    slow: Slow,
    memory: DeviceMemory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    slow.compiled.set()
    runner = _runner(library, takeover, "openvino:GOOD")
    before = _ask(runner, "study 0")
    assert takeover.settle(60)
    assert _ask(runner, "study 1").result.stamp.device == "GOOD"
    slow.runs_left = 0
    with caplog.at_level(logging.WARNING):
        failed = _ask(runner, "study 1")
    assert failed.result.stamp.device == CPU
    assert "openvino:GOOD failed" in _notes(failed)[0]
    for code, mask in before.soft_masks.items():
        np.testing.assert_array_equal(mask, failed.soft_masks[code])
    assert [one.reason for one in memory.failures()] == ["failed"]
    assert "openvino:GOOD" in caplog.text
    again = _ask(runner, "study 1")
    assert again.result.stamp.device == CPU
    assert "cannot be used" in _notes(again)[0]


def test_a_device_that_has_failed_is_not_asked_by_the_next_program(
    library: PackLibrary, takeover: Takeover, slow: Slow, tmp_path: Path
) -> None:
    slow.compiled.set()
    runner = _runner(library, takeover, "openvino:GOOD")
    _ask(runner)
    assert takeover.settle(60)
    slow.runs_left = 0
    _ask(runner, "study 2")
    children = Children()
    later = Takeover(DeviceMemory(tmp_path / "devices.json", CLOCK), probe=children.probe, open_=slow.open)
    assert _ask(_runner(library, later, "openvino:GOOD")).result.stamp.device == CPU
    assert later.settle(60)
    assert children.started == 0


def test_a_device_whose_answers_in_the_program_are_wrong_never_takes_over(
    library: PackLibrary, memory: DeviceMemory, slow: Slow
) -> None:
    slow.compiled.set()

    def wrong(pack: Pack, choice: Choice, *, cache: Path | None = None) -> LoadedPack:
        loaded = slow.open(pack, choice, cache=cache)
        return replace(loaded, engine=Wrong(loaded.engine, choice.device, by=1000.0))

    takeover = Takeover(memory, probe=Children().probe, open_=wrong)
    runner = _runner(library, takeover, "openvino:GOOD")
    _ask(runner)
    assert takeover.settle(60)
    assert slow.caches == [None]
    assert _ask(runner, "study 2").result.stamp.device == CPU
    assert [(one.device, one.reason) for one in memory.failures()] == [("openvino:GOOD", "drift")]


def test_a_new_driver_is_noticed_before_the_next_program_uses_a_device(
    library: PackLibrary, memory: DeviceMemory, slow: Slow, tmp_path: Path
) -> None:
    slow.compiled.set()
    asked = Choice(engine="openvino", precision="fp32", device="GOOD", threads=1)
    memory.remember_failed(asked, "failed", "driver 1 was wrong")
    children = Children()
    children.environment = {"FAKE_DRIVER": "driver 2"}
    later = DeviceMemory(tmp_path / "devices.json", CLOCK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, "driver_marks", lambda: "others")
        takeover = Takeover(later, probe=children.probe, open_=slow.open)
        runner = _runner(library, takeover, "openvino:GOOD")
        _ask(runner)
        assert takeover.settle(60)
        assert _ask(runner, "study 2").result.stamp.device == "GOOD"
    found = later.find("openvino:GOOD")
    assert found is not None
    assert "driver 2" in found.versions


def test_the_next_program_believes_the_list_while_nothing_changed(
    library: PackLibrary, takeover: Takeover, slow: Slow, tmp_path: Path
) -> None:
    slow.compiled.set()
    _ask(_runner(library, takeover, "openvino:GOOD"))
    assert takeover.settle(60)
    children = Children()
    later = Takeover(DeviceMemory(tmp_path / "devices.json", CLOCK), probe=children.probe, open_=slow.open)
    runner = _runner(library, later, "openvino:GOOD")
    _ask(runner)
    assert later.settle(60)
    assert _ask(runner, "study 2").result.stamp.device == "GOOD"
    assert children.started == 0


def test_what_the_device_compiled_is_kept_under_the_cache(
    library: PackLibrary, takeover: Takeover, slow: Slow, tmp_path: Path
) -> None:
    slow.compiled.set()
    _ask(_runner(library, takeover, "openvino:GOOD"))
    assert takeover.settle(60)
    (folder,) = slow.caches
    assert folder is not None
    assert folder.parent == tmp_path / "compiled"


def test_stopping_ends_the_child_and_hands_nothing_over(
    library: PackLibrary, memory: DeviceMemory, slow: Slow
) -> None:
    takeover = Takeover(memory, probe=Children().probe, open_=slow.open)
    runner = _runner(library, takeover, "openvino:HANGS")
    _ask(runner)
    takeover.stop()
    assert takeover.settle(30)
    assert _ask(runner).result.stamp.device == CPU
    assert memory.failures() == ()


def test_stopping_waits_for_a_driver_that_opens_a_network_so_that_the_program_does_not_end_under_it(
    library: PackLibrary, takeover: Takeover, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = threading.Event()

    def begin_use(_choice: Choice) -> bool:
        opening.set()
        return True

    monkeypatch.setattr(takeover.memory, "begin_use", begin_use)
    _ask(_runner(library, takeover, "openvino:GOOD"))
    assert opening.wait(60)
    release = threading.Timer(0.3, slow.compiled.set)
    release.start()
    takeover.stop()
    assert takeover.settle(0)
    release.join()


def test_a_failure_of_the_processor_is_not_tried_again(library: PackLibrary, memory: DeviceMemory) -> None:
    runner = PackRunner(library, "openvino", "fp32", threads=1, takeover=Takeover(memory))
    loaded = runner.answering.get(library.get("toy-outline"))
    runner.answering.take(
        LoadedPack(pack=loaded.pack, engine=_broken(loaded.engine), precision=loaded.precision)
    )
    with pytest.raises(InferenceError, match="reset"):
        _ask(runner)


def _broken(engine: Engine) -> Engine:
    device = Slow()
    device.runs_left = 0
    return partial(_Failing, device)(engine, CPU)
