"""The settings of an open profile: kept in the records, and each change is a line of the audit trail.

The file beside the records is what the door and ``analyze`` read before anybody has logged in. Whoever
writes into it changes nothing that holds afterwards: the records' values win, are written back, and the
trail says so.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from core.errors import StoreError
from services.session import Session
from services.trail import Trail
from store.kept_values import KeptValues
from store.settings import TABLE, Settings, Value

_log = logging.getLogger(__name__)
_GUARDED = frozenset(one.key for one in TABLE if not one.look)
_TOLD = frozenset(one.key for one in TABLE if one.told)
_FOR_ADMINISTRATORS = frozenset(one.key for one in TABLE if one.told and not one.anybody)


class KeptSettings(Settings):
    """Settings whose changes are told: key, old and new value; never how the window stands on the screen."""

    def __init__(self, file: Path, values: KeptValues, session: Session, trail: Trail) -> None:
        super().__init__(file)
        self._kept, self._session, self._trail = values, session, trail
        kept = {key: json.loads(text) for key, text in values.all().items()}
        if kept:
            self._take(kept)
        else:
            self._kept.keep({key: json.dumps(self.get(key)) for key in _GUARDED})

    def set_many(self, values: Mapping[str, Value]) -> None:
        """Keep several values in one step, and a line for each that changed.

        Raises:
            NotPermittedError: one of them is an administrator's to change, and who is logged in is none.
            StoreError: it could not be kept; the earlier values stand.
        """
        earlier = {key: self.get(key) for key in values}
        changed = {key: value for key, value in values.items() if earlier[key] != value}
        guarded = {key: json.dumps(value) for key, value in changed.items() if key in _GUARDED}
        if _FOR_ADMINISTRATORS & guarded.keys():
            self._session.require("settings")
        if not guarded:
            super().set_many(values)
            return
        try:
            with self._trail.together():
                for key in sorted(_TOLD & guarded.keys()):
                    detail = {"key": key, "old": earlier[key], "new": values[key]}
                    self._trail.note("settings", detail=detail)
                self._kept.keep(guarded)
                super().set_many(values)
        except StoreError:
            self._put_back(earlier)
            raise

    def _take(self, kept: Mapping[str, Value]) -> None:
        """Let the records' values win over the file's, and write down where those were others."""
        outside = [key for key in sorted(_GUARDED & kept.keys()) if self.get(key) != kept[key]]
        if not outside:
            return
        try:
            for key in outside:
                self._trail.note("settings", detail={"key": key, "outside": str(self.get(key))})
            super().set_many({key: kept[key] for key in outside})
        except StoreError as error:  # the records' values hold all the same
            _log.warning("settings changed by other means could not be put back: %s", error.code)
            self.hold({key: kept[key] for key in outside})

    def _put_back(self, earlier: Mapping[str, Value]) -> None:
        try:
            super().set_many(earlier)
        except StoreError:
            return  # the file could not be written before either
