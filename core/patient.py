"""The patient, each value with where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, Literal, TypeVar

ValueSource = Literal["header", "typed", "file", "measured"]
Sex = Literal["F", "M", "O"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced(Generic[T]):
    """A value and where it came from: the image's header, somebody's typing, a patient file, or a pack."""

    value: T
    source: ValueSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Two sources that do not agree on one field; ``used`` is the one that was kept.

    ``other_field`` is the field that ``other`` is of, where it is another one: the sex or the age that speaks
    against a pregnancy.
    """

    field: str
    used: str
    used_source: ValueSource
    other: str
    other_source: ValueSource
    other_field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One patient; None is unknown and never assumed. ``birth_date`` is ISO 8601.

    ``further`` are values that packs ask for, by the code of the field (see ``core.form``).
    """

    name: Sourced[str] | None = None
    id: Sourced[str] | None = None
    sex: Sourced[Sex] | None = None
    birth_date: Sourced[str] | None = None
    age_years: Sourced[float] | None = None
    height_cm: Sourced[float] | None = None
    weight_kg: Sourced[float] | None = None
    further: Mapping[str, Sourced[float | str | bool]] = field(default_factory=lambda: MappingProxyType({}))
    contradictions: tuple[Contradiction, ...] = ()
