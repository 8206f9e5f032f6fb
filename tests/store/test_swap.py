"""Records in the place of others: by order alone, all of it, and again after a crash."""

import json
import sys
from pathlib import Path

import pytest

from core.errors import NotReplacedError, ProfileNotWritableError
from store import swap as swapping
from store.swap import INCOMING, ORDER, finish_swap, incoming, swap
from tests.store.disk_steps import DiskSteps


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("farlight.db", "keys.json", "settings.json"):
        (tmp_path / name).write_text(f"old {name}")
    return tmp_path


def _prepare(folder: Path) -> None:
    new = incoming(folder)
    (new / "farlight.db").write_text("new farlight.db")
    (new / "images").mkdir()
    (new / "images" / "one").write_text("new image")


def test_what_is_named_is_set_aside_and_what_was_prepared_comes_in(folder: Path) -> None:
    _prepare(folder)
    aside = swap(folder, aside=["farlight.db", "not there"], copied=["keys.json"])
    assert (folder / "farlight.db").read_text() == "new farlight.db"
    assert (folder / "images" / "one").read_text() == "new image"
    assert (aside / "farlight.db").read_text() == "old farlight.db"
    assert (aside / "keys.json").read_text() == (folder / "keys.json").read_text() == "old keys.json"
    assert not (aside / "settings.json").exists()
    assert not (folder / ORDER).exists()
    assert not (folder / INCOMING).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no call that settles a folder")
def test_each_step_is_on_the_disk_before_the_next_one(folder: Path, disk_steps: DiskSteps) -> None:
    _prepare(folder)
    disk_steps.taken.clear()
    aside = swap(folder, aside=["farlight.db", "settings.json"], copied=["keys.json"])
    new, taken = folder / INCOMING, disk_steps.taken
    ordered = taken.index(("name", folder / ORDER))
    prepared = {new, new / "images", new / "images" / "one", new / "farlight.db"}
    assert {path for _, path in taken[: ordered - 1]} == prepared
    assert taken[ordered - 1 : ordered + 2] == [
        ("settle", folder / f"{ORDER}.new"),
        ("name", folder / ORDER),
        ("settle", folder),
    ]
    assert taken[ordered + 2 :] == [
        ("settle", aside / "keys.json.new"),
        ("name", aside / "keys.json"),
        ("settle", aside),
        ("name", aside / "farlight.db"),
        ("name", aside / "settings.json"),
        ("settle", aside),
        ("settle", folder),
        ("name", folder / "farlight.db"),
        ("name", folder / "images" / "one"),
        ("settle", folder),
        ("settle", folder / "images"),
        ("gone", folder / ORDER),
        ("settle", folder),
    ]


def test_without_an_order_what_was_prepared_goes(folder: Path) -> None:
    _prepare(folder)
    finish_swap(folder)
    assert (folder / "farlight.db").read_text() == "old farlight.db"
    assert not (folder / INCOMING).exists()


def test_an_order_that_cannot_be_read_changes_nothing_and_is_told(folder: Path) -> None:
    _prepare(folder)
    (folder / ORDER).write_text("{")
    with pytest.raises(NotReplacedError):
        finish_swap(folder)
    assert (folder / "farlight.db").read_text() == "old farlight.db"
    assert (folder / INCOMING / "farlight.db").exists()


def test_an_order_names_no_place_outside_the_profile_to_set_aside_in(folder: Path) -> None:
    _prepare(folder)
    order = {"aside": "../elsewhere", "moved": ["farlight.db"], "copied": [], "in": ["farlight.db"]}
    (folder / ORDER).write_text(json.dumps(order))
    finish_swap(folder)
    assert (folder / "elsewhere" / "farlight.db").read_text() == "old farlight.db"


def test_an_order_that_cannot_be_written_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _prepare(folder)

    def full(file: Path, content: bytes) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(swapping, "replace_file", full)
    with pytest.raises(ProfileNotWritableError):
        swap(folder, aside=["farlight.db"])
    assert (folder / "farlight.db").read_text() == "old farlight.db"
