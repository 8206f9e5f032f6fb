"""Sentences about a result, the same in the window and on paper."""

from core.result import Finding, PackResult, Side
from core.wording import say


def finding_sentence(finding: Finding) -> str:
    """Return what may be said of a score: above, undecided or below its threshold."""
    from reports.machine_part import position_words

    return position_words(finding)


def site_sentence(finding: Finding) -> str:
    """Return what a score means at this clinic, in natural frequencies; "" where nothing may be said."""
    from reports.site_source import sourced_site_sentence

    return sourced_site_sentence(finding)


def side_sentence(side: Side) -> str:
    """Return where left and right are known from, or why they are not."""
    return f"{say('reports.row.side')}: {say(f'reports.say.side_{side}')}"


def pack_sentence(result: PackResult, side: Side = "unverified") -> str:
    """Return one line for a pack: what it says, why it refuses, or why it does not apply."""
    if result.refusal is not None:
        return f"{result.refusal.reason} {result.refusal.advice}".strip()
    if result.findings:
        return " ".join(finding_sentence(finding) for finding in result.findings)
    if result.masks:
        from reports.model_rows import outline_sentence

        return outline_sentence(result, side)
    return say("reports.say.no_answer")
