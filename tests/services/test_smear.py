"""A photograph of a thin smear goes from its file to a count, circles and a report."""

import json
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pytest
from numpy.typing import NDArray
from pypdfium2 import PdfDocument

from core.clock import FixedClock
from core.errors import Cancelled
from core.image import ReadingUnit
from core.result import CALLED_CELLS, OTHER_CELLS, PackResult
from imaging.scan import scan_paths
from inference.packs import PackLibrary
from services.analyze import Analysis, AnalysisOptions, Analyzer
from services.pictures import write_pictures
from services.progress import Progress
from services.refusal_words import short_refusal
from services.report import ReportRequest, render
from services.result_json import result_to_dict
from services.smear import position_of
from services.words import pack_sentence
from tests.measure.smear_toys import Drawn, drawn_smear

SCHEMA = Path(__file__).parents[2] / "docs/result.schema.json"
DOTS = 15
CLOCK = FixedClock(instant=datetime(2027, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(
        AnalysisOptions(packs=("malaria-cell",), engine="onnxruntime", precision="int8", threads=1)
    )


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return drawn_smear(dots=DOTS)


@pytest.fixture(scope="module")
def counted(analyzer: Analyzer, drawn: Drawn, tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return analyzer.analyze(photograph(tmp_path_factory.mktemp("smear") / "smear.png", drawn.grey))


def photograph(file: Path, grey: NDArray[np.float32]) -> ReadingUnit:
    """Write a picture in the colours of a stain whose luma is the grey."""
    pixels = (np.stack([grey * 1.05, grey * 0.97, grey * 1.06], axis=-1) * 240).clip(0, 255)
    assert cv2.imwrite(str(file), pixels.astype(np.uint8))
    (unit,) = scan_paths([file])
    assert isinstance(unit, ReadingUnit)
    return unit


def said(analysis: Analysis) -> PackResult:
    assert not analysis.result.errors
    (result,) = analysis.result.results
    return result


def values(result: PackResult) -> dict[str, float]:
    return {one.code: one.value for one in result.measurements}


def test_cells_are_counted_and_scored_where_they_lie(counted: Analysis, drawn: Drawn) -> None:
    result = said(counted)
    found = values(result)
    assert result.status == "ok"
    assert not result.findings
    assert found["cells_counted"] == len(result.places) == pytest.approx(len(drawn.middles), abs=3)
    assert found["cells_parasitized"] == sum(place.above for place in result.places)
    assert found["cells_parasitized"] == pytest.approx(DOTS, abs=2)
    share = 100 * found["cells_parasitized"] / found["cells_counted"]
    assert found["parasitaemia"] == pytest.approx(share, abs=0.01)
    assert found["cells_apart"] >= drawn.cut
    for place in result.places:
        assert np.hypot(*(drawn.middles - (place.x, place.y)).T).min() < 8


def test_the_intervals_are_told_and_the_corrected_one_is_wider(counted: Analysis) -> None:
    by_code = {one.code: one for one in said(counted).measurements}
    raw, better = by_code["parasitaemia"], by_code["parasitaemia_corrected"]
    assert raw.interval is not None
    assert better.interval is not None
    assert raw.interval[0] < raw.value < raw.interval[1]
    assert better.interval[0] < better.value < better.interval[1]
    assert better.interval[1] - better.interval[0] > raw.interval[1] - raw.interval[0]


def test_what_a_count_cannot_tell_is_said_and_nothing_is_ruled_out(
    analyzer: Analyzer, counted: Analysis, tmp_path: Path
) -> None:
    none = analyzer.analyze(photograph(tmp_path / "none.png", drawn_smear(dots=0).grey))
    for analysis in (counted, none):
        notes = " ".join(check.text for check in said(analysis).quality).casefold()
        assert "count more fields" in notes
        assert "cannot be told from false calls" in notes
        assert "composed of single cells" in notes
        spoken = f"{notes} {pack_sentence(said(analysis)).casefold()}"
        assert not any(word in spoken for word in ("negative", "normal", "benign", "no parasit", "ruled out"))
    assert values(said(none))["cells_parasitized"] == 0
    assert "does not exclude malaria" in " ".join(check.text for check in said(none).quality)


def test_the_record_holds_places_and_the_pictures_circles_in_two_colours(
    counted: Analysis, tmp_path: Path
) -> None:
    files = write_pictures(tmp_path, counted)
    record = result_to_dict(counted.result, folder="smear", files=files)
    jsonschema.validate(record, json.loads(SCHEMA.read_text(encoding="utf-8")))
    (pack,) = record["results"]
    assert len(pack["places"]) == len(said(counted).places)
    for code in (CALLED_CELLS, OTHER_CELLS):
        mask = cv2.imread(str(tmp_path / files.masks["malaria-cell", code]), cv2.IMREAD_GRAYSCALE)
        assert mask is not None
        number, _ = cv2.connectedComponents(mask)
        above = code == CALLED_CELLS
        cells = sum(place["above"] == above for place in pack["places"])
        assert number - 1 == pytest.approx(cells, abs=3), "circles of cells that overlap may touch"
    drawn = cv2.imread(str(tmp_path / files.overlays["malaria-cell", CALLED_CELLS]))
    assert drawn is not None
    overlay = drawn[..., ::-1].astype(int)
    orange = (overlay[..., 0] > overlay[..., 2] + 120) & (overlay[..., 0] > 180)
    green = (overlay[..., 1] > overlay[..., 0] + 60) & (overlay[..., 1] > 140)
    assert green.sum() > orange.sum() > 500


def test_a_report_prints_the_counts_beside_the_circles(analyzer: Analyzer, counted: Analysis) -> None:
    request = ReportRequest(analysis=counted, facts=analyzer.facts_for(counted.result))
    pages = PdfDocument(render(request, clock=CLOCK))
    text = " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in pages)
    assert "Parasitaemia, as counted" in text
    assert "called parasitized (" in text
    assert "Count more fields" in text


def test_one_cell_is_answered_as_a_cell_and_other_pictures_are_refused_with_the_reason(
    analyzer: Analyzer, tmp_path: Path
) -> None:
    cell = np.zeros((200, 200), np.float32)
    cv2.circle(cell, (100, 100), 96, 0.62, cv2.FILLED)
    single = said(
        analyzer.analyze(
            photograph(tmp_path / "cell.png", np.asarray(cv2.GaussianBlur(cell, (0, 0), 3), np.float32))
        )
    )
    assert single.findings
    assert not single.places
    assert not single.measurements
    stripes = (0.5 + 0.4 * np.sin(np.mgrid[0:400, 0:400][1] / 9)).astype(np.float32)
    other = said(analyzer.analyze(photograph(tmp_path / "other.png", stripes)))
    assert other.status == "refused"
    assert any("counted as a smear either" in check.text for check in other.quality)


def test_an_oblong_picture_is_refused_as_neither_cell_nor_smear_not_as_narrow(
    analyzer: Analyzer, tmp_path: Path
) -> None:
    stripes = (0.5 + 0.4 * np.sin(np.mgrid[0:300, 0:400][1] / 9)).astype(np.float32)
    result = said(analyzer.analyze(photograph(tmp_path / "other.png", stripes)))
    assert result.refusal is not None
    assert result.refusal.gate == "smear"
    assert result.refusal.reason.startswith("This is neither a single cell nor a photograph of a whole smear")
    assert "frames" not in result.refusal.advice
    assert short_refusal(result.refusal) == "Neither a cell nor a smear"
    assert any("counted as a smear either" in check.text for check in result.quality)
    assert not any("unusually long" in check.text for check in result.quality)


def test_things_that_the_network_takes_for_no_cells_are_not_counted(
    analyzer: Analyzer, tmp_path: Path
) -> None:
    page = np.full((700, 900), 0.95, np.float32)
    for row in range(60, 660, 75):
        for column in range(60, 860, 75):
            cv2.circle(page, (column, row), 25, 0.15, cv2.FILLED)
            for cut in range(-20, 21, 8):
                cv2.line(page, (column - 25, row + cut), (column + 25, row + cut), 0.6, 3)
    result = said(analyzer.analyze(photograph(tmp_path / "stamps.png", page)))
    assert result.status == "refused"
    assert not result.places


def test_it_tells_how_far_it_is_and_can_be_stopped(analyzer: Analyzer, drawn: Drawn, tmp_path: Path) -> None:
    unit, told = photograph(tmp_path / "smear.png", drawn.grey), list[Progress]()
    with pytest.raises(Cancelled):
        analyzer.analyze(
            unit,
            progress=told.append,
            cancelled=lambda: any(one.stage == "counting" and one.done for one in told),
        )
    assert [one.total for one in told if one.stage == "counting"]


def test_real_cells_on_a_composed_smear_are_counted_within_what_the_card_says(
    analyzer: Analyzer, data_folder: Path, tmp_path: Path
) -> None:
    assert (data_folder / "malaria-cells-nih").is_dir()
    pytest.importorskip("torch", reason="the split of patients is the training's")
    composing: Any = import_module("training.composed_smears")
    recipe: Any = import_module("training.recipes.malaria_cell")
    kept = [cell for cell in recipe.samples() if recipe.part_of(cell) == "test"][::5]
    kept = [cell for cell in kept if composing.well_cut(cell.grey)]
    ill = np.array([bool(cell.truth) for cell in kept])
    scene = composing.Scene(diameter=36.0, columns=1000, rows=800, shade=0.35)
    smear = composing.compose([cell.grey for cell in kept], ill, 0.2, scene, seed=3)
    result = said(analyzer.analyze(photograph(tmp_path / "smear.png", smear.grey)))
    assert values(result)["cells_counted"] == pytest.approx(smear.counted, rel=0.1)
    better = next(one for one in result.measurements if one.code == "parasitaemia_corrected")
    assert better.interval is not None
    assert better.interval[0] <= smear.percent <= better.interval[1]


@pytest.mark.parametrize(
    ("found", "cells", "position"),
    [
        (18, 278, "above"),
        (3, 278, "undecided"),
        (0, 100, "undecided"),
        (12, 500, "undecided"),
        (1, 500, "undecided"),
        (84, 5000, "undecided"),
        (0, 500, "below"),
    ],
)
def test_a_count_lies_above_what_false_calls_explain_or_is_undecided(
    found: int, cells: int, position: str
) -> None:
    counting = PackLibrary((Path("models"),)).get("malaria-cell").manifest.counting
    assert counting is not None
    assert position_of(found, cells, counting) == position
