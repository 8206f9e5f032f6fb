"""In which order the words of packs stand, in window and on paper, and which packs are for somebody else."""

from core.result import PackResult, Refusal

_OF_IMAGES = frozenset(("modality", "body_part", "view", "colour", "applies", "familiarity", "other_kind"))
"""Gates that refuse because the model is for other images."""
_CASES = {"age": ("outside", "child"), "sex": ("other",), "smear": ("neither",), "upstream": ("strange",)}
"""Gates of which only these cases do so."""


def refuses_others(refusal: Refusal) -> bool:
    """Return whether it is refused because the pack is for patients or images of another kind.

    Where an age or a sex is missing or in doubt it is not known for whom the pack would be.
    """
    if refusal.gate in _CASES:
        return refusal.case in _CASES[refusal.gate]
    return refusal.gate in _OF_IMAGES


def is_for_others(pack: PackResult) -> bool:
    """Return whether a pack refused because it is for patients or images of another kind."""
    return pack.status == "refused" and pack.refusal is not None and refuses_others(pack.refusal)


def reading_order(pack: PackResult) -> int:
    """Return where a pack's words stand among those of others, in window and on paper.

    Answers first, then outlines, then refusals; last what is for other patients or other images.
    """
    if pack.status == "ok":
        return 0 if pack.findings or pack.risks or pack.measurements else 1
    if pack.status == "refused":
        return 3 if is_for_others(pack) else 2
    return 4
