"""How far an INT8 model lies from FP32: on images that did not set its ranges, and on the golden inputs."""

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from core.errors import FarlightError, QuantizeError
from core.result import EngineName
from core.wording import say
from services.calibrate_pack import scales_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inference.golden import Golden
    from inference.loaded import LoadedPack
    from inference.manifest import Manifest, Role
    from inference.packs import Pack
    from inference.requests import Look

    Outputs = Mapping[Role, NDArray[np.float32]]

LEAST_DICE = 0.97
"""Overlap of the outlines of INT8 and FP32 below which they are counted as another outline."""
_INSIDE = 0.5
_ROOM, _LEAST_TOLERANCE = 2.0, 1e-3
"""A tolerance is this many times the largest difference seen on the golden inputs, and at least that much."""
_SHARES: Mapping["Role", float] = MappingProxyType(
    {"logits": 0.05, "masks": 0.1, "sense": 0.05, "activation_map": 0.15, "familiarity": 0.1}
)
"""Of the size of an output's golden answers, the share that its tolerance may be at most."""
_LEAST_CEILING: Mapping["Role", float] = MappingProxyType(
    {"logits": 0.4, "masks": 0.0, "sense": 0.4, "activation_map": 0.0, "familiarity": 0.0}
)
_RUNS, _WARM_RUNS = 15, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDrift:
    """How far INT8 lies from FP32 in one output: on images kept apart, and on golden inputs in either engine.

    ``tolerance`` is what the manifest may be set to, ``ceiling`` the most that it may be for this output.
    """

    role: "Role"
    largest: float
    median: float
    golden: float
    tolerance: float
    ceiling: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SideDrift:
    """The share (0..1) of images kept apart of which INT8 says something else.

    Of a finding: the score lies on the other side of the threshold in force. Of a structure: the two outlines
    overlap by less than LEAST_DICE.
    """

    code: str
    title: str
    share: float
    images: int
    of: Literal["threshold", "outline"] = "threshold"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedRatio:
    """How many times as fast as FP32 the INT8 model is in one engine, batch 1, on this computer."""

    engine: EngineName
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """All that was measured of a new model."""

    roles: tuple[RoleDrift, ...]
    sides: tuple[SideDrift, ...]
    speeds: tuple[SpeedRatio, ...]


def drift_of(pack: "Pack", full: bytes, small: bytes, apart: "Sequence[Look]", threads: int | None) -> Drift:
    """Run both models in both engines on images that did not set the ranges, and on the golden inputs.

    Raises:
        QuantizeError: an engine cannot run the new model, or it lies too far from FP32 for any tolerance.
    """
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
            speeds.append(SpeedRatio(engine=name, ratio=_seconds(slow, apart) / _seconds(fast, apart)))
            if not outputs:
                outputs = [_outputs(network, apart) for network in (slow, fast)]
        except FarlightError as error:
            raise QuantizeError(say("evaluation.quantize.not_run", why=f"{name}: {error.title}")) from error
        for role, value in found.items():
            on_golden[role] = max(value, on_golden.get(role, 0.0))
    before, after = outputs
    roles = tuple(
        _role_drift(role, before[role], after[role], on_golden[role], ceiling(role, golden, pack.manifest))
        for role in on_golden
    )
    sides = (*_side_drifts(pack, before, after), *_outline_drifts(pack, before, after))
    return Drift(roles=roles, sides=sides, speeds=tuple(speeds))


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
    role: "Role", before: "NDArray[np.float32]", after: "NDArray[np.float32]", golden: float, most: float
) -> RoleDrift:
    import numpy as np

    difference = np.abs(after - before)
    if not golden <= most:
        raise QuantizeError(say("evaluation.quantize.too_far", role=role, drift=golden, most=most))
    return RoleDrift(
        role=role,
        largest=float(difference.max()),
        median=float(np.median(difference)),
        golden=golden,
        tolerance=min(most, float(f"{max(_ROOM * golden, _LEAST_TOLERANCE):.2g}")),
        ceiling=most,
    )


def ceiling(role: "Role", golden: "Golden", manifest: "Manifest") -> float:
    """Return the largest tolerance that an output may have: what lies further off says something else.

    A logit may move a probability by a tenth at most, or itself by a twentieth of what its golden answers
    span; a mask of 0..1 by less than from sure to unsure; a map and a distance by a share of their size.
    """
    expected = golden.expected[role]
    size = max(float(expected.max() - expected.min()), float(abs(expected).max()))
    if manifest.output.scores == "probabilities" or (role == "masks" and size <= 1.0):
        return {"logits": 0.1, "masks": 0.5}.get(role, _SHARES[role] * size)
    return max(_LEAST_CEILING[role], _SHARES[role] * size)


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


def _outline_drifts(pack: "Pack", before: "Outputs", after: "Outputs") -> Iterator[SideDrift]:
    """Yield, for each structure, of how many images INT8 draws another outline."""
    from evaluation.figures import dice

    if "masks" not in before:
        return
    for place, label in enumerate(pack.manifest.labels):
        drawn = zip(before["masks"][:, place] >= _INSIDE, after["masks"][:, place] >= _INSIDE, strict=True)
        other = [dice(one, two) < LEAST_DICE for one, two in drawn]
        share = sum(other) / len(other)
        yield SideDrift(code=label.code, title=label.title, share=share, images=len(other), of="outline")
