"""A signed report that was changed with the key, its hashes made to fit, is found and not given out."""

import hashlib
import json
from pathlib import Path

import pytest

from core.errors import ChangedReportError
from core.image import ReadingUnit
from services.analyze import Analysis
from services.drafts import Draft
from services.sign import Person, SignedFile
from services.trail_words import state_sentences
from services.workplace import Workplace
from tests.opening import PASSWORD, open_workplace, raw_database
from tests.services.conftest import MovedClock


@pytest.fixture
def signed(
    workplace: Workplace, unit: ReadingUnit, analysis: Analysis, draft: Draft, amina: Person
) -> SignedFile:
    signed = workplace.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    workplace.signing.add_addendum(signed.report_id, "Seen again.", person_id=amina.person_id, pin="2468")
    return signed


def change(profile: Path, what: str) -> None:
    """Change a signed report as somebody who has the key and knows the program would."""
    connection = raw_database(profile)
    for name in ("signed_reports_stay", "signed_reports_remain", "addenda_stay", "addenda_remain"):
        connection.execute(f"DROP TRIGGER {name}")
    if what == "everything, hashes too":
        (row,) = connection.execute("SELECT * FROM signed_reports").fetchall()
        record = json.loads(row["record"])
        pdf = bytes(row["pdf"]) + b" "
        record["reading"]["conclusion"] = "altered"
        record["report_sha256"] = hashlib.sha256(pdf).hexdigest()
        connection.execute("UPDATE signed_reports SET record = ?, pdf = ?", (json.dumps(record), pdf))
    elif what == "patient":
        connection.execute("UPDATE signed_reports SET patient = '{}'")
    elif what == "result":
        connection.execute("UPDATE signed_reports SET result = json_set(result, '$.dir', 'x')")
    elif what == "addendum":
        connection.execute("UPDATE addenda SET payload = json_set(payload, '$.text', 'altered')")
    elif what == "addendum taken away":
        connection.execute("DELETE FROM addenda")
    connection.close()


@pytest.mark.parametrize("what", ["everything, hashes too", "patient", "result", "addendum"])
def test_a_changed_report_is_found_by_the_check_and_does_not_leave(
    tmp_path: Path, clock: MovedClock, workplace: Workplace, signed: SignedFile, what: str
) -> None:
    workplace.close()
    change(tmp_path / "profile", what)
    with open_workplace(tmp_path / "profile", clock=clock) as again:
        state = again.check_trail()
        assert [one.trouble for one in state.broken] == ["report_changed"]
        assert "is not what was signed" in " ".join(state_sentences(state))
        with pytest.raises(ChangedReportError):
            again.papers.issue_paper(signed.report_id, "print", "A4")


def test_an_addendum_that_was_taken_away_is_missed(
    tmp_path: Path, clock: MovedClock, workplace: Workplace, signed: SignedFile
) -> None:
    workplace.close()
    change(tmp_path / "profile", "addendum taken away")
    with open_workplace(tmp_path / "profile", clock=clock) as again:
        assert [one.trouble for one in again.check_trail().broken] == ["report_missing"]


def test_a_report_that_nobody_touched_is_whole_and_leaves(workplace: Workplace, signed: SignedFile) -> None:
    assert workplace.check_trail().is_whole
    assert workplace.papers.issue_paper(signed.report_id, "print", "A4")[1]


def test_a_report_that_was_deleted_with_its_patient_is_not_missed(
    workplace: Workplace, signed: SignedFile
) -> None:
    (study,) = workplace.records.listed()
    plan = workplace.deletion.plan(study.patient_id)
    workplace.deletion.delete(plan, password=PASSWORD, typed="A-17")
    assert workplace.check_trail().is_whole
