"""A small file is the old one or the new one after a power cut: on the disk in the right order."""

import errno
import os
import sys
from pathlib import Path

import pytest

from store.durable import replace_file, settle_folder
from tests.store.disk_steps import DiskSteps


def test_content_is_on_the_disk_before_its_name_and_the_name_before_it_is_told(
    tmp_path: Path, disk_steps: DiskSteps
) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(b"old")
    replace_file(file, b"new")
    partial = tmp_path / "settings.json.new"
    settled = [("settle", tmp_path)] if sys.platform != "win32" else []
    assert disk_steps.taken == [("settle", partial), ("name", file), *settled]
    assert file.read_bytes() == b"new"


def test_a_disk_that_does_not_settle_the_content_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(b"old")

    def refused(_descriptor: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "fsync", refused)
    with pytest.raises(OSError, match="input/output"):
        replace_file(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such call")
def test_a_folder_is_settled_by_the_system(tmp_path: Path, disk_steps: DiskSteps) -> None:
    settle_folder(tmp_path)
    assert disk_steps.taken == [("settle", tmp_path)]
