"""A batch helper, and a program, on a computer with a device that works: the processor stands in for it.

Started as a process of its own in place of ``services.batch_helper``; it is no part of the program.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from inference.choices import Choice
from inference.loaded import LoadedPack, open_choice
from inference.packs import Pack
from inference.probe import Found, Opened
from inference.takeover import Takeover

DEVICE = "openvino:GPU"


class WorkingProbe:
    """A child that finds that the device gives the known answers."""

    def __init__(self, **_named: Any) -> None:
        """Start nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def devices(self, engine: str, **_named: Any) -> tuple[Found, ...]:
        """List the one device."""
        return (Found(engine="openvino", device="GPU", name="GPU"),) if engine == "openvino" else ()

    def open(self, _folder: Path, _choice: Choice, **_named: Any) -> Opened:
        """Say that all is well."""
        return Opened(load_ms=1.0, drift={"masks": 0.0}, allowed={"masks": 1.0})


def open_on_processor(pack: Pack, choice: Choice, *, cache: Path | None = None) -> LoadedPack:
    """Load a network on the processor, and let it pass for the device."""
    del cache
    opened = open_choice(pack, Choice(engine="openvino", precision=choice.precision, threads=1))
    opened.engine.device = choice.device  # type: ignore[misc]
    return replace(opened, choice=choice)


def have_a_device(patch: Callable[[object, str, object], None]) -> None:
    """Have every take-over find the device, and be ready before the first image is looked at."""
    usual_init, usual_begin = Takeover.__init__, Takeover.begin

    def init(self: Takeover, memory: Any, cache: Any = None) -> None:
        usual_init(self, memory, cache, probe=WorkingProbe, open_=open_on_processor)  # type: ignore[arg-type]

    def begin(self: Takeover, *arguments: Any) -> None:
        usual_begin(self, *arguments)
        assert self.settle(60)

    patch(Takeover, "__init__", init)
    patch(Takeover, "begin", begin)


if __name__ == "__main__":
    from services.batch_helper import main

    have_a_device(setattr)
    raise SystemExit(main())
