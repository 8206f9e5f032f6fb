"""What was done to a draft is told from its two states; typed words are never part of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from core.decision import ClinicalSigns, Decision, FinalRead, FirstRead, Reading
from core.patient import Patient, Sourced
from services.draft_acts import acts_between, named
from services.drafts import Draft, IdentityJotting, Jotting, SignsJotting, taken_over

AT = datetime(2027, 1, 1, tzinfo=UTC)
SECRET = "Wanjiru Kamau"
EMPTY = Draft(key="k", path="a.png")
ANSWER = Decision(
    pack_id="chest", pack_version="1.1.0", finding="pneumonia", answer="agree", at=AT, about="ab12 above"
)
DECIDED = {
    "pack": "chest",
    "version": "1.1.0",
    "sha256": "ab12",
    "finding": "pneumonia",
    "position": "above",
    "answer": "agree",
}
TYPED = Patient(name=Sourced(value="KAMAU^Wanjiru", source="typed"), id=Sourced(value="K-1", source="typed"))


def _reading(**values: Any) -> Draft:
    return replace(EMPTY, reading=replace(Reading(), **values))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, EMPTY, []),
        (EMPTY, replace(EMPTY, updated_at=AT, result_seen=True), []),
        (
            None,
            _reading(first_read=FirstRead(impression="unsure", at=AT)),
            [("first_read", {"impression": "unsure", "result_seen": False})],
        ),
        (
            _reading(first_read=FirstRead(impression="unsure", at=AT)),
            EMPTY,
            [("first_read", {"impression": "unsure", "taken_back": True})],
        ),
        (None, _reading(decisions=(ANSWER,)), [("decide", DECIDED)]),
        (_reading(decisions=(ANSWER,)), EMPTY, [("decide", {**DECIDED, "taken_back": True})]),
        (
            _reading(decisions=(ANSWER,)),
            _reading(decisions=(replace(ANSWER, answer="disagree"),)),
            [("decide", {**DECIDED, "answer": "disagree"})],
        ),
        (_reading(decisions=(ANSWER,)), _reading(decisions=(replace(ANSWER, at=datetime.now(UTC)),)), []),
        (
            None,
            _reading(final_read=FinalRead(impression="abnormal", at=AT)),
            [("decide", {"final_read": "abnormal"})],
        ),
        (None, _reading(words=SECRET), [("edit", {"field": "words"})]),
        (
            None,
            _reading(conclusion=SECRET, advice="x"),
            [("edit", {"field": "conclusion"}), ("edit", {"field": "advice"})],
        ),
        (None, _reading(signs=ClinicalSigns(danger_signs=SECRET)), [("edit", {"field": "signs"})]),
        (None, replace(EMPTY, signs_jotting=SignsJotting(breaths="4o")), [("edit", {"field": "signs"})]),
        (
            None,
            replace(EMPTY, jottings=(Jotting(pack_id="chest", finding="pneumonia", note=SECRET),)),
            [("edit", {"field": "finding", "pack": "chest", "finding": "pneumonia"})],
        ),
        (
            None,
            replace(EMPTY, identity_jotting=IdentityJotting(name=SECRET)),
            [("edit", {"field": "identity"})],
        ),
        (
            None,
            replace(EMPTY, typed=TYPED, confirmed=("name",)),
            [("enter_patient", {"typed": ["name", "id"], "confirmed": ["name"]})],
        ),
    ],
)  # fmt: skip
def test_each_act_is_told_once(before: Draft | None, after: Draft, told: list[tuple[str, Any]]) -> None:
    acts = acts_between(before, after)
    assert [(act.act, act.detail) for act in acts] == told
    assert not any(part in str(act.detail) for act in acts for part in SECRET.split())


def test_a_reading_that_another_person_takes_over_is_one_act_and_not_a_row_of_withdrawals() -> None:
    begun = replace(_reading(decisions=(ANSWER,), words=SECRET), reader_id=1, reader="Amina")
    (act,) = acts_between(begun, taken_over(begun, 2, "Berta"))
    assert (act.act, act.detail) == ("take_over", {"begun_by": "Amina", "reader": "Berta"})
    (back,) = acts_between(
        taken_over(begun, 2, "Berta"), taken_over(taken_over(begun, 2, "Berta"), 1, "Amina")
    )
    assert back.detail == {"begun_by": "Berta", "reader": "Amina"}


def test_a_patient_who_was_entered_otherwise_is_named_as_both() -> None:
    other = replace(TYPED, name=Sourced(value="Achieng Otieno", source="typed"))
    (act,) = acts_between(replace(EMPTY, typed=TYPED), replace(EMPTY, typed=other))
    assert (act.detail, act.words) == ({"typed": ["name"]}, "KAMAU Wanjiru (K-1) → Achieng Otieno (K-1)")
    assert named(Patient()) == ""


def test_own_words_that_become_an_answer_are_an_answer_and_no_further_edit() -> None:
    typed = replace(EMPTY, jottings=(Jotting(pack_id="chest", finding="pneumonia", words=SECRET),))
    edited = replace(ANSWER, answer="edited", words=SECRET)
    acts = acts_between(typed, replace(typed, reading=Reading(decisions=(edited,))))
    assert [act.act for act in acts] == ["decide"]
