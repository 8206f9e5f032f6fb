"""Page 1, the part for people: who, what was asked, what the clinician says, who signs."""

from collections.abc import Mapping
from dataclasses import replace

from core.decision import ClinicalSigns, Decision, FinalRead, FirstRead, Reading, Signature
from core.form import PREGNANCY, FormField
from core.image import StudyHeader
from core.model_facts import ModelFacts
from core.patient import Contradiction, Patient, Sex, Sourced
from core.result import Result
from core.wording import has_sentence, say
from reports.records import Choice, Field, Section, SignatureBlock
from reports.text import (
    clean,
    clean_line,
    in_sentence,
    isolate,
    joined,
    number,
    person_name,
    short_day,
    short_moment,
    short_time,
)

_CHEST = {"CHEST", "THORAX", "LUNG"}
_RADIOGRAPHY = {"CR", "DX", "RG", "XR"}
_RULED_LINES_CONCLUSION = 3
_RULED_LINES_OTHER = 2


def title(header: StudyHeader) -> str:
    """Return the report's title as far as the header says what was examined."""
    chest = (header.body_part or "").upper() in _CHEST and (header.modality or "").upper() in _RADIOGRAPHY
    return say("reports.title.chest" if chest else "reports.title.other")


def patient_fields(patient: Patient, reading: Reading, header: StudyHeader) -> tuple[Field, ...]:
    """Return the patient block; the first four are name, ID, sex and age, examination."""
    missing = say("reports.patient.missing")
    name = person_name(patient.name.value) if patient.name else ""
    identity = clean_line(patient.id.value) if patient.id else ""
    not_recorded = say("reports.examination.none")
    return (
        Field(
            label=say("reports.patient.name"),
            value=name or missing,
            source=_sources(patient.name if name else None),
            warning=_contradictions(patient, "name"),
        ),
        Field(
            label=say("reports.patient.id"),
            value=identity or missing,
            source=_sources(patient.id if identity else None),
            warning=_contradictions(patient, "id"),
        ),
        Field(
            label=say("reports.patient.sex_age"),
            value=_sex_and_age(patient),
            source=_sources(patient.sex, patient.age_years, _born(patient)),
            warning=_contradictions(patient),
        ),
        Field(label=say("reports.examination.label"), value=examination(header)),
        Field(label=say("reports.examination.indication"), value=clean(reading.indication) or not_recorded),
        Field(label=say("reports.examination.signs"), value=_signs(reading.signs) or not_recorded),
    )


def without_examination(
    fields: tuple[Field, ...], patient: Patient, facts: Mapping[str, ModelFacts]
) -> tuple[Field, ...]:
    """Return the patient block where no image was given: what was examined are the values, which follow."""
    label, signs = say("reports.examination.label"), say("reports.examination.signs")
    kept = tuple(
        replace(field, value=say("reports.examination.values")) if field.label == label else field
        for field in fields
        if field.label != signs or field.value != say("reports.examination.none")
    )
    values = _values(patient, facts)
    if not values:
        return kept
    sources = _sources(*patient.further.values())
    return (*kept, Field(label=say("reports.examination.given"), value=values, source=sources))


def _values(patient: Patient, facts: Mapping[str, ModelFacts]) -> str:
    """Return the values that were given, as the models that ask for them call them and in their order."""

    def given_of(model: ModelFacts) -> int:
        return sum(one.code in patient.further for one in model.fields)

    models = sorted(facts.values(), key=given_of, reverse=True)
    asked = {one.code: one for model in models for one in model.fields}
    return joined(
        *(
            _value(asked.get(code), code, given.value)
            for code, given in sorted(patient.further.items(), key=lambda one: (*asked, one[0]).index(one[0]))
        )
    )


def _value(field: FormField | None, code: str, value: float | str | bool) -> str:
    if isinstance(value, float) and (field is None or field.kind == "number"):
        said = f"{value:.4g}" + (f"\u00a0{field.unit}" if field and field.unit else "")
        if field and not field.minimum <= value <= field.maximum:
            low, high = f"{field.minimum:g}", f"{field.maximum:g}"
            said = say("reports.patient.cannot_be", value=said, low=low, high=high)
    else:
        written = value if isinstance(value, str) else ("yes" if value else "no")
        said = field.title_of(written) if field else written
    return f"{clean_line(field.title if field else code)} {clean_line(said)}"


def examination(header: StudyHeader) -> str:
    """Return what was examined, the view and when, for example ``Chest X-ray AP, 14 Mar 2026 10:12``."""
    modality = (header.modality or "").upper()
    key = f"reports.examination.modality_{modality}"
    body_part = clean_line(header.body_part or "").capitalize()
    kind = say(key) if modality and has_sentence(key) else clean_line(modality)
    if body_part and kind and kind[1:2].islower():
        kind = kind[0].lower() + kind[1:]
    view = clean_line(header.view or "")
    what = " ".join(part for part in (body_part, kind, view) if part) or say("reports.examination.unknown")
    when = "\u00a0".join(part for part in (short_day(header.date), short_time(header.time)) if part)
    return f"{what}, {when if header.date else say('reports.examination.no_date')}"


def sections(reading: Reading, result: Result, *, signed: bool) -> tuple[Section, ...]:
    """Return reading, conclusion, advice and referral; unsigned, the conclusion is left to be written.

    What the signer answered, and wrote beside a finding, stands here too, after their words.
    """
    words = clean(reading.words)
    if signed:
        words = "\n".join(part for part in (words, _answers(reading, result)) if part)
    return (
        _section("reading", words, signed=signed),
        _section("conclusion", reading.conclusion if signed else "", signed=signed, strong=True),
        _section("advice", reading.advice, signed=signed),
        _referral(clean(reading.referral), signed=signed),
    )


def _answers(reading: Reading, result: Result) -> str:
    """Return first impression, last answer to each finding with its note, and final read, as sentences."""
    sentences = _impression("said_first", reading.first_read)
    last = {(decision.pack_id, decision.finding): decision for decision in reading.decisions}
    for pack in result.results:
        for finding in () if pack.stamp.pack_class == "demonstration" else pack.findings:
            decision = last.get((pack.stamp.pack_id, finding.code))
            if decision is not None:
                position = say(f"reports.say.said_position_{finding.position}")
                sentences += _answer(decision, in_sentence(clean_line(finding.label)), position)
    sentences += _impression("said_final", reading.final_read)
    return " ".join(sentences)


def _impression(name: str, read: FirstRead | FinalRead | None) -> list[str]:
    if read is None:
        return []
    return [say(f"reports.say.{name}", impression=say(f"reports.say.impression_{read.impression}"))]


def _answer(decision: Decision, label: str, position: str) -> list[str]:
    words = clean_line(decision.words).rstrip(".")
    said = say(f"reports.say.said_{decision.answer}", finding=label, words=words, position=position)
    sentences = [said]
    note = clean_line(decision.note).rstrip(".")
    if note:
        sentences.append(say("reports.say.said_note", finding=label, words=note))
    return sentences


def signature_block(signature: Signature | None) -> SignatureBlock:
    """Return the signature lines; empty ones to write on when nobody has signed."""
    name, below = say("reports.signature.unsigned_name"), ""
    if signature:
        number_ = clean_line(signature.registration_number)
        registration = say("reports.signature.registration", number=number_) if number_ else ""
        name = ", ".join(
            isolate(part)
            for part in (clean_line(signature.name), clean_line(signature.role), registration)
            if part
        )
        below = say("reports.signature.signed_at", time=short_moment(signature.at))
        if signature.clock_doubted:
            below = f"{below}; {say('reports.signature.clock_doubted')}"
    return SignatureBlock(
        name=name,
        below=below,
        signature_label=say("reports.signature.signature"),
        stamp_label=say("reports.signature.stamp"),
    )


def age(years: float) -> str:
    """Return an age in words; in months below two years."""
    if years < 2:
        months = int(years * 12 + 1e-6)
        return say("reports.patient.month") if months == 1 else say("reports.patient.months", count=months)
    return say("reports.patient.years", count=int(years + 1e-6))


def _section(name: str, words: str, *, signed: bool, strong: bool = False) -> Section:
    text = clean(words)
    ruled = _RULED_LINES_CONCLUSION if strong else _RULED_LINES_OTHER
    if not text and signed:
        text, strong = say("reports.section.not_given"), False
    return Section(title=say(f"reports.section.{name}"), text=text, strong=strong, ruled=0 if text else ruled)


def _referral(text: str, *, signed: bool) -> Section:
    heading = say("reports.section.referral")
    if text:
        return Section(title=heading, choices=(Choice(label=text, ticked=True),))
    if signed:
        return Section(title=heading, text=say("reports.section.not_given"))
    return Section(
        title=heading,
        choices=(
            Choice(label=say("reports.section.referral_none")),
            Choice(label=say("reports.section.referral_today")),
            Choice(label=say("reports.section.referral_to"), line=True),
        ),
    )


def _sex_and_age(patient: Patient) -> str:
    parts = [say(f"reports.patient.sex_{patient.sex.value if patient.sex else 'missing'}")]
    if patient.age_years:
        parts.append(age(patient.age_years.value))
    elif not patient.birth_date:
        parts.append(say("reports.patient.age_missing"))
    born = _born(patient)
    if born:
        parts.append(say("reports.patient.born", date=short_day(born.value)))
    if patient.height_cm:
        parts.append(say("reports.patient.height", value=number(patient.height_cm.value)))
    if patient.weight_kg:
        parts.append(say("reports.patient.weight", value=number(patient.weight_kg.value)))
    return joined(*parts)


def _born(patient: Patient) -> Sourced[str] | None:
    """Return the birth date; None where its source gives an age that is not the one used beside it."""
    born = patient.birth_date
    contradicted = any(
        item.field == "age_years" and born and item.other_source == born.source != item.used_source
        for item in patient.contradictions
    )
    return None if contradicted else born


def _sources(
    *values: Sourced[str] | Sourced[float] | Sourced[Sex] | Sourced[float | str | bool] | None,
) -> str:
    names = dict.fromkeys(say(f"reports.source.{value.source}") for value in values if value)
    return ", ".join(names)


def _contradictions(patient: Patient, name: str = "") -> str:
    """Return what contradicts one field, or without a name every field that has no place of its own."""
    return "; ".join(
        _contradiction(item)
        for item in patient.contradictions
        if (item.field == name if name else item.field not in {"name", "id"})
    )


def contradiction_words(item: Contradiction) -> str:
    """Return in one sentence what two sources say of one field, and which of them is used."""
    if item.other_field:
        return _pregnancy_words(item)
    return say(
        "reports.patient.contradiction_used",
        field=_capital(_field_name(item.field)),
        used=_printed(item.field, clean_line(item.used)),
        used_source=say(f"reports.source.{item.used_source}"),
        source=say(f"reports.source.{item.other_source}_other"),
        other=_printed(item.field, clean_line(item.other)),
    )


def _pregnancy_words(item: Contradiction) -> str:
    """Return that a pregnancy is to be checked, where sex or age speak against it."""
    return say(
        "reports.patient.pregnancy_check",
        source=say(f"reports.source.{item.used_source}"),
        other=in_sentence(_printed(item.other_field, item.other)),
        other_source=say(f"reports.source.{item.other_source}"),
    )


def _contradiction(item: Contradiction) -> str:
    """Return what contradicts the value in the patient block, with that value where the block lacks it."""
    if item.field == PREGNANCY:
        return contradiction_words(item)
    return say(
        "reports.patient.contradiction",
        source=_capital(say(f"reports.source.{item.other_source}_other")),
        field=_field_name(item.field),
        other=isolate(_printed(item.field, clean_line(item.other))),
    )


def _field_name(field: str) -> str:
    known = f"reports.patient.field_{field}"
    return say(known) if has_sentence(known) else clean_line(field.replace("_", " "))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _printed(field: str, value: str) -> str:
    """Return one of two values that contradict one another as the patient block would print it."""
    if field == "sex" and has_sentence(f"reports.patient.sex_{value}"):
        return say(f"reports.patient.sex_{value}")
    if field in {"birth_date", "name"}:
        return short_day(value) if field == "birth_date" else person_name(value)
    unit = {"height_cm": "height", "weight_kg": "weight"}.get(field)
    try:
        if field == "age_years":
            return age(float(value))
        return say(f"reports.patient.{unit}", value=number(float(value))) if unit else value
    except ValueError:
        return value


def _signs(signs: ClinicalSigns) -> str:
    """Return the signs; where some were recorded, the others are said to be missing."""
    rate, saturation = signs.respiratory_rate_per_min, signs.oxygen_saturation_percent
    danger = clean_line(signs.danger_signs or "")
    if rate is None and saturation is None and not danger:
        return ""
    return joined(
        _sign("respiratory_rate", rate),
        _sign("saturation", saturation),
        _sign("danger_signs", danger or None),
    )


def _sign(name: str, value: int | str | None) -> str:
    if value is None:
        return say(f"reports.examination.no_{name}")
    return say(f"reports.examination.{name}", value=value)
