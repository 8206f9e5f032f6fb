"""Every pack folder is listed; a broken one stands there with its error instead of vanishing."""

from pathlib import Path

import pytest

from core.errors import UnknownPackError
from services.packs import chosen_packs, installed_packs


def test_a_broken_pack_is_listed_with_its_error(tmp_path: Path) -> None:
    (tmp_path / "chest-broken").mkdir()
    (tmp_path / "chest-broken" / "pack.toml").write_text("schema = 'something else'", encoding="utf-8")
    (pack,) = installed_packs((tmp_path,))
    assert pack.id == "chest-broken"
    assert pack.facts is None
    assert pack.error is not None
    assert pack.error.code.startswith("E2")


def test_no_folder_gives_no_packs(tmp_path: Path) -> None:
    assert installed_packs((tmp_path / "nowhere",)) == ()


def test_the_installed_packs_say_what_they_are_for() -> None:
    packs = installed_packs()
    assert [pack.id for pack in packs if pack.error] == []
    assert all(pack.facts is not None and pack.facts.intended_use for pack in packs)


def test_a_pack_that_is_not_installed_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnknownPackError, match="chest-moon"):
        chosen_packs(["chest-moon"], (tmp_path,))
