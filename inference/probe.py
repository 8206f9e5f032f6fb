"""Tries engines and devices in a child process: a driver that crashes or hangs ends no more than that.

The child is this module; in the frozen application ``main.py`` calls ``main()`` when its first argument is
``--farlight-probe``. It reads orders and answers them, a line of JSON each, until its input ends.
"""

import contextlib
import json
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from core.child import leave_the_end_to_the_program, limit_memory, start_child, streams_of
from core.errors import Cancelled, FarlightError, ProbeError
from core.result import EngineName
from inference.choices import Choice
from inference.engine import CPU, Engine, first_line
from inference.golden import Golden, allowed_differences, differences, read_golden
from inference.loaded import open_choice
from inference.manifest import GOLDEN_NAME
from inference.packs import Pack, load_pack

ARGUMENT = "--farlight-probe"
_MEMORY_VARIABLE = "FARLIGHT_PROBE_BYTES"
_ASKS_EVERY_S = 0.1
_LONGEST_LINE = 1 << 20
_LEAST_RUNS = 2
CPU_MEMORY_BYTES = 3 << 30
"""Address space for the processor alone, as where packs are tried; drivers of devices reserve far more."""

IsCancelled = Callable[[], bool]
Start = Callable[..., "subprocess.Popen[bytes]"]


def never() -> bool:
    """Answer for those who cannot be stopped."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A device that an engine listed."""

    engine: EngineName
    device: str
    name: str
    driver: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """How a network was loaded, and by how much it misses the golden answers, by role."""

    load_ms: float
    drift: dict[str, float]
    allowed: dict[str, float]

    @property
    def trusted(self) -> bool:
        """Whether every role lies within what the pack allows."""
        return all(found <= self.allowed[role] for role, found in self.drift.items())

    @property
    def worst_share(self) -> float:
        """The largest drift as a share of what is allowed; infinite where nothing is, or it is no number."""
        return max((_share(value, self.allowed[role]) for role, value in self.drift.items()), default=0.0)


def _share(value: float, allowed: float) -> float:
    if math.isnan(value):
        return math.inf
    return value / allowed if allowed > 0 else 0.0 if value == 0 else math.inf


class Source(Protocol):
    """Where the child gets devices and engines from; tests put devices of their own there."""

    def devices(self, engine: EngineName) -> tuple[Found, ...]:
        """Return the devices of one engine besides the processor; this loads their drivers."""
        ...

    def open(self, pack: Pack, choice: Choice, cache: Path | None) -> Engine:
        """Load a pack's network in one way."""
        ...


class Installed:
    """The engines that are installed."""

    def devices(self, engine: EngineName) -> tuple[Found, ...]:
        """Return the devices of one engine besides the processor; this loads their drivers."""
        from inference.privacy import forbid_telemetry

        forbid_telemetry()
        if engine == "openvino":
            from inference.engine_openvino import installed_devices
        else:
            from inference.engine_onnxruntime import installed_devices
        return tuple(
            Found(engine=engine, device=device, name=name, driver=driver)
            for device, name, driver in installed_devices()
        )

    def open(self, pack: Pack, choice: Choice, cache: Path | None) -> Engine:
        """Load a pack's network in one way."""
        return open_choice(pack, choice, cache=cache).engine


class ProbeDiedError(ProbeError):
    """The child ended, or was silent for too long; ``how`` is ``crashed`` or ``too_long``."""

    def __init__(self, how: str, detail: str) -> None:
        super().__init__(f"{how}: {detail}")
        self.how = how


class Probe:
    """One child that tries engines; use it as a context manager, from one thread."""

    def __init__(self, *, memory_bytes: int = 0, start: Start = start_child) -> None:
        """Start the child; ``start`` stands in for it in tests.

        Raises:
            ProbeError: it cannot be started.
        """
        try:
            self._child = start(
                "inference.probe",
                ARGUMENT,
                stderr=subprocess.DEVNULL,
                **{_MEMORY_VARIABLE: str(memory_bytes)},
            )
        except OSError as error:
            raise ProbeError(type(error).__name__) from error
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def devices(
        self, engine: EngineName, *, seconds: float, cancelled: IsCancelled = never
    ) -> tuple[Found, ...]:
        """Return the devices of one engine besides the processor.

        Raises:
            ProbeDiedError: the child crashed or hung.
            ProbeError: the engine failed.
            Cancelled: ``cancelled`` said so.
        """
        answer = self._ask({"do": "list", "engine": engine}, seconds, cancelled)
        return tuple(Found(**one) for one in answer["devices"])

    def open(
        self,
        pack: Path,
        choice: Choice,
        *,
        seconds: float,
        cache: Path | None = None,
        cancelled: IsCancelled = never,
    ) -> Opened:
        """Load a pack's network in one way, and compare it with the golden answers; it stays loaded.

        Raises:
            ProbeDiedError: the child crashed or hung.
            ProbeError: the engine refused; the detail begins with the code of its error.
            Cancelled: ``cancelled`` said so.
        """
        order = {"do": "open", "folder": str(pack), "cache": None if cache is None else str(cache)}
        return Opened(**self._ask({**order, **_plain(choice)}, seconds, cancelled))

    def round(
        self, pack: Path, choice: Choice, *, run_s: float, seconds: float, cancelled: IsCancelled = never
    ) -> tuple[float, ...]:
        """Run one image for ``run_s`` seconds in a network that was opened; return milliseconds of each run.

        Raises:
            ProbeDiedError, ProbeError, Cancelled: see ``open``.
        """
        order = {"do": "round", "folder": str(pack), "seconds": run_s, **_plain(choice)}
        return tuple(self._ask(order, seconds, cancelled)["times_ms"])

    def close(self) -> None:
        """End the child."""
        self._child.kill()
        self._child.wait()
        self._reader.join()
        for stream in streams_of(self._child):
            with contextlib.suppress(OSError):
                stream.close()

    def _ask(self, order: dict[str, Any], seconds: float, cancelled: IsCancelled) -> dict[str, Any]:
        requests, _ = streams_of(self._child)
        end = time.monotonic() + seconds
        try:
            requests.write(json.dumps(order).encode() + b"\n")
            requests.flush()
        except OSError:
            raise ProbeDiedError("crashed", self._how()) from None
        while True:
            try:
                line = self._answers.get(timeout=_ASKS_EVERY_S)
                break
            except queue.Empty:
                pass
            if cancelled():
                self._child.kill()
                raise Cancelled
            if time.monotonic() > end:
                self._child.kill()
                raise ProbeDiedError("too_long", f"{seconds:g} s")
        if not line:
            raise ProbeDiedError("crashed", self._how())
        return _answer(line)

    def _read(self) -> None:
        _, answers = streams_of(self._child)
        while line := answers.readline(_LONGEST_LINE):
            self._answers.put(line)
        self._answers.put(b"")

    def _how(self) -> str:
        """Return how the child ended, in the system's own short words."""
        status = self._child.wait()
        if status < 0:
            with contextlib.suppress(ValueError):
                return signal.Signals(-status).name
        return f"status {status}"


def main() -> int:
    """Be the child."""
    return serve(Installed())


def serve(source: Source) -> int:
    """Answer orders until the input ends, at low priority: whoever waits for an image comes first."""
    leave_the_end_to_the_program()
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    limit_memory(int(os.environ.get(_MEMORY_VARIABLE, "0")))
    _step_back()
    worker = _Worker(source)
    for line in sys.stdin.buffer:
        try:
            said = worker.do(json.loads(line))
        except FarlightError as error:
            said = {"error": error.code, "detail": error.detail}
        except Exception as error:  # noqa: BLE001 - whatever an engine throws is an answer of its own
            said = {"error": ProbeError.code, "detail": first_line(error)}
        print(json.dumps(said), file=answers, flush=True)
    return 0


class _Worker:
    """What the child holds between orders: packs and networks that are loaded."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._packs: dict[str, tuple[Pack, Golden]] = {}
        self._engines: dict[tuple[str, Choice], Engine] = {}

    def do(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out one order."""
        if order["do"] == "list":
            found = self._source.devices(order["engine"])
            return {
                "devices": [
                    {"engine": one.engine, "device": one.device, "name": one.name, "driver": one.driver}
                    for one in found
                ]
            }
        choice = Choice(**{name: order[name] for name in ("engine", "precision", "device", "threads")})
        if order["do"] == "open":
            return self._open(order["folder"], choice, order["cache"])
        return {"times_ms": self._run(order["folder"], choice, order["seconds"])}

    def _open(self, folder: str, choice: Choice, cache: str | None) -> dict[str, Any]:
        pack, golden = self._pack(folder)
        started = time.perf_counter()
        engine = self._source.open(pack, choice, None if cache is None else Path(cache))
        load_ms = (time.perf_counter() - started) * 1e3
        self._engines[folder, choice] = engine
        return {
            "load_ms": load_ms,
            "drift": differences(engine, golden, pack.manifest),
            "allowed": allowed_differences(pack.manifest, choice.precision),
        }

    def _run(self, folder: str, choice: Choice, seconds: float) -> list[float]:
        engine = self._engines[folder, choice]
        batch = self._pack(folder)[1].batch[:1]
        engine.run(batch)  # the one after another candidate's is slower: caches were used otherwise
        times: list[float] = []
        until = time.perf_counter() + seconds
        while len(times) < _LEAST_RUNS or time.perf_counter() < until:
            started = time.perf_counter()
            engine.run(batch)
            times.append((time.perf_counter() - started) * 1e3)
        return times

    def _pack(self, folder: str) -> tuple[Pack, Golden]:
        if folder not in self._packs:
            pack = load_pack(Path(folder))
            self._packs[folder] = pack, read_golden(pack.read(GOLDEN_NAME), pack.manifest)
        return self._packs[folder]


def _plain(choice: Choice) -> dict[str, Any]:
    return {
        "engine": choice.engine,
        "precision": choice.precision,
        "device": choice.device,
        "threads": choice.threads,
    }


def _answer(line: bytes) -> dict[str, Any]:
    try:
        said = dict(json.loads(line))
    except ValueError:
        raise ProbeError("an answer that cannot be read") from None
    if "error" in said:
        raise ProbeError(f"{said['error']} {said.get('detail', '')}")
    return said


def _step_back() -> None:
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import psutil

        own = psutil.Process()
        own.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else max(own.nice(), 10))


def memory_for(choice: Choice) -> int:
    """Return how much memory a child may take that tries a choice; 0 is no limit."""
    return CPU_MEMORY_BYTES if choice.device == CPU else 0


if __name__ == "__main__":
    raise SystemExit(main())
