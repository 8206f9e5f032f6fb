"""The bundled fonts: whole, licensed, and of a size to ship."""

from io import BytesIO

import pytest
from fontTools.pens.recordingPen import RecordingPen  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from core.assets import asset_path
from reports.typefaces import font_of_glyphs, typeface_for

FONTS = asset_path("fonts")


def test_every_bundled_font_is_named_with_its_licence() -> None:
    readme = (FONTS / "README.md").read_text(encoding="utf-8")
    families = {path.name.split("-")[0].removesuffix(".ttf") for path in FONTS.glob("*.ttf")}
    unnamed = {family for family in families if family not in readme and not family.startswith("NotoSans")}
    assert unnamed == set()
    assert (FONTS / "OFL.txt").is_file()
    assert (FONTS / "LICENSE-APACHE-2.0.txt").is_file()


def test_the_fonts_stay_below_twelve_megabytes() -> None:
    assert sum(path.stat().st_size for path in FONTS.glob("*.ttf")) < 12_000_000


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (0x41, 0x5A),
        (0x410, 0x44F),
        (0x391, 0x3A1),
        (0x5D0, 0x5EA),
        (0x621, 0x63A),
        (0x905, 0x939),
        (0xAC00, 0xD7A3),
    ],
)
def test_the_common_letters_of_a_script_all_have_a_font(first: int, last: int) -> None:
    assert [code for code in range(first, last + 1) if typeface_for(code, "regular") is None] == []


def test_nearly_all_common_han_characters_have_a_font() -> None:
    missing = sum(typeface_for(code, "regular") is None for code in range(0x4E00, 0x9FA6))
    assert missing == 0


@pytest.mark.parametrize("name", ["DroidSansFallbackFull", "NotoSans-Regular", "NotoSansArabic-SemiBold"])
def test_a_font_of_some_glyphs_draws_them_as_the_whole_font_does_and_is_small(name: str) -> None:
    whole = TTFont(BytesIO(asset_path(f"fonts/{name}.ttf").read_bytes()), lazy=True)
    wanted = frozenset({40, 41, 60})
    made, numbers = font_of_glyphs(name, wanted)
    part = TTFont(BytesIO(made))
    assert len(made) < asset_path(f"fonts/{name}.ttf").stat().st_size / 4
    assert not {"GSUB", "GPOS", "GDEF"} & set(part.keys())
    for index in wanted:
        assert _drawn(part, numbers[index]) == _drawn(whole, index)
    assert font_of_glyphs(name, wanted) == (made, numbers)


def _drawn(font: TTFont, index: int) -> object:
    name = font.getGlyphName(index)
    pen = RecordingPen()
    font.getGlyphSet()[name].draw(pen)
    return (font["hmtx"][name], [step for step in pen.value if step[0] != "addComponent"])
