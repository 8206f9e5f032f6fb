"""A reading unit without any file: the values are typed, and models that read values are asked."""

from uuid import uuid4

from core.image import ReadingUnit, StudyHeader
from core.patient import Patient

PREFIX = "values-"
"""How the path of such a unit begins; what follows is drawn by chance and tells nothing of the patient."""


def new_table() -> ReadingUnit:
    """Return a unit that nobody has typed anything into, with a path that no other one has."""
    return _unit(f"{PREFIX}{uuid4().hex}")


def find_table(path: str) -> ReadingUnit | None:
    """Return the unit that a kept draft or study names; None where the path is that of a file."""
    drawn = path.removeprefix(PREFIX)
    is_drawn = (
        path.startswith(PREFIX) and len(drawn) == 32 and all(one in "0123456789abcdef" for one in drawn)
    )
    return _unit(path) if is_drawn else None


def is_typed(unit: ReadingUnit) -> bool:
    """Whether there is neither image nor file: everything that is known was typed."""
    return unit.kind == "table" and not unit.files


def _unit(path: str) -> ReadingUnit:
    return ReadingUnit(kind="table", path=path, files=(), header=StudyHeader(), patient=Patient(), frames=0)
