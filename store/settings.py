"""The one table of settings: key, type and default; kept as JSON, never patient data."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import RequestError
from core.wording import say
from store.durable import not_kept, replace_file

Value = str | bool | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting; ``choices`` empty means any value of the default's type.

    ``told`` where a change of it is a line of the audit trail, and an administrator's unless ``anybody`` may
    change it. ``look`` where it says how the window stands on the screen: that alone is worth no guard.
    ``pattern`` is what a text must be as a whole.
    """

    key: str
    default: Value
    choices: tuple[Value, ...] = ()
    told: bool = True
    anybody: bool = False
    look: bool = False
    pattern: str = ""

    @property
    def description(self) -> str:
        """One sentence: what it sets."""
        return say(f"settings.{self.key}")


TABLE = (
    Setting(key="theme", default="dark", choices=("dark", "light", "system"), anybody=True),
    Setting(key="paper", default="A4", choices=("A4", "Letter", "A5"), anybody=True),
    Setting(key="reading.order", default="read_first", choices=("read_first", "concurrent")),
    Setting(key="packs.demonstration", default=False),
    Setting(key="engine", default="auto", choices=("auto", "onnxruntime", "openvino")),
    Setting(key="precision", default="auto", choices=("auto", "int8", "fp32")),
    Setting(key="device", default="auto", pattern=r"auto|CPU|(openvino|onnxruntime):[A-Za-z0-9._-]{1,40}"),
    Setting(key="computer.limits_seen", default="", told=False),
    Setting(key="site.name", default=""),
    Setting(key="site.address", default=""),
    Setting(key="lock.after_minutes", default=10, choices=tuple(range(1, 61))),
    Setting(key="trail.unseen", default="", told=False),
    Setting(key="images.keep", default="reference", choices=("reference", "copy")),
    Setting(key="keep.years_adult", default=0),
    Setting(key="keep.child_until_age", default=0),
    Setting(key="backup.remind_days", default=7),
    Setting(key="backup.keep", default=3),
    Setting(key="backup.last_at", default="", told=False),
    Setting(key="backup.last_path", default="", told=False),
    Setting(key="overlay.opacity_percent", default=45, told=False, look=True),
    Setting(key="window.geometry", default="", told=False, look=True),
    Setting(key="window.docks", default="", told=False, look=True),
)


class Settings:
    """Settings of one profile; unknown keys are kept, wrong values fall back to the default."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._table = {setting.key: setting for setting in TABLE}
        self._values: dict[str, object] = self._load()

    def get(self, key: str) -> Value:
        """Return the value of a setting.

        Raises:
            KeyError: the table has no such setting.
        """
        setting = self._table[key]
        value = self._values.get(key, setting.default)
        return value if _fits(setting, value) else setting.default  # type: ignore[return-value]

    def text(self, key: str) -> str:
        """Return a text setting."""
        return str(self.get(key))

    def flag(self, key: str) -> bool:
        """Return a yes-or-no setting."""
        return bool(self.get(key))

    def number(self, key: str) -> float:
        """Return a number setting."""
        return float(self.get(key))

    def set(self, key: str, value: Value) -> None:
        """Keep a value at once.

        Raises:
            KeyError: the table has no such setting.
            RequestError: the value is not one that the setting takes.
            ProfileNotWritableError, DiskFullError: it could not be kept; the old value stays.
        """
        setting = self._table[key]
        if not _fits(setting, value):
            raise RequestError(f"setting {key} does not take this value", key=key)
        self.set_many({key: value})

    def set_many(self, values: Mapping[str, Value]) -> None:
        """Keep several values with one write."""
        changed = {**self._values, **values}
        try:
            replace_file(self._file, json.dumps(changed, indent=1, sort_keys=True).encode())
        except OSError as error:
            raise not_kept(error) from error
        self._values = changed

    def hold(self, values: Mapping[str, Value]) -> None:
        """Let values hold until the program ends, without keeping them."""
        self._values = {**self._values, **values}

    def _load(self) -> dict[str, object]:
        try:
            loaded = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return loaded if isinstance(loaded, dict) else {}


def _fits(setting: Setting, value: object) -> bool:
    if isinstance(setting.default, bool) != isinstance(value, bool):
        return False
    if isinstance(setting.default, int | float) and not isinstance(value, int | float):
        return False
    if isinstance(setting.default, str) and not isinstance(value, str):
        return False
    if setting.pattern and re.fullmatch(setting.pattern, str(value)) is None:
        return False
    return not setting.choices or value in setting.choices
