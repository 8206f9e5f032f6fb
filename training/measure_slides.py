"""Measure a pack's map of slides against known places: `python -m training.measure_slides PACK [--write]`.

The slides are put together of tiles kept apart, written as pyramids, and read through the application.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.result import PackResult
from evaluation.card_tables import figure_table
from evaluation.figures import Figure, area_under_curve, measured, pairs_apart
from inference.packs import PackLibrary, load_pack
from services.analyze import AnalysisOptions, Analyzer
from services.scan import scan
from training.composed_slides import ENLARGED, ComposedSlide, composed_slides, write_pyramid
from training.reproduced import report
from training.samples import Sample

SLIDES = 8
SCALES = {"half": 0.5, "three quarters": 0.75, "four thirds": 4 / 3, "double": 2.0}
"""How the scale in the file is wrong, in words and as a factor."""
LEAST_AUC, LEAST_AUC_WRONG = 0.95, 0.9
"""What the map must reach to be shown: at the right scale, and at each wrong one."""
_COVERED = 0.5
_LEVEL = "tiles_share"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What the map says of the places of slides: (slide, row, column); NaN where it covers too little."""

    heat: NDArray[np.float64]
    shares: NDArray[np.float64]
    """Share of tiles above (0..1), by slide; NaN where the pack was silent."""
    answered: int
    refused: int


def measure_slides(pack: str, models: Path, samples: Sequence[Sample]) -> dict[str, Any]:
    """Return how well the map tells known places of slides put together of samples, and at wrong scales."""
    slides = composed_slides(samples, SLIDES)
    tiling = load_pack(models / pack).manifest.tiling
    assert tiling is not None
    um = tiling.um_per_pixel / ENLARGED
    right = _read(pack, models, slides, um)
    figures = [*_places("places, scale known", slides, right), *_shares(slides, right)]
    unknown = _read(pack, models, slides, None)
    figures += _places("places, scale not in the file", slides, unknown)
    for words, factor in SCALES.items():
        figures += _places(
            f"places, {words} the true scale in the file", slides, _read(pack, models, slides, um * factor)
        )
    return {
        "slides": len(slides),
        "source_tiles": len({sample.unit for sample in samples}),
        "tiles_answered": right.answered,
        "tiles_refused": right.refused,
        "figures": [figure.as_table() for figure in figures],
        "passes": _passes(figures),
    }


def _passes(figures: Sequence[Figure]) -> bool:
    areas = [figure.value for figure in figures if figure.metric == "AUC"]
    return bool(len(areas) == 2 + len(SCALES) and areas[0] >= LEAST_AUC and min(areas) >= LEAST_AUC_WRONG)


def slide_notes(measured_: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the card says of slides."""
    found = measured_.get("slides")
    if not found:
        return ()
    shown = "The map is shown." if found["passes"] else "The map is not shown."
    return (
        "## Slides, tile by tile",
        "**No real whole slide was ever tested**: none was available. "
        f"{found['slides']} slides were put together of {found['source_tiles']} source tiles kept apart (all "
        "copies of one on one slide; half of a slide malignant, on two slides nothing), written as pyramids "
        "and read through the application: tissue found first, tiles with overlap that lie across the "
        "places, a map, of which each place has its mean. Such slides have no folds, bubbles, blur or ink, "
        "and no tissue that is in between, and their tiles are chosen to be typical: expect much less on a "
        f"real one. The model answered {found['tiles_answered']} tiles and was silent on "
        f"{found['tiles_refused']}. {shown}",
        figure_table(found["figures"]),
        'Patients are slides here, and images places. Intervals: 1,000 bootstraps of slides; "(exact)": all '
        "resamples agree, and the interval is that of as many independent slides. The scale that the model "
        "learned is an estimate: the rows at wrong scales say what that may cost.",
    )


def main() -> int:
    """Print the figures; with `--write` put them into figures.json, card and manifest."""
    from training.pack_files import facts_of, replace_manifest_figures
    from training.recipe import pack_ids, recipe_of

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", choices=[pack for pack in pack_ids() if pack.startswith("biopsy-")])
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    from training.tissue import slide_figures

    found = slide_figures(arguments.pack, arguments.models)
    print(json.dumps(found, indent=1))
    folder = arguments.models / arguments.pack
    kept = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    if not arguments.write:
        return report({"slides": kept.get("slides")}, {"slides": found})
    kept = {**kept, "pack": facts_of(folder), "slides": found}
    (folder / "figures.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(recipe_of(arguments.pack).card(kept), encoding="utf-8")
    replace_manifest_figures(folder, kept)
    return 0


def _read(pack: str, models: Path, slides: Sequence[ComposedSlide], um: float | None) -> _Read:
    analyzer = Analyzer(
        AnalysisOptions(packs=(pack,), engine="onnxruntime", precision="int8"), library=PackLibrary([models])
    )
    heat, shares, answered, refused = [], [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for slide in slides:
            file = Path(folder) / f"{slide.name}.tif"
            write_pyramid(slide.pixels, file, um)
            (unit,) = scan([str(file)])
            analysis = analyzer.analyze(unit)  # type: ignore[arg-type]
            if analysis.result.errors:
                raise RuntimeError(analysis.result.errors[0].message)
            result = analysis.result.results[0]
            file.unlink()
            heat.append(_heat_of_places(slide, result))
            numbers = {one.code: one.value for one in result.measurements}
            shares.append(numbers.get(f"malignant_{_LEVEL}", float("nan")) / 100)
            answered += int(numbers.get("tiles_answered", 0))
            refused += int(numbers.get("tiles_refused", 0))
    return _Read(heat=np.stack(heat), shares=np.array(shares), answered=answered, refused=refused)


def _heat_of_places(slide: ComposedSlide, result: PackResult) -> NDArray[np.float64]:
    """Return the map's mean over the tissue of each place; NaN where less than half of it is covered."""
    heat = np.full(slide.malignant.shape, np.nan)
    if not result.heatmaps:
        return heat
    values = result.heatmaps[0].values
    scale = values.shape[0] / slide.pixels.shape[0]
    for row, column in np.ndindex(heat.shape):
        top, left = slide.first[0] + row * slide.side, slide.first[1] + column * slide.side
        part = values[
            round(top * scale) : round((top + slide.side) * scale),
            round(left * scale) : round((left + slide.side) * scale),
        ]
        if (part > 0).mean() >= _COVERED:
            heat[row, column] = float(part[part > 0].mean())
    return heat


def _places(name: str, slides: Sequence[ComposedSlide], read: _Read) -> list[Figure]:
    truth = np.stack([slide.malignant for slide in slides]).astype(np.int64)
    owners = np.broadcast_to(np.array([slide.name for slide in slides])[:, None, None], truth.shape)
    covered = np.isfinite(read.heat)
    inside = covered.ravel().astype(np.float64)
    cover = measured(
        name, "share of places covered", owners.ravel().tolist(), lambda i: float(inside[i].mean())
    )
    if not covered.any():
        return [cover]
    scores, kinds = read.heat[covered], truth[covered]
    owned = owners[covered].tolist()
    pairs = pairs_apart(owned, kinds)
    area = measured(name, "AUC", owned, lambda i: area_under_curve(scores[i], kinds[i]), trials=pairs)
    return [area, cover]


def _shares(slides: Sequence[ComposedSlide], read: _Read) -> list[Figure]:
    """Return the share of tiles above on slides half of which is malignant, and on those with nothing."""
    half = np.array([slide.malignant.any() for slide in slides])
    figures = []
    for words, chosen in (("slides half malignant", half), ("slides with nothing malignant", ~half)):
        shares = read.shares[chosen]
        names = [slide.name for slide, keep in zip(slides, chosen, strict=True) if keep]
        figures.append(measured(words, "share of tiles above", names, _mean_of(shares)))
    return figures


def _mean_of(values: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], float]:
    return lambda chosen: float(np.nanmean(values[chosen]))


if __name__ == "__main__":
    sys.exit(main())
