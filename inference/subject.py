"""What is known of the image and the patient before a model looks; None is unknown."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.image import ReadingUnit
from core.patient import Patient


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The facts that the gates ask for.

    ``modality``, ``body_part`` and ``view`` are as DICOM writes them; ``colour`` says whether the picture has
    real colour, and is looked for in the pixels where it is None. ``other_ages`` are ages that a source gives
    which was not believed; ``unsettled_ages`` are those of them that nobody decided against.
    """

    modality: str | None = None
    body_part: str | None = None
    view: str | None = None
    age_years: float | None = None
    frames: int = 1
    colour: bool | None = None
    sex: str | None = None
    other_ages: tuple[float, ...] = ()
    unsettled_ages: tuple[float, ...] = ()


def subject_of(unit: ReadingUnit, patient: Patient) -> Subject:
    """Return what the header says of a reading unit, and the patient's age."""
    header = unit.header
    return Subject(
        modality=header.modality,
        body_part=header.body_part,
        view=header.view,
        age_years=patient.age_years.value if patient.age_years else None,
        frames=unit.frames,
        sex=patient.sex.value if patient.sex else None,
        other_ages=other_ages_of(patient),
        unsettled_ages=unsettled_ages_of(patient),
    )


def other_ages_of(patient: Patient) -> tuple[float, ...]:
    """Return the ages that another source gives than the one that is used."""
    return _ages(one.other for one in patient.contradictions if one.field == "age_years")


def unsettled_ages_of(patient: Patient) -> tuple[float, ...]:
    """Return those of them that stand against an age that nobody gave: which is right may not be assumed.

    What was typed, or stands in a patient file, wins over the header.
    """
    if patient.age_years is not None and patient.age_years.source in {"typed", "file"}:
        return ()
    return other_ages_of(patient)


def _ages(said: Iterable[str]) -> tuple[float, ...]:
    return tuple(float(one) for one in said if one.isascii() and one.replace(".", "", 1).isdigit())
