"""``scan``: a table for people, JSON for programs."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from pydicom.data import get_testdata_file

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_the_table_has_a_line_for_each_unit(run: Run, picture: Path, tmp_path: Path) -> None:
    shutil.copy(str(get_testdata_file("CT_small.dcm", download=False)), tmp_path / "ct.dcm")
    done = run("scan", str(tmp_path / "ct.dcm"), str(picture))
    header, ct, raster = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert header.split()[:3] == ["PATH", "MODALITY", "IMAGES"]
    assert ct.split()[1:3] == ["CT", "1"]
    assert raster.split()[1:3] == ["-", "1"]


def test_json_holds_what_the_headers_say_and_what_could_not_be_read(run: Run, tmp_path: Path) -> None:
    shutil.copy(str(get_testdata_file("CT_small.dcm", download=False)), tmp_path / "ct.dcm")
    done = run("scan", str(tmp_path / "ct.dcm"), "missing.png", "--json")
    assert done.returncode == 1
    ct, missing = json.loads(done.stdout)
    assert ct["modality"] == "CT"
    assert ct["patient"]["id"]["source"] == "header"
    assert ct["error"] is None
    assert missing["path"] == "missing.png"
    assert missing["error"]["code"].startswith("E1")


def test_a_folder_without_images_ends_with_status_1(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("scan", "empty")
    assert done.returncode == 1
    assert "E109" in done.stdout
