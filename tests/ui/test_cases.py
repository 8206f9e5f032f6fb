"""What a reading unit counts as in the list is what the overview of a folder counts it as."""

from pathlib import Path

import pytest

from core.image import ImageRef, ReadingUnit
from core.patient import Patient
from core.result import Finding, ModelStamp, PackResult, Position, Refusal, Result, Source
from services.analyze import Analysis
from services.drafts import Draft
from services.scan import scan
from services.standing import standing_of_result
from ui.cases import Case, CaseBook


def stamp(pack_id: str) -> ModelStamp:
    return ModelStamp(
        pack_id=pack_id, version="1.0.0", sha256="", pack_class="research", engine="openvino",
        device="CPU", precision="int8",
    )  # fmt: skip


def analysis(position: Position) -> Analysis:
    """Return what two models said: one lacks the age, the other gives a score."""
    image = ImageRef(file="a.png")
    finding = Finding(
        code="opacity", label="Opacity", probability=0.5, interval=None, threshold=0.5, threshold_source="x",
        position=position, calibrated_at_prevalence=None, image=image,
    )  # fmt: skip
    silent = PackResult(
        stamp=stamp("chest"), title="Chest", status="refused", seconds=0.0,
        refusal=Refusal(gate="age", reason="The age is not known.", advice="Enter the age."),
    )  # fmt: skip
    spoke = PackResult(stamp=stamp("opacity"), title="O", status="ok", seconds=0.0, findings=(finding,))
    source = Source(
        path="a.png", files=1, sha256=None, modality=None, study_uid=None, series_uids=(), frames=1
    )
    return Analysis(result=Result(source=source, patient=Patient(), results=(silent, spoke)))


@pytest.mark.parametrize(
    ("position", "state", "standing"),
    [
        ("above", "to_check", "above"),
        ("undecided", "to_check", "undecided"),
        ("below", "refused", "refused"),
    ],
)
def test_a_model_that_lacks_the_age_counts_beside_a_score_as_in_the_overview(
    application: object, tmp_path: Path, position: Position, state: str, standing: str
) -> None:
    from PIL import Image

    Image.new("L", (32, 32)).save(tmp_path / "a.png")
    (unit,) = scan((str(tmp_path),))
    assert isinstance(unit, ReadingUnit)
    book, case = CaseBook(), Case(unit=unit, key="a", draft=Draft(key="a", path="a.png"))
    book.add([case])
    made = analysis(position)
    book.set_analysis(case, made)
    assert case.state == state
    assert standing_of_result(made.result) == standing
