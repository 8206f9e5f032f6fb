"""Records of what the packs said, bound to the image and to the model that said it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.image import ImageRef
from core.patient import Patient

PackClass = Literal["assist", "research", "demonstration"]
Position = Literal["above", "undecided", "below"]
Precision = Literal["int8", "fp32"]
EngineName = Literal["onnxruntime", "openvino"]
Side = Literal["verified", "unverified", "contradicted"]
Status = Literal["ok", "refused", "not_applicable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStamp:
    """Which model spoke, and on what; with the same of all of these it says the same again.

    ``threads`` are the cores of the processor that one run used, ``batch`` the images that it looked at
    together; None where that does not matter, or is not known.
    """

    pack_id: str
    version: str
    sha256: str
    pack_class: PackClass
    engine: EngineName | None = None
    device: str | None = None
    precision: Precision | None = None
    threads: int | None = None
    batch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a pack does not speak on this image, and what can be done. It is a result, not an error."""

    gate: str
    reason: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityCheck:
    """One thing that was looked at before a model spoke, in words.

    ``value`` and its limits are in the measure's own unit; None where it has no number.
    """

    name: str
    outcome: Literal["good", "note", "refused"]
    text: str
    value: float | None = None
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A turn or inversion that was put right before the model looked.

    ``quarter_turns`` are counter-clockwise, as in ``numpy.rot90``; images are never mirrored.
    """

    quarter_turns: int = 0
    inverted: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteProbability:
    """A probability re-weighted to how common the finding is where the image was taken; all 0..1.

    ``source`` says where the clinic has the number from, "" where nobody said.
    """

    prevalence: float
    probability: float
    interval: tuple[float, float] | None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A score, its threshold and its position. ``probability`` and ``interval`` are 0..1.

    ``site`` is what the score means where the clinic is; None while nobody has said how common it is there.
    """

    code: str
    label: str
    probability: float
    interval: tuple[float, float] | None
    threshold: float
    threshold_source: str
    position: Position
    calibrated_at_prevalence: float | None
    image: ImageRef
    site: SiteProbability | None = None

    @property
    def positive(self) -> bool:
        """Whether the score lies above its threshold (for files that machines read, never shown)."""
        return self.probability >= self.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A range of reference; None where it has no bound."""

    low: float | None
    high: float | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A number with its unit, how it was measured and how sure it is."""

    code: str
    label: str
    value: float
    unit: str
    method: str = ""
    interval: tuple[float, float] | None = None
    reference: Reference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """An outline; ``pixels`` is (row, column) bool in the stored pixels' orientation."""

    code: str
    label: str
    pixels: NDArray[np.bool_]
    image: ImageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap:
    """Where a model looked; ``values`` is (row, column) float32 in 0..1, stored orientation.

    ``shown`` is False below the threshold and where the pack's measured map quality failed.
    """

    finding: str
    values: NDArray[np.float32]
    shown: bool
    image: ImageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """How much one input moved a risk."""

    name: str
    value: float | str
    effect: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """An estimated risk at a horizon; ``survival`` holds (day, probability) pairs."""

    code: str
    label: str
    probability: float
    interval: tuple[float, float] | None
    horizon_days: int
    survival: tuple[tuple[float, float], ...] = ()
    contributions: tuple[Contribution, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackResult:
    """What one pack said of one reading unit."""

    stamp: ModelStamp
    title: str
    status: Status
    seconds: float
    refusal: Refusal | None = None
    gates_skipped: bool = False
    quality: tuple[QualityCheck, ...] = ()
    correction: Correction | None = None
    findings: tuple[Finding, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    risks: tuple[Risk, ...] = ()
    masks: tuple[Mask, ...] = ()
    heatmaps: tuple[Heatmap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRecord:
    """An error as it is kept in a result: code and sentence, never patient data."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the images of a result came from. ``path`` is as the user gave it."""

    path: str
    files: int
    sha256: str | None
    modality: str | None
    study_uid: str | None
    series_uids: tuple[str, ...]
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All that was said of one reading unit.

    ``side`` says whether left and right are known: ``verified`` by the header, ``contradicted`` where what
    was outlined speaks against the header.
    """

    source: Source
    patient: Patient
    results: tuple[PackResult, ...] = ()
    errors: tuple[ErrorRecord, ...] = ()
    side: Side = "unverified"
    seconds: float = 0.0

    @property
    def good_checks(self) -> tuple[str, ...]:
        """The sentences of all checks that are as they should be, each once: window and paper count these."""
        checks = (check for pack in self.results for check in pack.quality)
        return tuple(dict.fromkeys(check.text for check in checks if check.outcome == "good"))
