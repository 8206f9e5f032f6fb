"""A slide goes tile by tile to a map of its tissue: known places, refusals, cancel, bounded memory."""

import json
import tracemalloc
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pictures

from core.clock import SystemClock
from core.errors import Cancelled
from core.image import ReadingUnit
from core.result import PackResult
from inference.packs import PackLibrary
from services import tissue_map
from services.analyze import Analysis, AnalysisOptions, Analyzer
from services.pictures import write_pictures
from services.progress import Progress
from services.report import ReportRequest, render
from services.result_json import result_to_dict
from services.scan import scan
from tests.conftest import DATA
from tests.inference.toy_packs import FINDING_SIDE, FINDING_TOML, finding_model, write_pack
from training.composed_slides import composed_slides, write_pyramid

SCHEMA = Path(__file__).parents[2] / "docs/result.schema.json"
MODELS = Path(__file__).parents[2] / "models"
GLASS, BRIGHT, DARK = (240, 239, 238), (236, 150, 200), (92, 20, 112)
SIDE = 256
"""Pixels of a slide that a tile spans: 64 of 2 µm at 0.5 µm a pixel."""
TILES_TOML = """
[tiles]
side = 64
um_per_pixel = 2.0
scale_source = "it was made so"
stored_side = 256
smallest_picture = 1024
overlap = 0.25
least_tissue = 0.5
batch = 8
map_shown = true

[[limits]]
gate = "exposure"
measure = "contrast"
minimum = 0.02
"""


def toy_toml() -> str:
    """Return a pack that scores how bright a tile is, and is silent on tiles without any contrast."""
    toml = FINDING_TOML.replace("toy-finding", "toy-tiles").replace('"CR", "DX"', '"SM", "XC"')
    toml = toml.replace('colour = "grey"', 'colour = "colour"')
    toml = toml.replace('[depends]\n"toy-outline" = ">=1.0.0,<2.0.0"\n', "")
    toml = toml.replace("age_years = { minimum = 1.0, maximum = 5.99 }\n", "")
    start, end = toml.index("region = "), toml.index("resize")
    toml = toml[:start] + 'region = { rule = "whole" }\n' + toml[end:]
    toml = toml.replace(
        'intensity = { rule = "percentile", low = 1.0, high = 99.0, within = "region" }',
        'intensity = { rule = "full" }',
    )
    return toml + TILES_TOML


@pytest.fixture(scope="module")
def analyzer(tmp_path_factory: pytest.TempPathFactory) -> Analyzer:
    root = tmp_path_factory.mktemp("packs")
    write_pack(root / "toy-tiles", toy_toml(), finding_model(), FINDING_SIDE)
    options = AnalysisOptions(packs=("toy-tiles",), engine="onnxruntime", precision="fp32", threads=1)
    return Analyzer(options, library=PackLibrary((root,)))


def drawn(rows: int = 1536, columns: int = 4200) -> NDArray[np.uint8]:
    """Return glass with bright tissue on the left, dark in the middle, and without grain on the right."""
    page = np.full((rows, columns, 3), GLASS, np.uint8)
    coarse = np.random.default_rng(4).integers(-14, 15, (rows // 16 + 1, columns // 16 + 1))
    grain = np.kron(coarse, np.ones((16, 16), np.int64))[:rows, :columns, None]
    for left, colour, grainy in ((256, BRIGHT, True), (1536, DARK, True), (2816, BRIGHT, False)):
        part = slice(256, rows - 256), slice(left, left + 1024)
        page[part] = np.clip(np.array(colour) + (grain[part] if grainy else 0), 0, 255)
    return page


def unit_of(file: Path) -> ReadingUnit:
    (unit,) = scan([str(file)])
    assert isinstance(unit, ReadingUnit)
    return unit


def said(analysis: Analysis) -> PackResult:
    assert not analysis.result.errors
    return analysis.result.results[0]


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("slides") / "slide.tif"
    write_pyramid(drawn(), file, 0.5)
    return file


def test_a_slide_becomes_a_map_with_counts_and_no_score_of_the_whole(
    analyzer: Analyzer, slide: Path, tmp_path: Path
) -> None:
    heard: list[Progress] = []
    analysis = analyzer.analyze(unit_of(slide), progress=heard.append)
    result = said(analysis)
    numbers = {one.code: one.value for one in result.measurements}
    assert (result.status, result.findings) == ("ok", ())
    assert numbers["tiles_refused"] > 0
    assert numbers["brightness_tiles_share"] == pytest.approx(
        100 * numbers["brightness_tiles_above"] / numbers["tiles_answered"], abs=0.06
    )
    assert numbers["tissue_area"] == pytest.approx(3 * 1024 * 1024 * 0.25e-6, rel=0.05)
    (heat,), shape = result.heatmaps, analysis.image.shape if analysis.image else (0, 0)
    scale = shape[1] / 4200
    bright, dark, even = (
        heat.values[
            round(500 * scale) : round(1000 * scale), round(left * scale) : round((left + 500) * scale)
        ]
        for left in (500, 1800, 3000)
    )
    assert heat.shown
    assert heat.values.shape == shape
    assert bright.min() > 0.7
    assert dark.max() < 0.5
    assert not even.any()
    scores = [tile.probability for tile in result.tiles]
    assert 0 < len(scores) <= tissue_map.HIGHEST
    assert scores == sorted(scores, reverse=True)
    tiles = [one for one in heard if one.stage == "tiles"]
    assert (tiles[0].done, tiles[-1].done) == (0, tiles[-1].total)
    texts = " ".join(check.text for check in result.quality)
    assert "the slide as a whole is not scored" in texts
    record = result_to_dict(analysis.result, folder="slide", files=write_pictures(tmp_path, analysis))
    pack = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.validate(record["results"][0], {**pack["$defs"]["pack_result"], "$defs": pack["$defs"]})
    assert len(record["results"][0]["tiles"]) == len(result.tiles)


def test_paper_shows_the_map_and_the_highest_tiles_and_says_what_it_is_not(
    analyzer: Analyzer, slide: Path
) -> None:
    import pypdfium2

    analysis = analyzer.analyze(unit_of(slide))
    request = ReportRequest(analysis=analysis, facts=analyzer.facts_for(analysis.result))
    document = pypdfium2.PdfDocument(render(request, clock=SystemClock(), paper="A4"))
    text = " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())
    assert "No score of the whole slide" in text
    assert "Highest tiles" in text
    assert "A share of tiles is no probability for the patient" in text


def test_the_same_slide_gives_the_same_bits(analyzer: Analyzer, slide: Path) -> None:
    first, second = (said(analyzer.analyze(unit_of(slide))) for _ in range(2))
    assert first.tiles == second.tiles
    assert first.measurements == second.measurements
    assert first.heatmaps[0].values.tobytes() == second.heatmaps[0].values.tobytes()


def test_a_large_photograph_is_read_in_tiles_and_its_scale_is_said_to_be_unknown(
    analyzer: Analyzer, tmp_path: Path
) -> None:
    Pictures.fromarray(drawn()[:, :2816]).save(tmp_path / "photo.bmp")
    Pictures.fromarray(drawn()[:1000, :1400]).save(tmp_path / "one.bmp")
    result = said(analyzer.analyze(unit_of(tmp_path / "photo.bmp")))
    assert result.tiles
    assert any(check.outcome == "note" and "does not say its scale" in check.text for check in result.quality)
    assert not any(one.code == "tissue_area" for one in result.measurements)
    single = said(analyzer.analyze(unit_of(tmp_path / "one.bmp")))
    assert single.findings
    assert not single.tiles


def test_a_slide_without_tissue_and_one_that_is_too_coarse_are_refused(
    analyzer: Analyzer, tmp_path: Path
) -> None:
    for name, pixels, um, gate in (
        ("glass", np.full((600, 4200, 3), GLASS, np.uint8), 0.5, "tissue"),
        ("coarse", drawn(800), 4.0, "scale"),
        ("even", np.full((600, 4200, 3), BRIGHT, np.uint8), 0.5, "tiles"),
    ):
        write_pyramid(pixels, tmp_path / f"{name}.tif", um)
        result = said(analyzer.analyze(unit_of(tmp_path / f"{name}.tif")))
        assert (result.status, result.refusal and result.refusal.gate) == ("refused", gate)
        assert (result.measurements, result.heatmaps, result.tiles) == ((), (), ())


def test_a_reading_that_is_called_off_stops_between_batches(analyzer: Analyzer, slide: Path) -> None:
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        analyzer.analyze(unit_of(slide), progress=seen.append, cancelled=lambda: len(seen) > 4)
    assert 0 < seen[-1].done < (seen[-1].total or 0)


def test_a_slide_of_another_kind_of_image_is_not_looked_at(analyzer: Analyzer, slide: Path) -> None:
    from dataclasses import replace

    unit = unit_of(slide)
    unit = replace(unit, header=replace(unit.header, modality="DX"))
    assert said(analyzer.analyze(unit)).status == "not_applicable"


def test_memory_stays_bounded_on_a_slide_of_400_million_pixels(analyzer: Analyzer, tmp_path: Path) -> None:
    import tifffile

    side, part = 20_480, 512
    stained = np.full((part, part, 3), BRIGHT, np.uint8)
    stained[::2] -= 20
    with tifffile.TiffWriter(tmp_path / "large.tif", bigtiff=True) as writer:
        for level in (1, 16):
            across, tile = side // part, part // level
            content = np.ascontiguousarray(stained[:tile, :tile]).tobytes()
            writer.write(
                (
                    content if n % across == n // across and n % 2 == 0 else b""
                    for n in range(across * across)
                ),
                shape=(side // level, side // level, 3),
                dtype=np.uint8,
                tile=(tile, tile),
                photometric="rgb",
                subfiletype=int(level > 1),
                resolution=(1e4 / 0.5 / level,) * 2,
                resolutionunit="CENTIMETER",
            )
    unit = unit_of(tmp_path / "large.tif")
    tracemalloc.start()
    result = said(analyzer.analyze(unit))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert {one.code: one.value for one in result.measurements}["tiles_answered"] > 60
    assert peak < 100 << 20


@pytest.mark.data
def test_the_map_of_real_tiles_tells_known_places(tmp_path: Path) -> None:
    from evaluation.figures import area_under_curve
    from training.data import read_colour, rows_of, unit_hash
    from training.samples import Sample

    assert DATA is not None
    root = DATA / "biopsy-lc25000"
    apart = [r for r in rows_of(root) if unit_hash(f"tissue {r['source_tile_group']}") < 0.3]
    samples = []
    for row in [r for r in apart if r["organ"] == "colon"][::4]:
        colour = read_colour(root / row["image"])
        truth = int(row["label"] == "malignant")
        samples.append(Sample(grey=colour[..., 1], colour=colour, unit=row["source_tile_group"], truth=truth))
    (slide,) = composed_slides(samples, 1)
    write_pyramid(slide.pixels, tmp_path / "real.tif", 1.3 / 4)
    options = AnalysisOptions(packs=("biopsy-colon",), engine="onnxruntime", precision="int8", threads=1)
    analysis = Analyzer(options, library=PackLibrary((MODELS,))).analyze(unit_of(tmp_path / "real.tif"))
    heat = said(analysis).heatmaps[0].values
    scale, half = heat.shape[0] / slide.pixels.shape[0], slide.side // 2
    scores, truths = [], []
    for row, column in np.ndindex(slide.malignant.shape):
        top, left = slide.first[0] + row * slide.side + half, slide.first[1] + column * slide.side + half
        score = float(heat[round(top * scale), round(left * scale)])
        if score:
            scores.append(score)
            truths.append(int(slide.malignant[row, column]))
    assert len(scores) > 30
    assert area_under_curve(np.array(scores), np.array(truths)) > 0.95
