"""Which models are offered a form: beside an image those it was measured for, without one all."""

from collections.abc import Sequence

from core.form import FormField
from core.model_facts import ModelFacts
from core.patient import Patient, Sourced
from core.result import Measurement, ModelStamp, PackResult, Refusal
from services.patient_form import count_missing, forms_for

AGE = Patient(age_years=Sourced(value=70.0, source="header"))


def _number(code: str, *, measurement: str = "", required: bool = True) -> FormField:
    return FormField(
        code=code, title=code, kind="number", maximum=999.0, measurement=measurement, required=required
    )


def _model(pack_id: str, *fields: FormField) -> ModelFacts:
    return ModelFacts(
        pack_id=pack_id, version="1.0.0", title=pack_id, pack_class="demonstration", fields=fields
    )


HEART = _model(
    "heart",
    _number("age_years"),
    _number("ef", measurement="lv_ef"),
    _number("sodium"),
    _number("creatinine"),
)
PHENOTYPE = _model("phenotype", _number("ef", measurement="lv_ef"), _number("mass", measurement="lv_mass"))
BREAST = _model("breast", _number("age_years"), _number("nodes"))
ALL = (HEART, PHENOTYPE, BREAST)


def _result(pack_id: str, status: str = "ok", measured: Sequence[str] = ()) -> PackResult:
    refusal = Refusal(gate="inputs", reason="missing", advice="type it") if status == "refused" else None
    return PackResult(
        stamp=ModelStamp(pack_id=pack_id, version="1.0.0", sha256="0" * 64, pack_class="research"),
        title=pack_id,
        status=status,  # type: ignore[arg-type]
        seconds=0.0,
        refusal=refusal,
        measurements=tuple(Measurement(code=code, label=code, value=31.0, unit="%") for code in measured),
    )


def _offered(patient: Patient, *results: PackResult, typed_alone: bool = False) -> list[str]:
    return [one.pack_id for one in forms_for(ALL, patient, results, typed_alone=typed_alone)]


def _typed(**values: float) -> Patient:
    further: dict[str, Sourced[float | str | bool]] = {
        code: Sourced(value=value, source="typed") for code, value in values.items()
    }
    return Patient(age_years=AGE.age_years, further=further)


def test_beside_an_image_on_which_nothing_was_measured_no_model_is_offered() -> None:
    assert _offered(AGE, _result("chest")) == []
    assert _offered(AGE, _result("smear", measured=("parasitaemia",))) == []


def test_a_model_that_builds_on_a_measurement_of_this_image_is_offered() -> None:
    assert _offered(AGE, _result("cine", measured=("lv_ef", "lv_mass"))) == ["heart"]


def test_a_measurement_of_a_pack_that_did_not_answer_counts_for_nothing() -> None:
    assert _offered(AGE, _result("cine", "refused", measured=("lv_ef",))) == []


def test_a_model_whose_values_are_all_measured_is_offered_where_one_is_missing_or_was_typed() -> None:
    partly = _result("cine", measured=("lv_ef",))
    assert _offered(AGE, partly) == ["phenotype", "heart"], "the one that needs the fewest values comes first"
    whole = _result("cine", measured=("lv_ef", "lv_mass"))
    assert "phenotype" in _offered(_typed(mass=140.0), whole)


def test_a_model_that_refused_for_missing_values_here_is_offered() -> None:
    assert _offered(_typed(nodes=2.0), _result("breast", "refused")) == ["breast"]


def test_a_model_that_is_not_for_this_image_is_not_offered() -> None:
    assert _offered(AGE, _result("breast", "not_applicable")) == []


def test_without_an_image_every_model_is_offered_the_least_missing_first() -> None:
    assert _offered(AGE, typed_alone=True) == ["breast", "phenotype", "heart"]
    assert _offered(Patient(), typed_alone=True) == ["phenotype", "breast", "heart"]


def test_what_may_be_left_out_is_not_missing() -> None:
    optional = _model("optional", _number("smoking", required=False), _number("nodes"))
    assert count_missing(optional, AGE, ()) == 1
    assert count_missing(optional, _typed(nodes=1.0), ()) == 0
