"""What a pack's manifest says of its model, as far as window and paper repeat it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from core.form import FormField
from core.result import PackClass, PackResult


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFigure:
    """One measured figure with its interval and the population it was measured on."""

    __test__ = False

    population: str
    metric: str
    value: float
    interval: tuple[float, float] | None = None
    patients: int | None = None
    images: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """A threshold (0..1), how it was chosen, and what it gave on test: (value, low, high)."""

    name: str
    threshold: float
    chosen_on: str
    sensitivity: tuple[float, float, float] | None = None
    specificity: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is printed of a model beside its answer; ``operating_points`` is keyed by finding code.

    ``scored`` is (code, label) of each finding of a patient: how common one is among single cells, nobody is
    asked. ``always_say`` are sentences that stand beside every answer. ``files`` is (name, sha256).
    ``fields`` are the values that it asks for, ``modalities`` the DICOM codes of the images that it reads.
    """

    pack_id: str
    version: str
    title: str
    pack_class: PackClass
    intended_use: str = ""
    not_for: tuple[str, ...] = ()
    weak_where: tuple[str, ...] = ()
    not_looked_for: tuple[str, ...] = ()
    training_population: str = ""
    figures: tuple[TestFigure, ...] = ()
    operating_points: Mapping[str, OperatingPoint] = field(default_factory=lambda: MappingProxyType({}))
    scored: tuple[tuple[str, str], ...] = ()
    always_say: tuple[str, ...] = ()
    licence: str = ""
    attribution: str = ""
    commercial_use: bool = True
    files: tuple[tuple[str, str], ...] = ()
    fields: tuple[FormField, ...] = ()
    modalities: tuple[str, ...] = ()


def not_looked_for(facts: Iterable[ModelFacts], results: Iterable[PackResult]) -> tuple[str, ...]:
    """Return what no model looked for: what one leaves out and another answered on is taken out."""
    answered = {
        name.casefold()
        for pack in results
        if pack.status == "ok"
        for spoken in (pack.findings, pack.measurements, pack.risks)
        for one in spoken
        for name in (one.code, one.label)
    }
    left_out = dict.fromkeys(what for one in facts for what in one.not_looked_for)
    return tuple(what for what in left_out if what.casefold() not in answered)
