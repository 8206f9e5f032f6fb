"""What the records keep of a patient and a study, beside what lists and comparisons need."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass, field, replace
from typing import Any

from core.image import ReadingUnit, StudyHeader, UnitKind
from core.patient import Patient, Sourced
from core.wording import say
from services.patient import id_key, name_key
from services.record_json import from_plain, to_plain
from store.records import PatientFacts, StudyRow

IDENTIFIERS = ("name", "id", "birth_date")
_NEEDED_IDENTIFIERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFacts:
    """What is needed to list a study without its image; ``said`` is what the image says of the patient."""

    kind: UnitKind = "raster"
    frames: int = 1
    header: StudyHeader = field(default_factory=StudyHeader)
    said: Patient = field(default_factory=Patient)


def facts_of_unit(unit: ReadingUnit) -> StudyFacts:
    """Return what is kept of a unit."""
    return StudyFacts(kind=unit.kind, frames=unit.frames, header=unit.header, said=unit.patient)


def study_facts(row: StudyRow) -> StudyFacts:
    """Return what was kept of a study; nothing where it cannot be read (a newer Farlight wrote it)."""
    try:
        return from_plain(StudyFacts, json.loads(row.facts))
    except ValueError:
        return StudyFacts()


def study_row(facts: StudyFacts, *, key: str, path: str, patient_id: int, at: str) -> StudyRow:
    """Return a study as the store enters it."""
    header = facts.header
    told = (header.description, header.series_description, header.body_part, header.view)
    return StudyRow(
        study_id=0,
        unit_key=key,
        patient_id=patient_id,
        path=path,
        facts=json.dumps(to_plain(facts)),
        study_date=(header.date or "")[:10],
        modality=header.modality or "",
        description=" · ".join(dict.fromkeys(one.strip() for one in told if one and one.strip())),
        first_opened_at=at,
        last_opened_at=at,
    )


def patient_facts(patient: Patient, *, also: str = "") -> PatientFacts:
    """Return a patient as the store enters them; ``also`` are further words that find them."""
    name, number, born = (_text(getattr(patient, one)) for one in IDENTIFIERS)
    shown = " ".join(name.replace("^", " ").split())
    words = fold(f"{shown} {number} {born} {also}").split()
    return PatientFacts(
        known=json.dumps(to_plain(replace(patient, contradictions=()))),
        name=shown,
        number=number,
        birth_date=born,
        sex=patient.sex.value if patient.sex else "",
        id_key=id_key(number),
        name_key=name_key(name),
        search=" ".join(dict.fromkeys(words)),
    )


def patient_of(row: PatientFacts) -> Patient:
    """Return the patient of a row; at least what is listed of them, where the rest cannot be read."""
    try:
        return from_plain(Patient, json.loads(row.known))
    except ValueError:
        listed = {"name": row.name, "id": row.number, "birth_date": row.birth_date}
        values: dict[str, Any] = {
            key: Sourced(value=value, source="file") for key, value in listed.items() if value
        }
        return Patient(**values)


def is_known(patient: Patient) -> bool:
    """Whether enough is known of a patient to keep a record: two of name, number and birth date."""
    return sum(bool(_text(getattr(patient, one)).strip("^ ")) for one in IDENTIFIERS) >= _NEEDED_IDENTIFIERS


def who(patient: Patient | PatientFacts) -> str:
    """Return a patient in words that tell two apart: name, number, birth date."""
    facts = patient if isinstance(patient, PatientFacts) else patient_facts(patient)
    parts = [facts.name or say("records.who.nameless")]
    parts += [say("records.who.id", id=facts.number)] if facts.number else []
    parts += [say("records.who.born", date=facts.birth_date)] if facts.birth_date else []
    return ", ".join(parts)


def fold(text: str) -> str:
    """Return text as it is searched: small letters without accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def _text(value: Sourced[str] | None) -> str:
    return value.value.strip() if value is not None else ""
