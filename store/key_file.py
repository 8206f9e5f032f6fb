"""``keys.json`` on the disk: how it is written, sealed by the keys in it, and read back with its copy."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import KeysDamagedError, NewerStoreError
from store.durable import not_kept, replace_file
from store.key_slots import Slot, plain_slot, read_slot
from store.subkeys import subkey

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """All that the file says. ``generations`` are those of the keys sealed, two while the key is turned."""

    store_id: str = ""
    edition: int = 0
    founded: bool = False
    sheet_kept: bool = False
    generations: tuple[int, ...] = ()
    slots: tuple[Slot, ...] = ()
    seals: tuple[tuple[int, str], ...] = ()


class KeyFile:
    """The file and its copy beside it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._copy = file.with_name(f"{file.stem}-copy{file.suffix}")

    def read(self) -> list[KeyState]:
        """Return what the file says, and its copy; one that cannot be read is left out.

        Raises:
            KeysDamagedError: there is one, and neither it nor its copy can be read.
            NewerStoreError: a newer Farlight wrote it.
        """
        present = [file for file in (self._file, self._copy) if file.exists()]
        states = []
        for file in present:
            try:
                plain = json.loads(file.read_bytes())
                if int(plain["schema"]) > SCHEMA:
                    raise NewerStoreError(f"keys {plain['schema']}, known {SCHEMA}")
                states.append(_read_state(plain))
            except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
                continue
        if present and not states:
            raise KeysDamagedError(self._file.name)
        return states

    def write(self, state: KeyState) -> None:
        """Write a sealed state into both.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be kept; the copy may have been written.
        """
        seals = {str(number): seal for number, seal in state.seals}
        content = json.dumps({**_plain(state), "seals": seals}, indent=1).encode()
        try:
            replace_file(self._copy, content)  # first: where only this one is written, the old slots stand
            replace_file(self._file, content)
        except OSError as error:
            if not self._file.exists():
                self._copy.unlink(missing_ok=True)
            raise not_kept(error) from error


def sealed(state: KeyState, keys: dict[int, bytes]) -> KeyState:
    """Return a state with each key vouching for all that it says."""
    return replace(state, seals=tuple((number, _seal(state, keys[number])) for number in sorted(keys)))


def is_sealed(state: KeyState, keys: dict[int, bytes]) -> bool:
    """Whether each key that is sealed to somebody vouches for all that the file says."""
    seals = dict(state.seals)
    return set(seals) == set(keys) and all(
        hmac.compare_digest(seals[number].encode(), _seal(state, key).encode())
        for number, key in keys.items()
    )


def _read_state(plain: dict[str, Any]) -> KeyState:
    state = KeyState(
        store_id=str(plain["store_id"]),
        edition=int(plain["edition"]),
        founded=bool(plain["founded"]),
        sheet_kept=bool(plain["sheet_kept"]),
        generations=tuple(int(number) for number in plain["generations"]),
        slots=tuple(read_slot(slot) for slot in plain["slots"]),
        seals=tuple(sorted((int(number), str(seal)) for number, seal in plain["seals"].items())),
    )
    holders = [slot.holder_id for slot in state.slots]
    if not state.store_id or not holders or len(set(holders)) < len(holders):
        raise ValueError("slots")
    if not 1 <= len(state.generations) <= 2 or list(state.generations) != sorted(set(state.generations)):
        raise ValueError("generations")
    return state


def _plain(state: KeyState) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "store_id": state.store_id,
        "edition": state.edition,
        "founded": state.founded,
        "sheet_kept": state.sheet_kept,
        "generations": list(state.generations),
        "slots": [plain_slot(slot) for slot in state.slots],
    }


def _seal(state: KeyState, key: bytes) -> str:
    canonical = json.dumps(_plain(state), sort_keys=True, separators=(",", ":"))
    return hmac.digest(subkey(key, b"key ring"), canonical.encode("utf-8", "surrogatepass"), "sha256").hex()
