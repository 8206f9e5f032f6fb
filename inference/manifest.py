"""What a pack promises, as frozen records; ``docs/packs.md`` explains each key."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from core.form import FormField
from core.model_facts import FigureUnit
from core.result import PackClass, Precision
from inference.versions import Version, VersionRange

SCHEMA = "farlight-pack/1"
MANIFEST_NAME = "pack.toml"
CARD_NAME = "card.md"
GOLDEN_NAME = "golden.npz"
LICENCE_NAME = "LICENSE"
MODEL_NAMES: Mapping[Precision, str] = MappingProxyType(
    {"int8": "model.int8.onnx", "fp32": "model.fp32.onnx"}
)
REQUIRED_FILES = (CARD_NAME, GOLDEN_NAME, LICENCE_NAME)
"""Beside the network in full precision, which may be ONNX or OpenVINO IR (see ``inference.model_files``)."""

TABLE_NAME = "table.json"
GOLDEN_TABLE_NAME = "golden.json"
TABLE_FILES = (CARD_NAME, GOLDEN_TABLE_NAME, LICENCE_NAME, TABLE_NAME)
"""The files of a pack that reads values: it has no network."""

Task = Literal["classify", "segment", "measure", "risk"]
Role = Literal["logits", "activation_map", "masks", "sense", "familiarity"]
Gate = Literal["exposure", "sharpness", "plausibility"]
Colour = Literal["grey", "colour", "any"]
Resize = Literal["stretch", "fit", "crop"]
Scores = Literal["logits", "probabilities", "softmax"]
Method = Literal["activation_map", "reciprocam", "rise", "occlusion"]
Orientation = Literal[
    "upright",
    "turned-90",
    "turned-180",
    "turned-270",
    "inverted",
    "inverted-turned-90",
    "inverted-turned-180",
    "inverted-turned-270",
]
SenseClass = Orientation | Literal["other"]
UPRIGHT: SenseClass = "upright"
OTHER: SenseClass = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """The licence of the weights; ``spdx`` is an SPDX identifier or ``LicenseRef-...``.

    ``acceptance`` asks that somebody reads and accepts the text before the pack is installed.
    """

    spdx: str
    commercial_use: bool
    attribution: str
    acceptance: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A work to cite."""

    text: str
    doi: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeRange:
    """Ages in years, both ends included."""

    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Applies:
    """Which images the pack is for; an empty tuple leaves a question open. ``sexes`` are F, M or O.

    Outside ``age_years`` a pack refuses. Of adults, ``trained_on_ages`` refuses known children; else an age
    outside of it, or one that is not known, speaks against the answer. A pack has one of the two at most.
    """

    modalities: tuple[str, ...]
    body_parts: tuple[str, ...]
    views: tuple[str, ...]
    age_years: AgeRange | None
    colour: Colour
    multi_frame: bool
    sexes: tuple[str, ...] = ()
    trained_on_ages: AgeRange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeRegion:
    """The network sees the whole picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRegion:
    """The network sees the box around another pack's masks.

    ``margin`` is a share of the box's own size, on each side; ``outside`` is the value (0..1) laid outside
    the masks.
    """

    pack: str
    codes: tuple[str, ...]
    margin: float
    outside: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Intensity:
    """The percentiles (0..100) of the grey that become 0 and 1, taken over the image or inside the region.

    With the rule ``full`` the grey stays as it is, and the rest has no meaning.
    """

    low: float
    high: float
    within: Literal["image", "region"]
    rule: Literal["percentile", "full"] = "percentile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalise:
    """What follows the intensity rule: ``(value * scale - mean) / std``, by channel."""

    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """What the network reads: float32 (batch, channel, row, column); ``size`` is (rows, columns).

    ``pad`` (0..1, before ``normalise``) lies around a picture that ``fit`` does not fill the size with.
    """

    name: str
    size: tuple[int, int]
    channels: int
    region: WholeRegion | MaskRegion
    intensity: Intensity
    resize: Resize = "stretch"
    pad: float = 0.0
    normalise: Normalise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSpec:
    """The names of the network's outputs, by the role they play.

    ``scores`` says what stands in ``logits`` or ``masks``; ``columns`` is how many there are where not each
    is a label.
    """

    names: Mapping[Role, str]
    scores: Scores = "logits"
    columns: int | None = None

    def has(self, role: Role) -> bool:
        """Whether the network has an output of that role."""
        return role in self.names


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share of patients (0..1) as measured, with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """A threshold on the calibrated probability, how it was chosen, and what it does.

    ``measured_on`` is whom the rates were measured on; empty where the pack does not say it of them.
    """

    name: str
    threshold: float
    chosen_on: str
    sensitivity: Rate | None
    specificity: Rate | None
    measured_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The table from logits to probabilities (see ``inference.calibration``); tuples of one length.

    With the method ``none`` there is no table, and ``prevalence`` is not a number.
    """

    prevalence: float
    logits: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    method: Literal["venn-abers", "none"] = "venn-abers"


NO_PICTURE = InputSpec(
    name="",
    size=(8, 8),
    channels=1,
    region=WholeRegion(),
    intensity=Intensity(low=0.0, high=100.0, within="image", rule="full"),
)
"""The input of packs that read values and see no picture."""
NOT_CALIBRATED = Calibration(prevalence=math.nan, logits=(), lower=(), upper=(), method="none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """The same concept in a public vocabulary."""

    system: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """How a finding's logit becomes a score with a position; ``operating_point`` is the one in force."""

    operating_point: OperatingPoint
    operating_points: tuple[OperatingPoint, ...]
    calibration: Calibration
    map_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One finding or one structure, in the order of the network's output.

    ``scoring`` is None for a structure that is outlined; ``column`` is the place (from 0) in an output that
    holds more than the labels. ``beside`` is the code of the finding beside which this score is told; "" for
    a finding of its own.
    """

    code: str
    title: str
    coding: Coding | None
    scoring: Scoring | None
    column: int | None = None
    beside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How the maps of a classifier are made; what a method does not use has no meaning for it.

    ``features`` and ``head_input`` are names in the networks of ``reciprocam``; ``masks``, ``cell`` (places a
    side) and ``keep`` (share that is seen, 0..1) belong to ``rise``, ``window`` and ``stride`` (pixels of the
    network's input) to ``occlusion``. ``batch`` images are run together. A map that takes longer than
    ``seconds`` is left out.
    """

    method: Method
    features: str = ""
    head_input: str = ""
    masks: int = 400
    cell: int = 7
    keep: float = 0.5
    seed: int = 0
    window: int = 32
    stride: int = 16
    batch: int = 8
    seconds: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """How mask probabilities become outlines.

    A pixel belongs where its probability reaches ``threshold``; parts smaller than ``smallest_part`` (0..1)
    of the structure's largest part are dropped.
    """

    threshold: float
    smallest_part: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiling:
    """How a slide, or a large photograph, is read in tiles of the kind that the network learned.

    A tile is ``side`` pixels of ``um_per_pixel`` micrometres, which is known from ``scale_source``; where a
    slide does not say its scale, it is cut out of ``stored_side`` of its own pixels. Photographs are read so
    from ``smallest_picture`` pixels of their shorter side on. Neighbours share ``overlap`` of a side. Tiles
    of which less than ``least_tissue`` is tissue are left out. ``batch`` tiles are looked at together.
    ``map_shown`` says whether the map of the tiles held on places that were known.
    """

    side: int
    um_per_pixel: float
    scale_source: str
    stored_side: int
    smallest_picture: int
    overlap: float
    least_tissue: float
    batch: int
    map_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One number that a pack measures, in its unit, and how far it may be wrong.

    ``error`` is half the width of its interval, in its unit; ``relative_error`` as a share of the value.
    """

    code: str
    title: str
    unit: str
    error: float
    relative_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """How a stack that moves is looked at: ``rule`` names what is measured on the outlines.

    The network's three channels are the slice before, the slice itself and the slice after, at
    ``spacing_mm``. A first look, ``locate_factor`` times as wide, finds the heart; stacks of fewer than
    ``smallest_stack`` slices are none. ``coverage`` is the share of patients that the intervals of
    ``measured`` were made for; ``batch`` images are looked at together.
    """

    rule: str
    spacing_mm: float
    locate_factor: float
    smallest_stack: int
    batch: int
    coverage: float
    measured: tuple[Measured, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """How cells on a photograph of a whole smear are counted with a network that scores single ones.

    Each cell is given to the network as a square of ``cell_pixels`` a side; from the calibrated probability
    ``threshold`` on it counts, as ``chosen_on`` says. The rates are those of cells on smears, with their
    range among patients. Fewer cells than ``few`` are told to be few.
    """

    rule: str
    cell_pixels: int
    threshold: float
    chosen_on: str
    sensitivity: Rate
    specificity: Rate
    few: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sense:
    """Which way up the picture lies, and what may be put right. Probabilities are 0..1."""

    classes: tuple[SenseClass, ...]
    minimum_probability: float
    may_correct: tuple[SenseClass, ...]
    correct_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One quality gate: a measure of ``inference.quality`` and where it must lie; None has no bound."""

    gate: Gate
    measure: str
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure of the card; ``unit`` says who, or what, its ``patients`` are."""

    population: str
    metric: str
    value: float
    interval: tuple[float, float] | None
    patients: int | None
    images: int | None
    unit: FigureUnit = "patients"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingData:
    """What the weights were trained on, in words."""

    text: str
    population: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a pack that reads values estimates, by which model; its table of numbers is ``table.json``.

    ``horizon_days`` is None where the patients were not followed to one day. ``kind`` is ``group`` where the
    answer is how much a patient resembles groups. ``prevalence`` (0..1) is the share with the event among
    the patients the table was made from, None for groups; ``calibration`` says in words how it was judged.
    """

    model: Literal["cox", "logistic", "multinomial"]
    kind: Literal["event", "group"]
    horizon_days: int | None
    prevalence: float | None
    calibration: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that ``pack.toml`` says, checked."""

    id: str
    version: Version
    title: str
    pack_class: PackClass
    task: Task
    intended_use: str
    not_for: tuple[str, ...]
    weak_where: tuple[str, ...]
    not_looked_for: tuple[str, ...]
    licence: Licence
    citations: tuple[Citation, ...]
    applies: Applies
    depends: Mapping[str, VersionRange]
    input: InputSpec
    output: OutputSpec
    labels: tuple[Label, ...]
    outline: Outline | None
    sense: Sense | None
    familiarity_maximum: float | None
    limits: tuple[Limit, ...]
    tolerance: Mapping[Role, float]
    figures: tuple[Figure, ...]
    training_data: TrainingData
    files: Mapping[str, str]
    """File name to sha256, for every file but ``pack.toml``."""
    explanation: Explanation | None = None
    findings: tuple[Label, ...] = ()
    """What a pack that outlines also scores, in the order of its logits."""
    uses: Mapping[str, VersionRange] = field(default_factory=lambda: MappingProxyType({}))
    """Packs whose measurements are taken where they are installed; the pack speaks without them too."""
    inputs: tuple[FormField, ...] = ()
    outcome: Outcome | None = None
    measuring: Measuring | None = None
    counting: Counting | None = None
    tiling: Tiling | None = None
    """How slides are read; None where the pack looks at whole pictures alone."""

    @property
    def reads_values(self) -> bool:
        """Whether the pack reads values of the patient and needs no image, no network and no engine."""
        return self.task == "risk"

    @property
    def codes(self) -> tuple[str, ...]:
        """The labels' codes, in the order of the network's output."""
        return tuple(label.code for label in self.labels)

    @property
    def scored_labels(self) -> tuple[Label, ...]:
        """All that is scored, in the order of the network's scores; packs that only outline have none.

        Scores that are told beside a finding come last.
        """
        return self.labels if self.task == "classify" else self.findings

    @property
    def columns(self) -> int:
        """How many scores or masks the network returns."""
        return self.output.columns or len(self.labels)

    @property
    def label_columns(self) -> tuple[int, ...]:
        """The place of each label in the network's output."""
        return tuple(
            place if label.column is None else label.column for place, label in enumerate(self.labels)
        )
