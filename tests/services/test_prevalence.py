"""What a score means at the clinic: Bayes' rule in natural frequencies, bound to the model's version."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotPermittedError, PrevalenceError
from core.image import ReadingUnit
from core.model_facts import ModelFacts
from core.patient import Patient
from core.result import Finding, ModelStamp, PackResult, Position, Result, SiteProbability, Source
from services.analyze import Analyzer
from services.prevalence import Prevalence, at_site, reweighted
from services.result_json import WrittenFiles, result_to_dict
from services.staff import NewPerson
from services.words import site_sentence
from services.workplace import Workplace
from tests.opening import PASSWORD
from tests.services.conftest import CHEST_WITHOUT_GATES, TYPED
from tests.services.test_words import FINDING as SCORED
from tests.services.test_words import FORBIDDEN

FINDING = replace(SCORED, probability=0.8, interval=(0.6, 0.9), calibrated_at_prevalence=0.5)
PACK = PackResult(
    stamp=ModelStamp(pack_id="chest", version="1.0.0", sha256="ab", pack_class="research"),
    title="Chest",
    status="ok",
    seconds=0.0,
    findings=(FINDING,),
)
RESULT = Result(
    source=Source(path="a", files=1, sha256=None, modality="DX", study_uid=None, series_uids=(), frames=1),
    patient=Patient(),
    results=(PACK,),
    errors=(),
    seconds=0.0,
)
FACTS = ModelFacts(
    pack_id="chest",
    version="1.0.0",
    title="Chest",
    pack_class="research",
    scored=(("pneumonia", "Pneumonia"),),
)
shares = st.floats(0.001, 0.999)


def test_bayes_rule_by_hand() -> None:
    # 0.8 at 50 of 100: odds of 4. At 10 of 100 the odds are a ninth of that.
    assert reweighted(0.8, made_at=0.5, here=0.1) == pytest.approx((4 / 9) / (1 + 4 / 9))


def test_bayes_rule_agrees_with_counting_patients() -> None:
    """Of 10,000 patients at each prevalence, so many are ill among those whom a test picks out."""
    sensitivity, specificity = 0.9, 0.8

    def ill_among_alarms(prevalence: float) -> float:
        ill, well = 10_000 * prevalence * sensitivity, 10_000 * (1 - prevalence) * (1 - specificity)
        return ill / (ill + well)

    assert reweighted(ill_among_alarms(0.625), made_at=0.625, here=0.04) == pytest.approx(
        ill_among_alarms(0.04)
    )


@given(st.floats(0, 1), shares, shares)
def test_there_and_back_is_the_same_and_the_order_of_scores_stays(
    probability: float, made_at: float, here: float
) -> None:
    there = reweighted(probability, made_at=made_at, here=here)
    assert 0.0 <= there <= 1.0
    assert reweighted(there, made_at=here, here=made_at) == pytest.approx(probability, abs=1e-6)
    assert reweighted(min(1.0, probability + 0.01), made_at=made_at, here=here) >= there


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 12.0, float("nan")])
def test_what_is_no_share_of_patients_is_refused(share: float) -> None:
    with pytest.raises(PrevalenceError):
        Prevalence(finding="pneumonia", share=share)


def at(share: float, finding: Finding = FINDING, *, pack_id: str = "", version: str = "") -> Finding:
    result = replace(RESULT, results=(replace(PACK, findings=(finding,)),))
    (pack,) = at_site(
        result, (Prevalence(finding="pneumonia", share=share, pack_id=pack_id, version=version),)
    ).results
    return pack.findings[0]


def test_a_score_keeps_its_position_and_says_what_it_means_here() -> None:
    here = at(0.1)
    assert (here.probability, here.position, here.threshold) == (0.8, "above", 0.4)
    assert site_sentence(here) == (
        "Of 100 patients here with such a score, about 31 have pneumonia, between 14 and 50"
        " (if 10 of 100 examined here have it)."
    )
    assert not FORBIDDEN.search(site_sentence(here))


def sentence(probability: float, interval: tuple[float, float] | None, share: float) -> str:
    """Return what is said of a finding with this probability at the clinic."""
    site = SiteProbability(prevalence=share, probability=probability, interval=interval)
    return site_sentence(replace(FINDING, site=site))


@pytest.mark.parametrize(
    ("probability", "interval", "total", "said"),
    [
        (0.31, (0.142, 0.5), "100", "about 31 have pneumonia, between 14 and 50"),
        (0.12, (0.118, 0.122), "100", "about 12 have pneumonia, between 11 and 13"),
        (0.12, (0.12, 0.12), "100", "about 12 have pneumonia"),
        (0.833, (0.831, 0.97), "100", "about 83 have pneumonia, between 82 and 97"),
        (0.636, (0.632, 0.64), "100", "about 64 have pneumonia, between 63 and 65"),
        (0.011, (0.01, 0.4), "100", "about 1 has pneumonia, 40 at most"),
        (0.985, (0.91, 0.99), "100", "about 99 have pneumonia, 91 at least"),
        (0.01, None, "100", "about 1 has pneumonia"),
        (0.004, (0.001, 0.02), "1,000", "about 4 have pneumonia, between 1 and 20"),
        (0.0004, None, "10,000", "about 4 have pneumonia"),
        (0.00001, (0.0, 0.00002), "10,000", "fewer than 1 has pneumonia"),
        (0.00001, (0.0, 0.003), "10,000", "fewer than 1 has pneumonia, 30 at most"),
        (0.02, (0.001, 0.08), "100", "about 2 have pneumonia, 8 at most"),
        (0.97, (0.9, 0.999), "100", "about 97 have pneumonia, 90 at least"),
        (0.997, (0.9, 0.999), "1,000", "about 997 have pneumonia, between 900 and 999"),
        (0.99999, None, "10,000", "more than 9,999 have pneumonia"),
        (0.3, (0.001, 0.999), "100", "about 30 have pneumonia; this score alone does not narrow it down"),
    ],
)  # fmt: skip
def test_how_many_have_it_is_said_in_whole_patients_and_true(
    probability: float, interval: tuple[float, float] | None, total: str, said: str
) -> None:
    assert sentence(probability, interval, 0.1) == (
        f"Of {total} patients here with such a score, {said} (if 10 of 100 examined here have it)."
    )


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), shares)
def test_no_sentence_says_nobody_everybody_or_a_span_without_width(
    one: float, two: float, three: float, share: float
) -> None:
    low, probability, high = sorted((one, two, three))
    said = sentence(probability, (low, high), share)
    assert not re.search(r"about (0|fewer|more|100|1,000|10,000) |about \S+ of \S+ patients", said)
    assert "between fewer" not in said
    assert not re.search(r"between (\S+) and \1 ", said)
    assert not FORBIDDEN.search(said)
    total = int(said.split()[1].replace(",", ""))
    if span := re.search(r"between (\S+) and (\S+) ", said):
        lowest, highest = (int(bound.replace(",", "")) for bound in span.groups())
        assert lowest < int(re.search(r"about (\S+) ha", said)[1].replace(",", "")) < highest  # type: ignore[index]
        assert lowest - 1e-6 <= total * low
        assert highest + 1e-6 >= total * high


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.1, "(if 10 of 100 examined"),
        (0.004, "(if 4 of 1,000 examined"),
        (0.0012, "(if 12 of 10,000 examined"),
        (0.00125, "(if about 13 of 10,000 examined"),
        (1 / 3, "(if about 33 of 100 examined"),
        (0.0001, "(if 1 of 10,000 examined"),
        (0.99995 - 5e-5, "(if 9,999 of 10,000 examined"),
        (0.99666, "(if about 9,967 of 10,000 examined"),
    ],
)
def test_a_share_that_is_not_whole_patients_is_said_to_be_about(share: float, said: str) -> None:
    assert said in sentence(0.5, None, share)


@pytest.mark.parametrize("position", ["above", "below", "undecided"])
def test_an_undecided_score_stays_unanswered(position: Position) -> None:
    said = site_sentence(at(0.1, replace(FINDING, position=position)))
    assert bool(said) == (position != "undecided")


def test_a_score_that_was_never_calibrated_means_nothing_here() -> None:
    assert at(0.1, replace(FINDING, calibrated_at_prevalence=None)).site is None


@pytest.mark.parametrize(
    ("bound", "counts"),
    [
        (("chest", "1.0.0"), True),
        (("chest", "1.1.0"), False),
        (("other", "1.0.0"), False),
        (("", ""), True),
    ],
)
def test_a_prevalence_counts_for_the_version_it_was_entered_for(bound: tuple[str, str], counts: bool) -> None:
    assert (at(0.1, pack_id=bound[0], version=bound[1]).site is not None) == counts


def test_the_record_carries_both(analyzer: Analyzer, unit: ReadingUnit) -> None:
    options = replace(CHEST_WITHOUT_GATES, prevalences=(Prevalence(finding="pneumonia", share=0.05),))
    result = Analyzer(options).analyze(unit, patient=TYPED).result
    plain = result_to_dict(result, folder="a", files=WrittenFiles())
    (finding,) = [one for entry in plain["results"] for one in entry["findings"]]
    assert finding["site"]["prevalence"] == 0.05
    assert finding["site"]["probability"] < finding["probability"]
    same = analyzer.analyze(unit, patient=TYPED).result
    without = result_to_dict(same, folder="a", files=WrittenFiles())
    (plain_finding,) = [one for entry in without["results"] for one in entry["findings"]]
    assert plain_finding["site"] is None
    assert plain_finding["probability"] == finding["probability"]


def test_an_administrator_enters_it_for_a_version_and_is_asked_again_for_the_next(
    workplace: Workplace,
) -> None:
    desk = workplace.prevalences
    (about,) = desk.asked((FACTS,))
    workplace.enter_prevalence(about, 0.12, " register 2026 ")
    entered = Prevalence(
        finding="pneumonia", share=0.12, pack_id="chest", version="1.0.0", source="register 2026"
    )
    assert desk.in_force() == (entered,)
    (kept,) = desk.asked((FACTS,))
    assert kept.kept is not None
    assert (kept.kept.source, kept.outdated) == ("register 2026", False)
    newer = replace(FACTS, version="1.1.0")
    assert [one.finding for one in desk.outdated((newer,))] == ["pneumonia"]
    workplace.enter_prevalence(desk.asked((newer,))[0], 0.1, "")
    assert desk.outdated((newer,)) == ()
    workplace.remove_prevalence(desk.asked((newer,))[0])
    assert desk.in_force() == ()
    told = [json.loads(line.detail) for line in workplace.trail.of(("settings",))]
    assert [(one["old"], one["new"]) for one in told] == [(0.1, ""), (0.12, 0.1), ("", 0.12)]


def test_only_an_administrator_enters_it(workplace: Workplace) -> None:
    (about,) = workplace.prevalences.asked((FACTS,))
    person = workplace.staff.add(
        NewPerson(name="J. Wanjiru", role="nurse", registration_number="7", pin="2580", duty="clinician"),
        PASSWORD,
    )
    workplace.switch(person.holder_id, PASSWORD)
    with pytest.raises(NotPermittedError):
        workplace.enter_prevalence(about, 0.12, "")
    assert workplace.prevalences.in_force() == ()


def test_the_models_that_are_loaded_use_it_at_once(workplace: Workplace, tmp_path: Path) -> None:
    analyzer = workplace.analyzer()
    (about,) = workplace.prevalences.asked((FACTS,))
    workplace.enter_prevalence(about, 0.12, "")
    assert [one.share for one in analyzer.options.prevalences] == [0.12]


def test_the_source_of_the_number_stands_beside_what_the_score_means() -> None:
    result = replace(RESULT, results=(replace(PACK, findings=(FINDING,)),))
    given = Prevalence(finding="pneumonia", share=0.1, source="register 2026, 214 patients.")
    (pack,) = at_site(result, (given,)).results
    assert site_sentence(pack.findings[0]).endswith("How common it is here: register 2026, 214 patients.")
    assert "How common it is here" not in site_sentence(at(0.1))
