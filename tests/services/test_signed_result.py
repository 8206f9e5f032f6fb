"""What a signed study says of the models of today: the same, otherwise, or that they are others."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.image import Image, ImageRef
from core.patient import Patient
from core.result import PackResult, Refusal, Result, Source
from services.analyze import Analysis
from services.result_json import WrittenFiles, result_to_dict
from services.signed_result import as_signed, compare
from tests.ui.stage import lungs, pneumonia, refused

REFUSAL = Refusal(gate="age", reason="The age is not known.", advice="Enter the age.")


@pytest.fixture
def image() -> Image:
    """A small grey image."""
    pixels = np.zeros((24, 28), dtype=np.float32)
    return Image(ref=ImageRef(file="1.dcm"), values=pixels)


def result(*packs: PackResult) -> Result:
    """Return a result of some packs."""
    source = Source(
        path="1.dcm", files=1, sha256=None, modality="DX", study_uid=None, series_uids=(), frames=1
    )
    return Result(source=source, patient=Patient(), results=packs)


def kept(*packs: PackResult) -> str:
    """Return a result as it is kept with a signature."""
    return json.dumps(result_to_dict(result(*packs), folder="", files=WrittenFiles()))


def other_model(pack: PackResult) -> PackResult:
    """Return what another version of a pack said."""
    return replace(pack, stamp=replace(pack.stamp, version="2.0.0", sha256="1" * 64))


def other_pack(pack: PackResult) -> PackResult:
    """Return what a pack of another name said."""
    return replace(pack, stamp=replace(pack.stamp, pack_id="chest-other", sha256="2" * 64))


def test_the_same_answers_in_another_order_are_the_same(image: Image) -> None:
    first, second = lungs(image), pneumonia(image, 0.91)
    assert compare(kept(first, second), result(second, first)) == "same"


def test_a_pack_that_was_added_is_no_other_answer_and_is_not_shown_beside_what_was_signed(
    image: Image,
) -> None:
    first, second = lungs(image), pneumonia(image, 0.91)
    signed, today = kept(first, second), result(other_pack(second), second, first)
    assert compare(signed, today) == "same"
    shown = as_signed(signed, Analysis(result=today, image=image))
    assert [pack.stamp.pack_id for pack in shown.result.results] == ["chest-lungs", "chest-pneumonia-child"]


def test_a_pack_that_was_taken_away_or_changed_is_another_model(image: Image) -> None:
    first, second = lungs(image), pneumonia(image, 0.91)
    assert compare(kept(first, second), result(first)) == "another_model"
    assert compare(kept(first, second), result(first, other_model(second))) == "another_model"
    assert compare(kept(first, second), result(first, other_model(pneumonia(image, 0.1)))) == "another_model"


def test_the_same_model_with_another_score_position_or_refusal_answers_otherwise(image: Image) -> None:
    signed = kept(lungs(image), pneumonia(image, 0.91))
    assert compare(signed, result(lungs(image), pneumonia(image, 0.915))) == "same"
    assert compare(signed, result(lungs(image), pneumonia(image, 0.85))) == "otherwise"
    assert compare(signed, result(lungs(image), refused(REFUSAL))) == "otherwise"
    assert compare(kept(refused(REFUSAL)), result(pneumonia(image, 0.9))) == "otherwise"


def test_a_pack_that_was_not_for_this_image_may_go_or_change(image: Image) -> None:
    silent = replace(lungs(image), status="not_applicable", masks=())
    second = pneumonia(image, 0.91)
    assert compare(kept(silent, second), result(second)) == "same"
    assert compare(kept(silent, second), result(other_model(silent), second)) == "same"
    changed = other_model(pneumonia(image, 0.91))
    signed = kept(replace(changed, status="not_applicable", findings=(), heatmaps=()), lungs(image))
    today = result(pneumonia(image, 0.91), lungs(image))
    assert compare(signed, today) == "same"
    shown = as_signed(signed, Analysis(result=today, image=image))
    assert [pack.stamp.pack_id for pack in shown.result.results] == ["chest-lungs"]
