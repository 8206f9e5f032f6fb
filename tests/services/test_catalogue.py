"""The catalogue lists every pack folder; a broken one stands there with its error instead of vanishing."""

from pathlib import Path

import pytest

from services import places
from services.catalogue import list_packs


def test_a_broken_pack_is_listed_with_its_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chest-broken").mkdir()
    (tmp_path / "chest-broken" / "pack.toml").write_text("schema = 'something else'", encoding="utf-8")
    monkeypatch.setattr(places, "pack_roots", lambda: (tmp_path,))
    (entry,) = list_packs()
    assert entry.folder == "chest-broken"
    assert entry.facts is None
    assert entry.error


def test_no_folder_gives_no_packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "pack_roots", lambda: (tmp_path / "nowhere",))
    assert list_packs() == ()


def test_the_installed_packs_say_what_they_are_for() -> None:
    entries = list_packs()
    assert [entry.folder for entry in entries if entry.error] == []
    assert all(entry.facts is not None and entry.facts.intended_use for entry in entries)
