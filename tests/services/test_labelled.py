"""Tables of labels as people save them; every fault is told by its line, and no patient by name."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import LabelTableError, LeakedSplitError
from services.labelled import LabelledSet, lines_words, read_labels

CODES = {"brightness": "Brightness", "darkness": "Too dark"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of three small images."""
    place = tmp_path / "images"
    place.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        assert cv2.imwrite(str(place / name), np.zeros((8, 8), np.uint8))
    return place


def _read(folder: Path, text: str, encoding: str = "utf-8", masks: Path | None = None) -> LabelledSet:
    table = folder.parent / "labels.csv"
    table.write_bytes(text.encode(encoding))
    return read_labels(table, folder, CODES, masks=masks)


@pytest.mark.parametrize(
    ("separator", "encoding"),
    [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16"), (";", "cp1252"), ("|", "utf-8")],
)
def test_any_separator_and_encoding_is_read(folder: Path, separator: str, encoding: str) -> None:
    rows = [
        ["Image", "Patient ID", "Brightness", "TOO DARK", "Age", "Gender", "Hospital"],
        ["a.png", "José", "1", "", "3", "F", "Köln"],
        ["b.png", "P2", "0", "1.0", "018M", "male", ""],
    ]
    text = "\r\n".join(separator.join(row) for row in rows)
    first, second = _read(folder, text, encoding).images
    assert first.patient == "José"
    assert dict(first.truth) == {"brightness": 1}  # empty is unknown, not 0
    assert dict(second.truth) == {"brightness": 0, "darkness": 1}
    assert (first.age_years, first.sex, first.site) == (3.0, "F", "Köln")
    assert (second.age_years, second.sex, second.site) == (1.5, "M", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,brightness\na.png,1", "no column 'patient'; the columns are file, brightness"),
        ("patient,brightness\nP,1", "no column 'file'"),
        ("file,patient\na.png,P", "a column for none of the labels brightness, darkness"),
        ("file,patient,brightness\nz.png,P,1", "line 2: the file is not in the folder"),
        ("file,patient,brightness\n../labels.csv,P,1", "line 2: the file lies outside the folder"),
        ("file,patient,brightness\na.png,P,yes\nb.png,Q,2", "lines 2, 3: the column 'brightness' holds"),
        ("file,patient,brightness\na.png,,1", "line 2: no patient"),
        ("file,patient,brightness\na.png,P,1\na.png,P,0", "line 3: one file with two answers"),
        ("file,patient,brightness\na.png,P,1\na.png,Q,1", "line 3: one file under two patients"),
        ("file,patient,brightness,split\na.png,P,1,maybe", "line 2: the column split must say"),
        ("file,patient,brightness,brightness\na.png,P,1,0", "'brightness' stands there twice"),
        ("file,patient,brightness,box_x,box_y,box_width,box_height\na.png,P,1,1,2,x,4", "line 2: a box"),
        ("file,patient,brightness", "there is no line with an image"),
        ("", "cannot be read as a table"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(folder: Path, text: str, said: str) -> None:
    with pytest.raises(LabelTableError) as caught:
        _read(folder, text)
    assert said in caught.value.detail


def test_all_faults_are_told_in_one_go_and_none_names_a_patient_or_a_file(folder: Path) -> None:
    text = "file,patient,brightness\nOkafor.png,Okafor,1\na.png,Okafor,7\nb.png,,1"
    with pytest.raises(LabelTableError) as caught:
        _read(folder, text)
    assert caught.value.detail.count(";") == 2
    assert "Okafor" not in str(caught.value)


def test_a_patient_in_both_parts_is_refused(folder: Path) -> None:
    text = "file,patient,brightness,split\na.png,P,1,calibration\nb.png,P,0,test\nc.png,Q,0,test"
    with pytest.raises(LeakedSplitError, match="lines 2, 3") as caught:
        _read(folder, text)
    assert caught.value.code == "E262"


def test_what_the_weights_were_trained_on_is_left_out(folder: Path) -> None:
    text = "file,patient,brightness,set\na.png,P,1,train\nb.png,Q,0,Test\nc.png,R,0,val"
    labelled = _read(folder, text)
    assert labelled.left_out == 1
    assert labelled.is_split
    assert [image.part for image in labelled.images] == ["test", "calibration"]


def test_several_lines_of_one_file_are_several_boxes(folder: Path) -> None:
    text = (
        "file,patient,brightness,darkness,box_x,box_y,box_width,box_height\n"
        "a.png,P,1,0,1,2,3,4\na.png,P,1,0,5,5,1,1\nb.png,Q,0,0,,,,\n"
    )
    first, second = _read(folder, text).images
    assert first.boxes == {"brightness": ((1.0, 2.0, 3.0, 4.0), (5.0, 5.0, 1.0, 1.0))}
    assert not second.boxes


def test_masks_are_found_by_file_and_code(folder: Path, tmp_path: Path) -> None:
    masks = tmp_path / "masks"
    (masks / "a").mkdir(parents=True)
    for name in ("a/brightness.png", "b-brightness.png", "b_darkness.png"):
        assert cv2.imwrite(str(masks / name), np.zeros((8, 8), np.uint8))
    first, second = _read(folder, "file,patient\na.png,P\nb.png,Q", masks=masks).images
    assert set(first.masks) == {"brightness"}
    assert set(second.masks) == {"brightness", "darkness"}
    (tmp_path / "empty").mkdir()
    with pytest.raises(LabelTableError, match="no mask"):
        _read(folder, "file,patient\na.png,P", masks=tmp_path / "empty")


def test_many_lines_are_told_by_the_first_ones() -> None:
    assert lines_words(range(2, 30)) == "lines 2, 3, 4, 5, 6, 7, 8, 9 and 20 more"
