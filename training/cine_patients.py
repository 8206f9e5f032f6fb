"""Short-axis cine MRI of the ACDC challenge, read and split by patient; torch-free."""

from __future__ import annotations

import csv
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from measure.ventricles import LEFT, MYOCARDIUM, RIGHT
from training.data import data_folder, unit_hash

HELD_OUT_SHARE = 0.15
FOLDS = 5
ONE_SCAN_TWICE = {"patient076": "patient074"}
"""The same scan labelled twice: both take the split of the first, and count as one person."""
GROUPS = {
    "NOR": "healthy volunteers",
    "DCM": "dilated cardiomyopathy",
    "HCM": "hypertrophic cardiomyopathy",
    "MINF": "earlier infarct, reduced pumping",
    "RV": "altered right ventricle",
}
"""Groups of the study, by its codes."""
CODES = {RIGHT: "rv", MYOCARDIUM: "myocardium", LEFT: "lv"}
STRUCTURES = {"left ventricle": LEFT, "myocardium": MYOCARDIUM, "right ventricle": RIGHT}


@dataclass(frozen=True, slots=True, kw_only=True)
class CinePatient:
    """One patient: two phases (end-diastole, end-systole) of (slice, row, column), with labels."""

    name: str
    group: str
    spacing_mm: float
    slice_distance_mm: float
    images: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    labels: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    volumes_ml: dict[str, float]
    """`lv_edv`, `lv_esv`, `rv_edv`, `rv_esv` of the reference."""


def patients() -> tuple[CinePatient, ...]:
    """Read all patients, sorted by name."""
    root = data_folder() / "cardiac-cine-acdc"
    with (root / "patients.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = []
    for row in sorted(rows, key=lambda row: row["patient"]):
        with np.load(root / f"{row['patient']}.npz") as arrays:
            found.append(
                CinePatient(
                    name=row["patient"],
                    group=row["group"],
                    spacing_mm=float(row["spacing_xy_mm"]),
                    slice_distance_mm=float(row["spacing_z_mm"]),
                    images=(arrays["ed_image"], arrays["es_image"]),
                    labels=(arrays["ed_label"], arrays["es_label"]),
                    volumes_ml={
                        code: float(row[column])
                        for code, column in (
                            ("lv_edv", "LV_EDV_ml"),
                            ("lv_esv", "LV_ESV_ml"),
                            ("rv_edv", "RV_EDV_ml"),
                            ("rv_esv", "RV_ESV_ml"),
                        )
                    },
                )
            )
    return tuple(found)


def truth_of(patient: CinePatient) -> dict[str, float]:
    """Return the reference numbers by code: volumes of the set's table, and mass from its labels."""
    voxel_ml = patient.spacing_mm**2 * patient.slice_distance_mm / 1000
    truth = dict(patient.volumes_ml)
    for side in ("lv", "rv"):
        truth[f"{side}_sv"] = truth[f"{side}_edv"] - truth[f"{side}_esv"]
        truth[f"{side}_ef"] = 100 * truth[f"{side}_sv"] / truth[f"{side}_edv"]
    truth["lv_mass"] = 1.05 * voxel_ml * float((patient.labels[0] == MYOCARDIUM).sum())
    return truth


def held_out(patient: CinePatient) -> bool:
    """Tell whether a patient is kept out of the training of the shipped weights."""
    return _share("cine:", patient) < HELD_OUT_SHARE


def fold(patient: CinePatient) -> int:
    """Return the fold of cross-validation that a patient is tested in, 0 to FOLDS - 1.

    Fold 0 is the patients whom the shipped weights have not seen; the others are dealt to the rest.
    """
    return 0 if held_out(patient) else 1 + int(_share("cine fold:", patient) * (FOLDS - 1))


def in_fold(number: int, patient: CinePatient) -> bool:
    """Tell whether a patient is tested in a fold."""
    return fold(patient) == number


def person(patient: CinePatient) -> str:
    """Return who was scanned: the same name for the scan that was labelled twice."""
    return ONE_SCAN_TWICE.get(patient.name, patient.name)


def _share(salt: str, patient: CinePatient) -> float:
    return unit_hash(salt + person(patient))
