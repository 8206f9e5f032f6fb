"""The camp's register: files as clinics save them, what is wrong in them, and what is offered afterwards."""

import csv
import itertools
from pathlib import Path

import pytest

from core.errors import Cancelled, NotPermittedError, RegisterFileError
from services.progress import Progress
from services.register_people import Line, Mapped, counts, guess, needs_date_style, read_people
from services.register_table import Table, read_table
from services.workplace import Workplace
from tests.services.test_records import file as file_study
from tests.services.test_records import patient

ENGLISH = "Name,ID,Date of birth,Sex,Age\nOkafor Nnamdi,A-17,2020-01-02,M,6\nAchieng Mary,B-2,1980-05-31,F,\n"


def _table(tmp_path: Path, text: str, encoding: str = "utf-8") -> Table:
    file = tmp_path / "camp.csv"
    file.write_bytes(text.encode(encoding))
    return read_table(file)


def _lines(tmp_path: Path, text: str) -> tuple[Line, ...]:
    table = _table(tmp_path, text)
    return tuple(read_people(table, guess(table)))


def _born(line: Line) -> str | None:
    assert line.patient is not None, line.why
    return line.patient.birth_date.value if line.patient.birth_date else None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_each_encoding_and_separator_is_found(tmp_path: Path, encoding: str, separator: str) -> None:
    text = "Nom;Prénom;N°;Né le\nÉtienne;Zoé;7;31/12/1990\nÑuñez;Ana;8;01/02/1991\n".replace(";", separator)
    table = _table(tmp_path, text, encoding)
    assert table.separator == separator
    assert table.has_headings
    lines = tuple(read_people(table, guess(table)))
    assert [line.patient.name.value for line in lines if line.patient and line.patient.name] == [
        "Étienne, Zoé",
        "Ñuñez, Ana",
    ]


@pytest.mark.parametrize(
    "headings",
    [
        "Name,ID,Date of birth,Sex",
        "NOM COMPLET,N° carte,Date de naissance,Sexe",
        "Nombre y apellidos,Cédula,Fecha de nacimiento,Sexo",
        "Nome completo,Número do cartão,Data de nascimento,Sexo",
        "patient_name,patient_id,birth_date,gender",
    ],
)
def test_headings_of_four_languages_are_known(tmp_path: Path, headings: str) -> None:
    table = _table(tmp_path, f"{headings}\nOkafor,A-17,2020-01-02,F\n")
    assert dict(guess(table).columns) == {"name": 0, "id": 1, "birth_date": 2, "sex": 3}


def test_a_table_without_headings_is_read_by_the_columns_that_are_named(tmp_path: Path) -> None:
    table = _table(tmp_path, "Okafor,17,2020-01-02\nAchieng,18,1980-05-31\n")
    assert not table.has_headings
    lines = tuple(read_people(table, Mapped(columns={"name": 0, "id": 1, "birth_date": 2})))
    assert counts(lines) == {"right": 2, "wrong": 0, "double": 0}


def test_a_cell_in_quotes_may_hold_separators_and_line_breaks(tmp_path: Path) -> None:
    table = _table(tmp_path, 'Name,ID\n"Okafor, Nnamdi\nJunior",17\nAchieng,18\n')
    assert table.rows[0].cells[0] == "Okafor, Nnamdi Junior"
    assert [row.line for row in table.rows] == [2, 4]


def test_the_separator_that_a_spreadsheet_names_is_taken(tmp_path: Path) -> None:
    table = _table(tmp_path, "sep=;\nName;ID\nOkafor, Nnamdi;17\n")
    assert (table.separator, table.rows[0].line) == (";", 3)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2020-04-03", "2020-04-03"),
        ("2020/4/3", "2020-04-03"),
        ("20200403", "2020-04-03"),
        ("3.4.2020", "2020-04-03"),
        ("31/12/2019", "2019-12-31"),
        ("12/31/2019", "2019-12-31"),
        ("03/03/2020", "2020-03-03"),
        ("3 Apr 2020", "2020-04-03"),
        ("3 avril 2020", "2020-04-03"),
        ("3 de abril de 2020", "2020-04-03"),
        ("03-août-2020", "2020-08-03"),
        ("2020-04-03 00:00:00", "2020-04-03"),
        ("", None),
        ("1987", None),
    ],
)
def test_dates_are_read_as_they_are_written(tmp_path: Path, written: str, meant: str | None) -> None:
    (line,) = _lines(tmp_path, f"Name,ID,Born\nOkafor,17,{written}\n")
    assert _born(line) == meant
    assert bool(line.notes) == (written == "1987")


def test_a_date_that_can_be_meant_two_ways_needs_somebody_to_say(
    tmp_path: Path, workplace: Workplace
) -> None:
    table = _table(tmp_path, "Name,ID,Born\nOkafor,17,03/04/2020\n")
    mapped = guess(table)
    assert mapped.dates is None
    assert needs_date_style(table, mapped)
    with pytest.raises(RegisterFileError):
        workplace.register.preview(table, mapped)
    for style, born in (("day_first", "2020-04-03"), ("month_first", "2020-03-04")):
        told = Mapped(columns=mapped.columns, dates=style)  # type: ignore[arg-type]
        (line,) = workplace.register.preview(table, told)
        assert _born(line) == born


def test_a_day_above_twelve_tells_how_the_column_is_meant(tmp_path: Path) -> None:
    lines = _lines(tmp_path, "Name,ID,Born\nOkafor,17,03/04/2020\nAchieng,18,31/12/1980\n")
    assert [_born(line) for line in lines] == ["2020-04-03", "1980-12-31"]


def test_a_column_that_is_mixed_is_asked_about(tmp_path: Path) -> None:
    table = _table(tmp_path, "Name,ID,Born\nA,1,31/12/1980\nB,2,12/31/1980\nC,3,03/04/1980\n")
    assert needs_date_style(table, guess(table))
    lines = tuple(read_people(table, Mapped(columns=guess(table).columns, dates="day_first")))
    assert [line.state for line in lines] == ["right", "wrong", "right"]


@pytest.mark.parametrize(
    "row",
    [
        "Okafor,17,03/04/20,M,",  # short year
        "Okafor,17,43924,M,",  # a spreadsheet's day number
        "Okafor,17,2999-01-01,M,",
        "Okafor,17,31/31/2020,M,",
        "Okafor,17,yesterday,M,",
        "Okafor,17,,M,old",
        "Okafor,17,,M,131",
        "Okafor,17,2020-01-02,M,60",
        "Okafor,,,M,4",
        ",17,,M,4",
    ],
)
def test_a_row_that_is_wrong_is_left_out_with_the_reason(tmp_path: Path, row: str) -> None:
    (line, other) = _lines(tmp_path, f"Name,ID,Born,Sex,Age\n{row}\nAchieng,18,1980-05-31,F,\n")
    assert (line.state, line.patient) == ("wrong", None)
    assert line.why
    assert other.state == "right"


@pytest.mark.parametrize(
    ("age", "years"), [("6", 6.0), ("0,5", 0.5), ("6 months", 0.5), ("3 mois", 0.25), ("4 ans", 4.0)]
)
def test_ages_are_read_in_years_and_months(tmp_path: Path, age: str, years: float) -> None:
    (line,) = _lines(tmp_path, f"Name;ID;Age\nOkafor;17;{age}\n")
    assert line.patient is not None
    assert line.patient.age_years is not None
    assert line.patient.age_years.value == years


@pytest.mark.parametrize(
    ("used", "read"),
    [("M,F", ("M", "F")), ("H,M", ("M", "F")), ("H,F", ("M", "F")), ("homme,femme", ("M", "F"))],
)
def test_m_beside_h_is_a_woman(tmp_path: Path, used: str, read: tuple[str, str]) -> None:
    first, second = used.split(",")
    lines = _lines(tmp_path, f"Name,ID,Sexo\nA,1,{first}\nB,2,{second}\n")
    assert tuple(line.patient.sex.value for line in lines if line.patient and line.patient.sex) == read


def test_m_alone_in_spanish_is_not_guessed(tmp_path: Path) -> None:
    (line,) = _lines(tmp_path, "Nombre completo,ID,Sexo\nA,1,M\n")
    assert line.patient is not None
    assert line.patient.sex is None
    assert line.notes


def test_who_stands_twice_is_told_and_a_number_of_two_people_is_wrong(tmp_path: Path) -> None:
    lines = _lines(tmp_path, "Name,ID\nOkafor,17\nokafor,17\nAchieng,17\nZawadi,18\n")
    assert [line.state for line in lines] == ["right", "double", "wrong", "right"]
    assert "line 2" in lines[1].why


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"PK\x03\x04 a workbook",
        b"\xd0\xcf\x11\xe0 an old workbook",
        b"a,b\x00\x01\x02,c",
        b"a\x81,b\x8d\n",
        b",".join(b"x" for _ in range(300)),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "camp.csv"
    file.write_bytes(content)
    with pytest.raises(RegisterFileError) as caught:
        read_table(file)
    assert caught.value.detail.endswith(".")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegisterFileError):
        read_table(tmp_path / "none.csv")


# --- kept


def _preview(workplace: Workplace, tmp_path: Path, text: str) -> tuple[Table, tuple[Line, ...]]:
    table = _table(tmp_path, text)
    return table, workplace.register.preview(table, guess(table))


def test_what_is_read_in_is_offered_by_name_and_number(workplace: Workplace, tmp_path: Path) -> None:
    _, lines = _preview(workplace, tmp_path, ENGLISH)
    assert workplace.register.all() == ()
    register = workplace.register.read_in(lines, "camp.csv")
    assert (register.people, workplace.register.all()) == (2, (register,))
    for typed in ("okafor", "a-17", "Nnamdi Ok"):
        (found,) = workplace.register.offer(typed)
        assert found.name is not None
        assert (found.name.value, found.name.source) == ("Okafor Nnamdi", "file")
    assert workplace.register.offer("") == ()


def test_reading_in_is_noted_with_counts_and_no_names(workplace: Workplace, tmp_path: Path) -> None:
    _, lines = _preview(workplace, tmp_path, ENGLISH + "Okafor Nnamdi,A-17,2020-01-02,M,6\nWrong,,,,\n")
    workplace.register.read_in(lines, "camp.csv")
    (line,) = [line for line in workplace.trail.lines() if line.act == "register_read"]
    assert line.detail == '{"double": 1, "left_out": 1, "read": 2}'
    assert line.words is None


def test_a_register_read_again_adds_nobody_twice(workplace: Workplace, tmp_path: Path) -> None:
    _, lines = _preview(workplace, tmp_path, ENGLISH)
    workplace.register.read_in(lines, "camp.csv")
    _, again = _preview(workplace, tmp_path, ENGLISH)
    assert [line.state for line in again] == ["double", "double"]
    with pytest.raises(RegisterFileError):
        workplace.register.read_in(again, "camp.csv")
    assert len(workplace.register.all()) == 1


def test_a_number_that_the_records_give_to_another_is_told(workplace: Workplace, tmp_path: Path) -> None:
    file_study(workplace, patient("Zawadi", "A-17"))
    _, lines = _preview(workplace, tmp_path, ENGLISH)
    assert lines[0].state == "right"
    assert "Zawadi" in lines[0].notes[0]


def test_rows_left_out_are_exported_with_line_and_reason(workplace: Workplace, tmp_path: Path) -> None:
    table, lines = _preview(workplace, tmp_path, ENGLISH + "Wrong,,,,\n")
    assert workplace.register.write_left_out(table, lines, tmp_path / "left.csv") == 1
    text = (tmp_path / "left.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines()[1].startswith('4,"Two of name, ID and birth date are needed.",Wrong')


def test_a_row_left_out_is_no_formula_in_a_spreadsheet_and_reads_in_as_it_was(
    workplace: Workplace, tmp_path: Path
) -> None:
    signs = ["=HYPERLINK(1)", "@SUM(1)", "+254 711", "-2+3", "＝1+1", "'=1", "'quoted'", "-7", "+3,5", "''@x"]
    text = "Name,ID\n" + "".join(f'"{sign}",\n' for sign in signs)
    table, lines = _preview(workplace, tmp_path, text)
    assert [row.cells[0] for row in table.rows] == [*signs[:5], "=1", *signs[6:9], "'@x"]
    workplace.register.write_left_out(table, lines, tmp_path / "left.csv")
    with (tmp_path / "left.csv").open(encoding="utf-8-sig", newline="") as stream:
        written = [row[2] for row in csv.reader(stream)][1:]
    assert [cell for cell in written if cell[0] in "=+-@＝"] == ["-7", "+3,5"]
    again = read_table(tmp_path / "left.csv")
    assert [row.cells[2] for row in again.rows] == [row.cells[0] for row in table.rows]


def test_a_heading_left_out_is_no_formula_either(workplace: Workplace, tmp_path: Path) -> None:
    table, lines = _preview(workplace, tmp_path, "Name,ID,=1+1\nWrong,,\n")
    workplace.register.write_left_out(table, lines, tmp_path / "left.csv")
    assert (tmp_path / "left.csv").read_text(encoding="utf-8-sig").splitlines()[0].endswith(",'=1+1")


def test_a_removed_register_is_offered_no_more(workplace: Workplace, tmp_path: Path) -> None:
    _, lines = _preview(workplace, tmp_path, ENGLISH)
    register = workplace.register.read_in(lines, "camp.csv")
    assert workplace.register.remove(register.register_id) == 2
    assert workplace.register.offer("okafor") == ()
    assert workplace.register.all() == ()


def test_nobody_reads_a_register_in_while_it_is_locked(workplace: Workplace, tmp_path: Path) -> None:
    _, lines = _preview(workplace, tmp_path, ENGLISH)
    workplace.lock()
    with pytest.raises(NotPermittedError):
        workplace.register.read_in(lines, "camp.csv")
    assert workplace.register.all() == ()


def test_ten_thousand_people_are_read_in_one_step(workplace: Workplace, tmp_path: Path) -> None:
    rows = "".join(f"Person {number},N{number},1980-01-02,F,\n" for number in range(10_000))
    _, lines = _preview(workplace, tmp_path, f"Name,ID,Born,Sex,Age\n{rows}")
    assert workplace.register.read_in(lines, "camp.csv").people == 10_000
    assert len(workplace.register.offer("person")) == 8


def test_looking_and_reading_in_tell_how_far_they_are_and_stop_with_nobody_kept(
    tmp_path: Path, workplace: Workplace
) -> None:
    people = "".join(f"Okafor {number},A-{number},1980-01-02,F,\n" for number in range(450))
    table = _table(tmp_path, "Name,ID,Date of birth,Sex,Age\n" + people)
    told: list[tuple[str, int, int | None]] = []

    def listen(one: Progress) -> None:
        told.append((one.stage, one.done, one.total))

    lines = workplace.register.preview(table, guess(table), progress=listen)
    assert told == [("rows", done, 450) for done in range(0, 450, 100)]
    with pytest.raises(Cancelled):
        workplace.register.preview(table, guess(table), cancelled=lambda: True)
    for stopped_at in (1, 5, 8):  # among the people, and while they are kept
        asked = itertools.count(1)
        with pytest.raises(Cancelled):
            workplace.register.read_in(
                lines,
                "camp",
                cancelled=lambda: next(asked) == stopped_at,  # noqa: B023 - called at once
            )
    assert workplace.register.all() == ()
    told.clear()
    assert workplace.register.read_in(lines, "camp", progress=listen).people == 450
    assert told == [("keeping", done, 450) for done in range(0, 450, 100)]


def test_a_word_for_a_sex_that_is_not_known_leaves_nobody_out(tmp_path: Path) -> None:
    (line,) = _lines(tmp_path, "Name,ID,Sex\nA,1,w\n")
    assert line.state == "right"
    assert line.patient is not None
    assert line.patient.sex is None
    assert "“w”" in line.notes[0]
