"""The same pixels wrapped in another way get the same answer from the packs that ship."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from core.image import ReadingUnit
from core.patient import Patient, Sourced
from core.result import EngineName, Precision
from imaging.read import read_image
from imaging.scan import scan_paths
from services.analyze import Analyzer
from tests.imaging import writers
from tests.services.conftest import CHEST_WITHOUT_GATES

Bytes = NDArray[np.uint8]
CHILD = Patient(age_years=Sourced(value=3.0, source="typed"))


def _dicom(stored: NDArray[np.uint8 | np.uint16], bits: int, photometric: str, encoding: str) -> bytes:
    header = writers.header(Modality="DX", BodyPartExamined="CHEST", ViewPosition="AP")
    dataset = writers.with_pixels(header, stored, bits=bits, photometric=photometric)
    return writers.dicom(dataset, stored, encoding)


def _wider(grey: Bytes, bits: int) -> NDArray[np.uint16]:
    return np.asarray(np.rint(grey / 255 * (2**bits - 1)), np.uint16)


WRAPS: dict[str, Callable[[Bytes], bytes]] = {
    "a.png": writers.png,
    "sixteen.png": lambda grey: writers.png(_wider(grey, 16)),
    "eight.dcm": lambda grey: _dicom(grey, 8, "MONOCHROME2", "little"),
    "inverse.dcm": lambda grey: _dicom(255 - grey, 8, "MONOCHROME1", "little"),
    "twelve.dcm": lambda grey: _dicom(_wider(grey, 12), 12, "MONOCHROME2", "little"),
    "twelve-inverse.dcm": lambda grey: _dicom(_wider(255 - grey, 12), 12, "MONOCHROME1", "jpeg-lossless"),
    "rle.dcm": lambda grey: _dicom(grey, 8, "MONOCHROME2", "rle"),
}


def _scores(analyzer: Analyzer, folder: Path, grey: Bytes) -> dict[str, float]:
    scores = {}
    for name, wrap in WRAPS.items():
        (unit,) = scan_paths([writers.put(folder, name, wrap(grey))])
        assert isinstance(unit, ReadingUnit), unit
        result = analyzer.analyze(unit, patient=CHILD, image=read_image(unit, 0)).result
        findings = [finding for pack in result.results for finding in pack.findings]
        assert [finding.code for finding in findings] == ["pneumonia"], (name, result.results)
        scores[name] = findings[0].probability
    return scores


def _chest() -> Bytes:
    sample = pydicom.dcmread(Path(__file__).parents[2] / "samples" / "chest-child.dcm").pixel_array
    return np.asarray(cv2.resize(sample, (256, 256), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize("precision", ["int8", "fp32"])
@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_the_same_pixels_get_the_same_answer(
    engine: EngineName, precision: Precision, tmp_path: Path
) -> None:
    options = replace(CHEST_WITHOUT_GATES, engine=engine, precision=precision)
    scores = _scores(Analyzer(options), tmp_path, _chest())
    assert max(scores.values()) - min(scores.values()) < 1e-6, scores


def test_the_same_real_pixels_get_the_same_answer(data_folder: Path, tmp_path: Path) -> None:
    analyzer = Analyzer(CHEST_WITHOUT_GATES)
    folder = data_folder / "chest-xray-kermany" / "images"
    for number, path in enumerate(sorted(folder.glob("**/*.jp*g"))[:: 5248 // 12]):
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert grey is not None
        scores = _scores(analyzer, tmp_path / str(number), np.asarray(grey, np.uint8))
        assert max(scores.values()) - min(scores.values()) < 0.01, scores
