"""Invented studies of which the tests print reports."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.clock import FixedClock
from core.decision import ClinicalSigns, Decision, FirstRead, Reading, Signature
from core.image import ImageRef, StudyHeader
from core.model_facts import ModelFacts, OperatingPoint, TestFigure
from core.patient import Patient, Sourced
from core.result import (
    Correction,
    Finding,
    Heatmap,
    Mask,
    ModelStamp,
    PackClass,
    PackResult,
    Position,
    QualityCheck,
    Refusal,
    Result,
    Source,
)
from reports.content import Clinic, build_report
from reports.figures import report_pictures
from reports.records import ReportContent

NOW = datetime(2026, 3, 14, 10, 21, tzinfo=UTC)
IMAGE = ImageRef(file="IM-0001.dcm", sop_instance_uid="1.2.3")
SHAPE = (96, 120)


def grey() -> NDArray[np.float32]:
    """An invented chest: bright middle, dark lungs, darker on the left of the picture."""
    rows, columns = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    picture = 0.75 - 0.5 * (lung(0.3) | lung(0.7)) - 0.15 * (columns < SHAPE[1] / 2) + rows * 0.0
    return np.asarray(picture, dtype=np.float32)


def lung(centre: float) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    inside = ((rows - 48) / 36) ** 2 + ((columns - centre * SHAPE[1]) / 20) ** 2 < 1
    return np.asarray(inside, dtype=np.bool_)


def heat() -> NDArray[np.float32]:
    rows, columns = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    values = np.exp(-(((rows - 60) / 10) ** 2) - ((columns - 84) / 10) ** 2)
    return np.asarray(values, dtype=np.float32)


def stamp(pack_id: str = "chest-pneumonia-child", pack_class: PackClass = "research") -> ModelStamp:
    return ModelStamp(
        pack_id=pack_id,
        version="1.0.0",
        sha256="0123456789abcdef" * 4,
        pack_class=pack_class,
        engine="openvino",
        device="CPU",
        precision="int8",
    )


def finding(position: Position = "above", code: str = "pneumonia", label: str = "Pneumonia") -> Finding:
    probability, interval = {
        "above": (0.91, (0.84, 0.95)),
        "undecided": (0.44, (0.30, 0.55)),
        "below": (0.05, (0.02, 0.11)),
    }[position]
    return Finding(
        code=code,
        label=label,
        probability=probability,
        interval=interval,
        threshold=0.41,
        threshold_source="sensitivity-95",
        position=position,
        calibrated_at_prevalence=0.74,
        image=IMAGE,
    )


def pneumonia(position: Position = "above", **changes: Any) -> PackResult:
    values: dict[str, Any] = {
        "stamp": stamp(),
        "title": "Pneumonia on chest X-rays of children",
        "status": "ok",
        "seconds": 0.04,
        "quality": (QualityCheck(name="contrast", outcome="good", text="exposure in range"),),
        "findings": (finding(position),),
        "heatmaps": (Heatmap(finding="pneumonia", values=heat(), shown=position == "above", image=IMAGE),),
    }
    return PackResult(**{**values, **changes})


def lungs() -> PackResult:
    return PackResult(
        stamp=stamp("chest-lungs", "assist"),
        title="Lung outline",
        status="ok",
        seconds=0.01,
        masks=(
            Mask(code="left_lung", label="Left lung", pixels=lung(0.7), image=IMAGE),
            Mask(code="right_lung", label="Right lung", pixels=lung(0.3), image=IMAGE),
        ),
    )


def refused() -> PackResult:
    refusal = Refusal(
        gate="age",
        reason="The patient is 9 years old; this model is for children of 1 to 5 years.",
        advice="Check the age. Read this image without the model.",
    )
    return pneumonia(status="refused", findings=(), heatmaps=(), refusal=refusal)


def turned() -> PackResult:
    return pneumonia(correction=Correction(quarter_turns=1, text="It lay on its side and was put upright."))


def demonstration() -> PackResult:
    return pneumonia(
        stamp=stamp("biopsy-colon", "demonstration"),
        title="Biopsy of the colon",
        findings=(finding("above", code="malignant", label="Malignant tissue"),),
        heatmaps=(),
    )


def facts() -> dict[str, ModelFacts]:
    return {
        "chest-pneumonia-child": ModelFacts(
            pack_id="chest-pneumonia-child",
            version="1.0.0",
            title="Pneumonia on chest X-rays of children",
            pack_class="research",
            intended_use="A second look after the clinician's own.",
            not_for=("deciding on antibiotics",),
            weak_where=("rotated films", "lines and tubes"),
            not_looked_for=("effusion", "fracture"),
            training_population="5,232 X-rays of children of one hospital",
            figures=(
                TestFigure(
                    population="test images", metric="AUC", value=0.988, interval=(0.98, 0.994), images=618
                ),
            ),
            operating_points={
                "pneumonia": OperatingPoint(name="sensitivity-95", threshold=0.41, chosen_on="training folds")
            },
        )
    }


def patient(name: str = "SAMPLE Amina", identity: str = "2041-77", **changes: Any) -> Patient:
    values: dict[str, Any] = {
        "name": Sourced(value=name, source="header"),
        "id": Sourced(value=identity, source="typed"),
        "sex": Sourced(value="F", source="header"),
        "age_years": Sourced(value=3.0, source="header"),
    }
    return Patient(**{**values, **changes})


def reading(**changes: Any) -> Reading:
    values: dict[str, Any] = {
        "indication": "Cough 4 days, fever",
        "signs": ClinicalSigns(respiratory_rate_per_min=52, oxygen_saturation_percent=91),
        "first_read": FirstRead(impression="abnormal", at=NOW),
        "decisions": (
            Decision(pack_id="chest-pneumonia-child", finding="pneumonia", answer="agree", at=NOW),
        ),
        "words": "Patchy opacity in one lower zone.",
        "conclusion": "Findings fit pneumonia.",
        "advice": "Review in 48 hours.",
        "referral": "district hospital, today",
    }
    return Reading(**{**values, **changes})


SIGNATURE = Signature(name="N. Otieno", role="clinical officer", registration_number="11872", at=NOW)


def result(*packs: PackResult, of: Patient | None = None, **changes: Any) -> Result:
    source = Source(
        path="/media/usb/SAMPLE-file.dcm",
        files=1,
        sha256="cd" * 32,
        modality="DX",
        study_uid=None,
        series_uids=(),
        frames=1,
    )
    return Result(source=source, patient=of or patient(), results=packs, **changes)


def report(of: Result | None = None, **changes: Any) -> ReportContent:
    """A signed report of lungs and pneumonia unless told otherwise."""
    of = of or result(lungs(), pneumonia())
    values: dict[str, Any] = {
        "result": of,
        "reading": reading(),
        "signature": SIGNATURE,
        "clinic": Clinic(name="Demo Rural Health Centre", address=("P.O. Box 12", "Kombewa")),
        "clock": FixedClock(instant=NOW),
        "pictures": report_pictures(of, grey()) if of.results else {},
        "facts": facts(),
        "header": StudyHeader(date="20260314", time="101200", modality="DX", body_part="CHEST", view="AP"),
        "program_version": "1.0",
    }
    return build_report(**{**values, **changes})
