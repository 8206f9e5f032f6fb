"""A refusal in two or three words, for lists; its whole sentence stands where there is room."""

import re

from core.reading_order import refuses_others
from core.result import Refusal
from core.wording import has_sentence, say

_CASES = (
    "low", "high", "other", "unknown", "outside", "unsure", "turned", "inverted", "coloured", "grey",
    "neither", "child", "unsettled", "strange",
)  # fmt: skip


def short_refusal(refusal: Refusal, *, answered: bool = False) -> str:
    """Return why it was refused, short enough for a row; different reasons have different words.

    ``answered`` where demonstrations answered: that a model for other images refused would mislead.
    """
    if answered and refuses_others(refusal):
        return say("ui.refused.answered")
    from inference.quality import GATE_MEASURES

    said: dict[str, tuple[str, ...]] = {str(gate): tuple(names) for gate, names in GATE_MEASURES.items()}
    for name in (refusal.gate, *said.get(refusal.gate, ())):
        for case in _CASES:
            sentence, short = f"inference.{name}.{case}", f"ui.refused.{name}_{case}"
            if has_sentence(sentence) and has_sentence(short) and _says(sentence, refusal.reason):
                return say(short)
    gate = f"ui.refused.{refusal.gate}"
    return say(gate if has_sentence(gate) else "ui.refused.other")


def _says(key: str, text: str) -> bool:
    """Whether a text is that sentence of the table, its placeholders filled."""
    parts = re.split(r"\{\w+\}", say(key))
    return re.fullmatch(".*".join(map(re.escape, parts)), text, re.DOTALL) is not None
