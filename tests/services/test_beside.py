"""A score beside a finding asks nothing: no answer, no place in a list, no prevalence; result.json has it."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from core.decision import Decision
from core.image import ReadingUnit
from core.result import Finding, Position, Result
from inference.packs import load_pack
from services.analyze import Analysis
from services.batch_overview import write_overview
from services.batch_tally import Tally
from services.before_signing import missing_for_signing, reading_beside
from services.drafts import Draft
from services.facts import facts_of
from services.output import LINES, TABLE
from services.prevalence import Prevalence, at_site
from services.result_json import WrittenFiles, result_to_dict
from services.signed_result import signed_answers
from services.standing import standing_of_record, standing_of_result
from services.words import beside_sentences, pack_sentence
from tests.services.conftest import START, MovedClock
from tests.services.test_prevalence import PACK, RESULT

SCHEMA = Path(__file__).parents[2] / "docs/result.schema.json"
BREAST = Path(__file__).parents[2] / "models/breast-ultrasound"
MAIN = replace(PACK.findings[0], position="below", probability=0.2, interval=(0.1, 0.3))


def other(position: Position = "undecided") -> Finding:
    return replace(
        MAIN, code="other", label="Other lesions", position=position, probability=0.31, interval=(0.22, 0.4),
        beside="pneumonia",
    )  # fmt: skip


def with_it(position: Position = "undecided") -> Result:
    return replace(RESULT, results=(replace(PACK, findings=(MAIN,), beside=(other(position),)),))


@pytest.mark.parametrize("position", ["above", "undecided", "below"])
def test_an_image_stands_nowhere_because_of_it(position: Position) -> None:
    result = with_it(position)
    assert standing_of_result(result) == "below"
    assert standing_of_record(result_to_dict(result, folder="a", files=WrittenFiles())) == "below"


def test_an_overview_counts_and_names_the_finding_alone() -> None:
    tally = Tally()
    tally.add(result_to_dict(with_it(), folder="a", files=WrittenFiles()))
    (counted,) = tally.overview(MovedClock()).tallies
    assert (counted.label, counted.undecided, counted.below) == ("Pneumonia", 0, 1)


def test_only_the_finding_is_to_be_answered(unit: ReadingUnit, analysis: Analysis, draft: Draft) -> None:
    results = analysis.result.results
    (main,) = (finding for pack in results for finding in pack.findings)
    own = replace(other("above"), beside=main.code)
    grown = tuple(replace(pack, beside=(own,) if pack.findings else ()) for pack in results)
    beside = replace(analysis, result=replace(analysis.result, results=grown))
    assert missing_for_signing(unit, beside, draft) == missing_for_signing(unit, analysis, draft)
    pack = next(pack for pack in grown if pack.beside)
    about = f"{pack.stamp.sha256} above"
    earlier = Decision(pack_id=pack.stamp.pack_id, finding="other", answer="agree", at=START, about=about)
    read = replace(draft.reading, decisions=(*draft.reading.decisions, earlier))
    assert earlier not in reading_beside(beside, read).decisions, "an answer to it stands beside nothing"


def test_no_prevalence_re_weights_it() -> None:
    shares = (Prevalence(finding="pneumonia", share=0.1), Prevalence(finding="other", share=0.1))
    (pack,) = at_site(with_it(), shares).results
    assert pack.findings[0].site is not None
    assert pack.beside[0].site is None


def test_it_is_one_line_beside_its_finding_and_no_sentence_of_its_own() -> None:
    (pack,) = with_it().results
    assert beside_sentences(pack, MAIN) == ("This image's score for other lesions: 31 (22 to 40).",)
    assert beside_sentences(pack, replace(MAIN, code="another")) == ()
    assert pack_sentence(pack) == pack_sentence(replace(pack, beside=()))


def test_result_json_keeps_its_numbers_and_says_beside_what() -> None:
    record = result_to_dict(with_it(), folder="a", files=WrittenFiles())
    (entry,) = record["results"]
    assert [(one["code"], one["beside"]) for one in entry["findings"]] == [
        ("pneumonia", None),
        ("other", "pneumonia"),
    ]
    kept = entry["findings"][1]
    assert (kept["probability"], kept["interval"], kept["threshold"]) == (0.31, [0.22, 0.4], MAIN.threshold)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    part = {**schema["$defs"]["finding"], "$defs": schema["$defs"]}
    jsonschema.validate(kept, part)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({name: said for name, said in kept.items() if name != "beside"}, part)


def test_the_table_of_a_batch_has_a_row_for_it_that_says_beside_what(tmp_path: Path) -> None:
    record = result_to_dict(with_it(), folder="a", files=WrittenFiles())
    (tmp_path / LINES).write_text(json.dumps(record) + "\n", encoding="utf-8")
    write_overview(tmp_path, MovedClock(), with_pdf=False)
    with (tmp_path / TABLE).open(encoding="utf-8-sig", newline="") as stream:
        rows = [(row["finding"], row["beside"], row["counts_as"]) for row in csv.DictReader(stream)]
    assert rows == [("pneumonia", "", "below"), ("other", "pneumonia", "below")]


def test_what_was_signed_are_the_findings_of_their_own() -> None:
    record = json.dumps(result_to_dict(with_it(), folder="a", files=WrittenFiles()))
    assert [one.code for one in signed_answers(record)] == ["pneumonia"]


def test_how_common_it_is_nobody_is_asked_of_breast_ultrasound() -> None:
    facts = facts_of(load_pack(BREAST))
    assert facts.scored == (("malignant", "Malignant lesion"),)
    assert "benign" in facts.operating_points
