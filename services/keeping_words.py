"""What is kept of a patient in sentences, the same in the window and on the command line."""

from core.wording import say
from services.consent import Answer
from services.deletion import DeletionPlan
from store.records import ListedStudy


def plan_lines(plan: DeletionPlan) -> list[str]:
    """Return, a sentence each, all that goes with a patient and what stays out of reach."""
    counts = {
        "reports": len(plan.reports), "addenda": plan.addenda, "drafts": plan.drafts,
        "image_copies": plan.image_files, "consents": plan.consents, "register": plan.register_entries,
        "trail": plan.trail_lines, "older_copies": len(plan.older_copies),
    }  # fmt: skip
    lines = [say("keeping.plan.patient", who=plan.who)]
    for study in plan.studies:
        lines.append("  " + say("keeping.plan.study", date=study.study_date or "-", what=_what(study)))
    lines += [f"  {say(f'keeping.plan.{name}', count=count)}" for name, count in counts.items() if count]
    lines += [say("keeping.plan.stays")]
    lines += [say("keeping.plan.papers", count=plan.papers)] if plan.papers else []
    lines += [say("keeping.plan.elsewhere", count=plan.elsewhere)] if plan.elsewhere else []
    if plan.set_aside:
        lines.append(say("keeping.plan.set_aside", names=", ".join(plan.set_aside)))
    lines += [say("keeping.plan.held", reason=hold.reason) for hold in plan.holds]
    return lines


def answer_words(answer: Answer) -> str:
    """Return an answer in words: agreed, not agreed, or nobody asked."""
    asked = "asked" if answer.asked else "not_asked"
    return say(f"keeping.answer.{asked}_{'given' if answer.given else 'not_given'}")


def _what(study: ListedStudy) -> str:
    return " · ".join(part for part in (study.modality, study.description) if part) or "-"
