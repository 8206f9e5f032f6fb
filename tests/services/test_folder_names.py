"""Folder names that every file system takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.folder_names import FolderNames, safe_stem

RESERVED = {"con", "prn", "aux", "nul", "com1", "lpt9"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("scans/IM-0001.dcm", "IM-0001"),
        ("IM-0001", "IM-0001"),
        ("a\\b\\film.JPEG", "film"),
        ("heart.nii.gz", "heart"),
        ("1.2.840.113619.2", "1.2.840.113619.2"),
        ("CON.png", "_CON"),
        ("nul", "_nul"),
        ("com1.tar.png", "_com1.tar"),
        ("COM¹.png", "_COM¹"),
        ("trailing. . .png", "trailing"),
        ("  spaces  .png", "spaces"),
        ('a<b>c:d"e|f?g*.png', "a_b_c_d_e_f_g_"),
        ("line\nbreak\x7f.png", "line_break_"),
        (".hidden.png", "_hidden"),
        (".png", "_png"),
        ("/", "record"),
        ("...", "record"),
        ("\xa0", "record"),
        ("a.\u3000.", "a"),
        ("पीड़ित छाती.png", "पीड़ित छाती"),
        ("Zoe\u0308.png", "Zoë"),
        ("right\u202eleft.png", "right_left"),
    ],
)
def test_a_stem_is_made_safe(path: str, expected: str) -> None:
    assert safe_stem(path) == expected


@given(st.text(max_size=300))
def test_every_text_gives_a_name_that_every_file_system_takes(text: str) -> None:
    name = safe_stem(text)
    assert name
    assert name not in (".", "..")
    assert len(name.encode("utf-8")) <= 100
    assert not set(name) & set('<>:"/\\|?*\0\n\r\t')
    assert name == name.strip().rstrip(".")
    assert name.partition(".")[0].strip().casefold() not in RESERVED


def test_the_second_of_a_name_gets_a_number_also_where_only_case_differs() -> None:
    names = FolderNames(("results.jsonl",))
    given_names = [names.give(path) for path in ("a.png", "b/A.png", "a-2.png", "a.dcm", "results.jsonl.png")]
    assert given_names == ["a", "A-2", "a-2-2", "a-3", "results.jsonl-2"]


def test_a_reserved_name_is_given_to_nobody_else() -> None:
    names = FolderNames()
    assert names.reserve("a")
    assert not names.reserve("A")
    assert names.give("a.png") == "a-2"
