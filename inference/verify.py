"""Prove a pack on this computer: manifest, checksums, both models in both engines, golden outputs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import EngineError, FarlightError, PackError
from core.result import EngineName, Precision
from core.wording import say
from inference.engine import Engine
from inference.explaining import head_difference
from inference.golden import Golden, allowed_differences, differences, read_golden
from inference.loaded import LoadedPack, open_head, open_network, shape_fault
from inference.manifest import GOLDEN_NAME
from inference.model_files import ModelFile, models_of
from inference.pack_files import require_intact
from inference.packs import Pack, load_pack
from inference.risk_golden import LARGEST_TABLE_DIFFERENCE, table_difference
from inference.risk_reading import load_table

_CAREFUL_FIRST: tuple[EngineName, ...] = ("onnxruntime", "openvino")
"""OpenVINO 2026.4 crashes on operators without their inputs, which ONNX Runtime refuses: a model that the one
does not accept is not shown to the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyCheck:
    """One thing that was proven, or not, in words; ``code`` is the error's where there was one.

    ``engine`` and ``precision`` are None where the check concerns the pack as a whole.
    """

    name: str
    passed: bool
    text: str
    code: str | None = None
    engine: EngineName | None = None
    precision: Precision | None = None


def verify_pack(folder: Path, *, threads: int | None = None) -> tuple[VerifyCheck, ...]:
    """Check a pack's folder; what builds on something that failed is left out."""
    return tuple(checks_of(folder, threads=threads))


def interface_faults(pack: Pack, engine: Engine) -> Iterator[str]:
    """Yield how a loaded network's inputs and outputs differ from what the manifest promises."""
    spec = pack.manifest.input
    names = [tensor.name for tensor in engine.inputs]
    if names != [spec.name]:
        yield f"inputs are {names}, the manifest promises {[spec.name]}"
        return
    shape = engine.inputs[0].shape
    wanted = (spec.channels, *spec.size)
    if len(shape) != 4 or shape[0] not in (None, 1) or shape[1:] != wanted:
        yield f"the input has the shape {shape}, the manifest promises {wanted} for each image"
    outputs = {tensor.name: tensor.shape for tensor in engine.outputs}
    for role, name in pack.manifest.output.names.items():
        if name not in outputs:
            yield f"the output {name!r} is missing"
        elif (fault := shape_fault(pack.manifest, role, outputs[name], None)) is not None:
            yield f"the output {name!r} {fault}"


def checks_of(folder: Path, *, threads: int | None = None) -> Iterator[VerifyCheck]:
    """Yield the checks of a pack's folder as they are made."""
    try:
        step = "manifest"
        pack = load_pack(folder)
        yield _check(
            step, say("inference.verify_manifest.good", id=pack.id, version=str(pack.manifest.version))
        )
        step = "files"
        require_intact(folder, pack.manifest.files)
        yield _check(step, say("inference.verify_files.good", count=str(len(pack.manifest.files))))
        step = "golden"
        if pack.manifest.reads_values:
            yield from _table_checks(pack)
            return
        golden = read_golden(pack.read(GOLDEN_NAME), pack.manifest)
    except PackError as error:
        yield _failed(step, error)
        return
    for model in models_of(pack.manifest.files):
        for engine in (name for name in _CAREFUL_FIRST if name in model.engines):
            checks = tuple(_engine_checks(pack, golden, engine, model, threads))
            yield from (replace(check, engine=engine, precision=model.precision) for check in checks)
            if not checks[0].passed:
                break


def _engine_checks(
    pack: Pack, golden: Golden, name: EngineName, model: ModelFile, threads: int | None
) -> Iterator[VerifyCheck]:
    try:
        step = "load"
        engine = open_network(pack, model, name, threads=threads)
        yield _check(step, say("inference.verify_load.good"))
        faults = tuple(interface_faults(pack, engine))
        yield _check(
            "interface", "; ".join(faults) or say("inference.verify_interface.good"), passed=not faults
        )
        if faults:
            return
        step = "golden"
        found = differences(engine, golden, pack.manifest)
    except EngineError as error:
        yield _failed(step, error)
        return
    yield from _head_checks(pack, golden, engine, model, threads)
    yield from _other_pictures(pack, golden, engine, model)
    allowed = allowed_differences(pack.manifest, model.precision)
    passed = all(found[role] <= allowed[role] for role in found)
    words = ", ".join(f"{role} {found[role]:.2g} of {allowed[role]:g}" for role in found)
    yield _check(
        step, say(f"inference.verify_golden.{'good' if passed else 'differs'}", found=words), passed=passed
    )


def _table_checks(pack: Pack) -> Iterator[VerifyCheck]:
    """Yield whether a pack that reads values can be read, and gives the answers that its makers found.

    Raises:
        PackError: the table or the known answers are not what they must be.
    """
    table = load_table(pack)
    found = table_difference(pack, table)
    passed = found <= LARGEST_TABLE_DIFFERENCE
    words = f"{found:.2g} of {LARGEST_TABLE_DIFFERENCE:g}"
    case = "good" if passed else "differs"
    yield _check("golden", say(f"inference.verify_golden.{case}", found=words), passed=passed)


def _other_pictures(pack: Pack, golden: Golden, engine: Engine, model: ModelFile) -> Iterator[VerifyCheck]:
    """Yield what is wrong with a network that runs its known inputs, but not others, or not after others.

    It sees a black picture, a white one and noise, then the known inputs in the other order: one that keeps
    something of the picture before, or grows with what is in it, shows here.
    """
    try:
        before = engine.run(golden.batch)
        for picture in _extremes(pack):
            engine.run(picture)
        after = engine.run(np.ascontiguousarray(golden.batch[::-1]))
    except EngineError as error:
        yield _failed("pictures", error)
        return
    allowed = allowed_differences(pack.manifest, model.precision)
    names = pack.manifest.output.names
    found = {role: float(np.abs(before[name] - after[name][::-1]).max()) for role, name in names.items()}
    if not all(found[role] <= allowed[role] for role in found):
        words = ", ".join(f"{role} {found[role]:.2g} of {allowed[role]:g}" for role in found)
        yield _check("pictures", say("inference.verify_pictures.remembers", found=words), passed=False)


def _extremes(pack: Pack) -> Iterator[NDArray[np.float32]]:
    """Yield pictures (1, channel, row, column) as the network reads them: black, white, noise."""
    spec = pack.manifest.input
    shape = (spec.channels, *spec.size)
    rule = spec.normalise
    noise = np.random.default_rng(0).random(shape)
    for picture in (np.zeros(shape), np.ones(shape), noise):
        values = picture
        if rule is not None:
            mean, std = (np.resize(one, spec.channels)[:, None, None] for one in (rule.mean, rule.std))
            values = (picture * rule.scale - mean) / std
        yield values.astype(np.float32)[None]


def _head_checks(
    pack: Pack, golden: Golden, engine: Engine, model: ModelFile, threads: int | None
) -> Iterator[VerifyCheck]:
    """Yield whether what follows the last feature map says alone what the whole network says."""
    rule = pack.manifest.explanation
    if rule is None or rule.method != "reciprocam":
        return
    try:
        head = open_head(pack, engine.name, threads=threads)
        loaded = LoadedPack(pack=pack, engine=engine, precision=model.precision, head=head)
        found = head_difference(loaded, golden.batch)
    except EngineError as error:
        yield _failed("head", error)
        return
    allowed = allowed_differences(pack.manifest, model.precision)["logits"]
    passed = found <= allowed
    case = "good" if passed else "differs"
    yield _check(
        "head", say(f"inference.verify_head.{case}", found=f"{found:.2g} of {allowed:g}"), passed=passed
    )


def _check(step: str, text: str, *, passed: bool = True, code: str | None = None) -> VerifyCheck:
    return VerifyCheck(name=say(f"inference.verify_{step}.name"), passed=passed, text=text, code=code)


def _failed(step: str, error: FarlightError) -> VerifyCheck:
    return _check(step, f"{error.title} {error.detail}".strip(), passed=False, code=error.code)
