"""A folder with all kinds of images mixed: each goes to the right pack, the rest is refused in words."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pydicom.data import get_testdata_file

from store.profile import settings_file
from store.settings import Settings
from tests.cli.conftest import command, environment
from tests.imaging import writers
from tests.measure.smear_toys import drawn_smear
from tests.services.test_smear import DOTS, photograph
from training import cine_patients, kept_apart
from training.data import read_grey
from training.drawn_strangers import scenes

NO_PICTURES = "rtplan.dcm", "rtstruct.dcm", "waveform_ecg.dcm", "test-SR.dcm"
OTHER_SCANS = "CT_small.dcm", "MR_small.dcm", "rtdose.dcm", "JPEG2000.dcm", "examples_overlay.dcm"
SICK_HEART = "SC-HF-I-1"
TISSUE = {"biopsy-lung", "biopsy-colon"}

Record = Mapping[str, Any]


def analyze(tmp_path: Path, folder: Path) -> tuple[str, dict[str, Record]]:
    """Run the verb with demonstrations on; return what it says at last, and the records by their names."""
    profile, out = tmp_path / "profile", tmp_path / "out"
    profile.mkdir()
    Settings(settings_file(profile)).set("packs.demonstration", True)
    line = command(profile, "analyze", str(folder), "--out", str(out), "--no-pdf")
    done = subprocess.run(line, env=environment(), capture_output=True, check=False)
    lines = (out / "results.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    named = {Path(one["source"]["path"]).relative_to(folder).parts[0]: one for one in records}
    assert len(named) == len(records)
    assert done.returncode == 1, "a damaged file lies there"
    return done.stderr.decode(), named


def spoke(record: Record) -> set[str]:
    """Return the packs that answered on a picture."""
    return {one["pack"]["id"] for one in record["results"] if one["status"] == "ok"}


def refused(record: Record) -> dict[str, str]:
    """Return the gates by which packs refused; each says why, and what can be done."""
    found = {one["pack"]["id"]: one["refusal"] for one in record["results"] if one["status"] == "refused"}
    assert all(one["reason"] and one["advice"] for one in found.values())
    return {pack_id: one["gate"] for pack_id, one in found.items()}


def with_strangers(folder: Path) -> list[str]:
    """Put what is for no pack into a folder; return the names of what is an image."""
    for name in (*NO_PICTURES, *OTHER_SCANS):
        shutil.copy(str(get_testdata_file(name, download=False)), folder / name)
    whole = Path(str(get_testdata_file("ExplVR_BigEnd.dcm", download=False))).read_bytes()
    (folder / "cut.dcm").write_bytes(whole[: len(whole) * 2 // 3])
    (folder / "notes.txt").write_text("Ward 3, bed 2.", encoding="utf-8")
    (folder / "patient.json").write_text(json.dumps({"age_years": 3, "sex": "F"}), encoding="utf-8")
    for number, grey in enumerate(scenes(2)):
        scene = cv2.applyColorMap(grey, cv2.COLORMAP_SUMMER) if number else grey
        assert cv2.imwrite(str(folder / f"scene-{number}.png"), scene)
    return [*OTHER_SCANS, "cut.dcm", "scene-0.png", "scene-1.png"]


def assert_strangers_got_no_answer(said: str, records: Mapping[str, Record], names: Sequence[str]) -> None:
    for name in names:
        record = records[name]
        assert not spoke(record), name
        why = (*refused(record), *(one["message"] for one in record["errors"]))
        assert why or record["source"]["modality"], name
    assert [one["code"] for one in records["cut.dcm"]["errors"]] == ["E104"]
    lines = said.splitlines()
    (no_picture,) = [line for line in lines if "hold no picture (4): " in line]
    (no_image,) = [line for line in lines if "no images (2): " in line]
    assert all(name in no_picture for name in NO_PICTURES)
    assert "notes.txt" in no_image
    assert "patient.json" in no_image


def as_dicom(file: Path, picture: Path, age: str, number: int) -> None:
    """Write a picture as a chest X-ray of a patient of an age."""
    uid = f"1.2.826.0.1.3680043.8.498.77.{number}"
    dataset = writers.header(
        SOPInstanceUID=uid,
        StudyInstanceUID=f"{uid}.1",
        SeriesInstanceUID=f"{uid}.2",
        PatientID=f"M-{number}",
        PatientAge=age,
        BodyPartExamined="CHEST",
        ViewPosition="PA",
    )
    pixels = read_grey(picture)
    file.write_bytes(writers.dicom(writers.with_pixels(dataset, pixels, bits=8), pixels))


def as_cine(file: Path, patient: cine_patients.CinePatient) -> None:
    """Write the two phases of a heart as (x, y, slice, time)."""
    nibabel: Any = import_module("nibabel")
    volume = np.stack(patient.images, axis=1).astype(np.int16)
    spacing = patient.spacing_mm
    affine = np.diag([spacing, spacing, patient.slice_distance_mm, 1.0])
    nibabel.save(nibabel.Nifti1Image(volume.transpose(3, 2, 0, 1), affine), file)


@pytest.mark.data
@pytest.mark.slow
def test_each_real_image_goes_to_its_pack_and_the_rest_is_refused(data_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    right: dict[str, set[str]] = {}
    allowed: dict[str, set[str]] = {}
    sets = {
        "child": (kept_apart.CHILD, {"chest-lungs"}),
        "adult": (kept_apart.MONTGOMERY, {"chest-lungs"}),
        "breast": (kept_apart.BREAST, {"breast-ultrasound"}),
        "cell": (kept_apart.CELLS, {"malaria-cell"}),
        "smear": (kept_apart.STAINED, {"malaria-cell"}),
        "lung": (kept_apart.LUNG, set[str]()),
        "colon": (kept_apart.COLON, set[str]()),
    }
    for name, (pictures, must) in sets.items():
        for number, picture in enumerate(islice(pictures.pictures(), 1 if name == "smear" else 2)):
            file = kept_apart.write(picture, folder / f"{name}-{number}")
            right[file.name], allowed[file.name] = must, set(pictures.right | pictures.siblings)
    for number, (name, age, pack_id) in enumerate(
        (("child-0.jpg", "003Y", "chest-pneumonia-child"), ("adult-0.png", "034Y", "chest-tb-adult"))
    ):
        file = folder / f"{age}.dcm"
        as_dicom(file, folder / name, age, number)
        right[file.name] = allowed[file.name] = {"chest-lungs", pack_id}
    shutil.copytree(data_folder / "dicom" / "cardiac-cine-sunnybrook" / SICK_HEART, folder / SICK_HEART)
    as_cine(
        folder / "heart.nii.gz", next(one for one in cine_patients.patients() if cine_patients.held_out(one))
    )
    for name in (SICK_HEART, "heart.nii.gz"):
        right[name], allowed[name] = {"cardiac-cine"}, {"cardiac-cine", "cardiac-phenotype"}
    strangers = with_strangers(folder)

    said, records = analyze(tmp_path, folder)

    assert set(records) == {*right, *strangers}
    for name, must in right.items():
        answered = spoke(records[name])
        assert must <= answered <= allowed[name], (name, answered, refused(records[name]))
        assert answered, name
        assert not records[name]["errors"]
    assert refused(records["child-0.jpg"]) == {"chest-pneumonia-child": "age", "chest-tb-adult": "age"}
    assert refused(records["003Y.dcm"]) == {"chest-tb-adult": "age"}
    assert refused(records["034Y.dcm"]) == {"chest-pneumonia-child": "age"}
    assert not refused(records["smear-0.png"])
    assert not refused(records["breast-0.jpg"])
    for name in ("lung-0.jpg", "colon-0.jpg"):
        assert set(refused(records[name])) <= {"malaria-cell", *TISSUE}
    assert_strangers_got_no_answer(said, records, strangers)


@pytest.mark.slow
def test_drawn_and_packaged_images_go_to_their_pack_too(tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    shutil.copy(Path(__file__).parents[2] / "samples" / "chest-child.dcm", folder)
    photograph(folder / "smear.png", drawn_smear(dots=DOTS).grey)
    strangers = with_strangers(folder)

    said, records = analyze(tmp_path, folder)

    assert set(records) == {"chest-child.dcm", "smear.png", *strangers}
    assert spoke(records["chest-child.dcm"]) == {"chest-lungs", "chest-pneumonia-child"}
    assert refused(records["chest-child.dcm"]) == {"chest-tb-adult": "age"}
    assert spoke(records["smear.png"]) == {"malaria-cell"}
    assert_strangers_got_no_answer(said, records, strangers)
