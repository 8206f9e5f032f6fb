"""Patient names in every character set that DICOM allows, as people write them."""

from pathlib import Path

import pydicom
import pytest

from core.image import ReadingUnit
from imaging.charsets import decode_text
from imaging.person_names import read_person_name, show_person_name
from imaging.scan import scan_paths
from tests.imaging import writers

SINGLE = [
    ("ISO_IR 6", "Adams^John", "ascii", "Adams, John"),
    ("ISO_IR 100", "Buc^Jérôme", "latin_1", "Buc, Jérôme"),
    ("ISO_IR 101", "Wałęsa^Łukasz", "iso8859_2", "Wałęsa, Łukasz"),
    ("ISO_IR 109", "Ħal^Ġorġ", "iso8859_3", "Ħal, Ġorġ"),
    ("ISO_IR 110", "Bērziņš^Ēriks", "iso8859_4", "Bērziņš, Ēriks"),
    ("ISO_IR 144", "Люксембург^Роза", "iso8859_5", "Люксембург, Роза"),
    ("ISO_IR 127", "قباني^لنزار", "iso8859_6", "قباني, لنزار"),
    ("ISO_IR 126", "Διονυσιος^Νίκος", "iso8859_7", "Διονυσιος, Νίκος"),
    ("ISO_IR 138", "שרון^דבורה", "iso8859_8", "שרון, דבורה"),
    ("ISO_IR 148", "Çelik^Ayşe Işıl", "iso8859_9", "Çelik, Ayşe Işıl"),
    ("ISO_IR 203", "Œuvray^Žofie", "iso8859_15", "Œuvray, Žofie"),
    ("ISO_IR 166", "ใจดี^สมชาย", "tis_620", "ใจดี, สมชาย"),
    ("ISO_IR 192", "ابراهيم^አበበ", "utf_8", "ابراهيم, አበበ"),
    ("GB18030", "王^小东", "gb18030", "王, 小东"),
    ("GBK", "王^小东", "gbk", "王, 小东"),
]
CODED = [
    (("ISO_IR 13",), b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ, ﾀﾛｳ"),
    (
        ("", "ISO 2022 IR 87"),
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada, Tarou (山田 太郎, やまだ たろう)",
    ),
    (
        ("ISO 2022 IR 13", "ISO 2022 IR 87"),
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        "ﾔﾏﾀﾞ, ﾀﾛｳ (山田 太郎, やまだ たろう)",
    ),
    (
        ("", "ISO 2022 IR 149"),
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong, Gildong (洪 吉洞, 홍 길동)",
    ),
    (
        ("", "ISO 2022 IR 58"),
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
        "Zhang, XiaoDong (张 小东)",
    ),
    (("", "ISO 2022 IR 159"), b"Oka^Ai=\x1b$(D\x30\x21\x1b(B^", "Oka, Ai (丂)"),
    (("ISO 2022 IR 6", "ISO 2022 IR 144"), b"\x1b-L\xbb\xee\xda\xe1^R", "Люкс, R"),
    (
        ("ISO 2022 IR 100", "ISO 2022 IR 126"),
        b"Buc^J\xe9r\xf4me=\x1b-F\xc4\xe9\xef\xed^",
        "Buc, Jérôme (Διον)",
    ),
    (("ISO 2022 IR 100", "ISO 2022 IR 203"), b"\x1b-b\xbcuvray^A", "Œuvray, A"),
]


@pytest.mark.parametrize(("term", "name", "codec", "shown"), SINGLE)
def test_a_name_in_one_character_set(term: str, name: str, codec: str, shown: str) -> None:
    assert read_person_name(name.encode(codec), (term,)) == shown


@pytest.mark.parametrize(("terms", "raw", "shown"), CODED)
def test_a_name_with_code_extensions(terms: tuple[str, ...], raw: bytes, shown: str) -> None:
    assert read_person_name(raw, terms) == shown


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("chrArab.dcm", "قباني, لنزار"),
        ("chrFren.dcm", "Buc, Jérôme"),
        ("chrFrenMulti.dcm", "Buc, Jérôme"),
        ("chrGerm.dcm", "Äneas, Rüdiger"),
        ("chrGreek.dcm", "Διονυσιος"),
        ("chrH31.dcm", "Yamada, Tarou (山田 太郎, やまだ たろう)"),
        ("chrH32.dcm", "ﾔﾏﾀﾞ, ﾀﾛｳ (山田 太郎, やまだ たろう)"),
        ("chrHbrw.dcm", "שרון, דבורה"),
        ("chrI2.dcm", "Hong, Gildong (洪 吉洞, 홍 길동)"),
        ("chrKoreanMulti.dcm", "김희중"),
        ("chrRuss.dcm", "Люкceмбypг"),
        ("chrX1.dcm", "Wang, XiaoDong (王 小東)"),
        ("chrX2.dcm", "Wang, XiaoDong (王 小东)"),
    ],
)
def test_the_names_of_the_standard_as_they_stand_in_real_files(file: str, shown: str, tmp_path: Path) -> None:
    dataset = pydicom.dcmread(Path(pydicom.__file__).parent / "data/charset_files" / file)
    raw = dataset.get_item("PatientName").value
    terms = dataset.get("SpecificCharacterSet") or ""
    assert read_person_name(raw, [terms] if isinstance(terms, str) else list(terms)) == shown


@pytest.mark.parametrize(
    "term", ["ISO-IR 100", "iso_ir 100", "ISO_IR_100", "ISO 2022 IR 100", "ISO_IR100", "ISO8859 100"]
)
def test_a_misspelt_character_set_is_understood(term: str) -> None:
    assert decode_text("Jérôme".encode("latin_1"), (term,)) == "Jérôme"


def test_undeclared_text_is_read_as_utf_8_and_else_as_latin_1() -> None:
    assert decode_text("Jérôme ア".encode()) == "Jérôme ア"
    assert decode_text("Jérôme".encode("latin_1")) == "Jérôme"


def test_bytes_that_fit_no_set_do_not_raise() -> None:
    every = bytes(range(256)) * 2
    for terms in ((), ("ISO_IR 192",), ("", "ISO 2022 IR 87"), ("ISO_IR 166",), ("nonsense",), ("GB18030",)):
        assert decode_text(every, terms)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Adams^John Robert Quincy^^Rev.^B.A. M.Div.", "Adams, Rev. John Robert Quincy, B.A. M.Div."),
        ("Doe", "Doe"),
        ("^John", "John"),
        ("Doe^", "Doe"),
        ("  Doe ^ Jane  ", "Doe, Jane"),
        ("Doe^Jane=", "Doe, Jane"),
        ("=山田^太郎", "山田 太郎"),
        ("Doe^Jane\\Other^Name", "Doe, Jane"),
        ("Doe\0\0", "Doe"),
        ("a^b^c^d^e^f", "a, d b c, e"),
    ],
)
def test_components_are_shown_as_people_write_them(raw: str, shown: str) -> None:
    assert show_person_name(raw) == shown


@pytest.mark.parametrize("raw", ["", "^^^^", "=", "^=^", " ", "\0"])
def test_an_empty_name_is_unknown(raw: str) -> None:
    assert show_person_name(raw) is None


@pytest.mark.parametrize("encoding", ["little", "big", "deflated"])
@pytest.mark.parametrize(("terms", "raw", "shown"), CODED)
def test_a_name_with_code_extensions_arrives_from_a_file(
    terms: tuple[str, ...], raw: bytes, shown: str, encoding: str, tmp_path: Path
) -> None:
    dataset = writers.with_pixels(
        writers.header(PatientName=None, SpecificCharacterSet=None), writers.chest(8, 8), bits=8
    )
    writers.put_raw(dataset, "SpecificCharacterSet", "CS", "\\".join(terms).encode())
    writers.put_raw(dataset, "PatientName", "PN", raw)
    (unit,) = scan_paths(
        [writers.put(tmp_path, "a.dcm", writers.dicom(dataset, writers.chest(8, 8), encoding))]
    )
    assert isinstance(unit, ReadingUnit)
    assert unit.patient.name is not None
    assert unit.patient.name.value == shown


@pytest.mark.parametrize(("term", "name", "codec", "shown"), SINGLE)
def test_the_name_arrives_from_a_file(term: str, name: str, codec: str, shown: str, tmp_path: Path) -> None:
    dataset = writers.with_pixels(writers.header(PatientName=None), writers.chest(8, 8), bits=8)
    dataset.SpecificCharacterSet = term
    writers.put_raw(dataset, "PatientName", "PN", name.encode(codec))
    path = writers.put(tmp_path, "a.dcm", writers.dicom(dataset, writers.chest(8, 8)))
    (unit,) = scan_paths([path])
    assert isinstance(unit, ReadingUnit)
    assert unit.patient.name is not None
    assert unit.patient.name.value == shown
    assert unit.patient.name.source == "header"
