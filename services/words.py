"""Sentences about a result, the same in the window and on paper."""

from core.result import Finding, PackResult
from core.wording import say


def finding_sentence(finding: Finding) -> str:
    """Return what may be said of a score: above, undecided or below its threshold."""
    from reports.machine_part import position_words

    return position_words(finding)


def pack_sentence(result: PackResult) -> str:
    """Return one line for a pack: what it says, why it refuses, or why it does not apply."""
    if result.refusal is not None:
        return f"{result.refusal.reason} {result.refusal.advice}".strip()
    if result.findings:
        return " ".join(finding_sentence(finding) for finding in result.findings)
    if result.masks:
        labels = ", ".join(mask.label for mask in result.masks)
        return say("reports.say.outline_list", labels=labels)
    return say("reports.say.no_answer")
