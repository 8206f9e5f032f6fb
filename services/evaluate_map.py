"""Measure a pack's own map: does the score follow it, is it tied to the weights, does it repeat?"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evaluation.map_quality import Case, Fill, Pointing, Score
    from inference.loaded import LoadedPack
    from inference.manifest import Manifest
    from inference.packs import Pack
    from inference.requests import PackRun


def case_of(manifest: "Manifest", place: int, run: "PackRun", runs: "Mapping[str, PackRun]") -> "Case | None":
    """Return one image as the network read it, with the heat of the label at ``place`` and its region."""
    import numpy as np

    from evaluation.map_quality import Case, resized_heat
    from inference.explain import heat_of
    from inference.manifest import MaskRegion
    from inference.preprocess import crop_box

    if run.look is None or "activation_map" not in run.look.outputs:
        return None
    tensor = run.look.tensor[None]
    shape = (tensor.shape[2], tensor.shape[3])
    mask = np.ones(shape, np.bool_)
    region = manifest.input.region
    if isinstance(region, MaskRegion):
        outlines = runs[region.pack].outlines
        union = np.logical_or.reduce([outlines[code] for code in region.codes if code in outlines])
        soft = np.asarray(union, dtype=np.float32)
        mask = crop_box(soft, run.look.box, height=shape[0], width=shape[1]) > 0.5
    if not mask.any():
        return None
    return Case(
        tensor=tensor, mask=mask, heat=resized_heat(heat_of(run.look.outputs["activation_map"][place]), shape)
    )


def map_rows(
    pack: "Pack", code: str, cases: Sequence["Case"], pointed: Sequence["Pointing"], threads: int | None
) -> dict[str, Any]:
    """Return the measures of one label's map, and whether they allow showing it; empty without any."""
    from inference.manifest import MODEL_NAMES

    rows: dict[str, Any] = {"images": max(len(cases), len(pointed))}
    if pointed:
        rows |= _pointing_rows(pointed)
    if cases and MODEL_NAMES["fp32"] in pack.manifest.files:
        rows |= _removal_rows(pack, code, cases, threads)
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


def _removal_rows(pack: "Pack", code: str, cases: Sequence["Case"], threads: int | None) -> dict[str, Any]:
    import numpy as np

    from evaluation.map_quality import (
        correlation,
        heat_inside,
        may_be_shown,
        orders,
        removal,
        shifted,
    )
    from inference.loaded import load

    network = load(pack, "onnxruntime", "fp32", threads)
    place = pack.manifest.codes.index(code)
    name, fill = _fill(pack.manifest)
    areas = removal(_score(network, place), cases, orders(), fill)
    inside = None
    if not all(case.mask.all() for case in cases):
        inside = round(float(np.mean([heat_inside(case) for case in cases])), 4)
    other = _shuffled(pack, threads)
    tied = [correlation(case.heat, _heat(other, place, case.tensor), case.mask) for case in cases]
    moved = [
        correlation(
            shifted(case.heat[None, None])[0, 0], _heat(network, place, shifted(case.tensor)), case.mask
        )
        for case in cases
    ]
    shuffled, repeated = round(float(np.mean(tied)), 4), round(float(np.mean(moved)), 4)
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
    plain = isinstance(region, MaskRegion) and getattr(manifest.input, "normalise", None) is None
    return (
        ("cut out", cut_out(region.outside))
        if plain and isinstance(region, MaskRegion)
        else (
            "blurred",
            blurred_inside,
        )
    )


def _score(network: "LoadedPack", place: int) -> "Score":
    import numpy as np

    def score(tensors: "NDArray[np.float32]") -> "NDArray[np.float64]":
        logits = network.look(tensors)["logits"][:, place].astype(np.float64)
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))))

    return score


def _heat(network: "LoadedPack", place: int, tensor: "NDArray[np.float32]") -> "NDArray[np.float32]":
    from evaluation.map_quality import resized_heat
    from inference.explain import heat_of

    activation = network.look(tensor)["activation_map"][0, place]
    return resized_heat(heat_of(activation), (tensor.shape[2], tensor.shape[3]))


def _shuffled(pack: "Pack", threads: int | None) -> "LoadedPack":
    """Return the pack's network with its filters shuffled: a map that stays the same shows no model."""
    from dataclasses import replace

    from inference.engine import open_engine
    from inference.loaded import load
    from inference.manifest import MODEL_NAMES
    from inference.shuffled_weights import shuffled_weights

    network = load(pack, "onnxruntime", "fp32", threads)
    content = shuffled_weights(pack.read(MODEL_NAMES["fp32"]))
    return replace(network, engine=open_engine("onnxruntime", content, threads=threads))
