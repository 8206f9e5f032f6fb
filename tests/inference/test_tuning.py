"""The choice among ways of running: the rule on figures, and the measuring with children that misbehave."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.clock import FixedClock
from core.errors import Cancelled
from inference import tuning
from inference.choices import Choice
from inference.devices import Device, DeviceMemory
from inference.packs import Pack, PackLibrary
from inference.probe import Probe
from inference.processor import this_processor
from inference.tuning import Measured, TuningMemory, candidates, choose, measure, tune
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


def test_a_default_that_drifts_gives_way_to_the_fastest_that_does_not() -> None:
    found = [
        _measured(DEFAULT, _around(1, 1), drift=3.0),
        _measured(OTHER, _around(20, 2)),
        _measured(THIRD, _around(30, 3)),
    ]
    assert choose(found)[0] == OTHER
    assert choose([found[0]])[0] == DEFAULT


def test_every_way_is_a_candidate_and_the_default_is_the_first(pack: Pack) -> None:
    gpu = Device(key="openvino:GPU", name="GPU", versions="1")
    found = candidates(pack, [gpu], cores=4)
    assert found[0] == Choice(engine="openvino", precision="int8", threads=4)
    assert len(found) == 8 + 2
    assert {one.threads for one in found if one.device == "CPU"} == {1, 4}
    assert {(one.engine, one.precision) for one in found if one.device == "GPU"} == {
        ("openvino", "int8"),
        ("openvino", "fp32"),
    }
    assert len(candidates(pack, cores=1)) == 4


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


@pytest.fixture
def tuned(pack: Pack) -> tuning.Tuning:
    return tune(pack, clock=CLOCK, cores=1, rounds=1)


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
