"""The settings of an open profile: each change is a line of the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.errors import StoreError
from services.trail import Trail
from store.settings import TABLE, Settings, Value


class KeptSettings(Settings):
    """Settings whose changes are told: key, old and new value; never how the window stands on the screen."""

    def __init__(self, file: Path, trail: Trail) -> None:
        super().__init__(file)
        self._trail = trail

    def set_many(self, values: Mapping[str, Value]) -> None:
        """Keep several values with one write, and a line for each that changed.

        Raises:
            StoreError: it could not be kept; the earlier values stand.
        """
        earlier = {key: self.get(key) for key in values}
        told = {one.key for one in TABLE if one.told}
        changed = [key for key, value in values.items() if key in told and earlier[key] != value]
        if not changed:
            super().set_many(values)
            return
        try:
            with self._trail.together():
                for key in changed:
                    detail = {"key": key, "old": earlier[key], "new": values[key]}
                    self._trail.note("settings", detail=detail)
                super().set_many(values)
        except StoreError:
            self._put_back(earlier)
            raise

    def _put_back(self, earlier: Mapping[str, Value]) -> None:
        try:
            super().set_many(earlier)
        except StoreError:
            return  # the file could not be written before either
