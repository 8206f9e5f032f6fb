"""What people may do with the records of a clinic, by what they are there for."""

from types import MappingProxyType
from typing import Literal

Duty = Literal["administrator", "clinician", "assistant"]
Act = Literal[
    "enter_patient",
    "read",
    "sign",
    "give_out",
    "correct_identity",
    "consent",
    "delete",
    "people",
    "settings",
    "audit",
    "backup",
    "packs",
]

_CLINICIAN: frozenset[Act] = frozenset({"enter_patient", "read", "give_out", "correct_identity", "consent"})
_ACTS = MappingProxyType(
    {
        "administrator": _CLINICIAN | {"delete", "people", "settings", "audit", "backup", "packs"},
        "clinician": _CLINICIAN,
        "assistant": frozenset({"enter_patient", "consent"}),
    }
)
"""``read`` is first impressions and decisions, ``give_out`` printing and exporting; signing hangs on the
person.
"""


DUTIES: tuple[Duty, ...] = ("assistant", "clinician", "administrator")
"""From those who may least to those who may most."""


def least_duty(act: str) -> Duty | None:
    """Return who may do something and may least beside it; None where it is no act of a duty."""
    return next((duty for duty in DUTIES if act in _ACTS[duty]), None)


def may(duty: Duty, act: Act, *, signs: bool) -> bool:
    """Whether somebody with this duty may do something; ``signs`` where they sign (never an assistant)."""
    if act == "sign":
        return signs and duty != "assistant"
    return act in _ACTS[duty]
