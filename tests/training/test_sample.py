"""The bundled sample: drawn the same each time, a sound DICOM file of an invented child."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from training.sample_xray import draw_chest


def test_the_drawing_is_the_same_each_time_and_another_for_another_seed() -> None:
    assert (draw_chest(5, size=128) == draw_chest(5, size=128)).all()
    assert np.abs(draw_chest(5, size=128) - draw_chest(6, size=128)).max() > 0.02


def test_lungs_are_darker_than_spine_and_abdomen() -> None:
    chest = draw_chest(11, size=256, opacity=False)
    lung, spine, belly = (
        chest[120:140, 70:95].mean(),
        chest[120:140, 124:132].mean(),
        chest[220:240, 80:100].mean(),
    )
    assert lung < spine - 0.2
    assert lung < belly - 0.2


def test_the_shadow_lies_in_the_patients_right_lung() -> None:
    change = draw_chest(11, size=256) - draw_chest(11, size=256, opacity=False)
    row, column = np.unravel_index(int(np.abs(change).argmax()), change.shape)
    assert column < 128
    assert 100 < row < 180


def test_the_sample_is_a_sound_file_of_an_invented_child(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    from training.sample_study import write

    write(tmp_path / "one.dcm")
    write(tmp_path / "two.dcm")
    assert (tmp_path / "one.dcm").read_bytes() == (tmp_path / "two.dcm").read_bytes()
    file = pydicom.dcmread(tmp_path / "one.dcm")
    assert (file.PatientName, file.PatientAge, file.Modality) == ("SAMPLE^Amina", "003Y", "DX")
    assert file.pixel_array.max() > 3000
