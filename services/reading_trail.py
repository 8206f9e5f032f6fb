"""The lines of what is opened, analysed and seen: acts that change no record, and are told all the same."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.result import PackResult, Result
from services.draft_trail import DraftTrail
from services.trail import Trail


@dataclass(slots=True)
class _OnTheDesk:
    """The study in sight, and what of it was shown to whoever is logged in."""

    key: str
    who: int | None
    words: str
    revealed: list[dict[str, object]] = field(default_factory=list)


class ReadingTrail:
    """Knows which study is in sight, so that each opening is one line, also when another person logs in."""

    def __init__(self, trail: Trail, drafts: DraftTrail) -> None:
        self._trail, self._drafts = trail, drafts
        self._open: _OnTheDesk | None = None

    def open(self, key: str, words: str) -> None:
        """Write that a study of a patient was opened; nothing where the same person has it in sight already.

        Raises:
            StoreError: it could not be kept.
        """
        before = self._open
        if before is not None and (before.key, before.who) == (key, self._trail.who):
            return
        self.leave()
        self._trail.note("open", f"unit:{key}", words=words)
        self._open = _OnTheDesk(key=key, who=self._trail.who, words=words)

    def leave(self) -> None:
        """Take the study out of sight; opened again, it is another line."""
        if self._open is not None:
            self._drafts.left(self._open.key)
        self._open = None

    def resume(self) -> None:
        """Write what is in sight of the person who has just logged in.

        Raises:
            StoreError: it could not be kept.
        """
        before, self._open = self._open, None
        if before is None:
            return
        self.open(before.key, before.words)
        for shown in before.revealed:
            self._note_reveal(before.key, shown)

    def analyse(self, key: str, result: Result) -> None:
        """Write that a study was analysed, by which models.

        Raises:
            StoreError: it could not be kept.
        """
        models = [_model(one) for one in result.results]
        detail: dict[str, object] = {"models": models, "errors": [error.code for error in result.errors]}
        self._trail.note("analyse", f"unit:{key}", detail=detail)

    def reveal(self, key: str, result: Result) -> None:
        """Write that a result was shown to who reads; once for each result of an opening.

        Raises:
            StoreError: it could not be kept.
        """
        self._note_reveal(key, {"models": [_model(one) for one in result.results]})

    def _note_reveal(self, key: str, shown: dict[str, object]) -> None:
        desk = self._open if self._open is not None and self._open.key == key else None
        if desk is not None and shown in desk.revealed:
            return
        self._trail.note("reveal", f"unit:{key}", detail=shown)
        if desk is not None:
            desk.revealed.append(shown)


def _model(one: PackResult) -> dict[str, object]:
    stamp = one.stamp
    said: dict[str, object] = {
        "pack": stamp.pack_id,
        "version": stamp.version,
        "sha256": stamp.sha256,
        "status": one.status,
    }
    if one.status == "ok":
        said |= {"engine": stamp.engine, "precision": stamp.precision}
    if one.refusal is not None:
        said["gate"] = one.refusal.gate
    return said
