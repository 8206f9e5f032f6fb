"""What is known of the image and the patient before a model looks; None is unknown."""

from dataclasses import dataclass

from core.image import ReadingUnit
from core.patient import Patient


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The facts that the gates ask for.

    ``modality``, ``body_part`` and ``view`` are as DICOM writes them; ``colour`` says whether the picture has
    real colour, and is looked for in the pixels where it is None.
    """

    modality: str | None = None
    body_part: str | None = None
    view: str | None = None
    age_years: float | None = None
    frames: int = 1
    colour: bool | None = None
    sex: str | None = None


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
    )
