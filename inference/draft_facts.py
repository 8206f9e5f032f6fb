"""What was found in a model file from other hands, as plain values that a child process can send."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from inference.manifest import Method, Role, Scores

DraftTask = Literal["classify", "segment", "detect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFacts:
    """The network's input as the pack's copy of it reads it.

    ``size`` (rows, columns) was chosen here where ``size_open``. ``inside`` are the steps of normalisation
    that the network does itself, in words; ``largest`` is the value that white seems to be, 1 or 255, None
    where nothing tells.
    """

    name: str
    channels: int
    size: tuple[int, int]
    size_open: bool = False
    inside: tuple[str, ...] = ()
    largest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFacts:
    """How maps are made, why so (a key of the wording table), and the largest error of an exact one."""

    method: Method
    why: str
    features: str = ""
    head_input: str = ""
    error: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFacts:
    """All that ``packs new`` needs to write a pack's folder.

    ``rows`` is what is shown: (name, text). ``scores`` is None where the network does not tell. ``columns``
    is how many scores or masks there are, ``tolerance`` what the engines may differ by, by role.
    ``class_names`` are the maker's own, as far as the file has them.
    """

    task: DraftTask
    input: InputFacts
    rows: tuple[tuple[str, str], ...]
    outputs: Mapping[Role, str] = field(default_factory=dict)
    scores: Scores | None = None
    columns: int = 0
    tolerance: Mapping[Role, float] = field(default_factory=dict)
    maps: MapFacts | None = None
    class_names: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
