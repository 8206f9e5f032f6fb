"""Clinical signs as they are typed: numbers that can be recorded, and words about those that cannot."""

from core.decision import ClinicalSigns
from core.wording import say
from services.drafts import SignsJotting

MOST_BREATHS = 200
MOST_PERCENT = 100


def read_signs(breaths: str, oxygen: str, danger: str) -> tuple[ClinicalSigns, SignsJotting | None]:
    """Return what can be recorded, and as typed what cannot; None where all can."""
    rate = _whole(breaths, MOST_BREATHS)
    percent = _whole(oxygen.strip().removesuffix("%"), MOST_PERCENT)
    left = SignsJotting(
        breaths=breaths.strip() if rate is None else "",
        oxygen=oxygen.strip() if percent is None else "",
    )
    signs = ClinicalSigns(
        respiratory_rate_per_min=rate,
        oxygen_saturation_percent=percent,
        danger_signs=danger.strip() or None,
    )
    return signs, left if left != SignsJotting() else None


def sign_questions(left: SignsJotting | None) -> tuple[tuple[str, str], ...]:
    """Return the field and the sentence for each number that cannot be recorded."""
    if left is None:
        return ()
    breaths = say("services.signs.breaths", typed=left.breaths, most=MOST_BREATHS)
    oxygen = say("services.signs.oxygen", typed=left.oxygen, most=MOST_PERCENT)
    asked = (("breaths", left.breaths, breaths), ("oxygen", left.oxygen, oxygen))
    return tuple((field, sentence) for field, typed, sentence in asked if typed)


def _whole(text: str, most: int) -> int | None:
    text = text.strip()
    if not text.isdecimal():
        return None
    return int(text) if len(text) < 5 and 1 <= int(text) <= most else None
