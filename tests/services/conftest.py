"""A picture like a chest X-ray, real DICOM files, and the installed packs."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom.data import get_testdata_file


def draw_chest(file: Path, seed: int = 0) -> Path:
    """Write a picture with two dark ovals on a bright ground."""
    row, column = np.mgrid[0:224, 0:224]
    grey = np.full((224, 224), 0.75)
    for centre in (70, 154):
        grey[((column - centre) / 38) ** 2 + ((row - 112) / 70) ** 2 < 1] = 0.25
    grey += np.random.default_rng(seed).normal(0, 0.02, grey.shape)
    smooth = np.clip(cv2.GaussianBlur(grey, (0, 0), 2), 0, 1)
    assert cv2.imwrite(str(file), (smooth * 255).astype(np.uint8))
    return file


@pytest.fixture
def chest(tmp_path: Path) -> Path:
    """A drawn chest as PNG."""
    return draw_chest(tmp_path / "chest.png")


@pytest.fixture
def camp(tmp_path: Path) -> Path:
    """A folder of twelve different pictures, one of them damaged."""
    folder = tmp_path / "camp"
    folder.mkdir()
    for number in range(12):
        draw_chest(folder / f"{number}.png", seed=number)
    (folder / "7.png").write_bytes((folder / "7.png").read_bytes()[:700])
    return folder


@pytest.fixture
def ct_slice(tmp_path: Path) -> Path:
    """A real CT slice from pydicom's wheel."""
    return Path(shutil.copy(str(get_testdata_file("CT_small.dcm", download=False)), tmp_path / "ct.dcm"))


@pytest.fixture
def another_chest(tmp_path: Path) -> bytes:
    """The file of another drawn chest."""
    return draw_chest(tmp_path / "another.png", seed=1).read_bytes()
