"""A pack with its network loaded: which engine it got, and its outputs by role."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import DriftError, EngineError, InferenceError, ModelLoadError
from core.result import EngineName, ModelStamp, Precision
from inference.choices import Asked, Choice, choices_of
from inference.engine import CPU, Engine, open_engine, physical_cores
from inference.golden import allowed_differences, differences, read_golden
from inference.manifest import GOLDEN_NAME, Manifest, Role
from inference.model_files import HEAD_NAME, ModelFile, require_model
from inference.packs import Pack
from inference.scores import of_labels

_DIMENSIONS: Mapping[Role, int] = {"logits": 2, "activation_map": 4, "masks": 4, "sense": 2, "familiarity": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """What was tried first, and why it is not what runs; ``wanted`` is an engine or a device.

    The sentence stands in the wording table under ``inference.engine.<case>``.
    """

    wanted: str
    case: Literal["replaced", "drifted", "device", "device_out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPack:
    """A pack that is ready to look; ``replaced`` says what was tried first and does not run.

    ``head`` is what follows the last feature map, where the pack's maps are made with it. ``choice`` is what
    was asked of the engine.
    """

    pack: Pack
    engine: Engine
    precision: Precision
    replaced: Replaced | None = None
    head: Engine | None = None
    choice: Choice | None = None

    @property
    def manifest(self) -> Manifest:
        """The pack's manifest."""
        return self.pack.manifest

    def stamp_of(self, batch: int = 1) -> ModelStamp:
        """Return which model speaks, of so many images that it looked at together."""
        return ModelStamp(
            pack_id=self.pack.id,
            version=str(self.manifest.version),
            sha256=self.pack.sha256,
            pack_class=self.manifest.pack_class,
            engine=self.engine.name,
            device=self.engine.device,
            precision=self.precision,
            threads=self.threads,
            batch=batch if self.engine.name == "onnxruntime" else None,
        )

    @property
    def threads(self) -> int | None:
        """How many cores of the processor one run uses; None on a device, which decides for itself."""
        if self.engine.device != CPU or self.choice is None:
            return None
        return self.choice.threads or physical_cores()

    @property
    def instead(self) -> dict[str, str]:
        """What was wanted and what runs in its place, for a sentence; {} where nothing was replaced."""
        if self.replaced is None:
            return {}
        used = f"{self.engine.name} {self.precision} ({self.engine.device})"
        return {"wanted": self.replaced.wanted, "used": used}

    def look(self, batch: NDArray[np.float32]) -> Mapping[Role, NDArray[np.float32]]:
        """Return the outputs, by role, for (batch, channel, row, column): a column for each label.

        Logits are logits and masks are probabilities, whatever the network ends in.

        Raises:
            InferenceError: the engine failed, or an output is not what the manifest promises.
        """
        outputs = self.engine.run(batch)
        by_role: dict[Role, NDArray[np.float32]] = {}
        for role, name in self.manifest.output.names.items():
            if name not in outputs:
                raise InferenceError(f"{self.pack.id}: the network has no output {name!r}")
            by_role[role] = outputs[name]
            fault = shape_fault(self.manifest, role, by_role[role].shape, len(batch))
            if fault is not None:
                raise InferenceError(f"{self.pack.id}: the output {name!r} {fault}")
        return of_labels(by_role, self.manifest)


def load(
    pack: Pack,
    engine: EngineName | Literal["auto"],
    precision: Precision | Literal["auto"],
    threads: int | None,
) -> LoadedPack:
    """Load a pack's network on the processor, in the engine asked for; see ``load_first``.

    Raises:
        EngineError: no engine that may be used accepts it.
        PackError: the model file is not the one that was released, or none has that precision.
    """
    asked = Asked(engine=engine, precision=precision, device=CPU, threads=threads)
    return load_first(pack, choices_of(pack, asked))


def load_first(pack: Pack, choices: Sequence[Choice]) -> LoadedPack:
    """Load a pack's network in the first way of several that this computer does rightly.

    Where there is another way left, each must give the pack's golden answers first: a processor may round
    otherwise than the one on which the pack was made.

    Raises:
        EngineError: none works; what the first said.
        DriftError: those that work answer otherwise than the pack allows.
        PackError: the model file is not the one that was released.
    """
    failures: list[tuple[Choice, EngineError]] = []
    for choice in choices:
        try:
            opened = open_choice(pack, choice)
            if len(choices) > 1:
                require_golden(pack, choice, opened.engine)
        except EngineError as error:
            failures.append((choice, error))
        else:
            return replace(opened, replaced=_replaced(failures, choice))
    raise next((error for _, error in failures if isinstance(error, DriftError)), failures[0][1])


def open_choice(pack: Pack, choice: Choice, *, cache: Path | None = None) -> LoadedPack:
    """Load a pack's network in one way; a device may keep what it compiled in the folder ``cache``.

    Raises:
        EngineError: the engine or the device does not accept it.
        PackError: the file is not the one that was released.
    """
    model = require_model(pack.manifest.files, choice.precision)
    network = open_network(
        pack, model, choice.engine, threads=choice.threads, device=choice.device, cache=cache
    )
    head = open_head(pack, choice.engine, threads=choice.threads)
    return LoadedPack(pack=pack, engine=network, precision=choice.precision, head=head, choice=choice)


def require_golden(pack: Pack, choice: Choice, engine: Engine) -> None:
    """Check that a network gives the pack's golden answers, within the tolerance of its precision.

    Raises:
        DriftError: it does not; the detail says by how much.
        InferenceError: the engine failed.
    """
    golden = read_golden(pack.read(GOLDEN_NAME), pack.manifest)
    allowed = allowed_differences(pack.manifest, choice.precision)
    found = differences(engine, golden, pack.manifest)
    wrong = [role for role in found if not found[role] <= allowed[role]]
    if wrong:
        how = ", ".join(f"{role} {found[role]:.2g} of {allowed[role]:g}" for role in wrong)
        raise DriftError(f"{pack.id} {choice.engine} {choice.precision} {choice.device}: {how}")


def _replaced(failures: Sequence[tuple[Choice, EngineError]], choice: Choice) -> Replaced | None:
    if not failures:
        return None
    wanted, error = failures[0]
    if wanted.engine == choice.engine and wanted.device == choice.device:
        return Replaced(wanted=f"{wanted.engine} {wanted.precision}", case="drifted")
    return Replaced(wanted=wanted.engine, case="drifted" if isinstance(error, DriftError) else "replaced")


def open_network(
    pack: Pack,
    model: ModelFile,
    engine: EngineName,
    *,
    threads: int | None = None,
    device: str = CPU,
    cache: Path | None = None,
) -> Engine:
    """Load one of a pack's networks in one engine.

    Raises:
        EngineError: the engine does not accept it.
        PackError: the file is not the one that was released.
    """
    if engine not in model.engines:
        raise ModelLoadError(f"{model.name} runs in {' and '.join(model.engines)} only")
    content = pack.read(model.name)
    elsewhere: dict[str, Any] = {} if device == CPU and cache is None else {"device": device, "cache": cache}
    if model.weights is not None:
        elsewhere["weights"] = pack.read(model.weights)
    return open_engine(engine, content, threads=threads, **elsewhere)


def open_head(pack: Pack, engine: EngineName, *, threads: int | None = None) -> Engine | None:
    """Load what follows the last feature map, where the pack's maps are made with it.

    Raises:
        EngineError: the engine does not accept it.
        PackError: the file is not the one that was released.
    """
    explanation = pack.manifest.explanation
    if explanation is None or explanation.method != "reciprocam":
        return None
    return open_engine(engine, pack.read(HEAD_NAME), threads=threads)


def shape_fault(
    manifest: Manifest, role: Role, shape: tuple[int | None, ...], batch: int | None
) -> str | None:
    """Return how an output's shape differs from what the manifest promises; None (a size) is open."""
    second = {"sense": len(manifest.sense.classes) if manifest.sense else 0, "familiarity": 1}
    if manifest.findings:
        second |= {"logits": len(manifest.findings), "activation_map": len(manifest.findings)}
    wanted = (batch, second.get(role, manifest.columns))
    if len(shape) != _DIMENSIONS[role]:
        return f"has {len(shape)} dimensions, the role {role} has {_DIMENSIONS[role]}"
    for got, want in zip(shape, wanted, strict=False):
        if got is not None and want is not None and got != want:
            return f"has the shape {shape}, the manifest promises {wanted}"
    return None
