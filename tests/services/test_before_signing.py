"""Why a final read is asked for where no score is answered."""

from typing import Literal

import pytest

from core.image import ImageRef
from core.patient import Patient
from core.result import Finding, ModelStamp, PackResult, Position, Result, Source
from services.analyze import Analysis
from services.before_signing import wants_final_read, why_final_read

Class = Literal["assist", "research", "demonstration"]
SOURCE = Source(
    path="a.dcm", files=1, sha256=None, modality="DX", study_uid=None, series_uids=(), frames=1,
)  # fmt: skip


def _entry(kind: Class, position: Position) -> PackResult:
    finding = Finding(
        code="tb", label="Tuberculosis", probability=0.5, interval=(0.4, 0.6), threshold=0.5,
        threshold_source="", position=position, calibrated_at_prevalence=None, image=ImageRef(file="a.png"),
    )  # fmt: skip
    stamp = ModelStamp(
        pack_id="toy", version="1.0.0", sha256="0" * 64, pack_class=kind,
        engine=None, device=None, precision=None,
    )  # fmt: skip
    return PackResult(stamp=stamp, title="Toy", status="ok", seconds=0.1, findings=(finding,))


def _analysis(*entries: PackResult) -> Analysis:
    result = Result(source=SOURCE, patient=Patient(), results=entries)
    return Analysis(result=result, image=None, grey=None, header=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ((), "there is no score to answer"),
        ((_entry("demonstration", "above"),), "scores of a demonstration are not answered"),
        ((_entry("research", "undecided"),), "an undecided score is not answered"),
        (
            (_entry("demonstration", "above"), _entry("research", "undecided")),
            "an undecided score is not answered",
        ),
    ],
)
def test_a_final_read_says_why_no_score_is_answered(entries: tuple[PackResult, ...], why: str) -> None:
    analysis = _analysis(*entries)
    assert wants_final_read(analysis)
    assert why_final_read(analysis) == f"Give your final read: {why}."
