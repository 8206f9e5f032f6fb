"""The same picture is found under another window, rescaling, sense or format; another picture is not."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from core.image import Image, ImageRef, StudyHeader, Window
from core.patient import Patient
from core.result import Result, Source
from imaging.display import presentation
from services.analyze import Analysis
from services.picture_marks import marks_of

STORED = np.random.default_rng(4).integers(100, 3900, (24, 20)).astype(np.float32)
PLAIN = Image(ref=ImageRef(file="a.dcm"), values=STORED, value_range=(0.0, 4095.0), bits_stored=12)


def analysis_of(image: Image) -> Analysis:
    source = Source(path="a", files=1, sha256=None, modality="DX", study_uid=None, series_uids=(), frames=1)
    result = Result(source=source, patient=Patient(), results=(), errors=(), seconds=0.0)
    return Analysis(result=result, image=image, grey=presentation(image), header=StudyHeader())


def shares_a_mark(one: Image, other: Image) -> bool:
    return bool(set(marks_of(analysis_of(one))) & set(marks_of(analysis_of(other))))


def windowed(center: float, width: float, values: NDArray[np.float32] = STORED) -> Image:
    return replace(PLAIN, values=values, windows=(Window(center=center, width=width),))


@pytest.mark.parametrize(
    "other",
    [
        windowed(2048, 4095),
        windowed(1800, 3000),
        windowed(900, 300),
        replace(PLAIN, values=STORED - 1024, value_range=(-1024.0, 3071.0)),
        replace(PLAIN, values=STORED * np.float32(0.5), value_range=(0.0, 2047.5)),
        replace(PLAIN, values=4095 - STORED, inverted=True),
    ],
    ids=["window of a bit less", "narrower window", "clipping window", "offset", "slope", "other sense"],
)
def test_the_same_stored_values_are_the_same_picture_however_they_are_shown(other: Image) -> None:
    assert shares_a_mark(windowed(2048, 4096), other)


def test_a_picture_exported_through_its_window_is_the_same_picture() -> None:
    original = windowed(900, 300)
    grey = (presentation(original) * 255 + 0.5).astype(np.uint8).astype(np.float32)
    exported = replace(PLAIN, values=grey, value_range=(0.0, 255.0), bits_stored=8)
    assert shares_a_mark(original, exported)


def test_grey_stored_as_colour_is_the_same_picture() -> None:
    grey = np.random.default_rng(5).integers(0, 255, (24, 20)).astype(np.uint8)
    plain = replace(PLAIN, values=grey.astype(np.float32), value_range=(0.0, 255.0))
    assert shares_a_mark(plain, replace(PLAIN, values=np.stack([grey] * 3, axis=-1)))


def test_one_changed_value_is_another_picture() -> None:
    changed = STORED.copy()
    changed[3, 4] += 200
    assert not shares_a_mark(PLAIN, replace(PLAIN, values=changed))


def test_a_picture_of_one_value_is_known_by_what_is_shown_alone() -> None:
    flat = replace(PLAIN, values=np.full((24, 20), 7, np.float32))
    assert len(marks_of(analysis_of(flat))) == 1


def test_what_was_not_read_has_no_mark() -> None:
    unread = replace(analysis_of(PLAIN), grey=None, image=None)
    assert marks_of(unread) == ()
