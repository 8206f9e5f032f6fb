"""What a pack's manifest says of its model, as far as window and paper repeat it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from core.form import FormField
from core.result import PackClass, PackResult, Result

_MICROSCOPY = frozenset(("GM", "SM"))
"""DICOM's words for pictures taken through a microscope."""

FigureUnit = Literal["patients", "near_duplicates", "source_tiles"]
"""Who, or what, the ``patients`` of a figure are: data that name none are counted by what was kept apart."""


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
    unit: FigureUnit = "patients"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """A threshold (0..1), how it was chosen, and what it gave on test: (value, low, high), and on whom."""

    name: str
    threshold: float
    chosen_on: str
    sensitivity: tuple[float, float, float] | None = None
    specificity: tuple[float, float, float] | None = None
    measured_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is printed of a model beside its answer; ``operating_points`` is keyed by finding code.

    ``scored`` is (code, label) of each finding of a patient: how common one is among single cells, nobody is
    asked, nor of what is scored beside a finding. ``always_say`` are sentences that stand beside each answer.
    ``files`` is (name, sha256). ``fields`` are the values that it asks for, ``modalities`` the DICOM codes of
    the images that it reads.
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

    @property
    def counts_patients(self) -> bool:
        """Whether what it learned from and was measured on are patients, as far as the data name them."""
        return all(figure.unit == "patients" for figure in self.figures)


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


def has_sides(result: Result, facts: Mapping[str, ModelFacts]) -> bool:
    """Return whether left and right mean something on an image: not under a microscope.

    ``facts`` are of the packs in the result, by id: a picture whose file does not name its kind is of the
    kind that a pack recognised.
    """
    if result.source.modality in _MICROSCOPY:
        return False
    answered = [facts[pack.stamp.pack_id] for pack in result.results if _answered(pack, facts)]
    return not answered or any(not _MICROSCOPY & set(one.modalities) for one in answered)


def _answered(pack: PackResult, facts: Mapping[str, ModelFacts]) -> bool:
    known = facts.get(pack.stamp.pack_id)
    return pack.status == "ok" and known is not None and bool(known.modalities)
