"""Records of what the packs said, bound to the image and to the model that said it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.image import CineStack, ImageRef
from core.patient import Patient, ValueSource

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
    """Why a pack does not speak on this image, and what can be done. It is a result, not an error.

    ``fields`` are the codes of values that it asks for, as patient files name them. ``case`` is which of the
    gate's reasons it is, by the name of its sentence in the wording table; empty in older records.
    """

    gate: str
    reason: str
    advice: str
    fields: tuple[str, ...] = ()
    case: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityCheck:
    """One thing that was looked at before a model spoke, in words.

    ``value`` and its limits are in the measure's own unit; None where it has no number. ``gate`` is the code
    of what was looked at, whatever its ``name`` in the reader's language.
    """

    name: str
    outcome: Literal["good", "note", "refused"]
    text: str
    value: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    gate: str = ""


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
    ``beside`` is the code of the finding that this score is told beside; "" for a finding of its own.
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
    beside: str = ""

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
    """A number with its unit, how it was measured, how sure it is, and a guideline's sentence on it.

    ``no_reference`` says in words why a range of reference that there is was left out for this patient.
    ``position`` says where a count lies against the limit below which it cannot be told from the model's own
    false calls; ``undecided`` is also one of too little to say. None where there is no such limit.
    """

    code: str
    label: str
    value: float
    unit: str
    method: str = ""
    interval: tuple[float, float] | None = None
    reference: Reference | None = None
    meaning: str = ""
    no_reference: str = ""
    position: Position | None = None


CALLED_CELLS, OTHER_CELLS = "parasitized_cells", "other_cells"
"""Codes of the circles around counted cells: those that were called, and the rest."""
CELLS_COUNTED, CELLS_CALLED = "cells_counted", "cells_parasitized"
"""Codes of the measurements that say how many cells were counted, and how many of them were called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """An outline; ``pixels`` is (row, column) bool in the stored pixels' orientation."""

    code: str
    label: str
    pixels: NDArray[np.bool_]
    image: ImageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeMask:
    """An outline through the slices of a stack and the phases of a beat.

    ``labels`` (slice, phase, row, column) uint8 is shared by the outlines of one pack: this one is where
    it is ``value``. Rows and columns are those of the images as read, which ``refs`` (slice, phase) name.
    """

    code: str
    label: str
    labels: NDArray[np.uint8]
    value: int
    refs: tuple[tuple[ImageRef | None, ...], ...]
    stack: CineStack

    def on(self, file: str, frame: int) -> Mask | None:
        """Return the outline on one image, None where the image is not of this stack."""
        for planes, row in zip(self.labels, self.refs, strict=True):
            for plane, ref in zip(planes, row, strict=True):
                if ref is not None and (ref.file, ref.frame) == (file, frame):
                    return Mask(code=self.code, label=self.label, pixels=plane == self.value, image=ref)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A number through the phases of a beat; ``marks`` are (code, phase from 0): ``ed``, ``es``.

    ``times_ms`` is empty where it is not known when the phases were taken.
    """

    code: str
    label: str
    unit: str
    values: tuple[float, ...]
    times_ms: tuple[float, ...] = ()
    marks: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One thing that was scored by itself: its middle and radius in the image's pixels, as read.

    ``above`` says whether its ``probability`` (0..1) reaches the threshold that counts.
    """

    x: float
    y: float
    radius: float
    probability: float
    above: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap:
    """Where a model looked; ``values`` is (row, column) float32 in 0..1, stored orientation.

    ``shown`` is False below the threshold and where the pack's measured map quality failed. ``of_tiles`` says
    that it holds the scores of a slide's tiles, under the name ``label``: there is no finding of the whole.
    It is tinted from ``threshold`` on, and ``silent`` (row, column) is where the model answered no tile.
    """

    finding: str
    values: NDArray[np.float32]
    shown: bool
    image: ImageRef
    label: str = ""
    of_tiles: bool = False
    threshold: float = 0.0
    silent: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """How much one input moved a risk.

    ``effect`` is on the model's own scale (logarithm of the hazard or of the odds) against the average of the
    patients that it was made from; ``value`` is as a person reads it, and ``source`` where it came from (None
    where it was not given).
    """

    name: str
    value: float | str
    effect: float
    code: str = ""
    unit: str = ""
    source: ValueSource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """An estimated risk at a horizon; ``survival`` holds (day, probability) pairs.

    ``horizon_days`` is None where the patients were not followed to one day. ``kind`` is ``group`` where the
    probability is the resemblance to a group of patients. ``score`` is the sum of the contributions, and
    ``average`` the probability where it is 0: that of the average patient. ``calibrated_at_prevalence`` is
    the share of the patients that the model was made from who had the event. ``in_set`` is of a group
    whether it is as probable as the own group of nine of ten of the study's patients was (of the groups that
    are, the study tells none apart; there may be none); None where that was not worked out.
    """

    code: str
    label: str
    probability: float
    interval: tuple[float, float] | None
    horizon_days: int | None
    survival: tuple[tuple[float, float], ...] = ()
    contributions: tuple[Contribution, ...] = ()
    kind: Literal["event", "group"] = "event"
    score: float | None = None
    average: float | None = None
    calibrated_at_prevalence: float | None = None
    in_set: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TileScore:
    """What a pack said of one part of a slide or of a large photograph.

    ``top``, ``left`` and ``side`` are pixels of the slide at its finest; ``probability``, ``interval`` 0..1.
    """

    finding: str
    top: int
    left: int
    side: int
    probability: float
    interval: tuple[float, float] | None
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class PackResult:
    """What one pack said of one reading unit; ``reads_values`` where it reads values and sees no image.

    ``tiles`` are the highest of those that a slide was read in; such a result has no finding of the whole.
    ``beside`` are scores that are told beside those of ``findings`` and ask nothing of their own: nobody
    answers them, nothing is sorted or re-weighted by them, and no map shows them.
    """

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
    reads_values: bool = False
    volumes: tuple[VolumeMask, ...] = ()
    curves: tuple[Curve, ...] = ()
    places: tuple[Place, ...] = ()
    tiles: tuple[TileScore, ...] = ()
    beside: tuple[Finding, ...] = ()

    @property
    def scores(self) -> tuple[Finding, ...]:
        """All scores, in the order in which the pack's network gives them."""
        return (*self.findings, *self.beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRecord:
    """An error as it is kept in a result: code and sentence, never patient data."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the images of a result came from. ``path`` is as the user gave it.

    ``typed`` where there was neither image nor file: all values were typed.
    """

    path: str
    files: int
    sha256: str | None
    modality: str | None
    study_uid: str | None
    series_uids: tuple[str, ...]
    frames: int
    typed: bool = False


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
    def without_image(self) -> bool:
        """Whether no image was given: a patient file by itself, or typed values alone."""
        source = self.source
        return source.typed or not (source.frames or source.modality or source.series_uids or self.errors)

    @property
    def good_checks(self) -> tuple[str, ...]:
        """The sentences of all checks that are as they should be, each once: window and paper count these."""
        checks = (check for pack in self.results for check in pack.quality)
        return tuple(dict.fromkeys(check.text for check in checks if check.outcome == "good"))
