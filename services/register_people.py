"""Make people of the rows of a table: names, numbers, dates in the clinic's own style, and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal

from core.patient import Patient, Sex, Sourced
from core.wording import say
from services.patient import age_disagrees, id_key, is_in_the_future, name_key
from services.record_facts import IDENTIFIERS, fold
from services.register_table import Field, Row, Table, guess_columns, register_words

DateStyle = Literal["day_first", "month_first"]
LineState = Literal["right", "wrong", "double"]
_OLDEST_YEARS = 130
_NUMBERS = re.compile(r"(\d{1,4})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{1,4})(?:[ T]\d{1,2}:\d{2}.*)?")
_WORDED = re.compile(r"(\d{1,2})\W*(?:de\s+)?([^\W\d]+)\.?\W*(?:de\s+|del\s+)?(\d{4})")
_AGE = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]*)\.?")
_MONTH_WORDS = {"mo", "mos", "month", "months", "mois", "mes", "meses"}
_YEAR_WORDS = {"", "y", "yr", "yrs", "year", "years", "an", "ans", "a", "ano", "anos"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """How a table is read: which column holds what, and how 03/04/2020 is meant (None: not said)."""

    columns: Mapping[Field, int] = field(default_factory=lambda: MappingProxyType({}))
    dates: DateStyle | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of a row: a person, or what is wrong. ``notes`` are told and do not stop it."""

    row: Row
    patient: Patient | None = None
    state: LineState = "right"
    why: str = ""
    notes: tuple[str, ...] = ()


def guess(table: Table) -> Mapped:
    """Return how a table is probably meant; ``dates`` is None where somebody must say."""
    columns = guess_columns(table)
    born = columns.get("birth_date")
    values = [row.cells[born] for row in table.rows] if born is not None else []
    return Mapped(columns=MappingProxyType(columns), dates=find_date_style(values))


def find_date_style(values: Iterable[str]) -> DateStyle | None:
    """Return the one style that the dates of a column can be written in; None where two are possible.

    A day above twelve tells. Dates with the year first, dots or a month's name need no style.
    """
    firsts = seconds = False
    for value in values:
        match = _NUMBERS.fullmatch(value.strip())
        if match and len(match[3]) == 4 and "." not in value:
            firsts |= int(match[1]) > 12
            seconds |= int(match[2]) > 12
    if firsts == seconds:
        return None
    return "day_first" if firsts else "month_first"


def needs_date_style(table: Table, mapped: Mapped) -> bool:
    """Whether a date of the table can be read in two ways and nobody has said which."""
    born = mapped.columns.get("birth_date")
    return (
        born is not None
        and mapped.dates is None
        and any(_is_ambiguous(row.cells[born]) for row in table.rows)
    )


def read_people(table: Table, mapped: Mapped) -> Iterator[Line]:
    """Yield what becomes of each row: who it is, or why it is left out."""
    words = _SexWords(table, mapped)
    by_id: dict[str, Line] = {}
    by_name: dict[tuple[str, str], Line] = {}
    for row in table.rows:
        line = _read(row, mapped, words)
        if line.patient is not None:
            line = _compare(line, by_id, by_name)
        yield line


def _compare(line: Line, by_id: dict[str, Line], by_name: dict[tuple[str, str], Line]) -> Line:
    """Tell a row that stands in the table twice, or whose number somebody else has."""
    patient = line.patient
    assert patient is not None
    number = id_key(patient.id.value) if patient.id else ""
    named = (
        name_key(patient.name.value) if patient.name else "",
        patient.birth_date.value if patient.birth_date else "",
    )
    earlier = by_id.get(number) if number else by_name.get(named)
    if earlier is None:
        if number:
            by_id[number] = line
        by_name.setdefault(named, line)
        return line
    first = earlier.patient
    assert first is not None
    same_name = first.name is not None and patient.name is not None
    same_name = same_name and name_key(first.name.value) == named[0]  # type: ignore[union-attr]
    differ_in_birth = (
        first.birth_date is not None
        and patient.birth_date is not None
        and first.birth_date.value != patient.birth_date.value
    )
    if same_name and not differ_in_birth:
        return Line(row=line.row, state="double", why=say("register.line.double", line=earlier.row.line))
    return Line(row=line.row, state="wrong", why=say("register.line.number_taken", line=earlier.row.line))


def _read(row: Row, mapped: Mapped, words: _SexWords) -> Line:
    def cell(name: Field) -> str:
        column = mapped.columns.get(name)
        return row.cells[column].strip() if column is not None and column < len(row.cells) else ""

    notes: list[str] = []
    try:
        born = read_date(cell("birth_date"), mapped.dates, notes)
        age = _read_age(cell("age_years"))
        if born and age is not None and age_disagrees(born, age, day=None):
            raise _Wrong(say("register.line.ages_differ"))
        sex = words.read(cell("sex"), notes)
    except _Wrong as wrong:
        return Line(row=row, state="wrong", why=str(wrong))
    name = cell("name") or ", ".join(part for part in (cell("family_name"), cell("given_names")) if part)
    patient = Patient(
        name=_sourced(name),
        id=_sourced(cell("id")),
        birth_date=_sourced(born),
        sex=Sourced(value=sex, source="file") if sex else None,
        age_years=Sourced(value=age, source="file") if age is not None else None,
    )
    if sum(getattr(patient, one) is not None for one in IDENTIFIERS) < 2:
        return Line(row=row, state="wrong", why=say("register.line.two_needed"))
    return Line(row=row, patient=patient, notes=tuple(notes))


class _Wrong(Exception):
    """A cell that says nothing that can be kept."""


def read_date(text: str, style: DateStyle | None, notes: list[str]) -> str:
    """Return a date as ISO 8601, "" where there is none.

    Raises:
        _Wrong: it is no date, lies in the future, or can be read in two ways and nobody said which.
    """
    text = text.strip()
    if text in ("", "-", "?"):
        return ""
    if re.fullmatch(r"(18|19|20)\d\d", text):
        notes.append(say("register.line.year_only"))
        return ""
    if re.fullmatch(r"(18|19|20)\d{6}", text):
        parts = (int(text[:4]), int(text[4:6]), int(text[6:]))
    elif (match := _NUMBERS.fullmatch(text)) is not None:
        parts = _numbered(text, match, style)
    elif (match := _WORDED.fullmatch(fold(text))) is not None:
        parts = (int(match[3]), _month(match[2]), int(match[1]))
    elif re.fullmatch(r"\d{5}", text):
        raise _Wrong(say("register.line.day_number", text=text))
    else:
        raise _Wrong(say("register.line.no_date", text=text))
    try:
        found = date(*parts)
    except ValueError as error:
        raise _Wrong(say("register.line.no_date", text=text)) from error
    if is_in_the_future(found.isoformat()) or found.year < 1880:
        raise _Wrong(say("register.line.future", text=text))
    return found.isoformat()


def _numbered(text: str, match: re.Match[str], style: DateStyle | None) -> tuple[int, int, int]:
    first, second, third = (int(one) for one in match.groups()[:3])
    if len(match[1]) == 4:
        return first, second, third
    if len(match[3]) != 4:
        raise _Wrong(say("register.line.short_year", text=text))
    if "." in text or (style is None and first > 12) or first == second:
        return third, second, first
    if style is None and second > 12:
        return third, first, second
    if style is None:
        raise _Wrong(say("register.line.two_ways", text=text))
    return (third, second, first) if style == "day_first" else (third, first, second)


def _is_ambiguous(text: str) -> bool:
    try:
        read_date(text, None, [])
    except _Wrong as wrong:
        return str(wrong) == say("register.line.two_ways", text=text.strip())
    return False


def _month(word: str) -> int:
    for number, words in register_words()["months"].items():
        if word in words:
            return int(number)
    raise _Wrong(say("register.line.no_date", text=word))


def _read_age(text: str) -> float | None:
    text = fold(text).strip()
    if text in ("", "-", "?"):
        return None
    match = _AGE.fullmatch(text)
    years = float(match[1].replace(",", ".")) if match else -1.0
    if match is not None and match[2] in _MONTH_WORDS:
        years /= 12
    elif match is None or match[2] not in _YEAR_WORDS:
        years = -1.0
    if not 0 <= years <= _OLDEST_YEARS:
        raise _Wrong(say("register.line.no_age", text=text))
    return round(years, 2)


class _SexWords:
    """What the words of the column of sexes mean: M is a man beside F, and a woman (mujer) beside H."""

    def __init__(self, table: Table, mapped: Mapped) -> None:
        column = mapped.columns.get("sex")
        used = {fold(row.cells[column]).strip(" .") for row in table.rows} if column is not None else set()
        self._words: dict[str, Sex] = {
            word: code for code in ("F", "M", "O") for word in register_words()["sex"][code]
        }
        if "h" in used:
            self._words["h"] = "M"
        if "f" in used or "h" not in used:
            self._words["m"] = "M"
        else:
            self._words["m"] = "F"
        self._unsure = used.isdisjoint(register_words()["sex"]["F"]) and "h" not in used and "m" in used
        heading = fold(table.headings[column]) if column is not None else ""
        self._unsure = self._unsure and heading.startswith("sexo")

    def read(self, text: str, notes: list[str]) -> Sex | None:
        """Return the sex that a cell says, None where it says none."""
        word = fold(text).strip(" .")
        if word in register_words()["sex"]["unknown"]:
            return None
        if word == "m" and self._unsure:
            notes.append(say("register.line.unsure_sex"))
            return None
        if word not in self._words:
            notes.append(say("register.line.no_sex", text=text))
            return None
        return self._words[word]


def counts(lines: Sequence[Line]) -> dict[LineState, int]:
    """Return how many rows are right, wrong and double."""
    return {state: sum(line.state == state for line in lines) for state in ("right", "wrong", "double")}


def _sourced(text: str) -> Sourced[str] | None:
    return Sourced(value=text, source="file") if text else None
