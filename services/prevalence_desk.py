"""Enters how common findings are at the clinic: an administrator's act, each with a line in the trail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC

from core.clock import Clock
from core.model_facts import ModelFacts
from services.prevalence import Prevalence
from services.session import Session
from services.trail import Trail
from store.prevalences import PrevalenceRow, PrevalenceStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A finding of an installed model, and what was entered for it.

    ``kept`` is None where nothing was; ``outdated`` where it was entered for another version of the model: it
    does not count until it is entered again.
    """

    pack_id: str
    version: str
    title: str
    finding: str
    label: str
    kept: PrevalenceRow | None = None

    @property
    def outdated(self) -> bool:
        """Whether what was entered was meant for another version of the model."""
        return self.kept is not None and self.kept.version != self.version


class PrevalenceDesk:
    """The values of one profile."""

    def __init__(self, store: PrevalenceStore, *, session: Session, trail: Trail, clock: Clock) -> None:
        self._store, self._session, self._trail, self._clock = store, session, trail, clock

    def in_force(self) -> tuple[Prevalence, ...]:
        """Return what was entered, each bound to the version of the model that it was entered for."""
        return tuple(
            Prevalence(
                finding=row.finding,
                share=row.share,
                pack_id=row.pack_id,
                version=row.version,
                source=row.source,
            )
            for row in self._store.all()
        )

    def asked(self, models: Iterable[ModelFacts]) -> tuple[Asked, ...]:
        """Return every finding that installed models score, with what was entered for it."""
        kept = {(row.pack_id, row.finding): row for row in self._store.all()}
        return tuple(
            Asked(
                pack_id=facts.pack_id,
                version=facts.version,
                title=facts.title,
                finding=code,
                label=label,
                kept=kept.get((facts.pack_id, code)),
            )
            for facts in models
            for code, label in facts.scored
        )

    def enter(self, about: Asked, share: float, source: str = "") -> None:
        """Keep how common a finding is (0..1), for this version of the model; ``source`` says where from.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            PrevalenceError: it is no share of patients.
            StoreError: it could not be kept.
        """
        person = self._session.require("settings")
        Prevalence(finding=about.finding, share=share)
        row = PrevalenceRow(
            pack_id=about.pack_id,
            finding=about.finding,
            version=about.version,
            share=share,
            source=source.strip(),
            entered_at=self._clock.now().astimezone(UTC).isoformat(),
            person=person.name,
        )
        with self._trail.together():
            self._store.keep(row)
            self._note(about, share)

    def remove(self, about: Asked) -> None:
        """Forget how common a finding is: its score is shown without what it means here.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            StoreError: it could not be kept.
        """
        self._session.require("settings")
        with self._trail.together():
            if self._store.remove(about.pack_id, about.finding):
                self._note(about, None)

    def outdated(self, models: Sequence[ModelFacts]) -> tuple[Asked, ...]:
        """Return what must be entered again, because the model was replaced."""
        return tuple(one for one in self.asked(models) if one.outdated)

    def _note(self, about: Asked, share: float | None) -> None:
        old = about.kept.share if about.kept is not None else ""
        detail = {
            "key": "prevalence",
            "pack": about.pack_id,
            "version": about.version,
            "finding": about.finding,
            "old": old,
            "new": "" if share is None else share,
        }
        self._trail.note("settings", detail=detail)
