"""How facts of a patient and a study are written in the window."""

from datetime import datetime

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QTime

from core.decision import Signature
from core.image import Image, ReadingUnit
from core.patient import Contradiction, Patient
from core.result import Correction, Result

_DASH = "–"


def _tr(text: str) -> str:
    return QCoreApplication.translate("facts", text)


def patient_name(patient: Patient) -> str:
    """Return the name as people write it, or that none is known."""
    if patient.name is None or not patient.name.value.strip("^ "):
        return _tr("Name not known")
    family, _, rest = patient.name.value.partition("^")
    given = " ".join(part for part in rest.replace("=", "^").split("^")[:2] if part)
    return f"{family} {given}".strip() if family else given


def header_identity(header: Patient) -> str:
    """Return what an image says of who it is, in a sentence."""
    parts = [patient_name(header)] if header.name else []
    parts += [header.id.value] if header.id else []
    parts += [_tr("born {date}").format(date=header.birth_date.value)] if header.birth_date else []
    return _tr("The image says {who}.").format(who=" · ".join(parts))


def header_ages(doubt: Contradiction) -> str:
    """Return in a sentence that an image gives two ages."""
    used, other = (_years(float(one)) for one in (doubt.used, doubt.other))
    return _tr("The image says {used}, and by its birth date {other}.").format(used=used, other=other)


def sex_word(patient: Patient) -> str:
    """Return the sex in a word."""
    words = {"F": _tr("Female"), "M": _tr("Male"), "O": _tr("Other")}
    return words[patient.sex.value] if patient.sex else _tr("Sex not known")


def age_word(patient: Patient) -> str:
    """Return the age: months below two years, else whole years."""
    return _tr("age not known") if patient.age_years is None else _years(patient.age_years.value)


def _years(years: float) -> str:
    if years < 2:
        return _tr("{months} mo").format(months=int(years * 12))
    return _tr("{years} y").format(years=int(years))


def sex_letter_and_age(patient: Patient) -> str:
    """Return ``F · 3 y`` for lists."""
    sex = patient.sex.value if patient.sex else _DASH
    age = age_word(patient) if patient.age_years else _DASH
    return f"{sex} · {age}"


def patient_id(patient: Patient) -> str:
    """Return the patient's number, or a dash."""
    return patient.id.value if patient.id else _DASH


def study_name(unit: ReadingUnit) -> str:
    """Return body part and view, or what else the header says, or the kind of file."""
    header = unit.header
    part = (header.body_part or "").capitalize()
    said = " ".join(word for word in (part, header.view or "") if word)
    return said or _modality(header.modality) or _kind(unit)


def study_date(unit: ReadingUnit) -> str:
    """Return the date of examination, or the empty text."""
    text = (unit.header.date or "").replace("-", "")[:8]
    date = QDate.fromString(text, "yyyyMMdd")
    return QLocale().toString(date, "d MMM yyyy") if date.isValid() else ""


def study_time(unit: ReadingUnit) -> str:
    """Return the time of examination, or the empty text."""
    text = (unit.header.time or "").replace(":", "")[:4]
    time = QTime.fromString(text, "HHmm")
    return time.toString("HH:mm") if time.isValid() else ""


def clock_time(moment: datetime) -> str:
    """Return hours and minutes of a moment."""
    return moment.strftime("%H:%M")


def correction_word(correction: Correction) -> str:
    """Return what was put right, in a word or two: turned counter-clockwise as numpy turns, or inverted."""
    turns = {
        0: "",
        1: _tr("turned left by 90°"),
        2: _tr("turned by 180°"),
        3: _tr("turned right by 90°"),
    }
    done = (turns[correction.quarter_turns % 4], _tr("inverted") if correction.inverted else "")
    return ", ".join(part for part in done if part)


def correction_note(result: Result) -> str:
    """Return what was put right for the models, while the stored image stays as it is; or the empty text."""
    made = (pack.correction for pack in result.results if pack.correction is not None)
    done = next((said for said in map(correction_word, made) if said), "")
    return _tr("Put right for the model: {what}").format(what=done) if done else ""


def a_model_spoke(result: Result) -> bool:
    """Return whether any model looked at the image: it answered, or it said why it does not."""
    return any(pack.status in {"ok", "refused"} for pack in result.results)


def silence(unit: ReadingUnit, result: Result) -> str:
    """Return in one sentence why no model looked at an image."""
    if result.errors:
        return _tr("No model looked at this image: {why}").format(why=result.errors[0].message)
    if unit.kind == "table":
        return _tr("No model that asks for values is in use: see Models. What was typed is kept.")
    what = " ".join(dict.fromkeys(part for part in (unit.header.modality, study_name(unit)) if part))
    return _tr("There is no model for this kind of image ({what}): read it without the computer.").format(
        what=what
    )


def image_notes(image: Image) -> tuple[str, ...]:
    """Return what the reader should know of how the image was read."""
    said = {
        "not-finite": _tr("holds values that are no numbers"),
        "turned-upright": _tr("turned upright as the camera noted"),
        "window-not-used": _tr("the file's own window shows nothing and is not used"),
    }
    return tuple(said[note] for note in image.notes if note in said)


def signed_by(signature: Signature) -> str:
    """Return who signed, and when."""
    return _tr("Signed by {name}, {role}, {time}").format(
        name=signature.name, role=signature.role, time=signature.at.strftime("%Y-%m-%d %H:%M")
    )


def image_count(count: int) -> str:
    """Return how many images, in words."""
    if not count:
        return _tr("no image")
    return _tr("1 image") if count == 1 else _tr("{count} images").format(count=count)


def image_sets(count: int) -> str:
    """Return how many things to read, in words."""
    return (
        _tr("1 study or image") if count == 1 else _tr("{count} studies or images").format(count=f"{count:,}")
    )


def seconds_left(seconds: float) -> str:
    """Return a time left that does not pretend to know the second."""
    if seconds < 5:
        return _tr("a few seconds left")
    if seconds < 90:
        return _tr("{seconds} s left").format(seconds=int(seconds / 5 + 0.5) * 5)
    return _tr("{minutes} min left").format(minutes=round(seconds / 60))


def _modality(code: str | None) -> str:
    names = {
        "CR": _tr("X-ray"), "DX": _tr("X-ray"), "RG": _tr("X-ray"), "MG": _tr("Mammogram"),
        "US": _tr("Ultrasound"), "XA": _tr("Angiogram"), "RF": _tr("Fluoroscopy"),
        "NM": _tr("Nuclear medicine"), "SM": _tr("Slide"),
    }  # fmt: skip
    return names.get(code or "", code or "")


def _kind(unit: ReadingUnit) -> str:
    names = {
        "raster": _tr("Picture"), "nifti": _tr("Volume"), "slide": _tr("Slide"), "table": _tr("Typed values"),
    }  # fmt: skip
    return names.get(unit.kind, _tr("Image"))
