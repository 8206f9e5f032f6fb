"""What a person did, told from the draft before and the draft after, so that no caller can forget a line.

Words that a person typed are never in it: only which field they stand in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Literal

from core.decision import Decision, Reading
from core.patient import Patient
from services.drafts import Draft, taken_over

_WRITTEN = ("indication", "words", "conclusion", "advice", "referral")


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftAct:
    """One act; ``detail`` names no patient, ``words`` may. An ``edit`` is of one field (``detail``)."""

    act: Literal["first_read", "decide", "edit", "enter_patient", "take_over"]
    detail: Mapping[str, object]
    words: str = ""


def acts_between(before: Draft | None, after: Draft) -> tuple[DraftAct, ...]:
    """Return what was done between two states of one draft, in the order of reading."""
    was = before or Draft(key=after.key, path=after.path)
    took = _taken_over(was, after)
    if took is not None and after.reader_id is not None:
        was = taken_over(was, after.reader_id, after.reader)
    return (
        *((took,) if took is not None else ()),
        *_identity(was, after),
        *_first_read(was.reading, after.reading),
        *_decisions(was.reading, after.reading),
        *_final_read(was.reading, after.reading),
        *_edits(was, after),
    )


def _taken_over(was: Draft, now: Draft) -> DraftAct | None:
    if was.reader_id is None or was.reader_id == now.reader_id:
        return None
    return DraftAct(act="take_over", detail={"begun_by": was.reader, "reader": now.reader})


def named(patient: Patient) -> str:
    """Return a patient in words: name, number and date of birth as far as they are known."""
    name = " ".join(patient.name.value.replace("^", " ").split()) if patient.name else ""
    number = f"({patient.id.value})" if patient.id else ""
    born = f"*{patient.birth_date.value}" if patient.birth_date else ""
    return " ".join(part for part in (name, number, born) if part)


def _identity(was: Draft, now: Draft) -> Iterator[DraftAct]:
    typed = [
        one.name
        for one in fields(Patient)
        if one.name != "further" and getattr(was.typed, one.name) != getattr(now.typed, one.name)
    ]
    confirmed = [name for name in now.confirmed if name not in was.confirmed]
    withdrawn = [name for name in was.confirmed if name not in now.confirmed]
    if not typed and not confirmed and not withdrawn:
        return
    detail = {"typed": typed, "confirmed": confirmed, "not_confirmed": withdrawn}
    earlier, later = named(was.typed), named(now.typed)
    words = f"{earlier} → {later}" if earlier and earlier != later else later
    yield DraftAct(
        act="enter_patient", detail={key: value for key, value in detail.items() if value}, words=words
    )


def _first_read(was: Reading, now: Reading) -> Iterator[DraftAct]:
    before, after = was.first_read, now.first_read
    if after is not None and after != before:
        detail = {"impression": after.impression, "result_seen": after.result_seen}
        yield DraftAct(act="first_read", detail=detail)
    elif before is not None and after is None:
        yield DraftAct(act="first_read", detail={"impression": before.impression, "taken_back": True})


def _decisions(was: Reading, now: Reading) -> Iterator[DraftAct]:
    before = {(one.pack_id, one.finding): one for one in was.decisions}
    after = {(one.pack_id, one.finding): one for one in now.decisions}
    for key, decision in after.items():
        earlier = before.get(key)
        if earlier is None or _answer(earlier) != _answer(decision):
            yield DraftAct(act="decide", detail=_decided(decision))
    for key, decision in before.items():
        if key not in after:
            yield DraftAct(act="decide", detail={**_decided(decision), "taken_back": True})


def _answer(decision: Decision) -> tuple[str, ...]:
    return (decision.answer, decision.words, decision.about)


def _decided(decision: Decision) -> dict[str, object]:
    sha256, _, position = decision.about.partition(" ")
    return {
        "pack": decision.pack_id,
        "version": decision.pack_version,
        "sha256": sha256,
        "finding": decision.finding,
        "position": position,
        "answer": decision.answer,
    }


def _final_read(was: Reading, now: Reading) -> Iterator[DraftAct]:
    before, after = was.final_read, now.final_read
    if after is not None and (before is None or before.impression != after.impression):
        yield DraftAct(act="decide", detail={"final_read": after.impression})
    elif before is not None and after is None:
        yield DraftAct(act="decide", detail={"final_read": before.impression, "taken_back": True})


def _edits(was: Draft, now: Draft) -> Iterator[DraftAct]:
    for name in _WRITTEN:
        if getattr(was.reading, name) != getattr(now.reading, name):
            yield DraftAct(act="edit", detail={"field": name})
    if (was.reading.signs, was.signs_jotting) != (now.reading.signs, now.signs_jotting):
        yield DraftAct(act="edit", detail={"field": "signs"})
    before, after = _finding_words(was), _finding_words(now)
    for key in sorted({*before, *after}):
        if before.get(key, ("", "")) != after.get(key, ("", "")):
            yield DraftAct(act="edit", detail={"field": "finding", "pack": key[0], "finding": key[1]})
    if was.typed.further != now.typed.further:
        yield DraftAct(act="edit", detail={"field": "values"})
    if now.identity_jotting is not None and was.identity_jotting != now.identity_jotting:
        yield DraftAct(act="edit", detail={"field": "identity"})


def _finding_words(draft: Draft) -> dict[tuple[str, str], tuple[str, str]]:
    """Return own words and note of each finding, from its answer or from what stands in its fields."""
    answered = {(one.pack_id, one.finding): (one.words, one.note) for one in draft.reading.decisions}
    typed = {(one.pack_id, one.finding): (one.words.strip(), one.note.strip()) for one in draft.jottings}
    return {**answered, **typed}
