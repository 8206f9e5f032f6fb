"""Short words for recipes of packs that read values: fields of the form, terms, licences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference.table_model import Function, Term

CC_BY = ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/legalcode", "CC-BY-4.0")
CC_BY_NC_SA = (
    "CC BY-NC-SA 4.0",
    "https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode",
    "CC-BY-NC-SA-4.0",
)
_LICENCE = """The table of numbers in this folder (table.json) and the files that describe it are licensed
under {name}: {address}

SPDX-License-Identifier: {spdx}

They were made from the data named here; whoever passes them on names these sources too:

{attribution}
"""


def licence_text(licence: tuple[str, str, str], attribution: str) -> str:
    """Return the text of LICENSE; `licence` is name, address and SPDX identifier."""
    name, address, spdx = licence
    return _LICENCE.format(name=name, address=address, spdx=spdx, attribution=attribution)


def term(code: str, function: Function = "identity", number: float = 0.0, choice: str = "") -> Term:
    """Return a term before it is centred; with `choice`, whether the value is that choice."""
    named: Function = "equals" if choice else function
    return Term(input=code, function=named, centre=0.0, scale=1.0, number=number, choice=choice)


def each_choice(field: Mapping[str, Any]) -> tuple[Term, ...]:
    """Return a term for each choice of a field; of yes and no one is enough."""
    values = [choice["value"] for choice in field["choices"]]
    return tuple(
        term(field["code"], choice=value) for value in (["yes"] if values == ["no", "yes"] else values)
    )


def number(
    code: str, title: str, unit: str, *, can_be: tuple[float, float], seen: tuple[float, float]
) -> dict[str, Any]:
    """Return a number of the form, as the manifest writes it; `seen` is the range of the table's patients."""
    return {
        "code": code,
        "title": title,
        "kind": "number",
        **({"unit": unit} if unit else {}),
        "minimum": float(can_be[0]),
        "maximum": float(can_be[1]),
        "seen": [float(seen[0]), float(seen[1])],
    }


def choice(code: str, title: str, choices: Mapping[str, str], help_text: str = "") -> dict[str, Any]:
    """Return a choice of the form; `choices` are title by value."""
    field: dict[str, Any] = {"code": code, "title": title, "kind": "choice"}
    if help_text:
        field["help"] = help_text
    return {**field, "choices": [{"value": value, "title": words} for value, words in choices.items()]}


def yes_no(code: str, title: str, help_text: str = "") -> dict[str, Any]:
    """Return a question of yes or no."""
    return choice(code, title, {"no": "No", "yes": "Yes"}, help_text)
