"""Settings: one table, kept at once, wrong values ignored."""

import json
import tomllib
from pathlib import Path

import pytest

import core.wording
from core.errors import ProfileNotWritableError, RequestError
from store.settings import TABLE, Settings


def test_every_default_is_a_value_that_its_setting_takes(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    for setting in TABLE:
        settings.set(setting.key, setting.default)
        assert settings.get(setting.key) == setting.default
        assert setting.description.endswith(".")


def test_no_setting_stands_in_the_table_twice() -> None:
    assert len({setting.key for setting in TABLE}) == len(TABLE)


def test_the_wording_table_has_a_sentence_for_each_setting_and_no_other() -> None:
    path = Path(core.wording.__file__).with_name("wording") / "en" / "settings.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    keys = {
        f"{name}.{key}" if isinstance(entry, dict) else name
        for name, entry in table.items()
        for key in (entry if isinstance(entry, dict) else ("",))
    }
    assert keys == {setting.key for setting in TABLE}


def test_a_value_is_there_after_a_restart(tmp_path: Path) -> None:
    Settings(tmp_path / "settings.json").set("theme", "light")
    assert Settings(tmp_path / "settings.json").text("theme") == "light"


def test_keys_of_a_newer_program_survive(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"future": [1, 2]}))
    Settings(file).set("theme", "light")
    assert json.loads(file.read_text()) == {"future": [1, 2], "theme": "light"}


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"theme": 7}', '{"theme": "pink"}'])
def test_a_spoiled_file_gives_the_defaults(tmp_path: Path, content: str) -> None:
    (tmp_path / "settings.json").write_text(content)
    assert Settings(tmp_path / "settings.json").text("theme") == "dark"


@pytest.mark.parametrize(
    ("key", "value"),
    [("theme", "pink"), ("theme", True), ("packs.demonstration", 1), ("overlay.opacity_percent", "x")],
)
def test_a_wrong_value_is_refused(tmp_path: Path, key: str, value: str | int) -> None:
    with pytest.raises(RequestError):
        Settings(tmp_path / "settings.json").set(key, value)


def test_an_unknown_key_is_a_mistake_of_the_program(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        Settings(tmp_path / "settings.json").get("nothing")


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProfileNotWritableError):
        Settings(tmp_path / "gone" / "settings.json").set("theme", "light")
