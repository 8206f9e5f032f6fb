"""Which way of running a pack is the fastest on this computer, among those that answer rightly: measured."""

import json
import logging
import math
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from core.clock import Clock
from core.errors import Cancelled, ProbeError
from inference.choices import Choice, read_choice
from inference.compiled import CompiledCache
from inference.devices import TRYING_S, Device, DeviceMemory, Reason, engine_versions, write_whole
from inference.engine import AUTO_CHOICE, CPU
from inference.model_files import find_model, models_of
from inference.packs import Pack
from inference.probe import IsCancelled, Opened, Probe, ProbeDiedError, memory_for, never
from inference.processor import Processor, this_processor

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
ROUNDS = 15
_RUN_S = 0.03
"""How long each candidate runs in a round: some runs of a small network, one of a large one."""
_WINS_NEEDED = 14
"""Rounds of 15 in which a candidate must be faster than the default. If both were equally fast, that would
happen by chance in 1 of 2,000 tries, and with twelve candidates in 1 of 186."""
_LEAST_GAIN = 0.03
"""Below this, a difference is not worth another way of running."""
_OPENING_S = 120.0
"""For the processor; a device has as long as where it was asked for by name."""
_ROUND_S = 30.0
_WAITS_S = 0.05
_MOST_INTERRUPTED = 5
_SCHEMA = "farlight-tuning/1"
_MOST_REMEMBERED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One candidate: milliseconds of each round's median, and its drift; ``error`` where it could not run.

    ``drift`` is the largest share of what the pack allows, above 1 where it may not be used.
    """

    choice: Choice
    load_ms: float | None = None
    drift: float | None = None
    rounds_ms: tuple[float, ...] = ()
    runs_ms: tuple[float, ...] = ()
    error: str = ""

    @property
    def trusted(self) -> bool:
        """Whether it gave the golden answers."""
        return not self.error and self.drift is not None and self.drift <= 1.0

    @property
    def failure(self) -> Reason:
        """Why it may not be used, as devices are remembered."""
        if not self.error:
            return "drift"
        how = self.error.partition(":")[0]
        if how == "too_long":
            return "slow" if self.load_ms is None else "too_long"
        return "crashed" if how == "crashed" else "failed"

    @property
    def median_ms(self) -> float | None:
        """The median of the rounds' medians."""
        return statistics.median(self.rounds_ms) if self.rounds_ms else None

    @property
    def p90_ms(self) -> float | None:
        """What nine runs of ten stay below."""
        if len(self.runs_ms) < 2:
            return self.runs_ms[0] if self.runs_ms else None
        return statistics.quantiles(self.runs_ms, n=10)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What was measured of one pack, and what came of it; ``noise`` is a share of the default's time."""

    pack_id: str
    sha256: str
    chosen: Choice
    measured: tuple[Measured, ...]
    noise: float
    at: str

    @property
    def default(self) -> Choice:
        """What would run without measuring: it is measured first."""
        return self.measured[0].choice


def candidates(pack: Pack, devices: Iterable[Device] = (), *, cores: int) -> tuple[Choice, ...]:
    """Return all ways to run a pack, the default first: engine, precision and {all, half, 1} cores; devices.

    From three cores on, half of them is a way of its own: a small network may gain nothing from the rest.
    """
    default_engine, default_precision = AUTO_CHOICE
    ways = [
        Choice(engine=engine, precision=model.precision, threads=threads)
        for model in models_of(pack.manifest.files)
        for engine in model.engines
        for threads in dict.fromkeys((cores, max(1, cores // 2), 1))
    ]
    models = models_of(pack.manifest.files)
    for device in devices:
        for model in models:
            engine = next((name for name in model.engines if device.key.startswith(f"{name}:")), None)
            if engine is not None:
                name = device.key.partition(":")[2]
                ways.append(Choice(engine=engine, precision=model.precision, device=name))
    ways.sort(
        key=lambda way: (
            way.device != CPU,
            way.precision != default_precision,
            way.engine != default_engine,
            -(way.threads or 0),
        )
    )
    return tuple(ways)


def measure(
    pack: Pack,
    choices: Sequence[Choice],
    *,
    rounds: int = ROUNDS,
    run_s: float = _RUN_S,
    busy: Callable[[], bool] = never,
    cancelled: IsCancelled = never,
    told: Callable[[int, int], None] = lambda _done, _total: None,
    probe: Callable[..., Probe] = Probe,
    caches: Mapping[Choice, Path | None] | None = None,
) -> tuple[Measured, ...]:
    """Return what each way takes for one image on this computer, measured in turn, round after round.

    The default has a child process of its own, and so has each way on a device; the others on the processor
    share one, which is started anew where one of them ends it. So a crash costs nobody else's figures.
    Between rounds it waits while ``busy``; a round into which something else fell is repeated.

    Raises:
        Cancelled: ``cancelled`` said so.
    """
    with ExitStack() as stack:
        children = _Children(pack, choices[0], stack, probe, caches or {}, cancelled)
        found: dict[Choice, Measured] = {}
        for number, choice in enumerate(choices):
            _wait(busy, cancelled)
            told(number, len(choices) + rounds)
            found[choice] = _open(choice, children)
        for number in range(rounds):
            told(len(choices) + number, len(choices) + rounds)
            _round(found, children, run_s, busy, cancelled)
    return tuple(found.values())


def choose(measured: Sequence[Measured]) -> tuple[Choice, float]:
    """Return the way to run, and the noise of the measurement.

    The first of ``measured`` that is trusted is the default. Another way takes its place only if it is
    trusted too, was measured in all rounds (15 at the least), was faster in nearly every one of them (14 of
    15: a sign test over rounds in which all ran within seconds of each other, so that a computer that grows
    warm or busy slows all alike), and its median gain exceeds both 3 % and the noise: the standard error of
    the default's median, estimated from the median absolute deviation of its rounds (1.253 x 1.483 x MAD /
    square root of the rounds). Of those that do, the fastest wins. So the choice is never slower than the
    default by more than noise, and equal ones, and those of which too little is known, leave the default.
    """
    usable = [one for one in measured if one.trusted and one.median_ms is not None]
    if not usable:
        return measured[0].choice, 0.0
    default, *others = usable
    noise = _noise(default)
    better = [one for one in others if _is_faster(one, default, noise)]
    return min(better, key=_median, default=default).choice, noise


def tune(
    pack: Pack,
    *,
    devices: Iterable[Device] = (),
    clock: Clock,
    cores: int | None = None,
    rounds: int = ROUNDS,
    busy: Callable[[], bool] = never,
    cancelled: IsCancelled = never,
    told: Callable[[int, int], None] = lambda _done, _total: None,
    probe: Callable[..., Probe] = Probe,
    cache: CompiledCache | None = None,
) -> Tuning:
    """Measure a pack on this computer and choose; what devices compile for it is kept in ``cache``.

    Raises:
        Cancelled: ``cancelled`` said so.
        PackError: the pack is not what it must be.
    """
    devices = tuple(devices)
    versions = {one.key: one.versions for one in devices}
    ways = candidates(pack, devices, cores=cores or this_processor().physical_cores)
    with ExitStack() as stack:
        caches = {
            way: stack.enter_context(cache.entry(pack, way, versions[way.device_key]))
            for way in ways
            if cache is not None and way.device != CPU
        }
        found = measure(
            pack,
            ways,
            rounds=rounds,
            busy=busy,
            cancelled=cancelled,
            told=told,
            probe=probe,
            caches=caches,
        )
    chosen, noise = choose(found)
    _log.info(
        "%s: %s %s %s %s chosen", pack.id, chosen.engine, chosen.precision, chosen.device, chosen.threads
    )
    return Tuning(
        pack_id=pack.id,
        sha256=pack.sha256,
        chosen=chosen,
        measured=found,
        noise=noise,
        at=clock.now().isoformat(timespec="seconds"),
    )


class TuningMemory:
    """What was measured on this computer, kept in a file of the profile's cache; without one, in memory.

    It holds for one processor, its instructions and cores, the engines' and devices' versions, and one pack's
    sha256: with another of these it counts as never measured. The file holds no patient data; one that cannot
    be read counts as empty. Several threads may use it.
    """

    def __init__(self, file: Path | None, devices: DeviceMemory, processor: Processor | None = None) -> None:
        self._file, self._devices = file, devices
        self._processor = processor
        self._lock = threading.Lock()
        self._kept = _read(file)

    def find(self, pack: Pack) -> Tuning | None:
        """Return what was measured of a pack under the conditions of now, or None."""
        return self._kept.get(self._key(pack.sha256))

    def has(self, sha256: str) -> bool:
        """Whether a pack of this sha256 was measured under the conditions of now."""
        return self._key(sha256) in self._kept

    def choice(self, pack: Pack) -> Choice | None:
        """Return the way that was chosen for a pack, or None while nothing holds."""
        tuning = self.find(pack)
        if tuning is None:
            return None
        chosen = tuning.chosen
        model = find_model(pack.manifest.files, chosen.precision)
        if model is None or chosen.engine not in model.engines:
            return None
        if chosen.device != CPU and self._devices.failure_of(chosen, pack) is not None:
            return None
        return chosen

    def keep(self, tuning: Tuning) -> None:
        """Remember what was measured."""
        with self._lock:
            kept = {**self._kept, self._key(tuning.sha256): tuning}
            self._kept = dict(list(kept.items())[-_MOST_REMEMBERED:])
            self._write()

    def forget(self) -> None:
        """Have everything measured again."""
        with self._lock:
            self._kept = {}
            self._write()

    def conditions(self) -> str:
        """Return what a measurement holds for, the pack apart."""
        processor = self._processor or this_processor()
        return "; ".join(
            (
                processor.model,
                " ".join(sorted(processor.features or ())),
                f"{processor.physical_cores} of {processor.logical_cores} cores",
                engine_versions(),
                *(f"{one.key} {one.versions}" for one in self._devices.devices()),
            )
        )

    def _key(self, sha256: str) -> str:
        return f"{sha256} {self.conditions()}"

    def _write(self) -> None:
        if self._file is None:
            return
        kept = {key: asdict(tuning) for key, tuning in self._kept.items()}
        try:
            write_whole(self._file, json.dumps({"schema": _SCHEMA, "kept": kept}).encode())
        except OSError as error:
            _log.warning("what was measured could not be kept: %s", type(error).__name__)


class _Children:
    """The children that measure; what a child had loaded when it ended is loaded anew when it is needed."""

    def __init__(  # noqa: PLR0917 - one private call
        self,
        pack: Pack,
        default: Choice,
        stack: ExitStack,
        probe: Callable[..., Probe],
        caches: Mapping[Choice, Path | None],
        cancelled: IsCancelled,
    ) -> None:
        self._pack, self._default, self._stack, self._probe = pack, default, stack, probe
        self._caches, self._cancelled = caches, cancelled
        self._running: dict[object, tuple[Probe, set[Choice]]] = {}

    def open(self, choice: Choice) -> Opened:
        """Load a pack in one way and compare it with the golden answers.

        Raises:
            ProbeError: it did not go well; where the child ended, the next one asked gets another.
        """
        place = self._place(choice)
        if place not in self._running:
            child = self._stack.enter_context(self._probe(memory_bytes=memory_for(choice)))
            self._running[place] = child, set()
        child, loaded = self._running[place]
        seconds = _OPENING_S if choice.device == CPU else TRYING_S
        cache = self._caches.get(choice)
        with self._dropped_with_its_end(place):
            opened = child.open(
                self._pack.folder, choice, seconds=seconds, cache=cache, cancelled=self._cancelled
            )
        loaded.add(choice)
        return opened

    def round(self, choice: Choice, run_s: float) -> tuple[float, ...]:
        """Return the milliseconds of each run in one round.

        Raises:
            ProbeError: see ``open``.
        """
        place = self._place(choice)
        if place not in self._running or choice not in self._running[place][1]:
            self.open(choice)
        with self._dropped_with_its_end(place):
            return self._running[place][0].round(
                self._pack.folder, choice, run_s=run_s, seconds=_ROUND_S, cancelled=self._cancelled
            )

    def _place(self, choice: Choice) -> object:
        return choice if choice == self._default or choice.device != CPU else CPU

    @contextmanager
    def _dropped_with_its_end(self, place: object) -> Iterator[None]:
        try:
            yield
        except ProbeDiedError:
            self._running.pop(place, None)
            raise


def _open(choice: Choice, children: _Children) -> Measured:
    try:
        opened = children.open(choice)
    except ProbeError as error:
        return Measured(choice=choice, error=error.detail)
    return Measured(choice=choice, load_ms=opened.load_ms, drift=opened.worst_share)


def _round(
    found: dict[Choice, Measured],
    children: _Children,
    run_s: float,
    busy: Callable[[], bool],
    cancelled: IsCancelled,
) -> None:
    """Run every candidate once, and keep the round where nothing else fell into it."""
    for attempt in range(_MOST_INTERRUPTED):
        _wait(busy, cancelled)
        times = _times(found, children, run_s)
        if not busy() or attempt == _MOST_INTERRUPTED - 1:
            break
    for choice, runs in times.items():
        one = found[choice]
        found[choice] = replace(
            one, rounds_ms=(*one.rounds_ms, statistics.median(runs)), runs_ms=(*one.runs_ms, *runs)
        )


def _times(
    found: dict[Choice, Measured], children: _Children, run_s: float
) -> dict[Choice, tuple[float, ...]]:
    times: dict[Choice, tuple[float, ...]] = {}
    for choice, one in list(found.items()):
        if one.error:
            continue
        try:
            times[choice] = children.round(choice, run_s)
        except ProbeError as error:
            found[choice] = replace(one, error=error.detail, rounds_ms=(), runs_ms=())
    return times


def _wait(busy: Callable[[], bool], cancelled: IsCancelled) -> None:
    while busy() and not cancelled():
        time.sleep(_WAITS_S)
    if cancelled():
        raise Cancelled


def _is_faster(one: Measured, default: Measured, noise: float) -> bool:
    if len(one.rounds_ms) != len(default.rounds_ms) or len(one.rounds_ms) < ROUNDS:
        return False
    pairs = list(zip(one.rounds_ms, default.rounds_ms, strict=True))
    wins = sum(mine < its for mine, its in pairs)
    needed = math.ceil(len(pairs) * _WINS_NEEDED / ROUNDS)
    gain = 1.0 - statistics.median(mine / its for mine, its in pairs)
    return wins >= needed and gain > max(noise, _LEAST_GAIN)


def _noise(one: Measured) -> float:
    middle = statistics.median(one.rounds_ms)
    deviation = statistics.median(abs(value - middle) for value in one.rounds_ms)
    return 1.253 * 1.483 * deviation / math.sqrt(len(one.rounds_ms)) / middle


def _median(one: Measured) -> float:
    return one.median_ms if one.median_ms is not None else math.inf


def _read(file: Path | None) -> dict[str, Tuning]:
    """Return what was kept; {} where there is nothing, or anything in it is not what it must be."""
    if file is None:
        return {}
    try:
        said = json.loads(file.read_bytes())
        if said["schema"] != _SCHEMA:
            return {}
        return {_of(str, key): _tuning(plain) for key, plain in said["kept"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        _log.warning("%s: what was measured cannot be read, and is measured anew", ProbeError.code)
        return {}


def _tuning(plain: dict[str, Any]) -> Tuning:
    return Tuning(
        pack_id=_of(str, plain["pack_id"]),
        sha256=_of(str, plain["sha256"]),
        chosen=read_choice(plain["chosen"]),
        measured=tuple(_measured(one) for one in plain["measured"]),
        noise=_of(float, plain["noise"]),
        at=_of(str, plain["at"]),
    )


def _measured(plain: dict[str, Any]) -> Measured:
    return Measured(
        choice=read_choice(plain["choice"]),
        load_ms=None if plain["load_ms"] is None else _of(float, plain["load_ms"]),
        drift=None if plain["drift"] is None else _of(float, plain["drift"]),
        rounds_ms=tuple(_of(float, one) for one in plain["rounds_ms"]),
        runs_ms=tuple(_of(float, one) for one in plain["runs_ms"]),
        error=_of(str, plain["error"]),
    )


def _of(kind: type[_T], value: object) -> _T:
    """Return a value that is of a kind, and not below zero where it is a number.

    Raises:
        ValueError: it is not.
    """
    if type(value) is not kind or (isinstance(value, float) and not value >= 0):
        raise ValueError
    return value
