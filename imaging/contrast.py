"""What MR images show of the same place: pictures of another contrast are no slices of one cine."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from pydicom.dataset import Dataset

from imaging.dicom_values import number, text, texts

TAGS = (
    "ImageType",
    "ScanningSequence",
    "SequenceVariant",
    "InversionTime",
    "EchoTime",
    "FlipAngle",
    "Tagging",
)

Part = Literal["magnitude", "phase", "real", "imaginary", "map"]

_ECHO_TIME_SHARE = 0.15
_ECHO_TIME_MS = 0.3
"""How far echo times of one cine may differ: the shortest possible one depends on how a slice lies."""
_FLIP_ANGLE_RATIO = 1.5
"""How far flip angles of one cine may differ: scanners turn them down where a slice would heat too much."""
_TELLING_VARIANTS = frozenset({"SS", "SP", "MP", "MTC"})
"""Steady state, spoiled, prepared, magnetization transfer; what is left out is how lines were gathered."""
_PARTS: MappingProxyType[str, Part] = MappingProxyType(
    {
        "P": "phase",
        "PHASE": "phase",
        "PHASE MAP": "phase",
        "PHASE_MAP": "phase",
        "VELOCITY": "phase",
        "VELOCITY MAP": "phase",
        "VELOCITY_MAP": "phase",
        "R": "real",
        "REAL": "real",
        "I": "imaginary",
        "IMAGINARY": "imaginary",
        "T1 MAP": "map",
        "T2 MAP": "map",
        "T2_STAR MAP": "map",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """How an image was made, as far as its header says; None and empty are unknown.

    Source: DICOM PS3.3 C.8.3.1 (MR Image) and C.8.13.4 (MR Image and Spectroscopy Instance, Tagging).
    """

    part: Part = "magnitude"
    sequence: frozenset[str] = frozenset()
    variant: frozenset[str] = frozenset()
    inverted: bool | None = None
    tagged: bool | None = None
    echo_time_ms: float | None = None
    flip_angle_deg: float | None = None

    def agrees_with(self, other: "Contrast") -> bool:
        """Return whether nothing that both headers say tells the two apart."""
        return (
            self.part == other.part
            and _same(self.sequence or None, other.sequence or None)
            and _same(self.variant or None, other.variant or None)
            and _same(self.inverted, other.inverted)
            and _same(self.tagged, other.tagged)
            and _near(self.echo_time_ms, other.echo_time_ms, 1 + _ECHO_TIME_SHARE, _ECHO_TIME_MS)
            and _near(self.flip_angle_deg, other.flip_angle_deg, _FLIP_ANGLE_RATIO, 0.0)
        )


def contrast_of(dataset: Dataset) -> Contrast:
    """Return what a header says of an image's contrast."""
    sequence = _terms(dataset, "ScanningSequence")
    inversion_ms = number(dataset, "InversionTime")
    inverted: bool | None = None
    if sequence or inversion_ms is not None:
        inverted = "IR" in sequence or (inversion_ms or 0.0) > 0
    variant = {"SS" if term == "TRSS" else term for term in _terms(dataset, "SequenceVariant")}
    tagging = text(dataset, "Tagging")
    return Contrast(
        part=next((_PARTS[term] for term in texts(dataset, "ImageType") if term in _PARTS), "magnitude"),
        sequence=sequence,
        variant=frozenset(variant & _TELLING_VARIANTS),
        inverted=inverted,
        tagged=None if tagging is None else tagging != "NONE",
        echo_time_ms=_positive(number(dataset, "EchoTime")),
        flip_angle_deg=_positive(number(dataset, "FlipAngle")),
    )


def _terms(dataset: Dataset, keyword: str) -> frozenset[str]:
    return frozenset(term for term in texts(dataset, keyword) if term)


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def _same(one: object, other: object) -> bool:
    return one is None or other is None or one == other


def _near(one: float | None, other: float | None, ratio: float, apart: float) -> bool:
    if one is None or other is None:
        return True
    low, high = sorted((one, other))
    return high <= low * ratio or high - low <= apart
