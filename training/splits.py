"""Which patients no weight has seen, and which set calibration: fixed by a hash of the patient's id.

Torch-free.
"""

from __future__ import annotations

from training.data import Picture, unit_hash
from training.samples import Part, split

HELD_OUT_CHILDREN, HELD_OUT_ADULTS, HELD_OUT_UNMASKED = 0.12, 0.3, 0.3
"""Shares of patients that the shipped weights of `chest-lungs` have not seen, by source."""
CALIBRATION_SHARE = 0.15
"""Share of the training patients that the weights of `chest-pneumonia-child` have not seen."""


def held_out(picture: Picture) -> bool:
    """Tell whether a patient belongs to the held-out part of its source."""
    shares = {"kermany": HELD_OUT_CHILDREN, "cohen-ccby-adult": HELD_OUT_ADULTS}
    return unit_hash(picture.patient) < shares.get(picture.source, HELD_OUT_UNMASKED)


def calibrates(picture: Picture) -> bool:
    """Tell whether a training patient is kept for calibration, operating points and limits."""
    return unit_hash("calibration " + picture.patient) < CALIBRATION_SHARE


def cell_part(patient: str) -> Part:
    """Return what a patient's red cells serve."""
    return split(patient, salt="malaria", calibrate=0.15, test=0.25)


def tile_part(source_tile: str) -> Part:
    """Return what the altered copies of a source tile of stained tissue serve."""
    return split(source_tile, salt="tissue", calibrate=0.2, test=0.3)


def scan_part(group: str) -> Part:
    """Return what a group of near-duplicates of breast ultrasound serves."""
    return split(group, salt="breast", calibrate=0.15, test=0.25)
