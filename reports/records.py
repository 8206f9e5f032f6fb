"""Records of what a report says: everything that is printed, and nothing of how it is drawn."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from core.decision import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """The house that prints the report; ``address`` are lines."""

    name: str
    address: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A picture ready for print: uint8, (row, column) grey or (row, column, 3) RGB.

    ``pixel_aspect`` is the height of a pixel divided by its width.
    """

    pixels: NDArray[np.uint8]
    pixel_aspect: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One labelled value of the patient block, where it came from, and what contradicts it."""

    label: str
    value: str
    source: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A box to tick; ``line`` leaves room to write behind it."""

    label: str
    ticked: bool = False
    line: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A headed part of page 1: words, or boxes to tick, or ``ruled`` empty lines to write on by hand."""

    title: str
    text: str = ""
    strong: bool = False
    choices: tuple[Choice, ...] = ()
    ruled: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureBlock:
    """The three lines at the foot of page 1, with what stands under the first."""

    name: str
    below: str
    signature_label: str
    stamp_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """A score on its line; numbers are 0..100, the labels are what is written under the marks."""

    score: float
    threshold: float
    interval: tuple[float, float] | None
    score_label: str
    threshold_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table: a label and what is said."""

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture with its caption."""

    picture: Picture
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: ``length`` and ``interval`` are -1..1 of the chart's half width, or 0..1 of its whole."""

    label: str
    text: str
    length: float
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """Bars below one another; ``ends`` say what left and right of the middle mean, None: they begin left."""

    title: str
    bars: tuple[Bar, ...]
    ends: tuple[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Shares (0..1) over days, as steps, with a mark at one day; ``unit`` names the days' axis."""

    title: str
    points: tuple[tuple[float, float], ...]
    mark: float
    unit: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingBlock:
    """One finding: the words of its position (the first sentence stands out), its line and its rows."""

    title: str
    words: str
    further: str = ""
    line: ScoreLine | None = None
    rows: tuple[Row, ...] = ()
    curve: Curve | None = None
    charts: tuple[BarChart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackBlock:
    """What one pack said, or why it said nothing; ``small_rows`` under ``small_title`` stand in the tail."""

    figures: tuple[Figure, ...] = ()
    findings: tuple[FindingBlock, ...] = ()
    warning: str = ""
    rows: tuple[Row, ...] = ()
    small_title: str = ""
    small_rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """Words added after signing, and who signed them."""

    words: str
    signature: Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    """All that one report says.

    ``banners`` stand on every page; ``see_assistance`` has a ``{page}`` still to fill; ``demonstration`` has
    pages of its own. ``copy_mark`` stands in the head margin of every page of a copy and may have a
    ``{page}`` to fill, where its ``addenda`` begin.

    Signed reports are kept as this record: what is added later has a default.
    """

    language: str
    created: datetime
    clinic: Clinic
    title: str
    date: str
    document_title: str
    banners: tuple[str, ...]
    notice: str
    see_assistance: str
    program: str
    patient_line: str
    fields: tuple[Field, ...]
    sections: tuple[Section, ...]
    key_figure: Figure | None
    signature: SignatureBlock
    assistance_title: str
    blocks: tuple[PackBlock, ...]
    closing_rows: tuple[Row, ...]
    closing_title: str = ""
    demonstration_title: str = ""
    demonstration_watermark: str = ""
    demonstration_note: str = ""
    demonstration: tuple[PackBlock, ...] = ()
    report_id: str = ""
    copy_mark: str = ""
    addenda_title: str = ""
    addenda_note: str = ""
    addenda: tuple[Section, ...] = ()

    @property
    def has_machine_part(self) -> bool:
        """Whether there is a page for what the computer said."""
        return bool(self.blocks or self.demonstration)

    @property
    def short_id(self) -> str:
        """The first places of the report's hash, as people read it out."""
        return f"{self.report_id[:4]}-{self.report_id[4:8]}-{self.report_id[8:12]}"
