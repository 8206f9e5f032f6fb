"""Fields of the patient form: what a pack that reads values asks for, with units, ranges and help."""

from dataclasses import dataclass
from typing import Literal

PATIENT_FIELDS = ("age_years", "sex", "height_cm", "weight_kg")
"""Codes that are read from the patient's own record, and so from the image's header where that has them."""


PREGNANCY = "pregnancy"
"""Code of what is known of a pregnancy, ``yes`` or ``no``: no model asks for it, references depend on it."""


def says_pregnant(value: float | str | bool) -> bool:
    """Return whether a value of the field means a pregnancy, however yes is written."""
    return value in (True, "yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChoice:
    """One of the answers that a field knows: how it is written in files, and what a person reads."""

    value: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One value that a pack asks for.

    Numbers lie from ``minimum`` to ``maximum`` (what can be at all, both included), in ``unit``. ``seen`` is
    the range of the patients that the pack was made from. ``measurement`` is the code of a measurement of
    another pack that may stand in its place; ``method`` says how the pack's own patients were measured.
    """

    code: str
    title: str
    kind: Literal["number", "choice"]
    unit: str = ""
    minimum: float = 0.0
    maximum: float = 0.0
    seen: tuple[float, float] | None = None
    choices: tuple[FieldChoice, ...] = ()
    help: str = ""
    required: bool = True
    measurement: str = ""
    method: str = ""

    def title_of(self, value: float | str) -> str:
        """Return a choice as a person reads it; what is not a choice stays as it is."""
        titles = (choice.title for choice in self.choices if choice.value == value)
        return next(titles, str(value))
