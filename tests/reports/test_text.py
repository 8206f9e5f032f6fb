"""Foreign text made safe, dates and numbers the report's way."""

import pytest

from reports.text import clean, clean_line, in_sentence, score, scores_apart, short_day, short_time


@pytest.mark.parametrize(
    ("foreign", "cleaned"),
    [
        ("a\x00b\x07c", "abc"),
        ("a\u202eb\u2066c\u200fd", "abcd"),
        ("a\tb  c", "a b c"),
        ("a\r\nb\u2028c", "a\nb\nc"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("e\u0301", "é"),
        ("a\udcffb", "a\ufffdb"),
        ("\ue000", "\ufffd"),
        ("soft\u00adhyphen\ufeff", "softhyphen"),
        ("  ", ""),
    ],
)
def test_cleans_what_others_wrote(foreign: str, cleaned: str) -> None:
    assert clean(foreign) == cleaned


def test_a_line_has_no_line_feed() -> None:
    assert clean_line("a\nb\n\nc") == "a b c"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("20260314", "14 Mar 2026"),
        ("2026-03-04", "4 Mar 2026"),
        ("1990", "1990"),
        ("20261314", "20261314"),
        (None, ""),
    ],
)
def test_writes_a_date_or_leaves_what_it_cannot_read(text: str | None, written: str) -> None:
    assert short_day(text).replace("\u00a0", " ") == written


@pytest.mark.parametrize(
    ("text", "written"), [("101259.33", "10:12"), ("10:12:59", "10:12"), ("9", ""), (None, "")]
)
def test_writes_a_time_or_nothing(text: str | None, written: str) -> None:
    assert short_time(text) == written


@pytest.mark.parametrize(
    ("label", "written"), [("Pneumonia", "pneumonia"), ("TB", "TB"), ("LV mass", "LV mass"), ("", "")]
)
def test_a_label_stands_small_inside_a_sentence_unless_abbreviated(label: str, written: str) -> None:
    assert in_sentence(label) == written


def test_scores_have_no_decimals_unless_they_would_look_equal() -> None:
    assert score(0.914) == "91"
    assert scores_apart(0.914, 0.41) == ("91", "41")
    assert scores_apart(0.4096, 0.41) == ("40.96", "41.00")
    assert scores_apart(0.41, 0.41) == ("41", "41")
