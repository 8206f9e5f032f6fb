"""Draws sheets of marks into a PDF file; the only module that knows the PDF library."""

import hashlib
import io
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
from fpdf import FPDF
from fpdf.fonts import TTFFont

from reports.records import Picture
from reports.shaping import Glyph, GlyphRun
from reports.sheet import (
    BoxMark,
    Colour,
    DotMark,
    Format,
    Mark,
    PictureMark,
    RuleMark,
    Sheet,
    TextMark,
)
from reports.typefaces import Typeface, font_of_glyphs

_BOLD_STROKE_PER_EM = 0.03
_PRODUCER = "Farlight"
_PRINT_DPI = 200.0
_JPEG_QUALITY = 90
_PLACE_TOLERANCE = 0.004
_NO_CHARACTER_MAP = (0x20,)  # glyphs are placed by number: reading a map of 28,000 characters would be wasted


class FileFacts(Protocol):
    """What a PDF file says of itself; ``report_id`` and ``copy_mark`` make its identity."""

    @property
    def report_id(self) -> str:
        """The hash of what it says."""
        ...

    @property
    def copy_mark(self) -> str:
        """What marks a copy; "" on an original."""
        ...

    @property
    def language(self) -> str:
        """Its language."""
        ...

    @property
    def document_title(self) -> str:
        """Its title, which names no patient."""
        ...

    @property
    def created(self) -> datetime:
        """When it was made."""
        ...


def write_pdf(sheets: Sequence[Sheet], paper: Format, content: FileFacts) -> bytes:
    """Return the PDF file of these sheets; its metadata names no patient."""
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    document = _Document(paper, content, _glyphs_used(sheets))
    for sheet in sheets:
        document.add_page()
        for mark in sheet.marks:
            document.draw(mark)
    return bytes(document.output())


class _Document(FPDF):
    """The PDF library with a pen of our own: glyphs are placed exactly where the layout put them."""

    def __init__(self, paper: Format, content: FileFacts, glyphs: Mapping[str, frozenset[int]]) -> None:
        super().__init__(unit="pt", format=(paper.width, paper.height))
        self._identity = content.report_id.upper()[:32]
        version = hashlib.sha256(f"{content.report_id} {content.copy_mark}".encode()).hexdigest()
        self._version = version.upper()[:32] if content.copy_mark else self._identity
        self._page_height = paper.height
        self._typefaces: dict[str, TTFFont] = {}
        self._glyphs = glyphs
        self._numbers: dict[str, Mapping[int, int]] = {}
        self._encoded: dict[tuple[int, float], bytes] = {}
        self.set_auto_page_break(auto=False)
        self.set_margin(0)
        self.set_lang(content.language)
        self.set_title(content.document_title)
        self.set_creator(_PRODUCER)
        self.set_producer(_PRODUCER)
        self.set_creation_date(content.created.astimezone(UTC))
        self.set_display_mode("fullpage", "single")

    def file_id(self) -> str:
        """Return the report's own identity as the file's, and which of its papers this is.

        Source: ISO 32000-1, 14.4, file identifiers.
        """
        return f"<{self._identity}><{self._version}>"

    def draw(self, mark: Mark) -> None:
        """Draw one mark on the present page."""
        match mark:
            case TextMark():
                self._draw_text(mark)
            case RuleMark():
                self.set_line_width(mark.width)
                self.set_draw_color(*mark.colour)
                self.line(mark.x1, mark.y1, mark.x2, mark.y2)
            case BoxMark():
                self._draw_box(mark)
            case DotMark():
                self.set_fill_color(*mark.fill)
                self.circle(x=mark.x, y=mark.y, radius=mark.radius, style="F")
            case PictureMark():
                self._draw_picture(mark)

    def _draw_box(self, mark: BoxMark) -> None:
        if mark.fill is not None:
            self.set_fill_color(*mark.fill)
            self.rect(mark.x, mark.y, mark.width, mark.height, style="F")
        if mark.stroke is not None:
            self.set_line_width(mark.stroke_width)
            self.set_draw_color(*mark.stroke)
            self.rect(mark.x, mark.y, mark.width, mark.height, style="D")

    def _draw_picture(self, mark: PictureMark) -> None:
        key = (id(mark.picture), mark.width)
        if key not in self._encoded:
            self._encoded[key] = encode_picture(mark.picture, mark.width, mark.height)
        self.image(
            io.BytesIO(self._encoded[key]),
            x=mark.x,
            y=mark.y,
            w=mark.width,
            h=mark.height,
            alt_text=mark.description,
        )

    def _draw_text(self, mark: TextMark) -> None:
        if mark.degrees:
            with self.rotation(mark.degrees, mark.x, mark.y):
                self._draw_runs(mark)
        else:
            self._draw_runs(mark)

    def _draw_runs(self, mark: TextMark) -> None:
        x = mark.x
        for run in mark.line.runs:
            self._draw_run(run, x, mark.y, mark.line.size, mark.colour)
            x += run.width

    def _draw_run(self, run: GlyphRun, x: float, y: float, size: float, colour: Colour) -> None:
        font = self._font(run.typeface)
        select = self._set_font_for_page(font, size, wrap_in_text_object=False)
        pen = " ".join(f"{channel / 255:.3f}" for channel in colour)
        parts = [f"q {pen} rg BT {select}"]
        if run.typeface.synthetic_bold:
            parts.append(f"{pen} RG 2 Tr {size * _BOLD_STROKE_PER_EM:.3f} w")
        parts += self._glyph_operators(font, run, x, y, size)
        parts.append("ET Q")
        self._out(" ".join(parts))

    def _glyph_operators(self, font: TTFFont, run: GlyphRun, x: float, y: float, size: float) -> list[str]:
        operators: list[str] = []
        for word in _words(run):
            placed = self._word_operators(font, word, (x, self._page_height - y), size)
            copied = "" if run.right_to_left else _copied_text(word)
            if copied:
                code = f"FEFF{copied.encode('utf-16-be').hex().upper()}"
                placed = [f"/Span <</ActualText <{code}>>> BDC", *placed, "EMC"]
            operators += placed
            x += sum(glyph.advance for glyph in word)
        return operators

    def _word_operators(
        self, font: TTFFont, word: Sequence[Glyph], origin: tuple[float, float], size: float
    ) -> list[str]:
        """Return text operators: a new position only where declared widths would not lead there."""
        operators: list[str] = []
        codes = ""
        pen, base = origin
        expected, lift = None, 0.0
        for glyph in word:
            code, declared = self._glyph_code(font, glyph.index, glyph.text)
            at, rise = pen + glyph.x_offset, glyph.y_offset
            pen += glyph.advance
            if code is None:
                continue
            if expected is None or abs(at - expected) > _PLACE_TOLERANCE or rise != lift:
                if codes:
                    operators.append(f"<{codes}> Tj")
                operators.append(f"1 0 0 1 {at:.3f} {base + rise:.3f} Tm")
                codes, lift, expected = "", rise, at
            codes += f"{code:04X}"
            expected += declared * size / 1000
        if codes:
            operators.append(f"<{codes}> Tj")
        return operators

    def _glyph_code(self, font: TTFFont, index: int, text: str) -> tuple[int | None, float]:
        if index == 0:
            return None, 0.0
        number = self._numbers[font.fontkey][index]
        name = font.ttfont.getGlyphName(number)
        declared = round(font.scale * font.ttfont["hmtx"].metrics[name][0])
        glyph = font.subset.get_glyph(
            glyph=number,
            unicode=tuple(ord(character) for character in text),
            glyph_name=name,
            glyph_width=declared,
        )
        return font.subset.pick_glyph(glyph), declared

    def _font(self, typeface: Typeface) -> TTFFont:
        """Return a typeface of this file, made of the glyphs that it uses: parsing a whole one takes long."""
        name = typeface.name
        if name not in self._typefaces:
            file, numbers = font_of_glyphs(name, self._glyphs[name])
            # The library's own add_font takes paths alone.
            font = TTFFont(self, io.BytesIO(file), name.lower(), "", set(_NO_CHARACTER_MAP))  # type: ignore[arg-type]
            self.fonts[font.fontkey], self._numbers[font.fontkey] = font, numbers
            self._typefaces[name] = font
        return self._typefaces[name]


def _glyphs_used(sheets: Sequence[Sheet]) -> dict[str, frozenset[int]]:
    """Return the glyphs of each font file that stand on these sheets."""
    used: defaultdict[str, set[int]] = defaultdict(set)
    for sheet in sheets:
        for mark in sheet.marks:
            for run in mark.line.runs if isinstance(mark, TextMark) else ():
                used[run.typeface.name].update(glyph.index for glyph in run.glyphs)
    return {name: frozenset(glyphs) for name, glyphs in used.items()}


def _words(run: GlyphRun) -> list[list[Glyph]]:
    words: list[list[Glyph]] = [[]]
    for glyph in run.glyphs:
        if glyph.text == " " and words[-1]:
            words.append([])
        words[-1].append(glyph)
    return words


def _copied_text(word: Sequence[Glyph]) -> str:
    """Return a word's own text where its glyphs do not spell it one by one, else nothing.

    Source: ISO 32000-1, 14.9.4, replacement text.
    """
    if all(glyph.text for glyph in word):
        return ""
    return "".join(glyph.text for glyph in word)


def encode_picture(picture: Picture, width: float, height: float) -> bytes:
    """Return the picture as it is embedded: not finer than a printer draws it at that size (in points)."""
    from PIL import Image

    pixels = np.ascontiguousarray(picture.pixels)
    image = Image.fromarray(pixels)
    target = (max(1, round(width / 72 * _PRINT_DPI)), max(1, round(height / 72 * _PRINT_DPI)))
    if image.width > target[0] or image.height > target[1]:
        image = image.resize(
            (min(target[0], image.width), min(target[1], image.height)), Image.Resampling.LANCZOS
        )
    stream = io.BytesIO()
    image.save(stream, format="JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return stream.getvalue()
