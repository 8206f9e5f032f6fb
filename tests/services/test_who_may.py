"""What nobody may behind the lock, and an assistant never, is refused by the services themselves."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import NotPermittedError
from core.image import ReadingUnit
from core.patient import Patient
from services.analyze import Analysis
from services.drafts import Draft
from services.sign import Person
from services.staff import NewPerson
from services.workplace import Workplace
from tests.opening import PASSWORD
from tests.services.conftest import TYPED

ACTS: dict[str, Callable[[Workplace, ReadingUnit], object]] = {
    "list the studies": lambda workplace, _: workplace.records.listed(),
    "list the patients": lambda workplace, _: workplace.records.patients(),
    "list patients without studies": lambda workplace, _: workplace.records.patients_without_studies(),
    "see a patient": lambda workplace, _: workplace.records.patient(1),
    "see a patient's studies": lambda workplace, _: workplace.records.studies_of(1),
    "enter a patient": lambda workplace, _: workplace.records.enter_patient(TYPED),
    "find who somebody is": lambda workplace, _: workplace.records.joined(TYPED),
    "keep the sheet": lambda workplace, _: workplace.staff.confirm_sheet(),
    "say who it is": lambda workplace, unit: workplace.records.identify(unit, TYPED, ("name", "id")),
    "see the drafts": lambda workplace, _: workplace.drafts.all(),
    "keep a draft": lambda workplace, _: workplace.drafts.keep(Draft(key="a", path="a", typed=TYPED)),
    "see a signed report": lambda workplace, _: workplace.signing.find_signed_by_key("a"),
    "see what is due": lambda workplace, _: workplace.retention.due(),
    "move a study": lambda workplace, _: workplace.corrections.move(1, TYPED),
    "merge": lambda workplace, _: workplace.corrections.merge(1, 2),
    "keep apart": lambda workplace, _: workplace.corrections.keep_apart(1, 2),
    "plan a deletion": lambda workplace, _: workplace.deletion.plan(1),
    "read the trail": lambda workplace, _: workplace.trail.lines(),
    "export the trail": lambda workplace, _: workplace.export_trail(Path("trail.jsonl")),
    "give out a paper": lambda workplace, _: workplace.papers.issue_paper(1, "print", "A4"),
    "give out an unsigned paper": lambda workplace, _: workplace.papers.note_unsigned(
        "a", "print", Patient(), "A4"
    ),
    "make a person leave": lambda workplace, _: workplace.staff.leave(1),
    "make a sheet": lambda workplace, _: workplace.staff.new_sheet(),
    "set for the site": lambda workplace, _: workplace.set_for_site("site.name", "x"),
    "say that the clock is right": lambda workplace, _: workplace.accept_clock(),
}


NOT_FOR_ASSISTANTS = (
    "move a study",
    "merge",
    "keep apart",
    "plan a deletion",
    "read the trail",
    "export the trail",
    "give out a paper",
    "give out an unsigned paper",
    "make a person leave",
    "make a sheet",
    "set for the site",
)


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_nothing_is_shown_or_done_behind_the_lock(
    workplace: Workplace, unit: ReadingUnit, act: Callable[[Workplace, ReadingUnit], object]
) -> None:
    workplace.lock()
    before = workplace.trail.count()
    with pytest.raises(NotPermittedError):
        act(workplace, unit)
    assert workplace.trail.count() == before


def test_nothing_is_signed_behind_the_lock(
    workplace: Workplace, unit: ReadingUnit, analysis: Analysis, draft: Draft, amina: Person
) -> None:
    workplace.lock()
    with pytest.raises(NotPermittedError):
        workplace.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    assert workplace.signing.find_signed(unit) is None


@pytest.fixture
def assisted(workplace: Workplace, amina: Person) -> Workplace:
    """A workplace with an assistant at it, while a clinician's PIN is known to them."""
    wanjiru = workplace.staff.add(NewPerson(name="J. Wanjiru", duty="assistant"), PASSWORD)
    workplace.switch(wanjiru.holder_id, PASSWORD)
    return workplace


@pytest.mark.parametrize("act", NOT_FOR_ASSISTANTS)
def test_an_assistant_is_refused_what_is_not_theirs(assisted: Workplace, unit: ReadingUnit, act: str) -> None:
    before = assisted.trail.count()
    with pytest.raises(NotPermittedError):
        ACTS[act](assisted, unit)
    assert assisted.trail.count() == before


def test_an_assistant_neither_reads_nor_signs_also_with_a_clinicians_pin(
    assisted: Workplace, unit: ReadingUnit, analysis: Analysis, draft: Draft, amina: Person
) -> None:
    with pytest.raises(NotPermittedError):
        assisted.drafts.keep(draft)
    with pytest.raises(NotPermittedError):
        assisted.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    with pytest.raises(NotPermittedError):
        assisted.signing.add_addendum(1, "Seen again.", person_id=amina.person_id, pin="2468")
    assert assisted.signing.find_signed(unit) is None
