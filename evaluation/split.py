"""Which patients calibrate and which measure: never one for both; and how many of them are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from typing import Literal

Part = Literal["calibration", "test"]
LEAST_FOR_FIGURES = 10
"""Patients with and without a finding below which no figure is stated: its interval would say nothing."""
LEAST_FOR_CALIBRATION = 20
"""The same for calibration: of 20 ill patients one may be missed at a sensitivity of 95 %."""


def halves(strata: Mapping[str, Hashable]) -> dict[str, Part]:
    """Share patients out into two halves, alike in their strata (such as ill or not).

    ``strata`` maps each patient to what must lie in both halves; the same patients are shared out alike on
    every computer, in whatever order they come.
    """
    groups: dict[str, list[str]] = {}
    for patient, stratum in strata.items():
        groups.setdefault(repr(stratum), []).append(patient)
    parts: dict[str, Part] = {}
    count = 0
    for _, members in sorted(groups.items()):
        for patient in sorted(members, key=_hash):
            parts[patient] = "test" if count % 2 else "calibration"
            count += 1
    return parts


def in_both(patients: Sequence[str], parts: Sequence[Part | None]) -> dict[str, list[int]]:
    """Return the patients that stand in both parts, with the places (from 0) of all their images."""
    places: dict[str, list[int]] = {}
    for place, (patient, part) in enumerate(zip(patients, parts, strict=True)):
        if part is not None:
            places.setdefault(patient, []).append(place)
    return {patient: found for patient, found in places.items() if len({parts[place] for place in found}) > 1}


def patients_of_each_kind(patients: Sequence[str], truth: Sequence[int]) -> tuple[int, int]:
    """Return how many patients have an image without the finding, and how many one with it."""
    kinds = set(zip(patients, truth, strict=True))
    return sum(value == 0 for _, value in kinds), sum(value == 1 for _, value in kinds)


def _hash(patient: str) -> bytes:
    return hashlib.sha256(f"half {patient}".encode()).digest()
