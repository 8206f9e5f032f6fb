"""What is about to be signed: whose images, which answers, and which lines of the report are empty."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QCoreApplication

from core.decision import ClinicalSigns, Reading
from core.result import Finding, PackResult
from services.before_signing import reading_beside
from services.patient import identity_differs
from services.typed_table import is_typed
from ui import words
from ui.cases import Case
from ui.forms import signs_are_asked
from ui.impression_card import impression_words

_CONTEXT = "sign"
LINE_LENGTH = 56


def _tr(text: str) -> str:
    return QCoreApplication.translate(_CONTEXT, text)


class Fact(NamedTuple):
    """One line of what is signed; ``doubted`` where it speaks against the others."""

    what: str
    value: str
    doubted: bool = False


def whose_facts(case: Case) -> tuple[Fact, ...]:
    """Return whose images they are: patient, what an image says against it, study."""
    patient, unit = case.whose, case.unit
    who = (words.patient_id(patient), words.sex_word(patient), words.age_word(patient))
    when = " ".join(part for part in (words.study_date(unit), words.study_time(unit)) if part)
    study = (words.study_name(unit), when or _tr("date not known"))
    header = words.header_identity(unit.patient) if identity_differs(unit.patient, patient) else ""
    return (
        Fact(_tr("Patient"), words.patient_name(patient)),
        *((Fact(_tr("Signed as"), case.moved.signed_as),) if case.moved is not None else ()),
        Fact(_tr("ID · sex · age"), " · ".join(who)),
        *((Fact(_tr("Another patient?"), header, doubted=True),) if header else ()),
        Fact(_tr("Study"), words.study_name(unit) if is_typed(unit) else " · ".join(study)),
    )


def sign_facts(case: Case) -> tuple[Fact, ...]:
    """Return what and value, a line each: patient, study, reads, answers, empty lines."""
    reading = case.draft.reading
    if case.analysis is not None:
        reading = reading_beside(case.analysis, reading)
    said = "\n".join(_values(case) + _answers(case, reading) + _own_words(reading))
    asked = signs_are_asked(case) or reading.signs != ClinicalSigns()
    empty = ", ".join(empty_lines(reading, signs_asked=asked)) or _tr("nothing")
    return (*whose_facts(case), Fact(_tr("You sign"), said), Fact(_tr("Left empty"), empty))


def empty_lines(reading: Reading, *, signs_asked: bool = True) -> tuple[str, ...]:
    """Return the names of the lines of the report that nobody filled in; signs only where they were asked."""
    signs = reading.signs
    measured = (
        (_tr("breaths"), signs.respiratory_rate_per_min),
        (_tr("oxygen saturation"), signs.oxygen_saturation_percent),
        (_tr("danger signs"), signs.danger_signs),
    )
    lines = (
        *(measured if signs_asked else ()),
        (_tr("indication"), reading.indication.strip()),
        (_tr("reading"), reading.words.strip()),
        (_tr("conclusion"), reading.conclusion.strip()),
        (_tr("advice"), reading.advice.strip()),
        (_tr("referral"), reading.referral.strip()),
    )
    return tuple(name for name, value in lines if value in (None, ""))


def _values(case: Case) -> list[str]:
    """Return in a line how many values were typed, where these are all that there is."""
    count = len(case.draft.typed.further)
    return [_tr("Typed values: {count}").format(count=count)] if is_typed(case.unit) and count else []


def _own_words(reading: Reading) -> list[str]:
    """Return the signs and the words of the report, each shortened to a line."""
    signs = reading.signs
    breaths, oxygen = signs.respiratory_rate_per_min, signs.oxygen_saturation_percent
    seen = (
        _tr("{count} breaths/min").format(count=breaths) if breaths is not None else "",
        _tr("SpO₂ {percent} %").format(percent=f"{oxygen:g}") if oxygen is not None else "",
    )
    lines = (
        (_tr("Clinical signs: {words}"), ", ".join(part for part in seen if part)),
        (_tr("Danger signs: {words}"), signs.danger_signs or ""),
        (_tr("Indication: {words}"), reading.indication),
        (_tr("Reading: {words}"), reading.words),
        (_tr("Conclusion: {words}"), reading.conclusion),
        (_tr("Advice: {words}"), reading.advice),
        (_tr("Referral: {words}"), reading.referral),
    )
    return [_one_line(said.format(words=text)) for said, text in lines if text.strip()]


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LINE_LENGTH else f"{line[: LINE_LENGTH - 1].rstrip()}…"


def _answers(case: Case, reading: Reading) -> list[str]:
    said = []
    if reading.first_read is not None:
        said.append(_tr("First impression: {words}").format(words=impression_words(reading.first_read)))
    if reading.final_read is not None:
        said.append(_tr("Final read: {words}").format(words=impression_words(reading.final_read)))
    results = () if case.analysis is None else case.analysis.result.results
    for pack in results:
        said.extend(_answer(reading, pack, finding) for finding in pack.findings)
        if pack.status == "refused" and pack.stamp.pack_class != "demonstration":
            said.append(_tr("Not answered by the computer: {title}").format(title=pack.title))
    return [line for line in said if line]


def _answer(reading: Reading, pack: PackResult, finding: Finding) -> str:
    asked = (pack.stamp.pack_id, finding.code)
    made = next((one for one in reading.decisions if (one.pack_id, one.finding) == asked), None)
    if made is None:
        return ""
    position = {
        "above": _tr("score above the threshold"),
        "undecided": _tr("undecided"),
        "below": _tr("score below the threshold"),
    }[finding.position]
    answer = {
        "agree": _tr("you agree"),
        "disagree": _tr("you disagree"),
        "edited": _tr("in your words: {words}").format(words=made.words),
    }[made.answer]
    note = _tr(" · note: {words}").format(words=made.note) if made.note else ""
    return f"{finding.label}, {position}: {answer}{note}"
