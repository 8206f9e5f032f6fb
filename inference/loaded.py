"""A pack with its network loaded: which engine it got, and its outputs by role."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import EngineError, InferenceError, ModelLoadError
from core.result import EngineName, ModelStamp, Precision
from inference.engine import Engine, candidates, open_engine
from inference.manifest import Manifest, Role
from inference.model_files import HEAD_NAME, ModelFile, find_model, require_model
from inference.packs import Pack
from inference.scores import of_labels

_DIMENSIONS: Mapping[Role, int] = {"logits": 2, "activation_map": 4, "masks": 4, "sense": 2, "familiarity": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPack:
    """A pack that is ready to look; ``replaced`` names an engine that was tried first and failed.

    ``head`` is what follows the last feature map, where the pack's maps are made with it.
    """

    pack: Pack
    engine: Engine
    precision: Precision
    replaced: EngineName | None = None
    head: Engine | None = None

    @property
    def manifest(self) -> Manifest:
        """The pack's manifest."""
        return self.pack.manifest

    @property
    def stamp(self) -> ModelStamp:
        """Which model speaks."""
        return ModelStamp(
            pack_id=self.pack.id,
            version=str(self.manifest.version),
            sha256=self.pack.sha256,
            pack_class=self.manifest.pack_class,
            engine=self.engine.name,
            device=self.engine.device,
            precision=self.precision,
        )

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
    """Load a pack's network in the engine asked for; ``auto`` takes the other one where the first fails.

    Raises:
        EngineError: no engine that may be used accepts it.
        PackError: the model file is not the one that was released, or none has that precision.
    """
    choices = _choices(pack, engine, precision)
    failures: list[EngineError] = []
    for name, chosen in choices:
        model = require_model(pack.manifest.files, chosen)
        try:
            opened = open_network(pack, model, name, threads=threads)
        except EngineError as error:
            failures.append(error)
        else:
            replaced = choices[0][0] if failures else None
            return LoadedPack(
                pack=pack,
                engine=opened,
                precision=chosen,
                replaced=replaced,
                head=open_head(pack, name, threads=threads),
            )
    raise failures[0]


def open_network(pack: Pack, model: ModelFile, engine: EngineName, *, threads: int | None = None) -> Engine:
    """Load one of a pack's networks in one engine.

    Raises:
        EngineError: the engine does not accept it.
        PackError: the file is not the one that was released.
    """
    if engine not in model.engines:
        raise ModelLoadError(f"{model.name} runs in {' and '.join(model.engines)} only")
    if model.weights is None:
        return open_engine(engine, pack.read(model.name), threads=threads)
    return open_engine(engine, pack.read(model.name), threads=threads, weights=pack.read(model.weights))


def _choices(
    pack: Pack, engine: EngineName | Literal["auto"], precision: Precision | Literal["auto"]
) -> tuple[tuple[EngineName, Precision], ...]:
    """Return what to try, best first; a pack without INT8 speaks in FP32 where that is left open."""
    files = pack.manifest.files
    if precision == "auto" and find_model(files, "int8") is None:
        precision = "fp32"
    choices = candidates(engine, precision)
    fit = tuple(choice for choice in choices if choice[0] in require_model(files, choice[1]).engines)
    return fit or choices


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
    wanted = (batch, second.get(role, manifest.columns))
    if len(shape) != _DIMENSIONS[role]:
        return f"has {len(shape)} dimensions, the role {role} has {_DIMENSIONS[role]}"
    for got, want in zip(shape, wanted, strict=False):
        if got is not None and want is not None and got != want:
            return f"has the shape {shape}, the manifest promises {wanted}"
    return None
