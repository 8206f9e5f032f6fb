"""Timing: warm-up, interleaved rounds, medians with their spread."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

PAUSE_S = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line: the median of ``runs`` and the quartiles around it; ``aim`` is printed beside it."""

    section: str
    name: str
    unit: str
    median: float | None
    low: float | None = None
    high: float | None = None
    runs: int = 0
    aim: str = ""
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the figure for JSON."""
        return asdict(self)


def interleaved(
    candidates: Mapping[str, Callable[[], object]], *, rounds: int, warm_up: int = 3, untimed: int = 0
) -> dict[str, list[float]]:
    """Return the seconds of each candidate in each round; all are timed once in every round, in turn.

    A short pause before each lets the threads of the one before fall asleep. ``untimed`` runs right before
    the timed one show the speed of work that goes on; without them it wakes threads and fills caches.
    """
    for candidate in candidates.values():
        for _ in range(warm_up):
            candidate()
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, candidate in candidates.items():
            time.sleep(PAUSE_S)
            for _ in range(untimed):
                candidate()
            times[name].append(seconds_of(candidate))
    return times


def repeated(run: Callable[[], object], *, rounds: int, warm_up: int = 1) -> list[float]:
    """Return the seconds of each of ``rounds`` runs."""
    return interleaved({"": run}, rounds=rounds, warm_up=warm_up)[""]


def seconds_of(run: Callable[[], object]) -> float:
    """Return how long one run took."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def figure(
    section: str,
    name: str,
    values: list[float],
    *,
    unit: str = "ms",
    scale: float = 1000.0,
    aim: str = "",
    note: str = "",
) -> Figure:
    """Return the median of ``values`` times ``scale`` and the quartiles around it."""
    scaled = sorted(value * scale for value in values)
    quartiles = statistics.quantiles(scaled, n=4) if len(scaled) > 1 else [scaled[0]] * 3
    return Figure(
        section=section,
        name=name,
        unit=unit,
        median=statistics.median(scaled),
        low=quartiles[0],
        high=quartiles[2],
        runs=len(scaled),
        aim=aim,
        note=note,
    )


def skipped(section: str, name: str, why: str) -> Figure:
    """Return a line that says why something was not measured."""
    return Figure(section=section, name=name, unit="", median=None, note=f"skipped: {why}")
