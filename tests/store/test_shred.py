"""Deleting a file leaves nothing of it on a disk that writes in place, and nothing else is touched."""

import os
from pathlib import Path

import pytest

from store.deletion import _shred_all
from store.shred import shred


@pytest.mark.parametrize("size", [0, 1, 4096, (1 << 20) + 1, 3 << 20])
def test_the_blocks_of_a_file_are_overwritten_before_its_name_goes(tmp_path: Path, size: int) -> None:
    file, other_name = tmp_path / "file", tmp_path / "other name of the same blocks"
    file.write_bytes(b"Planted^Name" * (size // 12) + b"x" * (size % 12))
    os.link(file, other_name)
    shred(file)
    assert not file.exists()
    assert other_name.read_bytes() == bytes(size)


def test_a_file_that_cannot_be_overwritten_goes_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")

    def refused(*_arguments: object) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "open", refused)
    shred(file)
    assert not file.exists()
    shred(file)


def test_of_a_link_the_link_goes_and_what_it_points_to_stays(tmp_path: Path) -> None:
    thesis = tmp_path / "thesis"
    thesis.write_text("precious")
    link = tmp_path / "link"
    link.symlink_to(thesis)
    shred(link)
    assert not link.is_symlink()
    assert thesis.read_text() == "precious"


@pytest.mark.parametrize("inside", [True, False])
def test_what_was_set_aside_goes_without_what_links_in_it_point_to(tmp_path: Path, inside: bool) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "thesis").write_text("precious")
    aside = tmp_path / "set-aside-1"
    if inside:
        aside.mkdir()
        (aside / "farlight.db").write_bytes(b"records")
        (aside / "images").symlink_to(elsewhere)
    else:
        aside.symlink_to(elsewhere)
    _shred_all(aside)
    assert not os.path.lexists(aside)
    assert (elsewhere / "thesis").read_text() == "precious"
