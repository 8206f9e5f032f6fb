"""Measure a pack's own map: does the score follow it, is it tied to the weights, does it repeat?"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.errors import FarlightError, QuantizerMissingError
from services.progress import IsCancelled, never

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evaluation.map_quality import Case, Fill, Pointing, Score
    from inference.loaded import LoadedPack
    from inference.manifest import Manifest
    from inference.packs import Pack
    from inference.requests import PackRun


@dataclass(frozen=True, slots=True, kw_only=True)
class MapMaker:
    """Makes a pack's maps: from its network's own output, or by asking it many times (``slow``)."""

    network: "LoadedPack"
    slow: bool

    def of(self, run: "PackRun", cancelled: IsCancelled = never) -> "NDArray[np.float32] | None":
        """Return the maps, (label, row, column), of one image; None where there are none."""
        if run.look is None:
            return None
        if not self.slow:
            return run.look.outputs["activation_map"]
        return self.asked_for(run.look.tensor[None], cancelled)

    def asked_for(
        self, tensor: "NDArray[np.float32]", cancelled: IsCancelled = never
    ) -> "NDArray[np.float32] | None":
        """Return the maps of an input, (1, channel, row, column); None where they took too long."""
        from inference.explaining import maps_of

        if self.slow:
            return maps_of(self.network, tensor[0], cancelled=cancelled)
        maps: NDArray[np.float32] = self.network.look(tensor)["activation_map"][0]
        return maps


def map_maker(pack: "Pack", threads: int | None) -> MapMaker | None:
    """Return what makes a pack's maps, from its FP32 network in ONNX Runtime; None where it makes none."""
    from inference.explaining import needs_runs
    from inference.loaded import load

    slow = needs_runs(pack.manifest.explanation)
    if not pack.manifest.scored_labels or not (slow or pack.manifest.output.has("activation_map")):
        return None
    try:
        return MapMaker(network=load(pack, "onnxruntime", "fp32", threads), slow=slow)
    except FarlightError:  # such as OpenVINO's own format, which has no shuffled twin to compare with
        return None


def stored_heat(
    activation: "NDArray[np.float32]", run: "PackRun", shape: tuple[int, ...]
) -> "NDArray[np.float32]":
    """Return the heat of one map in the stored orientation, at a shape (row, column)."""
    from inference.explain import heat_of
    from inference.postprocess import map_at
    from inference.prepare import as_stored, upright_shape

    assert run.look is not None
    correction = run.result.correction
    upright = upright_shape((shape[0], shape[1]), correction)
    return as_stored(map_at(heat_of(activation), box=run.look.box, shape=upright), correction)


def case_of(
    manifest: "Manifest", activation: "NDArray[np.float32]", run: "PackRun", runs: "Mapping[str, PackRun]"
) -> "Case | None":
    """Return one image as the network read it, with the heat of one label's map and its region."""
    import numpy as np

    from evaluation.map_quality import Case, resized_heat
    from inference.explain import heat_of
    from inference.manifest import MaskRegion
    from inference.preprocess import crop_box

    assert run.look is not None
    tensor = run.look.tensor[None]
    shape = (tensor.shape[2], tensor.shape[3])
    mask = np.ones(shape, np.bool_)
    region = manifest.input.region
    if isinstance(region, MaskRegion):
        outlines = runs[region.pack].outlines
        inside = [outlines[code] for code in region.codes if code in outlines]
        if not inside:
            return None
        soft = np.asarray(np.logical_or.reduce(inside), dtype=np.float32)
        mask = crop_box(soft, run.look.box, height=shape[0], width=shape[1]) > 0.5
    if not mask.any():
        return None
    return Case(tensor=tensor, mask=mask, heat=resized_heat(heat_of(activation), shape))


def map_rows(
    pack: "Pack", code: str, cases: Sequence["Case"], pointed: Sequence["Pointing"], threads: int | None
) -> dict[str, Any]:
    """Return the measures of one label's map, and whether they allow showing it; empty without any."""
    rows: dict[str, Any] = {"images": max(len(cases), len(pointed))}
    if pointed:
        rows |= _pointing_rows(pointed)
    maker = map_maker(pack, threads) if cases else None
    if maker is not None:
        with suppress(QuantizerMissingError):  # nothing here shuffles weights: nothing is said of removal
            rows |= _removal_rows(pack, code, cases, maker, threads)
    return rows if len(rows) > 1 else {}


def _pointing_rows(pointed: Sequence["Pointing"]) -> dict[str, Any]:
    import numpy as np

    return {
        "boxed_images": len(pointed),
        "hottest_spot_in_box": round(float(np.mean([each.hits for each in pointed])), 4),
        "middle_in_box": round(float(np.mean([each.centre_hits for each in pointed])), 4),
        "heat_in_boxes": round(float(np.mean([each.heat_in_boxes for each in pointed])), 4),
        "boxes_share": round(float(np.mean([each.boxes_share for each in pointed])), 4),
    }


def _removal_rows(
    pack: "Pack", code: str, cases: Sequence["Case"], maker: MapMaker, threads: int | None
) -> dict[str, Any]:
    import numpy as np

    from evaluation.map_quality import (
        correlation,
        heat_inside,
        may_be_shown,
        orders,
        removal,
        shifted,
    )

    place = [label.code for label in pack.manifest.scored_labels].index(code)
    other = MapMaker(network=_shuffled(pack, maker.network, threads), slow=maker.slow)
    tied = [correlation(case.heat, _heat(other, place, case.tensor), case.mask) for case in cases]
    moved = [
        correlation(_moved(case.heat), _heat(maker, place, shifted(case.tensor)), case.mask) for case in cases
    ]
    shuffled, repeated = round(float(np.mean(tied)), 4), round(float(np.mean(moved)), 4)
    name, fill = _fill(pack.manifest)
    areas = removal(_score(maker.network, place), cases, orders(), fill)
    inside = None
    if not all(case.mask.all() for case in cases):
        inside = round(float(np.mean([heat_inside(case) for case in cases])), 4)
    return {
        "fill": name,
        **areas,
        "heat_inside_region": inside,
        "region_share": round(float(np.mean([case.mask.mean() for case in cases])), 4),
        "correlation_with_random_weights": shuffled,
        "correlation_under_small_shifts": repeated,
        "passes": may_be_shown(areas, inside=inside, shuffled=shuffled, repeated=repeated),
    }


def _fill(manifest: "Manifest") -> tuple[str, "Fill"]:
    """Return what takes the place of what is removed: the pack's own constant, else a blur."""
    from evaluation.map_quality import blurred_inside, cut_out
    from inference.manifest import MaskRegion

    region = manifest.input.region
    if isinstance(region, MaskRegion) and manifest.input.normalise is None:
        return "cut out", cut_out(region.outside)
    return "blurred", blurred_inside


def _score(network: "LoadedPack", place: int) -> "Score":
    import numpy as np

    def score(tensors: "NDArray[np.float32]") -> "NDArray[np.float64]":
        logits = network.look(tensors)["logits"][:, place].astype(np.float64)
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))))

    return score


def _heat(maker: MapMaker, place: int, tensor: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Return the heat of an input, at its size; flat where the map took too long."""
    import numpy as np

    from evaluation.map_quality import resized_heat
    from inference.explain import heat_of

    shape = (tensor.shape[2], tensor.shape[3])
    maps = maker.asked_for(tensor)
    return np.zeros(shape, np.float32) if maps is None else resized_heat(heat_of(maps[place]), shape)


def _moved(heat: "NDArray[np.float32]") -> "NDArray[np.float32]":
    from evaluation.map_quality import shifted

    moved: NDArray[np.float32] = shifted(heat[None, None])[0, 0]
    return moved


def _shuffled(pack: "Pack", network: "LoadedPack", threads: int | None) -> "LoadedPack":
    """Return the pack's network with its filters shuffled: a map that stays the same shows no model."""
    from inference.engine import open_engine
    from inference.manifest import MODEL_NAMES
    from inference.shuffled_weights import shuffled_weights

    content = shuffled_weights(pack.read(MODEL_NAMES["fp32"]))
    return replace(network, engine=open_engine("onnxruntime", content, threads=threads))
