"""Keep what a person is doing, so that a crash or a power cut loses nothing.

``keep`` returns when it is on the disk: call it at each decision, and within two seconds of typing.
"""

import hashlib
import json
import logging
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from core.clock import Clock
from core.decision import Reading
from core.errors import NotPermittedError
from core.image import ReadingUnit
from core.patient import Patient
from services.record_json import from_plain, to_plain
from services.session import Session
from services.typed_table import PREFIX, find_table
from store.drafts import DraftRow, DraftStore

if TYPE_CHECKING:
    from services.draft_trail import DraftTrail

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
KEPT_AS = "kept_as"
"""The key in a unit's extras under which its copy is kept; it is the key of the unit that was copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jotting:
    """What stands in the fields of one finding, answered or not: typed words are work too.

    ``editing`` where the line for own words was open: its words are the answer that was being given.
    """

    pack_id: str
    finding: str
    words: str = ""
    note: str = ""
    editing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityJotting:
    """What stands in the identity form, not yet confirmed: words as typed, good for nothing but to go on."""

    name: str = ""
    id: str = ""
    birth_date: str = ""
    sex: str = ""
    age: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignsJotting:
    """What stands in the number fields of the clinical signs and cannot be recorded, as typed."""

    breaths: str = ""
    oxygen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierReading:
    """What somebody had begun to read before another took the study over; theirs when they come back."""

    reader_id: int
    reader: str
    reading: Reading
    jottings: tuple[Jotting, ...] = ()
    signs_jotting: SignsJotting | None = None
    result_seen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All that was typed and decided for one reading unit and is not yet signed.

    ``typed`` holds what a person typed of the patient (source ``typed``); ``confirmed`` names the identifiers
    that a person has confirmed ("name", "id", "birth_date").
    ``signs_jotting`` is what was typed as clinical signs and cannot be recorded.
    ``jottings`` are what was typed into the fields of findings; ``identity_jotting`` is what was typed into
    the identity form and not yet confirmed: it identifies nobody. ``result_seen`` where the result was in
    sight before any first impression that stands: shown at once, or opened by one that was taken back.
    ``reader_id`` and ``reader`` are whose reading it is, None while nobody has begun; ``earlier`` is what
    others had begun.
    """

    key: str
    path: str
    typed: Patient = field(default_factory=Patient)
    confirmed: tuple[str, ...] = ()
    reading: Reading = field(default_factory=Reading)
    jottings: tuple[Jotting, ...] = ()
    signs_jotting: SignsJotting | None = None
    identity_jotting: IdentityJotting | None = None
    result_seen: bool = False
    reader_id: int | None = None
    reader: str = ""
    earlier: tuple[EarlierReading, ...] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlace:
    """What was open when the program ended: the paths as given, and the unit in sight."""

    paths: tuple[str, ...] = ()
    current: str | None = None


def key_of(unit: ReadingUnit) -> str:
    """Return the key that the unit's draft is kept under: the same at the next start.

    DICOM images are known by their instance UIDs wherever the stick is mounted, together with whose they are:
    careless exports give one UID to several patients. Other files are known by their place, size and time,
    and by what stands in them: a device without a clock gives all its pictures one time, and names again.
    """
    if KEPT_AS in unit.extras:
        return unit.extras[KEPT_AS]
    uids = [uid for uid in unit.sop_instance_uids if uid]
    patient = unit.patient
    whose = [value.value if value else "" for value in (patient.id, patient.name, patient.birth_date)]
    named = [*uids, *whose]
    if not uids or len(uids) != len(unit.sop_instance_uids):
        named = [unit.path, *unit.file_marks]
        for file, state in zip(unit.files, unit.file_states, strict=False):
            if state is not None:
                named.append(f"{file.name} {state[0]} {state[1]}")
    return hashlib.sha256("\n".join(named).encode("utf-8", "surrogateescape")).hexdigest()


def claimed(draft: Draft, reader_id: int, reader: str) -> Draft:
    """Return the draft as somebody's, where it is nobody's yet and something was read, or values typed."""
    begun = draft.jottings or draft.signs_jotting or draft.reading != Reading() or draft.typed.further
    if draft.reader_id is not None or not begun:
        return draft
    return replace(draft, reader_id=reader_id, reader=reader)


def taken_over(draft: Draft, reader_id: int, reader: str) -> Draft:
    """Return the draft as it is for another person who goes on with the study.

    What is known of the patient goes along: identity, typed values, indication, clinical signs. The
    impression, the answers and the words of whoever began are theirs: kept apart, and back when they take the
    study over again.
    """
    if draft.reader_id in (None, reader_id):
        return draft
    assert draft.reader_id is not None
    former = EarlierReading(
        reader_id=draft.reader_id,
        reader=draft.reader,
        reading=draft.reading,
        jottings=draft.jottings,
        signs_jotting=draft.signs_jotting,
        result_seen=draft.result_seen,
    )
    mine = next((one for one in draft.earlier if one.reader_id == reader_id), None)
    others = tuple(one for one in draft.earlier if one.reader_id not in (reader_id, former.reader_id))
    own = mine.reading if mine else Reading()
    return replace(
        draft,
        reader_id=reader_id,
        reader=reader,
        reading=replace(own, indication=draft.reading.indication, signs=draft.reading.signs),
        jottings=mine.jottings if mine else (),
        result_seen=mine.result_seen if mine else False,
        earlier=(*others, former),
    )


class DraftKeeper:
    """Drafts in the profile; every method is one transaction and may be called from any thread.

    A draft that cannot be read back (written by a newer Farlight) is left alone and not shown.
    """

    def __init__(self, store: DraftStore, clock: Clock, session: Session, *, trail: "DraftTrail") -> None:
        self._store = store
        self._clock = clock
        self._session = session
        self._trail = trail

    def place(self) -> OpenPlace | None:
        """Return what was open at the last change, or None."""
        payload = self._store.place()
        return None if payload is None else _read(OpenPlace, payload)

    def keep_place(self, place: OpenPlace) -> None:
        """Remember what is open."""
        self._store.keep_place(json.dumps(to_plain(place)))

    def find(self, key: str) -> Draft | None:
        """Return the draft for a unit, or None."""
        row = self._store.find(key)
        return None if row is None else _read(Draft, row.payload)

    def keep(self, draft: Draft) -> Draft:
        """Keep a draft and the lines of what changed in it; on return they are on the disk.

        Returns it with its time.

        Raises:
            NotPermittedError: nobody is logged in, or the reading changed and who is logged in may not read.
            StoreError: it could not be kept.
        """
        self._session.require("enter_patient")
        kept = replace(draft, updated_at=self._clock.now())
        row = DraftRow(
            key=kept.key, payload=json.dumps(to_plain(kept)), updated_at=self._clock.now().isoformat()
        )
        with self._trail.together():
            before = self.find(draft.key)
            reading = before.reading if before is not None else Reading()
            if draft.reading != reading and not self._session.may("read"):
                raise NotPermittedError("read")
            self._trail.note(before, draft)
            self._store.keep(row)
        return kept

    def tables(self) -> tuple[ReadingUnit, ...]:
        """Return the units of drafts that rest on typed values alone, the first begun first.

        No scan finds them again: there is no file.

        Raises:
            NotPermittedError: nobody is logged in.
        """
        self._session.require("enter_patient")
        read = (_read(Draft, row.payload) for row in self._store.at_paths_like(PREFIX))
        found = ((draft, find_table(draft.path)) for draft in read if draft is not None)
        return tuple(unit for draft, unit in found if unit is not None and key_of(unit) == draft.key)

    def all(self) -> tuple[Draft, ...]:
        """Return every draft, the latest first.

        Raises:
            NotPermittedError: nobody is logged in.
        """
        self._session.require("enter_patient")
        read = (_read(Draft, row.payload) for row in self._store.all())
        return tuple(draft for draft in read if draft is not None)


def _read(kind: type[_T], payload: str) -> _T | None:
    try:
        return from_plain(kind, json.loads(payload))
    except ValueError:
        _log.warning("a kept %s cannot be read back", kind.__name__)
        return None
