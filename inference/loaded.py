"""A pack with its network loaded: which engine it got, and its outputs by role."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import EngineError, InferenceError
from core.result import EngineName, ModelStamp, Precision
from inference.engine import Engine, candidates, open_engine
from inference.manifest import MODEL_NAMES, Manifest, Role
from inference.packs import Pack

_DIMENSIONS: Mapping[Role, int] = {"logits": 2, "activation_map": 4, "masks": 4, "sense": 2, "familiarity": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPack:
    """A pack that is ready to look; ``replaced`` names an engine that was tried first and failed."""

    pack: Pack
    engine: Engine
    precision: Precision
    replaced: EngineName | None = None

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
        """Return the outputs, by role, for (batch, channel, row, column).

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
        return by_role


def load(
    pack: Pack,
    engine: EngineName | Literal["auto"],
    precision: Precision | Literal["auto"],
    threads: int | None,
) -> LoadedPack:
    """Load a pack's network in the engine asked for; ``auto`` takes the other one where the first fails.

    Raises:
        EngineError: no engine that may be used accepts it.
        PackError: the model file is not the one that was released.
    """
    choices = candidates(engine, precision)
    failures: list[EngineError] = []
    for name, chosen in choices:
        try:
            opened = open_engine(name, pack.read(MODEL_NAMES[chosen]), threads=threads)
        except EngineError as error:
            failures.append(error)
        else:
            replaced = choices[0][0] if failures else None
            return LoadedPack(pack=pack, engine=opened, precision=chosen, replaced=replaced)
    raise failures[0]


def shape_fault(
    manifest: Manifest, role: Role, shape: tuple[int | None, ...], batch: int | None
) -> str | None:
    """Return how an output's shape differs from what the manifest promises; None (a size) is open."""
    second = {"sense": len(manifest.sense.classes) if manifest.sense else 0, "familiarity": 1}
    wanted = (batch, second.get(role, len(manifest.labels)))
    if len(shape) != _DIMENSIONS[role]:
        return f"has {len(shape)} dimensions, the role {role} has {_DIMENSIONS[role]}"
    for got, want in zip(shape, wanted, strict=False):
        if got is not None and want is not None and got != want:
            return f"has the shape {shape}, the manifest promises {wanted}"
    return None
