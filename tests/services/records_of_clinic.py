"""A clinic's records for tests of backups: signed reports, drafts and files like encrypted image copies."""

import hashlib
import json
import os
from pathlib import Path

from core.patient import Patient, Sourced
from services.record_json import to_plain
from services.workplace import Workplace
from store.records import PatientFacts, RecordStore, StudyRow
from store.signed import SignedStore

_AT = "2027-01-01T12:00:00+00:00"
PLANTED = "Wambui Kariuki"


def sign_reports(workplace: Workplace, numbers: range, size: int = 20_000) -> None:
    """Keep signed reports as the signing desk would, with random bytes for their pages."""
    store = SignedStore(workplace._database)
    for number in numbers:
        with workplace._database.transaction():
            report = store.keep(
                unit_key=f"unit-{number}",
                person_id=1,
                signed_at=f"2027-01-01T12:{number // 60 % 60:02d}:{number % 60:02d}+00:00",
                patient=json.dumps(to_plain(Patient(name=Sourced(value=PLANTED, source="typed")))),
                pixels_sha256=None,
                record="{}",
                result="{}",
                pdf=os.urandom(size),
                content=os.urandom(size),
            )
            workplace.trail.note("sign", f"report:{report}", words=PLANTED)


def put_images(workplace: Workplace, count: int = 3, size: int = 50_000) -> list[Path]:
    """Write files as the image store would, each with its row, as a unit of one file."""
    folder = workplace.folder / "images"
    folder.mkdir(exist_ok=True)
    files = [folder / f"{number:032x}" for number in range(count)]
    for file in files:
        file.write_bytes(os.urandom(size))
        with workplace._database.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO image_files (name, secret, byte_count, sha256, kept_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (file.name, b"secret", size, file.name, "2027-01-01"),
            )
            connection.execute(
                "INSERT OR IGNORE INTO image_units (unit_key, payload, whole, kept_at)"
                " VALUES (?, '{}', 1, '2027-01-01')",
                (file.name,),
            )
            connection.execute(
                "INSERT OR IGNORE INTO image_copies SELECT unit_id, 0, 'a', file_id"
                " FROM image_units, image_files WHERE unit_key = ? AND name = ?",
                (file.name, file.name),
            )
    return files


def reports(workplace: Workplace) -> dict[int, bytes]:
    """Return number and pages of every signed report."""
    with workplace._database.transaction() as connection:
        rows = connection.execute("SELECT report_id, pdf FROM signed_reports").fetchall()
    return {int(row["report_id"]): bytes(row["pdf"]) for row in rows}


def key_of(name: str, number: int) -> str:
    """Return a study's key, which names nobody."""
    return hashlib.sha256(f"{name} {number}".encode()).hexdigest()


def enter_patient(workplace: Workplace, name: str, studies: int = 2) -> int:
    """Enter a patient with studies, each signed, drafted and told of in the trail."""
    records = RecordStore(workplace._database)
    plain = name.casefold()
    facts = PatientFacts(
        known=json.dumps({"name": name}), name=name, number=f"N-{name[:3]}", birth_date="1961-02-03",
        id_key=f"n-{plain[:3]}", name_key=plain, search=plain,
    )  # fmt: skip
    with workplace._database.transaction():
        patient = records.add_patient(facts, _AT)
        workplace.trail.note("enter_patient", f"patient:{patient}", words=name)
        for number in range(studies):
            key = key_of(name, number)
            row = StudyRow(
                study_id=0, unit_key=key, patient_id=patient, path="", facts="{}", study_date="2027-01-01",
                modality="CR", description=f"Chest of {name}", first_opened_at=_AT,
                last_opened_at=_AT,
            )  # fmt: skip
            records.add_study(row)
            workplace.trail.note("open", f"unit:{key}", words=name)
            report = workplace.signing._signed.keep(
                unit_key=key, person_id=1, signed_at=_AT, patient=json.dumps({"name": {"value": name}}),
                pixels_sha256=None, record="{}", result=f"{{}} {name}", pdf=f"%PDF {name}".encode() * 500,
                content=name.encode(),
            )  # fmt: skip
            workplace.trail.note("sign", f"report:{report}", words=name)
    return patient
