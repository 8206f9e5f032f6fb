"""Behind the lock, and with nobody logged in, the services show no patient and change nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import NotPermittedError
from core.image import ReadingUnit
from core.patient import Patient
from services.analyze import Analysis
from services.drafts import Draft
from services.sign import Person
from services.workplace import Workplace
from tests.services.conftest import TYPED

ACTS: dict[str, Callable[[Workplace, ReadingUnit], object]] = {
    "list the studies": lambda workplace, _: workplace.records.listed(),
    "list the patients": lambda workplace, _: workplace.records.patients(),
    "list patients without studies": lambda workplace, _: workplace.records.patients_without_studies(),
    "see a patient": lambda workplace, _: workplace.records.patient(1),
    "see a patient's studies": lambda workplace, _: workplace.records.studies_of(1),
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
