"""The use of a device ends with the work, however that ends; only a process that dies counts against it."""

import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

from core.child import start_child
from core.clock import FixedClock
from core.errors import Cancelled, OutputNotEmptyError
from core.image import ReadingUnit
from inference.choices import Choice
from inference.devices import DeviceMemory
from services import batch_helper
from services.analyze import AnalysisOptions
from services.batch import BatchOutcome, BatchRequest, run_batch
from services.batch_helper import Helper
from services.places import use_profile
from services.tuning import Tuner, cache_folder
from store.pack_folder import FOLDER_NAME
from tests.inference import toy_packs
from tests.services import device_helper

CLOCK = FixedClock(instant=datetime(2026, 3, 1, 8, 0, tzinfo=UTC))
OPTIONS = AnalysisOptions(packs=("toy-outline",), use_gates=False, device=device_helper.DEVICE)


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two pictures, and a profile with a pack and a device that works; the uses that this process began."""
    toy_packs.write_outline_pack(tmp_path / "profile" / FOLDER_NAME)
    (tmp_path / "in").mkdir()
    for number in range(2):
        pixels = (toy_packs.marker(64) * (255 - number)).astype(np.uint8)
        Picture.fromarray(pixels).save(tmp_path / "in" / f"{number}.png")
    monkeypatch.setenv("FARLIGHT_PROFILE", "")
    use_profile(tmp_path / "profile")
    device_helper.have_a_device(monkeypatch.setattr)
    monkeypatch.setattr(
        batch_helper,
        "start_child",
        lambda _module, argument: start_child("tests.services.device_helper", argument),
    )
    uses: list[str] = []
    usual = DeviceMemory.begin_use

    def begin_use(self: DeviceMemory, choice: Choice) -> bool:
        uses.append(choice.device_key)
        return usual(self, choice)

    monkeypatch.setattr(DeviceMemory, "begin_use", begin_use)
    return uses


def _run(tmp_path: Path, out: str, **named: Any) -> BatchOutcome:
    request = BatchRequest(paths=(str(tmp_path / "in"),), out=tmp_path / out, options=OPTIONS, with_pdf=False)
    return run_batch(request, clock=CLOCK, **named)


def _counted(tmp_path: Path) -> int:
    """Return how many uses stand in the profile as begun and not ended."""
    return len(list(cache_folder(tmp_path / "profile").glob("in-use/*")))


def test_one_good_run_after_another_leaves_a_device_in_use(tmp_path: Path, begun: list[str]) -> None:
    for number in range(4):
        assert _run(tmp_path, f"out{number}", helpers=0).failed == 0
        assert _counted(tmp_path) == 0
    assert begun == [device_helper.DEVICE] * 4
    assert Tuner(cache_folder(tmp_path / "profile")).devices.failures() == ()


def test_a_run_that_is_stopped_ends_the_use(tmp_path: Path, begun: list[str]) -> None:
    with pytest.raises(Cancelled):
        _run(tmp_path, "out", helpers=0, cancelled=lambda: bool(begun))
    assert (len(begun), _counted(tmp_path)) == (1, 0)


def test_a_run_that_ends_in_an_error_ends_the_use(
    tmp_path: Path, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: Any, **_named: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("services.batch.write_overview", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _run(tmp_path, "out", helpers=0)
    assert (len(begun), _counted(tmp_path)) == (1, 0)
    with pytest.raises(OutputNotEmptyError):
        _run(tmp_path, "out", helpers=0)
    assert _counted(tmp_path) == 0


def test_a_helper_that_ends_with_the_batch_ends_its_use(
    tmp_path: Path, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    usual = Helper.make

    def make(self: Helper, name: str, unit: ReadingUnit) -> Any:
        record = usual(self, name, unit)
        counted.append(_counted(tmp_path))
        return record

    monkeypatch.setattr(Helper, "make", make)
    _only_helpers(monkeypatch)
    assert _run(tmp_path, "out", helpers=1).failed == 0
    assert counted[-1] == 2  # the program's and the helper's
    assert _counted(tmp_path) == 0


def test_a_helper_that_is_ended_on_purpose_is_no_crash_and_one_that_dies_is(
    tmp_path: Path, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Helper.make

    def die(self: Helper, name: str, unit: ReadingUnit) -> Any:
        os.kill(self._child.pid, signal.SIGKILL)
        return usual(self, name, unit)

    def stop(self: Helper, name: str, unit: ReadingUnit) -> Any:
        raise Cancelled

    _only_helpers(monkeypatch)
    monkeypatch.setattr(Helper, "make", stop)
    with pytest.raises(Cancelled):
        _run(tmp_path, "stopped", helpers=1)
    assert _counted(tmp_path) == 0
    monkeypatch.setattr(Helper, "make", die)
    assert _run(tmp_path, "out", helpers=1).failed == 0
    assert _counted(tmp_path) == 1


def _only_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the program itself make no record while a helper lives."""
    from services.batch_lanes import Lanes

    usual = Lanes._free_lane

    def free_lane(self: Lanes) -> Helper | None:
        while True:
            lane = usual(self)
            if lane is not None or not any(one.alive for one in self._helpers):
                return lane
            self._free.put(None)

    monkeypatch.setattr(Lanes, "_free_lane", free_lane)
