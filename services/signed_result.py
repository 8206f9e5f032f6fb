"""What the computer had answered when a report was signed, and whether it answers the same today."""

import json
from dataclasses import dataclass
from typing import Any

from core.result import Result
from core.wording import say

SAME_SCORE = 0.01  # engines and processors differ by less on one image


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedAnswer:
    """One finding of a pack, or with an empty ``code`` that the pack did not answer."""

    pack_id: str
    sha256: str
    status: str
    title: str
    code: str = ""
    probability: float = 0.0
    threshold: float = 0.0
    position: str = ""


def signed_answers(result: str) -> tuple[SignedAnswer, ...]:
    """Return the answers of the result JSON that a report was signed with."""
    packs = json.loads(result)["results"] if result else []
    return tuple(answer for pack in packs for answer in _of_pack(pack))


def says_the_same(result: str, today: Result) -> bool:
    """Return whether the same models answer today as they did in the signed result."""
    signed, now = signed_answers(result), signed_answers(_plain(today))
    return len(signed) == len(now) and all(map(_agree, signed, now))


def signed_sentences(result: str) -> tuple[str, ...]:
    """Return a sentence for each answer that was signed, and for each model that gave none."""
    return tuple(
        say(
            f"services.signed_result.{answer.position}",
            finding=answer.title,
            score=f"{100 * answer.probability:.0f}",
            threshold=f"{100 * answer.threshold:.0f}",
        )
        if answer.code
        else say("services.signed_result.refused", title=answer.title)
        for answer in signed_answers(result)
        if answer.code or answer.status == "refused"
    )


def _of_pack(pack: dict[str, Any]) -> list[SignedAnswer]:
    who = {"pack_id": pack["pack"]["id"], "sha256": pack["pack"]["sha256"], "status": pack["status"]}
    answers = [
        SignedAnswer(
            **who,
            title=one["label"],
            code=one["code"],
            probability=one["probability"],
            threshold=one["threshold"],
            position=one["position"],
        )
        for one in pack["findings"]
    ]
    return answers or [SignedAnswer(**who, title=pack["pack"]["title"])]


def _agree(signed: SignedAnswer, now: SignedAnswer) -> bool:
    same = ("pack_id", "sha256", "status", "code", "position")
    return (
        all(getattr(signed, name) == getattr(now, name) for name in same)
        and abs(signed.probability - now.probability) < SAME_SCORE
    )


def _plain(result: Result) -> str:
    from services.result_json import WrittenFiles, result_to_dict

    return json.dumps(result_to_dict(result, folder="", files=WrittenFiles()))
