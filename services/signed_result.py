"""What the computer had answered when a report was signed, and whether it answers the same today."""

import json
from dataclasses import dataclass, replace
from typing import Any, Literal

from core.result import Result
from core.wording import say
from services.analyze import Analysis
from services.standing import own_findings

Today = Literal["same", "another_model", "otherwise"]

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


def compare(result: str, today: Result) -> Today:
    """Return whether the models that spoke in the signed result speak today, and say the same.

    Answers are compared by pack and finding, whatever their order: what a pack says that had not spoken then
    is no other answer, and a pack that was changed or taken away is ``another_model``.
    """
    then, now = _by_finding(signed_answers(result)), _by_finding(signed_answers(_plain(today)))
    models = {answer.pack_id: answer.sha256 for answer in now.values()}
    kept = {key for key, answer in then.items() if models.get(answer.pack_id) == answer.sha256}
    packs = {pack_id for pack_id, _ in kept}
    asked_again = {key for key in now if key[0] in packs}
    if kept != asked_again or not all(_agree(then[key], now[key]) for key in kept):
        return "otherwise"
    gone = (answer for key, answer in then.items() if key not in kept)
    return "same" if all(answer.status == "not_applicable" for answer in gone) else "another_model"


def as_signed(result: str, today: Analysis) -> Analysis:
    """Return today's analysis with the models of the signed result alone, in the order that was signed."""
    order = {(answer.pack_id, answer.sha256): None for answer in signed_answers(result)}
    ours = {(pack.stamp.pack_id, pack.stamp.sha256): pack for pack in today.result.results}
    packs = tuple(ours[model] for model in order if model in ours)
    return replace(today, result=replace(today.result, results=packs))


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
        for one in own_findings(pack)
    ]
    return answers or [SignedAnswer(**who, title=pack["pack"]["title"])]


def _by_finding(answers: tuple[SignedAnswer, ...]) -> dict[tuple[str, str], SignedAnswer]:
    return {(answer.pack_id, answer.code): answer for answer in answers}


def _agree(signed: SignedAnswer, now: SignedAnswer) -> bool:
    return (
        signed.status == now.status
        and signed.position == now.position
        and abs(signed.probability - now.probability) < SAME_SCORE
    )


def _plain(result: Result) -> str:
    from services.result_json import WrittenFiles, result_to_dict

    return json.dumps(result_to_dict(result, folder="", files=WrittenFiles()))
