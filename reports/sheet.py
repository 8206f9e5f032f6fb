"""A page as a list of marks: what the layout decides and the PDF writer draws.

Coordinates are points from the top left corner of the sheet; colours are (red, green, blue) 0..255.
"""

from dataclasses import dataclass, field, replace

from core.decision import PaperSize
from reports.records import Picture
from reports.shaping import Line

Colour = tuple[int, int, int]

INK: Colour = (27, 36, 43)
MUTED: Colour = (91, 106, 118)
ACCENT: Colour = (14, 127, 120)
HAIRLINE: Colour = (200, 208, 214)
TRACK: Colour = (222, 227, 231)
BAND: Colour = (160, 170, 178)
WARNING: Colour = (122, 84, 0)
CRITICAL: Colour = (150, 42, 20)
WHITE: Colour = (255, 255, 255)
WATERMARK: Colour = (228, 231, 234)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMark:
    """A set line with its left end on the baseline at (x, y); ``degrees`` turns it counter-clockwise."""

    x: float
    y: float
    line: Line
    colour: Colour = INK
    degrees: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMark:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxMark:
    """A rectangle, filled or outlined or both."""

    x: float
    y: float
    width: float
    height: float
    fill: Colour | None = None
    stroke: Colour | None = None
    stroke_width: float = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class DotMark:
    """A filled disc."""

    x: float
    y: float
    radius: float
    fill: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureMark:
    """A picture with its upper left corner at (x, y)."""

    x: float
    y: float
    width: float
    height: float
    picture: Picture
    description: str


Mark = TextMark | RuleMark | BoxMark | DotMark | PictureMark


@dataclass(slots=True)
class Sheet:
    """One page on its way."""

    marks: list[Mark] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A paper size with its margins, type sizes and the greatest height of a picture of page 2, in points."""

    width: float
    height: float
    margin: float
    body: float
    small: float
    label: float
    caption: float
    heading: float
    title: float
    name: float
    picture: float
    tighter: tuple[float, ...]

    def scaled(self, factor: float) -> "Format":
        """Return the same paper with all type and pictures smaller or larger."""
        sizes = ("body", "small", "label", "caption", "heading", "title", "name", "picture")
        return replace(self, **{size: getattr(self, size) * factor for size in sizes})

    @property
    def left(self) -> float:
        """The left edge of the type area."""
        return self.margin

    @property
    def right(self) -> float:
        """The right edge of the type area."""
        return self.width - self.margin

    @property
    def measure(self) -> float:
        """The width of the type area."""
        return self.width - 2 * self.margin


_A4 = Format(
    width=595.28,
    height=841.89,
    margin=44.0,
    body=10.5,
    small=8.9,
    label=7.8,
    caption=8.3,
    heading=9.6,
    title=11.5,
    name=14.5,
    picture=190.0,
    tighter=(0.95, 0.9),
)
FORMATS: dict[PaperSize, Format] = {
    "A4": _A4,
    "Letter": replace(_A4, width=612.0, height=792.0, picture=178.0),
    "A5": Format(
        width=419.53,
        height=595.28,
        margin=28.0,
        body=8.8,
        small=7.8,
        label=7.0,
        caption=7.2,
        heading=8.2,
        title=9.6,
        name=11.8,
        picture=136.0,
        tighter=(0.95,),
    ),
}
