"""From text to glyphs: direction, typeface for each character, HarfBuzz, and lines that fit a width."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from reports.typefaces import Typeface, Weight, harfbuzz_font, latin, typeface_for

_ISOLATES = "\u2066\u2067\u2068\u2069"
_JOINERS = "\u200c\u200d"
_INHERITING = {" ", "\u00a0", "\u0964", "\u0965", "\u25cc"}
_LONGEST_UNIT = 7
_UNIT_BEFORE_SLASH = re.compile(r"(?:^|[\s\d])[^\W\d_]{1,4}/$")
_BREAK_AFTER = {" ", "-", "/", "–", "—", "\u1361", "\\", "_"}
_NEVER_AT_LINE_START = set(
    "、。，．：；？！）」』】〉》〕…ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々)]}.,;:!?%°·"
)
_NEVER_AT_LINE_END = set("（「『【〈《〔([{")
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
_FIT_TOLERANCE = 0.01
_KEPT_TEXTS = 600  # two reports: most of what a report says of its models stands on the next one too


@dataclass(frozen=True, slots=True)
class Span:
    """Some text in one weight."""

    text: str
    weight: Weight = "regular"


@dataclass(frozen=True, slots=True)
class Glyph:
    """A glyph of a font file; advance and offsets in points, ``text`` what it stands for."""

    index: int
    text: str
    advance: float
    x_offset: float
    y_offset: float


@dataclass(frozen=True, slots=True)
class GlyphRun:
    """Glyphs of one typeface, from left to right as they are drawn."""

    typeface: Typeface
    glyphs: tuple[Glyph, ...]
    right_to_left: bool = False

    @property
    def width(self) -> float:
        """Its width in points."""
        return sum(glyph.advance for glyph in self.glyphs)


@dataclass(frozen=True, slots=True)
class Line:
    """One set line: runs from left to right."""

    runs: tuple[GlyphRun, ...]
    size: float
    right_to_left: bool = False

    @property
    def width(self) -> float:
        """Its width in points."""
        return sum(run.width for run in self.runs)


@dataclass(frozen=True, slots=True)
class _Run:
    start: int
    end: int
    typeface: Typeface
    level: int


def set_lines(spans: Sequence[Span], size: float, width: float) -> tuple[Line, ...]:
    """Return the spans set in lines no wider than ``width`` points; line feeds in the text are kept."""
    return _set_lines(tuple(spans), size, width)


@lru_cache(maxsize=_KEPT_TEXTS)
def _set_lines(spans: tuple[Span, ...], size: float, width: float) -> tuple[Line, ...]:
    lines: list[Line] = []
    for paragraph in _paragraphs(spans):
        lines += _Paragraph(paragraph, size).lines(width)
    return tuple(lines)


def set_line(text: str, size: float, weight: Weight = "regular") -> Line:
    """Return the text set on one line, however long it is."""
    return set_lines((Span(text.replace("\n", " "), weight),), size, float("inf"))[0]


def _paragraphs(spans: Sequence[Span]) -> list[list[Span]]:
    paragraphs: list[list[Span]] = [[]]
    for span in spans:
        for number, part in enumerate(span.text.split("\n")):
            if number:
                paragraphs.append([])
            paragraphs[-1].append(Span(part, span.weight))
    return paragraphs


class _Paragraph:
    """One paragraph on its way: characters, levels, typefaces, widths."""

    def __init__(self, spans: Sequence[Span], size: float) -> None:
        self._size = size
        characters: list[str] = []
        weights: list[Weight] = []
        for span in spans:
            for character in span.text:
                shown = _printable(character, span.weight)
                characters += shown
                weights += [span.weight] * len(shown)
        self._text = "".join(characters)
        self._levels, self._base = _embedding_levels(self._text)
        self._runs = _itemize(self._text, weights, self._levels)
        self._advances = self._measure()

    def lines(self, width: float) -> list[Line]:
        """Return the lines, at least one."""
        lines: list[Line] = []
        start, length = 0, len(self._text)
        while start < length:
            end = self._line_end(start, width)
            line = self._set(start, end)
            while line.width > width + _FIT_TOLERANCE and end > start + 1:
                shorter = self._cluster_before(end, start)
                if shorter <= start:
                    break
                end = shorter
                line = self._set(start, end)
            lines.append(line)
            start = end
            while start < length and self._text[start] == " ":
                start += 1
        return lines or [Line((), self._size, self._base == 1)]

    def _measure(self) -> list[float | None]:
        """Return the advance of each cluster at its first character; None inside a cluster."""
        advances: list[float | None] = [None] * len(self._text)
        for run in self._runs:
            for glyph, cluster in _shape(self._text, run, self._size, (0, len(self._text))):
                advances[cluster] = (advances[cluster] or 0.0) + glyph.advance
        return advances

    def _line_end(self, start: int, width: float) -> int:
        used, position, opportunity = 0.0, start, start
        while position < len(self._text):
            advance = self._advances[position] or 0.0
            fits = used + advance <= width + _FIT_TOLERANCE
            if not fits and self._text[position] != " " and position > start:
                if opportunity > start and self._fits_a_line(opportunity, width):
                    return opportunity
                return self._cluster_boundary(position, start)
            used += advance
            position += 1
            if position < len(self._text) and _may_break(self._text, position):
                opportunity = position
        return position

    def _fits_a_line(self, position: int, width: float) -> bool:
        """Whether the word that begins there fits a line of its own; if not, it is cut where it stands."""
        used = 0.0
        for index in range(position, len(self._text)):
            if index > position and (self._text[index] == " " or _may_break(self._text, index)):
                break
            used += self._advances[index] or 0.0
        return used <= width + _FIT_TOLERANCE

    def _cluster_boundary(self, position: int, start: int) -> int:
        while position > start + 1 and not self._starts_cluster(position):
            position -= 1
        return position

    def _cluster_before(self, end: int, start: int) -> int:
        return self._cluster_boundary(end - 1, start)

    def _starts_cluster(self, position: int) -> bool:
        return self._advances[position] is not None and not unicodedata.category(
            self._text[position]
        ).startswith("M")

    def _set(self, start: int, end: int) -> Line:
        while end > start + 1 and self._text[end - 1] == " ":
            end -= 1
        pieces: list[tuple[int, GlyphRun]] = []
        for run in self._runs:
            first, last = max(run.start, start), min(run.end, end)
            if first < last:
                part = _Run(first, last, run.typeface, run.level)
                shaped = _shape(self._text, part, self._size, (start, end))
                glyphs = tuple(glyph for glyph, _ in shaped)
                pieces.append((run.level, GlyphRun(run.typeface, glyphs, run.level % 2 == 1)))
        return Line(tuple(_visual_order(pieces)), self._size, self._base == 1)


def _printable(character: str, weight: Weight) -> str:
    """Return the character, or its number in brackets where no bundled font can draw it."""
    if character in _ISOLATES or character in _JOINERS or typeface_for(ord(character), weight):
        return character
    if unicodedata.category(character) in {"Cc", "Cf", "Mn"} and not character.isprintable():
        return ""
    if "\ufe00" <= character <= "\ufe0f":
        return ""
    return f"[U+{ord(character):04X}]"


def _embedding_levels(text: str) -> tuple[list[int], int]:
    """Return the level of each character and of the paragraph.

    Source: Unicode Standard Annex 9.
    """
    if not any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text):
        return [0] * len(text), 0
    from fpdf.bidi import BidiParagraph

    paragraph = BidiParagraph(text, preserve_bn_chars=True)
    levels = [paragraph.base_embedding_level] * len(text)
    for character in paragraph.get_characters_with_embedding_level():
        levels[character.character_index] = character.embedding_level
    return levels, paragraph.base_embedding_level


def _itemize(text: str, weights: Sequence[Weight], levels: Sequence[int]) -> list[_Run]:
    runs: list[_Run] = []
    previous: tuple[Typeface, int, str, Weight] | None = None
    start = 0
    for position, character in enumerate(text):
        weight = weights[position]
        face, script = _face_and_script(character, weight, previous)
        current = (face, levels[position], script, weight)
        if previous is not None and current != previous:
            runs.append(_Run(start, position, previous[0], previous[1]))
            start = position
        previous = current
    if previous is not None:
        runs.append(_Run(start, len(text), previous[0], previous[1]))
    return runs


def _face_and_script(
    character: str, weight: Weight, previous: tuple[Typeface, int, str, Weight] | None
) -> tuple[Typeface, str]:
    inherits = (
        character in _INHERITING
        or character in _JOINERS
        or character in _ISOLATES
        or unicodedata.category(character).startswith("M")
    )
    if inherits and previous is not None and previous[3] == weight:
        invisible = character in _JOINERS or character in _ISOLATES
        if invisible or _covered(previous[0], character):
            return previous[0], previous[2]
    face = typeface_for(ord(character), weight) or latin(weight)
    script = _alphabet(character) or (previous[2] if previous and previous[0] == face else "")
    return face, script


def _covered(face: Typeface, character: str) -> bool:
    return harfbuzz_font(face.name).font.get_nominal_glyph(ord(character)) is not None


def _alphabet(character: str) -> str:
    if not character.isalpha():
        return ""
    code = ord(character)
    if 0x0370 <= code <= 0x03FF or 0x1F00 <= code <= 0x1FFF:
        return "Grek"
    if 0x0400 <= code <= 0x052F or 0x1C80 <= code <= 0x1C8F or 0xA640 <= code <= 0xA69F:
        return "Cyrl"
    return "other"


def _shape(text: str, run: _Run, size: float, line: tuple[int, int]) -> list[tuple[Glyph, int]]:
    """Return a run's glyphs, left to right, each with the index of its cluster's first character.

    Neighbours within the line (start, end) are HarfBuzz's context: joined scripts join over run borders.
    """
    import uharfbuzz as hb

    begin, finish = line
    first, last = run.start, run.end
    font = harfbuzz_font(run.typeface.name)
    buffer = hb.Buffer()
    buffer.add_codepoints(
        [ord(character) for character in text[begin:finish]],
        item_offset=first - begin,
        item_length=last - first,
    )
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if run.level % 2 else "ltr"
    hb.shape(font.font, buffer, {"liga": True})
    scale = size / font.units_per_em
    infos, positions = buffer.glyph_infos, buffer.glyph_positions
    starts = [*sorted({info.cluster for info in infos}), last - begin]
    texts = {a + begin: _visible(text[a + begin : b + begin]) for a, b in pairwise(starts)}
    glyphs = []
    for info, position in zip(infos, positions, strict=True):
        cluster = info.cluster + begin
        glyphs.append(
            (
                Glyph(
                    index=info.codepoint,
                    text=texts.pop(cluster, ""),
                    advance=position.x_advance * scale,
                    x_offset=position.x_offset * scale,
                    y_offset=position.y_offset * scale,
                ),
                cluster,
            )
        )
    return glyphs


def _visible(text: str) -> str:
    """Return what a reader copies from the page: no direction marks, and plain spaces."""
    return "".join(character for character in text if character not in _ISOLATES).replace("\u00a0", " ")


def _visual_order(pieces: Sequence[tuple[int, GlyphRun]]) -> list[GlyphRun]:
    """Return runs from left to right.

    Source: Unicode Standard Annex 9, rule L2.
    """
    ordered = list(pieces)
    odd = [level for level, _ in pieces if level % 2]
    for level in range(max((level for level, _ in pieces), default=0), min(odd, default=1) - 1, -1):
        position = 0
        while position < len(ordered):
            end = position
            while end < len(ordered) and ordered[end][0] >= level:
                end += 1
            ordered[position:end] = reversed(ordered[position:end])
            position = max(end, position + 1)
    return [run for _, run in ordered]


def _may_break(text: str, position: int) -> bool:
    """Return whether a line may end before a position; never inside a unit such as ``mmol/l``."""
    before, after = text[position - 1], text[position]
    if before == "/" and _UNIT_BEFORE_SLASH.search(text, max(0, position - _LONGEST_UNIT), position):
        return False
    if after == " " or after in _NEVER_AT_LINE_START or before in _NEVER_AT_LINE_END:
        return False
    return before in _BREAK_AFTER or _is_ideographic(before) or _is_ideographic(after)


def _is_ideographic(character: str) -> bool:
    code = ord(character)
    return 0x2E80 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0xFF00 <= code <= 0xFFEF
