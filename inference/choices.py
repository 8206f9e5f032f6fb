"""How a pack is run: engine, precision, device and threads; what was asked for, and what is tried in turn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core.result import EngineName, Precision
from inference.engine import AUTO_CHOICE, CPU, ENGINES
from inference.model_files import find_model, require_model
from inference.packs import Pack

AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One way to run a network; ``device`` is named as its engine names it, ``threads`` None: all cores."""

    engine: EngineName
    precision: Precision
    device: str = CPU
    threads: int | None = None

    @property
    def device_key(self) -> str:
        """The device as settings and lists name it: ``CPU``, or engine and device."""
        return device_key(self.engine, self.device)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asked for; ``device`` is ``auto`` or a device key.

    What was named is never replaced, but for a device other than the processor, for which that stands in.
    """

    engine: EngineName | Literal["auto"] = "auto"
    precision: Precision | Literal["auto"] = "auto"
    device: str = AUTO
    threads: int | None = None


_MOST_THREADS = 4096


def read_choice(plain: dict[str, Any]) -> Choice:
    """Read a choice that a file kept, strictly.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    choice = Choice(**plain)
    threads = choice.threads
    if choice.engine not in ENGINES or choice.precision not in get_args(Precision):
        raise ValueError
    if not isinstance(choice.device, str) or not choice.device:
        raise ValueError
    if threads is not None and (type(threads) is not int or not 1 <= threads <= _MOST_THREADS):
        raise ValueError
    return choice


Tuned = Callable[[Pack], Choice | None]


def nothing_tuned(_pack: Pack) -> Choice | None:
    """Answer for those who have not measured."""
    return None


def device_key(engine: EngineName, device: str) -> str:
    """Return how settings and lists name a device."""
    return CPU if device == CPU else f"{engine}:{device}"


def split_key(key: str) -> tuple[EngineName, str] | None:
    """Return engine and device of a key that names something else than the processor; None otherwise."""
    engine, colon, device = key.partition(":")
    if not colon or not device:
        return None
    return next(((name, device) for name in ENGINES if name == engine), None)


def choices_of(pack: Pack, asked: Asked, tuned: Choice | None = None) -> tuple[Choice, ...]:
    """Return what to try, best first: the device asked for, what was measured to be best, the default.

    A pack without INT8 speaks in FP32 where the precision is left open; INT8 that drifts on this computer is
    followed by FP32 there.

    Raises:
        PrecisionMissingError: the pack has no network of the precision that was named.
    """
    files = pack.manifest.files
    found: list[Choice] = []
    best = tuned if tuned is not None and _is_asked(tuned, asked) else None
    named = split_key(asked.device)
    if named is not None and asked.engine in ("auto", named[0]):
        precision = best.precision if best else _precision(pack, asked)
        found.append(Choice(engine=named[0], precision=precision, device=named[1]))
    elif best is not None:
        found.append(best if asked.threads is None else _with_threads(best, asked.threads))
    engines = (AUTO_CHOICE[0], *(name for name in ENGINES if name != AUTO_CHOICE[0]))
    chosen = _precision(pack, asked)
    precisions: list[Precision] = [chosen]
    if asked.precision == "auto" and chosen == "int8":
        precisions.append("fp32")
    for precision in precisions:
        model = require_model(files, precision)
        fit = (
            [name for name in engines if name in model.engines] if asked.engine == "auto" else [asked.engine]
        )
        found += [Choice(engine=name, precision=precision, threads=asked.threads) for name in fit]
    return tuple(dict.fromkeys(found))


def _precision(pack: Pack, asked: Asked) -> Precision:
    if asked.precision != "auto":
        return asked.precision
    return AUTO_CHOICE[1] if find_model(pack.manifest.files, AUTO_CHOICE[1]) else "fp32"


def _is_asked(choice: Choice, asked: Asked) -> bool:
    """Whether a measured choice is within what was asked for."""
    return (
        asked.engine in ("auto", choice.engine)
        and asked.precision in ("auto", choice.precision)
        and asked.device in (AUTO, choice.device_key)
    )


def _with_threads(choice: Choice, threads: int) -> Choice:
    return Choice(engine=choice.engine, precision=choice.precision, device=choice.device, threads=threads)
