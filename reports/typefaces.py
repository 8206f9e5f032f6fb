"""Which font file sets which characters, and HarfBuzz's view of each file, loaded when first needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from core.assets import asset_path

Weight = Literal["regular", "semibold", "bold"]

_LATIN: Mapping[Weight, str] = MappingProxyType(
    {"regular": "NotoSans-Regular", "semibold": "NotoSans-SemiBold", "bold": "NotoSans-Bold"}
)

# First and last code point, family, whether it has a heavier file; asked in this order.
_RANGES: tuple[tuple[int, int, str, bool], ...] = (
    (0x0530, 0x058F, "NotoSansArmenian", False),
    (0x0590, 0x05FF, "NotoSansHebrew", True),
    (0x0600, 0x077F, "NotoSansArabic", True),
    (0x0780, 0x07BF, "NotoSansThaana", False),
    (0x07C0, 0x07FF, "NotoSansNKo", False),
    (0x08A0, 0x08FF, "NotoSansArabic", True),
    (0x0900, 0x097F, "NotoSansDevanagari", True),
    (0x0980, 0x09FF, "NotoSansBengali", True),
    (0x0A00, 0x0A7F, "NotoSansGurmukhi", False),
    (0x0A80, 0x0AFF, "NotoSansGujarati", False),
    (0x0B00, 0x0B7F, "NotoSansOriya", False),
    (0x0B80, 0x0BFF, "NotoSansTamil", False),
    (0x0C00, 0x0C7F, "NotoSansTelugu", False),
    (0x0C80, 0x0CFF, "NotoSansKannada", False),
    (0x0D00, 0x0D7F, "NotoSansMalayalam", False),
    (0x0D80, 0x0DFF, "NotoSansSinhala", False),
    (0x0E00, 0x0E7F, "NotoSansThai", True),
    (0x0E80, 0x0EFF, "NotoSansLao", False),
    (0x1000, 0x109F, "NotoSansMyanmar", False),
    (0x10A0, 0x10FF, "NotoSansGeorgian", False),
    (0x1100, 0x11FF, "NanumSquareR", False),
    (0x1200, 0x139F, "NotoSansEthiopic", True),
    (0x1780, 0x17FF, "NotoSansKhmer", False),
    (0x19E0, 0x19FF, "NotoSansKhmer", False),
    (0x1C90, 0x1CBF, "NotoSansGeorgian", False),
    (0x2D00, 0x2D2F, "NotoSansGeorgian", False),
    (0x2D30, 0x2D7F, "NotoSansTifinagh", False),
    (0x2D80, 0x2DDF, "NotoSansEthiopic", True),
    (0x2E80, 0x30FF, "DroidSansFallbackFull", False),
    (0x3130, 0x318F, "NanumSquareR", False),
    (0x3100, 0x9FFF, "DroidSansFallbackFull", False),
    (0xA500, 0xA63F, "NotoSansVai", False),
    (0xA960, 0xA97F, "NanumSquareR", False),
    (0xA9E0, 0xA9FF, "NotoSansMyanmar", False),
    (0xAA60, 0xAA7F, "NotoSansMyanmar", False),
    (0xAB00, 0xAB2F, "NotoSansEthiopic", True),
    (0xAC00, 0xD7FF, "NanumSquareR", False),
    (0xF900, 0xFAFF, "DroidSansFallbackFull", False),
    (0xFB13, 0xFB17, "NotoSansArmenian", False),
    (0xFB1D, 0xFB4F, "NotoSansHebrew", True),
    (0xFB50, 0xFDFF, "NotoSansArabic", True),
    (0xFE70, 0xFEFE, "NotoSansArabic", True),
    (0xFF00, 0xFFEF, "DroidSansFallbackFull", False),
    (0x1E900, 0x1E95F, "NotoSansAdlam", False),
)
_UNUSED_TABLES = ("GSUB", "GPOS", "GDEF", "vhea", "vmtx")  # lines are set already, none is vertical
_LAST_RESORTS = ("NotoSans-Regular", "DroidSansFallbackFull", "NanumSquareR")


@dataclass(frozen=True, slots=True)
class Typeface:
    """One font file; ``synthetic_bold`` asks for a stroke because the family has no heavier file."""

    name: str
    synthetic_bold: bool = False

    @property
    def path(self) -> str:
        """The font file."""
        return str(asset_path(f"fonts/{self.name}.ttf"))


@dataclass(frozen=True, slots=True)
class HarfBuzzFont:
    """HarfBuzz's font and the units of its em."""

    font: Any
    units_per_em: int


@cache
def harfbuzz_font(name: str) -> HarfBuzzFont:
    """Return the font of that file, read once in the life of the program."""
    import uharfbuzz as hb

    face = hb.Face(hb.Blob.from_file_path(str(asset_path(f"fonts/{name}.ttf"))))
    return HarfBuzzFont(hb.Font(face), int(face.upem))


def font_of_glyphs(name: str, glyphs: frozenset[int]) -> tuple[bytes, Mapping[int, int]]:
    """Return the font file with these glyphs alone, and the number in it of each glyph by its old number."""
    import uharfbuzz as hb

    wanted = hb.SubsetInput()
    wanted.glyph_set.update(glyphs)
    wanted.unicode_set.add(ord(" "))  # the PDF library asks every font for it
    wanted.drop_table_tag_set.update(int.from_bytes(tag.encode(), "big") for tag in _UNUSED_TABLES)
    wanted.flags = hb.SubsetFlags.NO_LAYOUT_CLOSURE | hb.SubsetFlags.NOTDEF_OUTLINE
    plan = hb.SubsetPlan(harfbuzz_font(name).font.face, wanted)
    return bytes(plan.execute().blob.data), MappingProxyType(dict(plan.old_to_new_glyph_mapping))


@cache
def covers(name: str, code_point: int) -> bool:
    """Return whether the font file has a glyph of its own for the character."""
    return harfbuzz_font(name).font.get_nominal_glyph(code_point) is not None


@cache
def typeface_for(code_point: int, weight: Weight) -> Typeface | None:
    """Return the typeface that sets a character in that weight, or None where no bundled font has it."""
    for first, last, family, heavier in _RANGES:
        if first <= code_point <= last:
            face = _family_face(family, weight, heavier=heavier)
            if covers(face.name, code_point):
                return face
    if covers(_LATIN[weight], code_point):
        return Typeface(_LATIN[weight])
    for name in _LAST_RESORTS:
        if covers(name, code_point):
            return Typeface(name, synthetic_bold=weight != "regular")
    return None


def latin(weight: Weight) -> Typeface:
    """Return the house's own typeface in that weight."""
    return Typeface(_LATIN[weight])


def _family_face(family: str, weight: Weight, *, heavier: bool) -> Typeface:
    if family.startswith("Noto"):
        if weight != "regular" and heavier:
            return Typeface(f"{family}-SemiBold")
        family = f"{family}-Regular"
    return Typeface(family, synthetic_bold=weight != "regular")
