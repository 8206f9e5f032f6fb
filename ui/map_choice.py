"""Which finding's map lies over the image: one at a time, the first until another is chosen or in hand."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from core.result import Result
from ui.desk import Desk

MapKey = tuple[str, str]  # pack, finding


def maps_of(result: Result) -> tuple[MapKey, ...]:
    """Return the findings whose map may be shown, in the order of their cards."""
    return tuple(
        (pack.stamp.pack_id, code)
        for pack in result.results
        for code in (
            *(finding.code for finding in pack.findings),
            *(heat.finding for heat in pack.heatmaps if heat.of_tiles),
        )
        if any(heat.shown and heat.finding == code for heat in pack.heatmaps)
    )


class MapChoice(QObject):
    """The map chosen for the open case; another case begins with its own first one."""

    changed = Signal()

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._wanted: MapKey | None = None
        self._none_wanted = False
        desk.case_opened.connect(self._on_case_opened)

    def chosen(self) -> MapKey | None:
        """Return the finding whose map is shown; None where none has one, or the one in hand has none."""
        case = self._desk.case
        if case is None or case.analysis is None or self._none_wanted:
            return None
        offered = maps_of(case.analysis.result)
        if self._wanted in offered:
            return self._wanted
        return offered[0] if offered else None

    def choose(self, wanted: MapKey | None) -> None:
        """Show the map of this finding in place of any other."""
        if wanted != self.chosen():
            self.put_back((wanted, False))

    def follow(self, in_hand: MapKey) -> None:
        """Show the map of the finding that the keys act on now; none lies there where it has none."""
        case = self._desk.case
        if case is not None and case.analysis is not None:
            self.put_back((in_hand, in_hand not in maps_of(case.analysis.result)))

    def kept(self) -> tuple[MapKey | None, bool]:
        """Return what was chosen, for ``put_back``."""
        return self._wanted, self._none_wanted

    def put_back(self, kept: tuple[MapKey | None, bool]) -> None:
        """Choose as it was chosen before."""
        before = self.chosen()
        self._wanted, self._none_wanted = kept
        if self.chosen() != before:
            self.changed.emit()

    @Slot()
    def _on_case_opened(self) -> None:
        self._wanted, self._none_wanted = None, False
