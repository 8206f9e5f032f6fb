"""Names and sentences in any script: the right glyphs, in the right order, all of them."""

import io
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uharfbuzz as hb
from PIL import Image, ImageDraw, ImageFont, features

from core.assets import asset_path
from reports.shaping import Line, Span, set_line, set_lines
from reports.sheet import FORMATS, Sheet, TextMark
from reports.text import isolate
from reports.writer import write_pdf
from tests.reports import studies
from tests.reports.conftest import poppler

SCRIPTS = {
    "Latin": ("NotoSans-Regular", "Ångström Đặng Škvorecký"),
    "Greek": ("NotoSans-Regular", "Αλέξανδρος"),
    "Cyrillic": ("NotoSans-Regular", "Достоевский"),
    "Arabic": ("NotoSansArabic-Regular", "محمد عبد الرحمن"),
    "Arabic with vowels": ("NotoSansArabic-Regular", "نفسًا لا يوجد"),
    "Hebrew": ("NotoSansHebrew-Regular", "יוסף כהן"),
    "Devanagari": ("NotoSansDevanagari-Regular", "किताब श्रीकृष्ण"),
    "Bengali": ("NotoSansBengali-Regular", "স্বাস্থ্য কেন্দ্র"),
    "Gujarati": ("NotoSansGujarati-Regular", "ગુજરાતી"),
    "Gurmukhi": ("NotoSansGurmukhi-Regular", "ਪੰਜਾਬੀ"),
    "Oriya": ("NotoSansOriya-Regular", "ଓଡ଼ିଆ"),
    "Tamil": ("NotoSansTamil-Regular", "தமிழ் கொடு"),
    "Telugu": ("NotoSansTelugu-Regular", "తెలుగు"),
    "Kannada": ("NotoSansKannada-Regular", "ಕನ್ನಡ"),
    "Malayalam": ("NotoSansMalayalam-Regular", "മലയാളം"),
    "Sinhala": ("NotoSansSinhala-Regular", "සිංහල"),
    "Thai": ("NotoSansThai-Regular", "ที่นี่น้ำแก้ว"),
    "Lao": ("NotoSansLao-Regular", "ສະບາຍດີ"),
    "Khmer": ("NotoSansKhmer-Regular", "សុខភាពខ្មែរ"),
    "Myanmar": ("NotoSansMyanmar-Regular", "ကျန်းမာရေး"),
    "Ethiopic": ("NotoSansEthiopic-Regular", "ኢትዮጵያ ጤና"),
    "Georgian": ("NotoSansGeorgian-Regular", "საქართველო"),
    "Armenian": ("NotoSansArmenian-Regular", "Հայաստան"),
    "Adlam": ("NotoSansAdlam-Regular", "𞤀𞤣𞤤𞤢𞤥"),
    "N'Ko": ("NotoSansNKo-Regular", "ߒߞߏ"),
    "Thaana": ("NotoSansThaana-Regular", "ދިވެހި"),
    "Tifinagh": ("NotoSansTifinagh-Regular", "ⵜⵉⴼⵉⵏⴰⵖ"),
    "Vai": ("NotoSansVai-Regular", "ꕙꔤ"),
    "Han and kana": ("DroidSansFallbackFull", "山田太郎ヤマダ"),
    "Hangul": ("NanumSquareR", "김철수"),
}
RIGHT_TO_LEFT = {"Arabic", "Arabic with vowels", "Hebrew", "Adlam", "N'Ko", "Thaana"}
SIZE = 24.0


def glyphs_of(line: Line) -> list[int]:
    return [glyph.index for run in line.runs for glyph in run.glyphs]


def visual_text(line: Line) -> str:
    return "".join(glyph.text for run in line.runs for glyph in run.glyphs)


def print_lines(*lines: Line) -> bytes:
    marks: list[Any] = [TextMark(x=40, y=80 + 60 * row, line=line) for row, line in enumerate(lines)]
    return write_pdf([Sheet(marks)], FORMATS["A4"], studies.report())


def picture_of(pdf: bytes) -> np.ndarray[Any, Any]:
    command = ["pdftoppm", "-r", "288", "-gray", "-H", "600", "-singlefile", "-"]
    done = subprocess.run(command, input=pdf, capture_output=True, check=True)
    return np.asarray(Image.open(io.BytesIO(done.stdout)))


def ink(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The dark part alone, brought to one size."""
    rows, columns = np.nonzero(pixels < 128)
    part = pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return np.asarray(Image.fromarray(part).resize((400, 80), Image.Resampling.BOX), dtype=float)


@pytest.mark.parametrize("script", SCRIPTS)
def test_sets_the_glyphs_that_harfbuzz_chooses_for_the_whole_string(script: str) -> None:
    name, text = SCRIPTS[script]
    font = hb.Font(hb.Face(hb.Blob.from_file_path(str(asset_path(f"fonts/{name}.ttf")))))
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(font, buffer)
    line = set_line(text, SIZE)
    assert {run.typeface.name for run in line.runs} == {name}
    assert glyphs_of(line) == [info.codepoint for info in buffer.glyph_infos]
    assert 0 not in glyphs_of(line)
    advance = sum(position.x_advance for position in buffer.glyph_positions)
    assert line.width == pytest.approx(advance * SIZE / font.face.upem)


@pytest.mark.skipif(not features.check("raqm"), reason="Pillow was built without raqm")
@pytest.mark.parametrize("script", SCRIPTS)
def test_prints_the_picture_that_another_typesetter_draws(script: str) -> None:
    name, text = SCRIPTS[script]
    printed = ink(picture_of(print_lines(set_line(text, SIZE))))
    font = ImageFont.truetype(str(asset_path(f"fonts/{name}.ttf")), 96, layout_engine=ImageFont.Layout.RAQM)
    canvas = Image.new("L", (1600, 300), 255)
    ImageDraw.Draw(canvas).text((60, 60), text, font=font, fill=0)
    drawn = ink(np.asarray(canvas))
    assert np.corrcoef(printed.ravel(), drawn.ravel())[0, 1] > 0.9


@pytest.mark.parametrize("script", [script for script in SCRIPTS if script not in RIGHT_TO_LEFT])
def test_a_string_is_copied_from_the_page_as_it_was_written(script: str, tmp_path: Path) -> None:
    text = SCRIPTS[script][1]
    path = tmp_path / "line.pdf"
    path.write_bytes(print_lines(set_line(text, SIZE)))
    assert unicodedata.normalize("NFC", poppler("pdftotext", str(path), "-").strip()) == text


def test_an_arabic_name_is_copied_from_the_page_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "line.pdf"
    path.write_bytes(print_lines(set_line("محمد عبد الرحمن", SIZE)))
    copied = poppler("pdftotext", str(path), "-").strip()
    assert "".join(c for c in copied if unicodedata.category(c) != "Cf") == "محمد عبد الرحمن"


def test_a_right_to_left_name_inside_an_english_line_keeps_its_place_and_order() -> None:
    line = set_line(f"Patient {isolate('محمد')} · {isolate('AB-12')}", SIZE)
    assert visual_text(line) == "Patient دمحم · AB-12"
    assert not line.right_to_left


def test_a_number_inside_a_hebrew_line_reads_from_left_to_right() -> None:
    line = set_line("גיל 42 שנים", SIZE)
    assert line.right_to_left
    assert "42" in visual_text(line)
    assert visual_text(line).startswith("םינש")


def test_brackets_are_mirrored_in_right_to_left_text() -> None:
    opening, closing = glyphs_of(set_line("()", SIZE))
    runs = [run for run in set_line("א(ב)ג", SIZE).runs if run.typeface.name == "NotoSans-Regular"]
    assert [glyph.index for run in runs for glyph in run.glyphs] == [opening, closing]


def test_a_character_that_no_font_has_is_printed_as_its_number() -> None:
    assert visual_text(set_line("a😀b", SIZE)) == "a[U+1F600]b"


@pytest.mark.parametrize("script", SCRIPTS)
def test_lines_fit_their_width_and_lose_nothing(script: str) -> None:
    text = (SCRIPTS[script][1] + " ") * 12
    lines = set_lines((Span(text.strip()),), 10.0, 60.0)
    assert len(lines) > 3
    assert max(line.width for line in lines) <= 60.02
    printed = "".join(visual_text(line) for line in lines).replace(" ", "")
    assert sorted(printed) == sorted(text.replace(" ", ""))


def test_a_word_longer_than_the_line_is_broken() -> None:
    lines = set_lines((Span("w" * 200),), 10.0, 100.0)
    assert sum(len(visual_text(line)) for line in lines) == 200
    assert max(line.width for line in lines) <= 100.02


def test_a_long_path_breaks_after_its_slashes() -> None:
    lines = set_lines((Span("/media/usb/examinations/2026/IM-0001.dcm"),), 10.0, 110.0)
    assert all(visual_text(line).endswith(("/", "-")) for line in lines[:-1])


def test_line_feeds_are_kept() -> None:
    assert [visual_text(line) for line in set_lines((Span("a\n\nb"),), 10.0, 100.0)] == ["a", "", "b"]


def test_han_lines_do_not_begin_with_closing_punctuation() -> None:
    lines = set_lines((Span("右下肺野に浸潤影を認める。胸水はない。" * 6),), 10.0, 95.0)
    assert [line for line in lines if visual_text(line)[0] in "。、"] == []


def test_a_weight_without_a_font_file_is_thickened() -> None:
    bold, plain = (
        picture_of(print_lines(set_line("សុខភាព", SIZE, weight))) for weight in ("semibold", "regular")
    )
    assert np.mean(bold < 128) > 1.1 * np.mean(plain < 128)


def test_hostile_text_is_set_without_failing() -> None:
    hostile = (
        "\u0301\u0301a\u200d\u200d" + "\u0483" * 50 + "\u061c\u064b\u064d" + "क्" * 40 + "\ufe0f\U0010ffff"
    )
    lines = set_lines((Span(hostile),), 10.0, 60.0)
    assert print_lines(*lines[:5]).startswith(b"%PDF")


def test_a_unit_is_not_split_at_its_slash_while_a_path_may_be() -> None:
    width = set_line("patient 134\u00a0mmol/", 10.0).width + 1.0
    lines = set_lines((Span("patient 134\u00a0mmol/l"),), 10.0, width)
    assert [visual_text(line).strip() for line in lines] == ["patient", "134 mmol/l"]
    path = set_lines((Span("/media/stick/studies/first.dcm"),), 10.0, 60.0)
    assert visual_text(path[0]).endswith("/")
