"""Records in the place of others: by order alone, all of it, and again after a crash."""

import json
from pathlib import Path

import pytest

from core.errors import NotReplacedError, ProfileNotWritableError
from store import swap as swapping
from store.swap import INCOMING, ORDER, finish_swap, incoming, swap


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
