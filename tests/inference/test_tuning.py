"""The choice among ways of running: the rule on figures, and the measuring with children that misbehave."""

import json
import math
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.clock import FixedClock
from core.errors import Cancelled, ProbeError
from inference import tuning
from inference.choices import Choice
from inference.devices import TRYING_S, Device, DeviceMemory
from inference.packs import Pack, PackLibrary
from inference.probe import Opened, Probe, ProbeDiedError
from inference.processor import this_processor
from inference.tuning import Measured, TuningMemory, candidates, choose, measure, tune
from tests.inference import fake_devices
from tests.inference.test_devices import Children

CLOCK = FixedClock(instant=datetime(2026, 3, 1, 8, 0, tzinfo=UTC))
DEFAULT = Choice(engine="openvino", precision="int8", threads=2)
OTHER = Choice(engine="onnxruntime", precision="int8", threads=2)
THIRD = Choice(engine="onnxruntime", precision="fp32", threads=1)


@pytest.fixture
def pack(library: PackLibrary) -> Pack:
    return library.get("toy-outline")


def _measured(choice: Choice, rounds_ms: list[float], *, drift: float = 0.5, error: str = "") -> Measured:
    return Measured(
        choice=choice,
        load_ms=1.0,
        drift=drift,
        rounds_ms=tuple(rounds_ms),
        runs_ms=tuple(rounds_ms),
        error=error,
    )


def _around(ms: float, seed: int, *, spread: float = 0.02) -> list[float]:
    generator = random.Random(seed)
    return [ms * (1 + generator.uniform(-spread, spread)) for _ in range(15)]


def test_a_clearly_faster_way_is_chosen() -> None:
    chosen, noise = choose([_measured(DEFAULT, _around(10, 1)), _measured(OTHER, _around(7, 2))])
    assert chosen == OTHER
    assert 0 < noise < 0.02


def test_the_fastest_of_several_faster_ones_is_chosen() -> None:
    found = [
        _measured(DEFAULT, _around(10, 1)),
        _measured(OTHER, _around(7, 2)),
        _measured(THIRD, _around(5, 3)),
    ]
    assert choose(found)[0] == THIRD


def test_equal_ways_leave_the_default_whatever_the_noise() -> None:
    for seed in range(300):
        spread = (0.005, 0.05, 0.5)[seed % 3]
        found = [
            _measured(DEFAULT, _around(10, 3 * seed, spread=spread)),
            _measured(OTHER, _around(10, 3 * seed + 1, spread=spread)),
            _measured(THIRD, _around(10, 3 * seed + 2, spread=spread)),
        ]
        assert choose(found)[0] == DEFAULT


def test_a_gain_that_is_too_small_to_matter_leaves_the_default() -> None:
    assert choose([_measured(DEFAULT, [10.0] * 15), _measured(OTHER, [9.8] * 15)])[0] == DEFAULT


def test_a_way_that_is_slower_in_two_rounds_leaves_the_default() -> None:
    rounds = [7.0] * 13 + [11.0] * 2
    assert choose([_measured(DEFAULT, [10.0] * 15), _measured(OTHER, rounds)])[0] == DEFAULT


def test_a_computer_that_slows_down_meanwhile_slows_all_alike() -> None:
    slower = [1 + index / 5 for index in range(15)]
    found = [
        _measured(DEFAULT, [10 * by for by in slower]),
        _measured(OTHER, [6 * by for by in slower]),
        _measured(THIRD, [10 * by for by in slower]),
    ]
    assert choose(found)[0] == OTHER


def test_a_way_that_drifts_or_fails_is_dropped_however_fast() -> None:
    found = [
        _measured(DEFAULT, _around(10, 1)),
        _measured(OTHER, _around(1, 2), drift=1.01),
        _measured(THIRD, [], error="E302"),
    ]
    assert choose(found)[0] == DEFAULT


def test_a_gain_within_the_noise_leaves_the_default() -> None:
    restless = [10.0 + index for index in range(15)]
    found = [_measured(DEFAULT, restless), _measured(OTHER, [0.95 * ms for ms in restless])]
    chosen, noise = choose(found)
    assert chosen == DEFAULT
    assert noise > 0.05
    assert choose([found[0], _measured(OTHER, [0.5 * ms for ms in restless])])[0] == OTHER


@pytest.mark.parametrize("rounds", [1, 5, 14])
def test_a_way_of_which_too_little_was_measured_leaves_the_default(rounds: int) -> None:
    default, other = _measured(DEFAULT, [10.0] * 15), _measured(OTHER, [1.0] * rounds)
    assert choose([default, other])[0] == DEFAULT
    assert choose([_measured(DEFAULT, [10.0] * rounds), other])[0] == DEFAULT


def test_a_default_that_drifts_gives_way_to_the_fastest_that_does_not() -> None:
    found = [
        _measured(DEFAULT, _around(1, 1), drift=3.0),
        _measured(OTHER, _around(20, 2)),
        _measured(THIRD, _around(30, 3)),
    ]
    assert choose(found)[0] == OTHER
    assert choose([found[0]])[0] == DEFAULT
    found[2] = _measured(THIRD, [1.0] + [30.0] * 14)
    assert choose(found)[0] == OTHER


def test_every_way_is_a_candidate_and_the_default_is_the_first(pack: Pack) -> None:
    gpu = Device(key="openvino:GPU", name="GPU", versions="1")
    found = candidates(pack, [gpu], cores=4)
    assert found[0] == Choice(engine="openvino", precision="int8", threads=4)
    assert len(found) == 12 + 2
    assert {one.threads for one in found if one.device == "CPU"} == {1, 2, 4}
    assert {(one.engine, one.precision) for one in found if one.device == "GPU"} == {
        ("openvino", "int8"),
        ("openvino", "fp32"),
    }
    assert len(candidates(pack, cores=1)) == 4


@pytest.mark.parametrize(
    ("cores", "threads"), [(1, (1,)), (2, (2, 1)), (3, (3, 1)), (4, (4, 2, 1)), (24, (24, 12, 1))]
)
def test_all_cores_half_of_them_and_one_are_measured(
    pack: Pack, cores: int, threads: tuple[int, ...]
) -> None:
    found = candidates(pack, cores=cores)
    ways = [one for one in found if (one.engine, one.precision) == ("openvino", "int8")]
    assert tuple(one.threads for one in ways) == threads
    assert tuple(found[: len(ways)]) == tuple(ways)


def test_all_candidates_take_turns_in_every_round(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Choice] = []
    usual = Probe.round

    def watch(self: Probe, folder: Path, choice: Choice, **named: Any) -> tuple[float, ...]:
        asked.append(choice)
        return usual(self, folder, choice, **named)

    monkeypatch.setattr(Probe, "round", watch)
    ways = candidates(pack, cores=1)
    found = measure(pack, ways, rounds=3, run_s=0.0)
    assert asked == [*ways] * 3
    assert [one.choice for one in found] == list(ways)
    for one in found:
        assert one.trusted, one
        assert len(one.rounds_ms) == 3
        assert one.median_ms is not None
        assert one.p90_ms is not None
        assert one.p90_ms >= one.median_ms * 0.5


def test_a_device_that_crashes_while_measuring_takes_no_figures_of_others_along(pack: Pack) -> None:
    ways = (
        DEFAULT,
        replace(DEFAULT, device="CRASHES"),
        replace(DEFAULT, device="WRONG"),
        replace(DEFAULT, device="GOOD"),
    )
    found = measure(pack, ways, rounds=2, run_s=0.0, probe=Children().probe)
    assert [one.trusted for one in found] == [True, False, False, True]
    assert "SIGABRT" in found[1].error
    assert len(found[3].rounds_ms) == 2


def test_a_way_on_the_processor_that_crashes_takes_no_figures_of_others_along(pack: Pack) -> None:
    children = Children()
    children.environment = {fake_devices.CRASHING_VARIABLE: "onnxruntime int8"}
    ways = (DEFAULT, replace(THIRD, precision="fp32", threads=2), OTHER, THIRD)
    found = measure(pack, ways, rounds=2, run_s=0.0, probe=children.probe)
    assert [one.trusted for one in found] == [True, True, False, True]
    assert [len(one.rounds_ms) for one in found] == [2, 2, 0, 2]
    assert children.started == 3  # the default's, the one that crashed, and the one after it


class Pretended:
    """A child that takes as long as it is told to, and dies at one way; nothing is started."""

    def __init__(self, speed: dict[Choice, float], *, dies_at: Choice, in_round: int | None = None) -> None:
        self.speed, self.dies_at, self.in_round = speed, dies_at, in_round
        self.asked: list[Choice] = []
        self.seconds: dict[str, float] = {}

    def __call__(self, **_named: Any) -> "_PretendedChild":
        return _PretendedChild(self)


class _PretendedChild:
    def __init__(self, owner: Pretended) -> None:
        self._owner, self._loaded, self._dead = owner, set[Choice](), False

    def __enter__(self) -> "_PretendedChild":
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def open(self, _folder: Path, choice: Choice, *, seconds: float, **_named: Any) -> Opened:
        assert not self._dead
        self._owner.seconds[choice.device] = seconds
        if choice == self._owner.dies_at and self._owner.in_round is None:
            self._dead = True
            raise (
                ProbeDiedError("too_long", "600 s")
                if choice.device != "CPU"
                else ProbeDiedError("crashed", "SIGABRT")
            )
        self._loaded.add(choice)
        return Opened(load_ms=1.0, drift={"masks": 0.1}, allowed={"masks": 1.0})

    def round(self, _folder: Path, choice: Choice, **_named: Any) -> tuple[float, ...]:
        assert not self._dead
        if choice not in self._loaded:
            raise ProbeError("E313 KeyError")
        self._owner.asked.append(choice)
        if choice == self._owner.dies_at and self._owner.asked.count(choice) == self._owner.in_round:
            self._dead = True
            raise ProbeDiedError("crashed", "SIGSEGV")
        hiccup = 2.0 if choice == DEFAULT and self._owner.asked.count(choice) == 1 else 1.0
        return (self._owner.speed[choice] * hiccup,)


SPEED = {
    DEFAULT: 2.0,
    replace(DEFAULT, threads=1): 3.5,
    OTHER: 3.0,
    replace(OTHER, threads=1): 5.0,
    replace(THIRD, threads=2): 7.0,
    THIRD: 12.0,
}


@pytest.mark.parametrize("in_round", [None, 1, 7, 15])
@pytest.mark.parametrize("dies_at", [one for one in SPEED if one != DEFAULT])
def test_a_crash_of_another_way_leaves_the_default_whenever_it_comes(
    pack: Pack, dies_at: Choice, in_round: int | None
) -> None:
    found = measure(pack, tuple(SPEED), probe=Pretended(SPEED, dies_at=dies_at, in_round=in_round))  # type: ignore[arg-type]
    assert choose(found)[0] == DEFAULT
    for one in found:
        assert one.trusted == (one.choice != dies_at)
        assert len(one.rounds_ms) == (0 if one.choice == dies_at else 15)


def test_a_device_that_crashes_leaves_the_default_also_if_it_was_the_fastest(pack: Pack) -> None:
    device = replace(DEFAULT, device="GPU", threads=None)
    speed = {**SPEED, device: 0.5}
    found = measure(pack, tuple(speed), probe=Pretended(speed, dies_at=device, in_round=15))  # type: ignore[arg-type]
    assert choose(found)[0] == DEFAULT
    found = measure(pack, tuple(speed), probe=Pretended(speed, dies_at=THIRD, in_round=3))  # type: ignore[arg-type]
    assert choose(found)[0] == device


def test_a_device_may_compile_as_long_as_where_it_was_asked_for_by_name(pack: Pack) -> None:
    device = replace(DEFAULT, device="NPU", threads=None)
    probe = Pretended({DEFAULT: 2.0, device: 1.0}, dies_at=device)
    _, slow = measure(pack, (DEFAULT, device), rounds=1, probe=probe)  # type: ignore[arg-type]
    assert probe.seconds["NPU"] == TRYING_S >= 600
    assert probe.seconds["CPU"] < TRYING_S
    assert (slow.trusted, slow.failure) == (False, "slow")


def test_a_tolerance_of_nothing_is_kept_or_missed_and_no_number_is_a_miss() -> None:
    def share(drift: float, allowed: float) -> float:
        return Opened(
            load_ms=1.0, drift={"masks": 0.1, "logits": drift}, allowed={"masks": 1.0, "logits": allowed}
        ).worst_share

    assert share(0.0, 0.0) == pytest.approx(0.1)
    assert share(1e-9, 0.0) == math.inf
    assert share(math.nan, 1.0) == math.inf


def test_measuring_waits_while_an_image_is_looked_at_and_repeats_a_round_into_which_one_fell(
    pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[int] = []
    usual = tuning._times

    def watch(*arguments: Any) -> Any:
        rounds.append(1)
        return usual(*arguments)

    monkeypatch.setattr(tuning, "_times", watch)
    answers = iter([True, True, False, False, True, False, False])
    found = measure(pack, (DEFAULT,), rounds=1, run_s=0.0, busy=partial(next, answers, False))
    assert len(rounds) == 2
    assert len(found[0].rounds_ms) == 1


def test_measuring_can_be_stopped(pack: Pack) -> None:
    with pytest.raises(Cancelled):
        measure(pack, (DEFAULT,), cancelled=lambda: True)
    with pytest.raises(Cancelled):
        measure(pack, (DEFAULT,), busy=lambda: True, cancelled=_after(3))


def _after(calls: int) -> Callable[[], bool]:
    answers = iter([False] * calls)
    return partial(next, answers, True)


_TUNED: dict[str, tuning.Tuning] = {}


@pytest.fixture
def tuned(pack: Pack) -> tuning.Tuning:
    """What was measured of the pack, once for all tests: it takes child processes and seconds."""
    if pack.sha256 not in _TUNED:
        _TUNED[pack.sha256] = tune(pack, clock=CLOCK, cores=1, rounds=1)
    return _TUNED[pack.sha256]


def _memory(tmp_path: Path, **named: Any) -> TuningMemory:
    return TuningMemory(tmp_path / "tuning.json", DeviceMemory(tmp_path / "devices.json", CLOCK), **named)


def test_what_was_measured_is_remembered_by_the_next_program(
    pack: Pack, library: PackLibrary, tuned: tuning.Tuning, tmp_path: Path
) -> None:
    _memory(tmp_path).keep(tuned)
    later = _memory(tmp_path)
    assert later.find(pack) == tuned
    assert later.choice(pack) == tuned.chosen
    assert later.find(library.get("toy-finding")) is None
    later.forget()
    assert _memory(tmp_path).find(pack) is None


@pytest.mark.parametrize(
    "change",
    [
        {"model": "another processor"},
        {"features": frozenset({"avx2"})},
        {"physical_cores": 64},
        {"logical_cores": 64},
    ],
)
def test_another_processor_has_everything_measured_anew(
    pack: Pack, tuned: tuning.Tuning, tmp_path: Path, change: dict[str, Any]
) -> None:
    _memory(tmp_path).keep(tuned)
    assert _memory(tmp_path, processor=replace(this_processor(), **change)).find(pack) is None


def test_another_engine_version_has_everything_measured_anew(
    pack: Pack, tuned: tuning.Tuning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _memory(tmp_path).keep(tuned)
    monkeypatch.setattr(tuning, "engine_versions", lambda: "openvino 99")
    assert _memory(tmp_path).find(pack) is None


def test_another_device_or_driver_has_everything_measured_anew(
    pack: Pack, tuned: tuning.Tuning, tmp_path: Path
) -> None:
    devices = DeviceMemory(None, CLOCK)
    memory = TuningMemory(None, devices)
    gpu = Device(key="openvino:GPU", name="GPU", versions="driver 1")
    devices.remember_listed([gpu], [])
    memory.keep(tuned)
    assert memory.find(pack) == tuned
    for other in ([], [replace(gpu, versions="driver 2")], [gpu, replace(gpu, key="openvino:NPU")]):
        devices.remember_listed(other, [])
        assert memory.find(pack) is None
    devices.remember_listed([gpu], [])
    assert memory.find(pack) == tuned


def test_a_chosen_device_that_failed_since_is_not_chosen(
    pack: Pack, tuned: tuning.Tuning, tmp_path: Path
) -> None:
    devices = DeviceMemory(None, CLOCK)
    memory = TuningMemory(tmp_path / "tuning.json", devices)
    on_device = replace(tuned.chosen, device="GPU")
    memory.keep(replace(tuned, chosen=on_device))
    assert memory.choice(pack) == on_device
    devices.remember_failed(on_device, "failed", "", pack)
    assert memory.choice(pack) is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"schema": "farlight-tuning/1", "kept": {"a": {}}}', b"[]", b"\xff"]
)
def test_a_damaged_file_counts_as_never_measured(pack: Pack, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tuning.json").write_bytes(content)
    assert _memory(tmp_path).find(pack) is None


@pytest.mark.parametrize(
    "damage",
    [
        {"engine": "another"},
        {"precision": "int4"},
        {"device": 7},
        {"device": ""},
        {"threads": 0},
        {"threads": -5},
        {"threads": "two"},
        {"threads": True},
        {"threads": 100_000},
        {"more": 1},
    ],
)
@pytest.mark.parametrize("place", ["chosen", "measured"])
def test_a_choice_that_is_none_has_everything_measured_anew_and_the_log_names_a_code_alone(
    pack: Pack,
    tuned: tuning.Tuning,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    damage: dict[str, Any],
    place: str,
) -> None:
    _memory(tmp_path).keep(tuned)
    file = tmp_path / "tuning.json"
    said = json.loads(file.read_text())
    (one,) = said["kept"].values()
    (one["chosen"] if place == "chosen" else one["measured"][0]["choice"]).update(damage)
    file.write_text(json.dumps(said))
    memory = _memory(tmp_path)
    assert (memory.find(pack), memory.choice(pack)) == (None, None)
    assert caplog.messages == ["E313: what was measured cannot be read, and is measured anew"]
    memory.keep(tuned)
    assert _memory(tmp_path).find(pack) == tuned


@pytest.mark.parametrize("damage", [{"noise": "little"}, {"noise": -1.0}, {"sha256": 5}, {"at": None}])
def test_figures_that_are_none_have_everything_measured_anew(
    pack: Pack, tuned: tuning.Tuning, tmp_path: Path, damage: dict[str, Any]
) -> None:
    _memory(tmp_path).keep(tuned)
    file = tmp_path / "tuning.json"
    said = json.loads(file.read_text())
    next(iter(said["kept"].values())).update(damage)
    file.write_text(json.dumps(said))
    assert _memory(tmp_path).find(pack) is None


def test_a_way_that_the_pack_does_not_have_is_not_chosen(
    pack: Pack, tuned: tuning.Tuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = TuningMemory(None, DeviceMemory(None, CLOCK))
    memory.keep(tuned)
    assert memory.choice(pack) == tuned.chosen
    monkeypatch.setattr(tuning, "find_model", lambda _files, _precision: None)
    assert memory.choice(pack) is None
