"""The installed model packs as the window lists them: what each says of itself, or why it cannot be used."""

from dataclasses import dataclass

from core.errors import FarlightError
from core.model_facts import ModelFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One pack folder; ``facts`` is None where it is broken and ``error`` says why."""

    folder: str
    facts: ModelFacts | None = None
    error: str = ""


def list_packs() -> tuple[Entry, ...]:
    """Return every pack folder in its order, broken ones with their error."""
    from inference.packs import load_pack
    from services.facts import facts_of
    from services.places import pack_roots

    entries = []
    for root in pack_roots():
        for folder in sorted(path for path in root.glob("*") if path.is_dir()) if root.is_dir() else ():
            try:
                entries.append(Entry(folder=folder.name, facts=facts_of(load_pack(folder))))
            except FarlightError as error:
                entries.append(Entry(folder=folder.name, error=f"{error.message} {error.detail}".strip()))
    return tuple(entries)
