"""Make a pack's INT8 model from a folder of images, and say how far it lies from FP32 and how fast it is."""

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.errors import FarlightError, PackNotChangedError, QuantizeError
from core.result import EngineName
from core.wording import say
from services.analyze import Loaded, load
from services.calibrate_pack import scales_of
from services.evaluate_ask import library_for, require_survives
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from services.scan import Unreadable, scan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inference.loaded import LoadedPack
    from inference.manifest import Manifest, Role
    from inference.packs import Pack, PackLibrary
    from inference.requests import Look
    from inference.runner import PackRunner
    from inference.subject import Subject

    Outputs = Mapping[Role, NDArray[np.float32]]

LEAST = 8
"""Answered images below which those that the pack refuses are taken as well."""
ENOUGH_DRIFT = 0.01
"""Share of images on the other side of a threshold from which the user is warned."""
_ROOM, _LEAST_TOLERANCE = 2.0, 1e-3
"""A tolerance is this many times the largest difference seen on the golden inputs, and at least that much."""
_RUNS, _WARM_RUNS = 15, 3
Method = Literal["minmax", "percentile", "entropy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeRequest:
    """What ``packs quantize`` is asked to do."""

    folder: Path
    images: Path
    count: int = 100
    method: Method = "minmax"
    keep_tolerance: bool = False
    threads: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDrift:
    """How far INT8 lies from FP32 in one output: on the images, and on the golden inputs in either engine."""

    role: "Role"
    largest: float
    median: float
    golden: float
    tolerance: float
    """What the manifest may be set to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideDrift:
    """The share (0..1) of images whose score lies on the other side of the threshold in force."""

    code: str
    title: str
    share: float
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedRatio:
    """How many times as fast as FP32 the INT8 model is in one engine, batch 1, on this computer."""

    engine: EngineName
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantized:
    """What came of it; bytes are those of the two model files."""

    folder: Path
    images: int
    refused: int
    fp32_bytes: int
    int8_bytes: int
    roles: tuple[RoleDrift, ...]
    sides: tuple[SideDrift, ...]
    speeds: tuple[SpeedRatio, ...]
    tolerance_written: bool
    warned: bool = field(default=False)


def quantize_pack(
    request: QuantizeRequest, *, progress: Report = nobody_listens, cancelled: IsCancelled = never
) -> Quantized:
    """Make ``model.int8.onnx`` in a pack's folder, measure it, and write tolerance and checksums.

    Raises:
        PackNotChangedError: it is an installed pack, or its manifest cannot be edited.
        QuantizeError: the network is not taken, or no image could be prepared.
        QuantizerMissingError: this installation cannot make INT8 models.
        PackError, EngineError: of the pack.
        Cancelled: the user stopped it; nothing was changed.
    """
    from inference.manifest import MODEL_NAMES
    from inference.quantizer import quantized, require_quantizer

    require_quantizer()
    library, pack, may_change = library_for(str(request.folder))
    if not may_change:
        raise PackNotChangedError(say("evaluation.change.installed", id=pack.id))
    name = MODEL_NAMES["fp32"]
    if name not in pack.manifest.files:
        raise QuantizeError(say("evaluation.quantize.no_fp32", name=name))
    require_survives(pack, threads=request.threads, cancelled=cancelled)
    full = pack.read(name)
    looks, refused = _looks(library, pack, request, progress, cancelled)
    stop_if(cancelled)
    progress(Progress(stage="measuring", done=0, total=1))
    small = quantized(full, [look.tensor[None] for look in looks], method=request.method)
    stop_if(cancelled)
    roles, sides, speeds = _measured(pack, full, small, looks, request.threads)
    stop_if(cancelled)
    progress(Progress(stage="writing", done=0, total=1))
    _write(pack, small, {} if request.keep_tolerance else _tolerance(roles))
    return Quantized(
        folder=pack.folder,
        images=len(looks),
        refused=refused,
        fp32_bytes=len(full),
        int8_bytes=len(small),
        roles=roles,
        sides=sides,
        speeds=speeds,
        tolerance_written=not request.keep_tolerance,
        warned=any(side.share > ENOUGH_DRIFT for side in sides),
    )


def _looks(
    library: "PackLibrary",
    pack: "Pack",
    request: QuantizeRequest,
    progress: Report,
    cancelled: IsCancelled,
) -> "tuple[list[Look], int]":
    """Return what the network reads of the images that the pack answers, and how many it refuses.

    Where it answers too few, those that it refuses are taken too.
    """
    from inference.runner import PackRunner

    runner = PackRunner(library, "onnxruntime", "fp32", request.threads)
    answered: list[Look] = []
    others: list[Look] = []
    for loaded in _images(request, cancelled):
        progress(Progress(stage="looking", done=len(answered), total=request.count))
        look, speaks = _look(runner, pack, loaded)
        if look is not None:
            (answered if speaks else others).append(look)
        if len(answered) >= request.count:
            break
    looks = answered if len(answered) >= LEAST else [*answered, *others][: request.count]
    if not looks:
        raise QuantizeError(say("evaluation.quantize.no_images"))
    return looks, len(others)


def _images(request: QuantizeRequest, cancelled: IsCancelled) -> Iterator[Loaded]:
    """Yield images from all over the folder, spread evenly, so that no one part of it sets the ranges."""
    units = [u for u in scan([str(request.images)], cancelled=cancelled) if not isinstance(u, Unreadable)]
    step = max(1, len(units) // max(1, request.count))
    order = [index for start in range(step) for index in range(start, len(units), step)]
    for index in order:
        stop_if(cancelled)
        loaded = load(units[index])
        if loaded.image is not None and loaded.grey is not None:
            yield loaded


def _look(runner: "PackRunner", pack: "Pack", loaded: Loaded) -> "tuple[Look | None, bool]":
    from inference.requests import PackRun

    assert loaded.image is not None
    assert loaded.grey is not None
    for use_gates in (True, False):
        runs: dict[str, PackRun] = {}
        for pack_id in runner.plan([pack.id]):
            subject = _subject(pack.manifest, loaded)
            runs[pack_id] = runner.run(pack_id, loaded.image, loaded.grey, subject, runs, use_gates=use_gates)
        if runs[pack.id].result.status == "ok":
            return runs[pack.id].look, use_gates
    return None, False


def _subject(manifest: "Manifest", loaded: Loaded) -> "Subject":
    """Return what suits the pack: these images are chosen for it, and their headers may say nothing."""
    from dataclasses import replace

    from inference.subject import subject_of

    subject = subject_of(loaded.unit, loaded.unit.patient)
    ages = manifest.applies.age_years
    if ages is not None and subject.age_years is None:
        return replace(subject, age_years=(ages.minimum + ages.maximum) / 2)
    return subject


def _measured(
    pack: "Pack", full: bytes, small: bytes, looks: "Sequence[Look]", threads: int | None
) -> tuple[tuple[RoleDrift, ...], tuple[SideDrift, ...], tuple[SpeedRatio, ...]]:
    """Run both models in both engines; one that cannot run the new model is an error, not a slower speed."""
    from inference.golden import differences, read_golden
    from inference.manifest import GOLDEN_NAME

    golden = read_golden(pack.read(GOLDEN_NAME), pack.manifest)
    on_golden: dict[Role, float] = {}
    speeds: list[SpeedRatio] = []
    outputs: list[Outputs] = []
    engines: tuple[EngineName, ...] = ("onnxruntime", "openvino")
    for name in engines:
        try:
            slow, fast = _opened(pack, name, full, threads), _opened(pack, name, small, threads)
            found = differences(fast.engine, golden, pack.manifest)
            speeds.append(SpeedRatio(engine=name, ratio=_seconds(slow, looks) / _seconds(fast, looks)))
            if not outputs:
                outputs = [_outputs(network, looks) for network in (slow, fast)]
        except FarlightError as error:
            raise QuantizeError(say("evaluation.quantize.not_run", why=f"{name}: {error.title}")) from error
        for role, value in found.items():
            on_golden[role] = max(value, on_golden.get(role, 0.0))
    before, after = outputs
    drifts = tuple(_role_drift(role, before[role], after[role], on_golden[role]) for role in on_golden)
    return drifts, tuple(_side_drifts(pack, before, after)), tuple(speeds)


def _opened(pack: "Pack", name: EngineName, model: bytes, threads: int | None) -> "LoadedPack":
    from inference.engine import open_engine
    from inference.loaded import LoadedPack

    # which precision it is called makes no difference here
    return LoadedPack(pack=pack, engine=open_engine(name, model, threads=threads), precision="fp32")


def _outputs(network: "LoadedPack", looks: "Sequence[Look]") -> "Outputs":
    """Return what a network says of each image, by role: arrays with the image as first axis."""
    import numpy as np

    said = [network.look(look.tensor[None]) for look in looks]
    return {role: np.concatenate([each[role] for each in said]) for role in said[0]}


def _seconds(network: "LoadedPack", looks: "Sequence[Look]") -> float:
    """Return the median time of one image, seen several times."""
    batch = looks[0].tensor[None]
    times = []
    for run in range(_WARM_RUNS + _RUNS):
        started = time.perf_counter()
        network.look(batch)
        if run >= _WARM_RUNS:
            times.append(time.perf_counter() - started)
    return max(statistics.median(times), 1e-9)


def _role_drift(
    role: "Role", before: "NDArray[np.float32]", after: "NDArray[np.float32]", golden: float
) -> RoleDrift:
    import numpy as np

    difference = np.abs(after - before)
    return RoleDrift(
        role=role,
        largest=float(difference.max()),
        median=float(np.median(difference)),
        golden=golden,
        tolerance=float(f"{max(_ROOM * golden, _LEAST_TOLERANCE):.2g}"),
    )


def _side_drifts(pack: "Pack", before: "Outputs", after: "Outputs") -> Iterator[SideDrift]:
    """Yield, for each finding, whose score changes sides; a score alone may move without anybody noticing."""
    from inference.calibration import calibrated

    for scale in scales_of(pack.manifest):
        place = pack.manifest.codes.index(scale.code)
        sides = [
            [calibrated(scale.calibration, float(logit))[0] >= scale.threshold for logit in column]
            for column in (before["logits"][:, place], after["logits"][:, place])
        ]
        changed = sum(one != other for one, other in zip(*sides, strict=True))
        images = len(sides[0])
        yield SideDrift(code=scale.code, title=scale.title, share=changed / images, images=images)


def _tolerance(drifts: Sequence[RoleDrift]) -> dict[str, float]:
    return {each.role: each.tolerance for each in drifts}


def _write(pack: "Pack", small: bytes, tolerance: Mapping[str, float]) -> None:
    from inference.build import write_checksums
    from inference.manifest import MANIFEST_NAME, MODEL_NAMES
    from inference.manifest_edit import with_table
    from inference.manifest_reader import parse_manifest
    from inference.packs import decoded, read_manifest_bytes

    text = decoded(read_manifest_bytes(pack.folder))
    if tolerance:
        text = with_table(text, "tolerance", tolerance)
        parse_manifest(text, with_files=False)
    try:
        for name, content in ((MODEL_NAMES["int8"], small), (MANIFEST_NAME, text.encode())):
            partial = pack.folder / f".{name}.part"
            partial.write_bytes(content)
            partial.replace(pack.folder / name)
    except OSError as error:
        raise PackNotChangedError(say("evaluation.change.unwritable", name=pack.id)) from error
    write_checksums(pack.folder)
