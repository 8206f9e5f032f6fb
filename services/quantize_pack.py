"""Make a pack's INT8 model from a folder of images, and say how far it lies from FP32 and how fast it is."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.errors import PackNotChangedError, PackTrialError, QuantizeError
from core.wording import say
from services.evaluate_ask import library_for, require_survives
from services.int8_drift import RoleDrift, SideDrift, SpeedRatio, drift_of
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from services.quantize_images import choose

if TYPE_CHECKING:
    from inference.packs import Pack

ENOUGH_DRIFT = 0.01
"""Share of images of which INT8 says something else, from which the user is warned."""
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
class Quantized:
    """What came of it; bytes are those of the two model files.

    ``images`` set the ranges; ``apart`` are those of other patients on which drift and sides were measured.
    """

    folder: Path
    images: int
    apart: int
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
        QuantizeError: the network is not taken, too few images are answered, or INT8 lies too far from FP32.
        QuantizerMissingError: this installation cannot make INT8 models.
        PackError, EngineError: of the pack.
        Cancelled: the user stopped it; nothing was changed.
    """
    from inference.manifest import MODEL_NAMES
    from inference.quantizer import quantized, require_quantizer
    from inference.runner import PackRunner

    require_quantizer()
    library, pack, may_change = library_for(str(request.folder))
    if not may_change:
        raise PackNotChangedError(say("evaluation.change.installed", id=pack.id))
    name = MODEL_NAMES["fp32"]
    if name not in pack.manifest.files:
        raise QuantizeError(say("evaluation.quantize.no_fp32", name=name))
    require_survives(pack, threads=request.threads, cancelled=cancelled)
    full = pack.read(name)
    runner = PackRunner(library, "onnxruntime", "fp32", request.threads)
    chosen = choose(runner, pack, request.images, request.count, progress, cancelled)
    stop_if(cancelled)
    progress(Progress(stage="measuring", done=0, total=1))
    small = quantized(full, [look.tensor[None] for look in chosen.ranges], method=request.method)
    stop_if(cancelled)
    _require_it_runs(pack, small, request.threads, cancelled)
    drift = drift_of(pack, full, small, chosen.apart, request.threads)
    stop_if(cancelled)
    progress(Progress(stage="writing", done=0, total=1))
    _write(pack, small, {} if request.keep_tolerance else {one.role: one.tolerance for one in drift.roles})
    return Quantized(
        folder=pack.folder,
        images=len(chosen.ranges),
        apart=len(chosen.apart),
        refused=chosen.refused,
        fp32_bytes=len(full),
        int8_bytes=len(small),
        roles=drift.roles,
        sides=drift.sides,
        speeds=drift.speeds,
        tolerance_written=not request.keep_tolerance,
        warned=any(side.share > ENOUGH_DRIFT for side in drift.sides),
    )


def _require_it_runs(pack: "Pack", small: bytes, threads: int | None, cancelled: IsCancelled) -> None:
    """Have a child process run a copy of the pack with its new model in both engines: engines may die of one.

    Raises:
        QuantizeError: the child died.
        Cancelled: the user stopped it.
    """
    from inference.build import write_checksums
    from inference.manifest import MODEL_NAMES

    with tempfile.TemporaryDirectory(prefix="farlight-quantize-") as name:
        copy = Path(shutil.copytree(pack.folder, Path(name) / pack.id))
        (copy / MODEL_NAMES["int8"]).write_bytes(small)
        try:
            require_survives(write_checksums(copy), threads=threads, cancelled=cancelled)
        except PackTrialError as error:
            raise QuantizeError(say("evaluation.quantize.not_run", why=error.detail)) from error


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
