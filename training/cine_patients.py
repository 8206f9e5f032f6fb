"""Short-axis cine MRI of the ACDC challenge, read and split by patient; torch-free."""

from __future__ import annotations

import csv
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data import data_folder, unit_hash

HELD_OUT_SHARE = 0.15
ONE_SCAN_TWICE = {"patient076": "patient074"}
"""The same scan labelled twice: both take the split of the first."""
CODES = {1: "rv", 2: "myocardium", 3: "lv"}


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


def held_out(patient: CinePatient) -> bool:
    """Tell whether a patient is kept out of the training of the shipped weights."""
    return unit_hash("cine:" + ONE_SCAN_TWICE.get(patient.name, patient.name)) < HELD_OUT_SHARE
