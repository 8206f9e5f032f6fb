"""What must be answered before a reading can be signed, and which answers stand beside a result."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from core.decision import Reading
from core.image import ReadingUnit
from core.result import Finding, PackResult
from core.wording import say
from services.analyze import Analysis
from services.drafts import Draft
from services.patient import merge
from services.typed_table import is_typed

MissingCode = Literal[
    "analysis",
    "first_read",
    "final_read",
    "decision",
    "signs",
    "identity",
    "identity_typed",
    "same_pixels",
    "reader",
    "model",
    "values",
    "conclusion",
]
_IDENTIFIERS = ("name", "id", "birth_date")
_NEEDED_IDENTIFIERS = 2
_ANALYSIS, _VALUES_SINCE = "services.missing.analysis", "services.missing.values_since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One thing to be answered before signing; ``subject`` is the pack/finding or the identifier meant."""

    code: MissingCode
    text: str
    subject: str = ""


def missing_for_signing(unit: ReadingUnit, analysis: Analysis | None, draft: Draft) -> tuple[Missing, ...]:
    """Return what must be answered first, in the order it is asked; empty when it may be signed.

    Of an image the reader gives a first impression, and a final read where no score stands for it. Without
    one there is nothing to look at: values must be typed, and the reader says what they mean in words.
    """
    missing: list[Missing] = []
    if analysis is not None and not _speaks_of(analysis, unit, draft):
        known = merge(unit.patient, draft.typed, day=unit.header.date)
        counted = analysis.result.patient.further == known.further
        missing.append(Missing(code="analysis", text=say(_ANALYSIS if counted else _VALUES_SINCE)))
        analysis = None
    elif analysis is None:
        missing.append(Missing(code="analysis", text=say(_ANALYSIS)))
    if asks_impression(unit) and draft.reading.first_read is None:
        missing.append(Missing(code="first_read", text=say("services.missing.first_read")))
    if analysis is not None:
        missing.extend(_unanswered(analysis, draft))
        if wants_final_read(analysis) and draft.reading.final_read is None:
            missing.append(Missing(code="final_read", text=why_final_read(analysis)))
    if is_typed(unit):
        missing.extend(_unwritten(draft))
    if draft.signs_jotting is not None:
        left = (draft.signs_jotting.breaths, draft.signs_jotting.oxygen)
        typed = ", ".join(f"“{one}”" for one in left if one)
        missing.append(Missing(code="signs", text=say("services.missing.signs", typed=typed)))
    questions = _identity_questions(unit, draft)
    missing.extend(questions)
    if draft.identity_jotting is not None and not questions:
        missing.append(Missing(code="identity_typed", text=say("services.missing.identity_typed")))
    return tuple(missing)


def asks_impression(unit: ReadingUnit) -> bool:
    """Whether a first impression is asked before the result opens: only of an image."""
    return not is_typed(unit)


def wants_final_read(analysis: Analysis) -> bool:
    """Whether no finding is to be answered, so that the reader says the final read in a word of their own.

    Never of typed values: "nothing seen" says nothing of them.
    """
    return not analysis.result.source.typed and not any(True for _ in _to_answer(analysis))


def why_final_read(analysis: Analysis) -> str:
    """Ask for the final read, and say why no score is answered: there is none, or none that may be."""
    shown = [
        (entry, one) for entry in analysis.result.results if entry.status == "ok" for one in entry.findings
    ]
    case = "none"
    if any(entry.stamp.pack_class == "demonstration" for entry, _ in shown):
        case = "demonstration"
    if any(entry.stamp.pack_class != "demonstration" and not is_answer(one) for entry, one in shown):
        case = "undecided"
    return say("services.missing.final_read", why=say(f"services.missing.final_read_{case}"))


def reading_beside(analysis: Analysis, reading: Reading) -> Reading:
    """Return a reading as it stands beside these results.

    A final read that was given while the computer answered nothing does not stand beside a later answer to a
    finding (the age was entered, the image was analysed again): the two could contradict one another. Nor
    does an answer that was given to another result of the same finding.
    """
    abouts = {
        (entry.stamp.pack_id, finding.code): about_of(entry, finding)
        for entry in analysis.result.results
        for finding in entry.findings
    }
    kept = tuple(one for one in reading.decisions if abouts.get((one.pack_id, one.finding)) == one.about)
    final = reading.final_read if wants_final_read(analysis) else None
    return replace(reading, decisions=kept, final_read=final)


def about_of(entry: PackResult, finding: Finding) -> str:
    """Return what an answer to a finding is about: the model that spoke and what it said."""
    return f"{entry.stamp.sha256} {finding.position}"


def is_answer(finding: Finding) -> bool:
    """Whether a score says anything that a reader could agree or disagree with: an undecided one does not."""
    return finding.position != "undecided"


def _speaks_of(analysis: Analysis, unit: ReadingUnit, draft: Draft) -> bool:
    """Whether an analysis is of this unit, and of the patient as now known."""
    known, told = merge(unit.patient, draft.typed, day=unit.header.date), analysis.result.patient
    if unit.kind == "table" and known.age_years is None:
        told = replace(told, age_years=None)  # it was reckoned from the birth date on that day
    if told != known:
        return False
    image = analysis.image
    if image is not None and image.ref.sop_instance_uid is not None:
        return image.ref.sop_instance_uid in unit.sop_instance_uids
    return analysis.result.source.path == unit.path


def _unanswered(analysis: Analysis, draft: Draft) -> list[Missing]:
    standing = reading_beside(analysis, draft.reading).decisions
    answered = {(decision.pack_id, decision.finding) for decision in standing}
    return [
        Missing(
            code="decision",
            text=say("services.missing.decision", label=finding.label),
            subject=f"{entry.stamp.pack_id}/{finding.code}",
        )
        for entry, finding in _to_answer(analysis)
        if (entry.stamp.pack_id, finding.code) not in answered
    ]


def _unwritten(draft: Draft) -> Iterator[Missing]:
    if not draft.typed.further:
        yield Missing(code="values", text=say("services.missing.values"))
    if not draft.reading.conclusion.strip():
        yield Missing(code="conclusion", text=say("services.missing.conclusion"))


def _to_answer(analysis: Analysis) -> Iterator[tuple[PackResult, Finding]]:
    for entry in analysis.result.results:
        if entry.status == "ok" and entry.stamp.pack_class != "demonstration":
            for finding in filter(is_answer, entry.findings):
                yield entry, finding


def _identity_questions(unit: ReadingUnit, draft: Draft) -> list[Missing]:
    patient = merge(unit.patient, draft.typed, day=unit.header.date)
    in_header = [name for name in _IDENTIFIERS if getattr(unit.patient, name) is not None]
    confirmed = [name for name in _IDENTIFIERS if name in draft.confirmed and getattr(patient, name)]
    questions = [
        Missing(
            code="identity",
            text=say("services.missing.identity", field=entry.field),
            subject=entry.field,
        )
        for entry in patient.contradictions
        if entry.field in _IDENTIFIERS and entry.field not in draft.confirmed
    ]
    if len(in_header) < _NEEDED_IDENTIFIERS and len(confirmed) < _NEEDED_IDENTIFIERS:
        which = "typed" if is_typed(unit) else len(in_header)
        carried = say(f"services.missing.two_identifiers_{which}")
        questions.append(Missing(code="identity", text=carried))
    return questions
