"""Devices are listed and tried in child processes that really crash, hang and answer wrongly."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.child import start_child
from core.clock import FixedClock
from core.errors import Cancelled
from inference import device_use, devices
from inference.choices import Choice
from inference.devices import DeviceMemory, list_devices, try_device
from inference.packs import Pack, PackLibrary
from inference.probe import Probe
from tests.inference import fake_devices

pytestmark = pytest.mark.slow
CLOCK = FixedClock(instant=datetime(2026, 3, 1, 8, 0, tzinfo=UTC))


class Children:
    """Starts children with fake devices, and counts them."""

    def __init__(self) -> None:
        self.started = 0
        self.environment: dict[str, str] = {}

    def start(self, _module: str, argument: str, **named: Any) -> "subprocess.Popen[bytes]":
        """Start a child that has them."""
        self.started += 1
        return start_child("tests.inference.fake_devices", argument, **{**named, **self.environment})

    @property
    def probe(self) -> Callable[..., Probe]:
        """What stands in for ``Probe``."""
        return partial(Probe, start=self.start)


@pytest.fixture
def children() -> Children:
    return Children()


@pytest.fixture
def memory(tmp_path: Path) -> DeviceMemory:
    return DeviceMemory(tmp_path / "cache" / "devices.json", CLOCK)


@pytest.fixture
def pack(library: PackLibrary) -> Pack:
    return library.get("toy-outline")


def _on(device: str) -> Choice:
    return Choice(engine="openvino", precision="fp32", device=device, threads=1)


def test_devices_are_listed_by_the_name_that_a_person_knows(memory: DeviceMemory, children: Children) -> None:
    assert not memory.listed_now
    found = list_devices(memory, probe=children.probe)
    assert [one.key for one in found] == [f"openvino:{name}" for name in fake_devices.DEVICES]
    assert found[0].name == "Fake good processor"
    assert "driver 1" in found[0].versions
    assert children.started == 2  # one for each engine
    assert memory.listed_now


def test_the_listing_of_the_real_engines_ends_without_a_failure(memory: DeviceMemory) -> None:
    list_devices(memory)
    assert memory.failures() == ()


@pytest.mark.parametrize(("how", "reason"), [("crashes", "crashed"), ("hangs", "too_long")])
def test_a_driver_that_ends_the_listing_is_not_asked_again_until_somebody_asks(
    memory: DeviceMemory, children: Children, how: str, reason: str
) -> None:
    children.environment = {fake_devices.LISTING_VARIABLE: how}
    assert list_devices(memory, probe=children.probe, seconds=8) == ()
    (failure,) = memory.failures()
    assert (failure.device, failure.reason, failure.at[:10]) == ("openvino:*", reason, "2026-03-01")
    children.started, children.environment = 0, {}
    list_devices(memory, probe=children.probe)
    assert children.started == 1  # the other engine alone
    assert [one.reason for one in memory.failures()] == [reason]
    memory.forget_failures()
    assert list_devices(memory, probe=children.probe)


def test_a_new_version_of_the_engine_has_its_devices_listed_again(
    memory: DeviceMemory, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    children.environment = {fake_devices.LISTING_VARIABLE: "crashes"}
    list_devices(memory, probe=children.probe)
    children.environment = {}
    monkeypatch.setattr(devices, "versions_of", lambda engine: f"{engine} 99")
    assert not memory.listed_now
    assert list_devices(memory, probe=children.probe)
    assert memory.failures() == ()


def test_new_driver_files_have_a_listing_that_crashed_tried_again(
    memory: DeviceMemory, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    children.environment = {fake_devices.LISTING_VARIABLE: "crashes"}
    list_devices(memory, probe=children.probe)
    assert memory.listed_now
    children.environment = {}
    monkeypatch.setattr(devices, "driver_marks", lambda: "others")
    assert not memory.listed_now
    assert list_devices(memory, probe=children.probe)
    assert memory.failures() == ()


def test_each_start_lists_devices_anew(memory: DeviceMemory, children: Children, tmp_path: Path) -> None:
    list_devices(memory, probe=children.probe)
    later = DeviceMemory(tmp_path / "cache" / "devices.json", CLOCK)
    assert later.devices() == memory.devices()
    assert not later.listed_now
    assert not later.outdated


def test_a_device_is_trusted_after_it_gave_the_golden_answers(
    memory: DeviceMemory, children: Children, pack: Pack
) -> None:
    list_devices(memory, probe=children.probe)
    assert not memory.trusts(_on("GOOD"), pack)
    assert try_device(pack, _on("GOOD"), memory, probe=children.probe) is None
    assert memory.trusts(_on("GOOD"), pack)
    children.started = 0
    assert try_device(pack, _on("GOOD"), memory, probe=children.probe) is None
    assert children.started == 0


@pytest.mark.parametrize(
    ("device", "reason"),
    [("CRASHES", "crashed"), ("HANGS", "slow"), ("WRONG", "drift"), ("REFUSES", "failed")],
)
def test_a_device_that_fails_is_remembered_and_not_tried_again(
    memory: DeviceMemory, children: Children, pack: Pack, tmp_path: Path, device: str, reason: str
) -> None:
    list_devices(memory, probe=children.probe)
    seconds = 4.0 if device == "HANGS" else 60.0
    failure = try_device(pack, _on(device), memory, probe=children.probe, seconds=seconds)
    assert failure is not None
    assert (failure.reason, failure.pack, failure.device) == (reason, pack.id, f"openvino:{device}")
    children.started = 0
    kept = DeviceMemory(tmp_path / "cache" / "devices.json", CLOCK)
    assert try_device(pack, _on(device), kept, probe=children.probe) == failure
    assert children.started == 0
    assert not kept.trusts(_on(device), pack)


def test_a_new_driver_gives_a_device_another_chance(
    memory: DeviceMemory, children: Children, pack: Pack
) -> None:
    list_devices(memory, probe=children.probe)
    try_device(pack, _on("WRONG"), memory, probe=children.probe)
    try_device(pack, _on("GOOD"), memory, probe=children.probe)
    children.environment = {"FAKE_DRIVER": "driver 2"}
    list_devices(memory, probe=children.probe)
    assert memory.failure_of(_on("WRONG"), pack) is None
    assert not memory.trusts(_on("GOOD"), pack)


def test_trying_a_device_can_be_stopped_and_leaves_no_failure(
    memory: DeviceMemory, children: Children, pack: Pack
) -> None:
    list_devices(memory, probe=children.probe)
    with pytest.raises(Cancelled):
        try_device(pack, _on("HANGS"), memory, probe=children.probe, cancelled=lambda: True)
    assert memory.failures() == ()


_DIES_IN_USE = """
import os, sys
from pathlib import Path
from core.clock import SystemClock
from inference.choices import Choice
from inference.devices import DeviceMemory
memory = DeviceMemory(Path(sys.argv[1]), SystemClock())
print(memory.begin_use(Choice(engine="openvino", precision="fp32", device="GOOD", threads=1)), flush=True)
"""
"""A program that uses a device; how it ends is added."""


def _program(tmp_path: Path, end: str, *, begin: str = "") -> "subprocess.CompletedProcess[str]":
    file = tmp_path / "cache" / "devices.json"
    return subprocess.run(
        [sys.executable, "-c", begin + _DIES_IN_USE + end, str(file)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )


def _uses(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "cache").rglob("in-use/*"))


def test_a_device_in_whose_use_the_program_died_twice_is_left_alone(
    memory: DeviceMemory, children: Children, tmp_path: Path
) -> None:
    list_devices(memory, probe=children.probe)
    for _ in range(2):
        assert _program(tmp_path, "os.abort()").stdout == "True\n"
    assert not memory.begin_use(_on("GOOD"))
    assert [(one.reason, one.detail) for one in memory.failures()] == [("crashed_in_use", "2 times")]
    assert memory.begin_use(_on("SLOW"))


@pytest.mark.parametrize("end", ["", "sys.exit(3)", "raise ValueError", "raise KeyboardInterrupt"])
def test_a_program_that_ends_by_itself_counts_for_a_device_however_it_ends(
    memory: DeviceMemory, tmp_path: Path, end: str
) -> None:
    for _ in range(3):
        assert _program(tmp_path, end).stdout == "True\n"
    assert _uses(tmp_path) == []
    assert memory.begin_use(_on("GOOD"))


def test_a_run_that_ends_well_forgives_the_deaths_before_it(memory: DeviceMemory, tmp_path: Path) -> None:
    for _ in range(3):
        _program(tmp_path, "os.abort()")
        assert _program(tmp_path, "memory.end_use()").stdout == "True\n"
        assert _uses(tmp_path) == []
    assert memory.begin_use(_on("GOOD"))


_IN_RUN = "from inference import device_use\ndevice_use.join_run({run!r})\n"


def test_the_processes_of_one_run_are_one_death(memory: DeviceMemory, tmp_path: Path) -> None:
    for _ in range(3):
        _program(tmp_path, "os.abort()", begin=_IN_RUN.format(run="one"))
    assert len(_uses(tmp_path)) == 3
    assert memory.begin_use(_on("GOOD"))
    _program(tmp_path, "os.abort()", begin=_IN_RUN.format(run="two"))
    assert not DeviceMemory(tmp_path / "cache" / "devices.json", CLOCK).begin_use(_on("GOOD"))


def test_a_program_whose_helpers_died_forgives_nothing(memory: DeviceMemory, tmp_path: Path) -> None:
    _program(tmp_path, "os.abort()")
    assert memory.begin_use(_on("GOOD"))
    _program(tmp_path, "os.abort()", begin=_IN_RUN.format(run=device_use.this_run()))
    _program(tmp_path, "memory.end_use()", begin=_IN_RUN.format(run=device_use.this_run()))
    memory.end_use()
    assert len(_uses(tmp_path)) == 2
    assert not memory.begin_use(_on("GOOD"))


def test_what_was_left_behind_when_the_power_went_is_no_death(
    memory: DeviceMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for boot in ("first", "second", "third"):
        _program(tmp_path, "os.abort()", begin=_BOOTED.format(boot=boot))
    monkeypatch.setattr(device_use, "this_boot", lambda: "fourth")
    assert memory.begin_use(_on("GOOD"))
    assert len(_uses(tmp_path)) == 1


def test_a_death_that_was_found_counts_after_the_system_started_again(
    memory: DeviceMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        _program(tmp_path, "os.abort()", begin=_BOOTED.format(boot="first"))
    monkeypatch.setattr(device_use, "this_boot", lambda: "second")
    _program(tmp_path, "os.abort()", begin=_BOOTED.format(boot="second"))
    assert not memory.begin_use(_on("GOOD"))


_BOOTED = "from inference import device_use\ndevice_use.this_boot = lambda: {boot!r}\n"


def test_the_end_of_the_work_ends_the_use_of_devices(memory: DeviceMemory, tmp_path: Path) -> None:
    for device in ("GOOD", "SLOW", "GOOD"):
        assert memory.begin_use(_on(device))
    assert len(_uses(tmp_path)) == 2
    memory.end_use()
    assert _uses(tmp_path) == []


def test_programs_that_use_a_device_side_by_side_are_no_crash(memory: DeviceMemory, tmp_path: Path) -> None:
    file = tmp_path / "cache" / "devices.json"
    others = [DeviceMemory(file, CLOCK) for _ in range(4)]
    assert all(one.begin_use(_on("GOOD")) for one in (*others, memory))
    assert memory.failures() == ()
    for one in others:
        one.end_use()
    assert len(_uses(tmp_path)) == 1


def test_a_new_driver_forgives_the_programs_that_died(
    memory: DeviceMemory, children: Children, pack: Pack, tmp_path: Path
) -> None:
    list_devices(memory, probe=children.probe)
    for _ in range(2):
        _program(tmp_path, "os.abort()")
    assert not memory.begin_use(_on("GOOD"))
    children.environment = {"FAKE_DRIVER": "driver 2"}
    list_devices(memory, probe=children.probe)
    assert memory.failure_of(_on("GOOD"), pack) is None
    assert memory.begin_use(_on("GOOD"))


def test_who_asks_for_it_has_a_device_tried_again_in_which_programs_died(
    memory: DeviceMemory, tmp_path: Path
) -> None:
    for _ in range(2):
        _program(tmp_path, "os.abort()")
    assert not memory.begin_use(_on("GOOD"))
    memory.forget_failures()
    assert memory.begin_use(_on("GOOD"))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"device": 1}', b"\xff"])
def test_a_damaged_note_of_a_use_counts_for_nothing(
    memory: DeviceMemory, tmp_path: Path, content: bytes
) -> None:
    folder = tmp_path / "cache" / "in-use"
    folder.mkdir(parents=True)
    for name in ("one.json", "two.json"):
        (folder / name).write_bytes(content)
    assert memory.begin_use(_on("GOOD"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"schema": "farlight-devices/9"}',
        b'{"schema": "farlight-devices/2"}',
        b"\xff",
        b'{"schema": "farlight-devices/2", "listed_with": "", "trusted": [], "failures": [],'
        b' "devices": [{"key": 1, "name": "", "versions": ""}]}',
    ],
)
def test_a_damaged_file_counts_as_nothing_known(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "devices.json").write_bytes(content)
    memory = DeviceMemory(tmp_path / "devices.json", CLOCK)
    assert (memory.devices(), memory.failures()) == ((), ())


def test_what_cannot_be_kept_holds_while_the_program_runs(
    children: Children, tmp_path: Path, pack: Pack
) -> None:
    (tmp_path / "cache").write_bytes(b"a file where the folder should be")
    memory = DeviceMemory(tmp_path / "cache" / "devices.json", CLOCK)
    list_devices(memory, probe=children.probe)
    assert try_device(pack, _on("WRONG"), memory, probe=children.probe) is not None
