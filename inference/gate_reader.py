"""Read what a ``pack.toml`` says of its gates: outline, sense, familiarity and limits."""

from typing import cast, get_args

from inference.manifest import (
    OTHER,
    UPRIGHT,
    Gate,
    Limit,
    Orientation,
    Outline,
    OutputSpec,
    Sense,
    SenseClass,
)
from inference.quality import GATE_MEASURES
from inference.strict_table import StrictTable

_CORRECTABLE = tuple(name for name in get_args(Orientation) if name != UPRIGHT)
_SENSES = (UPRIGHT, *_CORRECTABLE, OTHER)


def read_outline(top: StrictTable, task: str) -> Outline | None:
    """Return how masks become outlines; only packs that segment have it."""
    if task != "segment":
        _refuse(top, "outline", "belongs to packs that segment")
        return None
    table = top.table("outline")
    outline = Outline(
        threshold=table.number("threshold", minimum=0.01, maximum=0.99),
        smallest_part=table.number("smallest_part", minimum=0, maximum=1),
    )
    table.finish()
    return outline


def read_sense(top: StrictTable, output: OutputSpec) -> Sense | None:
    """Return which way up a picture may lie; only packs with such an output have it."""
    if not output.has("sense"):
        _refuse(top, "sense", "has no output: output.sense is missing")
        return None
    table = top.table("sense")
    sense = Sense(
        classes=cast(tuple[SenseClass, ...], table.texts("classes", allowed=_SENSES)),
        minimum_probability=table.number("minimum_probability", minimum=0, maximum=1),
        may_correct=cast(
            tuple[SenseClass, ...], table.texts("may_correct", required=False, allowed=_CORRECTABLE)
        ),
        correct_probability=table.number("correct_probability", minimum=0, maximum=1),
    )
    if table.has("classes") and "upright" not in sense.classes:
        table.problem("classes", "must have 'upright'")
    for name in sense.may_correct:
        if name not in sense.classes:
            table.problem("may_correct", f"has {name!r}, which is not in classes")
    if sense.correct_probability < sense.minimum_probability:
        table.problem("correct_probability", "lies below minimum_probability")
    table.finish()
    return sense


def read_familiarity(top: StrictTable, output: OutputSpec) -> float | None:
    """Return the largest distance of a familiar image; only packs with such an output have it."""
    if not output.has("familiarity"):
        _refuse(top, "familiarity", "has no output: output.familiarity is missing")
        return None
    table = top.table("familiarity")
    maximum = table.number("maximum", minimum=0)
    table.finish()
    return maximum


def _refuse(top: StrictTable, key: str, why: str) -> None:
    if top.has(key):
        top.optional_table(key)
        top.problem(key, why)


def read_limit(table: StrictTable) -> Limit:
    """Return one quality gate."""
    named = table.text("gate", allowed=tuple(GATE_MEASURES))
    gate: Gate = next((known for known in GATE_MEASURES if known == named), "exposure")
    limit = Limit(
        gate=gate,
        measure=table.text("measure", allowed=GATE_MEASURES[gate] if gate == named else ()),
        minimum=table.optional_number("minimum"),
        maximum=table.optional_number("maximum"),
    )
    if limit.minimum is None and limit.maximum is None:
        table.problem("", "needs a minimum, a maximum or both")
    elif limit.minimum is not None and limit.maximum is not None and limit.minimum > limit.maximum:
        table.problem("minimum", "lies above maximum")
    table.finish()
    return limit
