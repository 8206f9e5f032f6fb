"""What is kept of a patient in sentences, the same in the window and on the command line."""

from collections.abc import Sequence

from core.wording import say
from services.consent import Answer
from services.deletion_plan import DeletionPlan
from store.records import ListedStudy


def plan_lines(plan: DeletionPlan) -> list[str]:
    """Return, a sentence each, all that goes with a patient or some studies, and what stays out of reach.

    What goes is indented.
    """
    lines = [_head(plan)]
    for study in plan.studies:
        lines.append("  " + say("keeping.plan.study", date=study.study_date or "-", what=_what(study)))
    lines += _counted((plan,))
    if not plan.whole:
        alone = "" if plan.stays else "_alone"
        lines.append(say(f"keeping.plan.patient_stays{alone}", count=plan.stays))
    return lines + _out_of_reach((plan,))


def plans_lines(plans: Sequence[DeletionPlan]) -> list[str]:
    """Return the same of several patients: a line each, and what goes of all of them together."""
    if len(plans) == 1:
        return plan_lines(plans[0])
    lines = [say("keeping.plan.patients", count=len(plans))]
    for plan in plans:
        lines.append(
            "  "
            + say(
                "keeping.plan.all_of" if plan.whole else "keeping.plan.some_of",
                who=plan.who,
                studies=len(plan.studies),
                reports=len(plan.reports),
            )
        )
    return lines + _counted(plans) + _out_of_reach(plans)


def _head(plan: DeletionPlan) -> str:
    if plan.whole:
        return say("keeping.plan.patient", who=plan.who)
    count = len(plan.studies)
    return say(
        "keeping.plan.one_study" if count == 1 else "keeping.plan.some_studies", who=plan.who, count=count
    )


def _counted(plans: Sequence[DeletionPlan]) -> list[str]:
    counts = {
        "reports": sum(len(plan.reports) for plan in plans),
        "addenda": sum(plan.addenda for plan in plans),
        "drafts": sum(plan.drafts for plan in plans),
        "image_copies": sum(plan.image_files for plan in plans),
        "consents": sum(plan.consents for plan in plans),
        "register": len({entry for plan in plans for entry in plan.entries}),
        "trail": sum(plan.trail_lines for plan in plans),
        "older_copies": len(plans[0].older_copies),
    }
    return [f"  {say(f'keeping.plan.{name}', count=count)}" for name, count in counts.items() if count]


def _out_of_reach(plans: Sequence[DeletionPlan]) -> list[str]:
    papers = sum(plan.papers for plan in plans)
    elsewhere = sum(plan.elsewhere for plan in plans)
    lines = [f"{say('keeping.plan.not_undone')} {say('keeping.plan.stays')}"]
    lines += [say("keeping.plan.papers", count=papers)] if papers else []
    lines += [say("keeping.plan.elsewhere", count=elsewhere)] if elsewhere else []
    if plans[0].set_aside:
        lines.append(say("keeping.plan.set_aside", names=", ".join(plans[0].set_aside)))
    return lines + [say("keeping.plan.held", reason=hold.reason) for plan in plans for hold in plan.holds]


def answer_words(answer: Answer) -> str:
    """Return an answer in words: agreed, not agreed, or nobody asked."""
    asked = "asked" if answer.asked else "not_asked"
    return say(f"keeping.answer.{asked}_{'given' if answer.given else 'not_given'}")


def _what(study: ListedStudy) -> str:
    return " · ".join(part for part in (study.modality, study.description) if part) or "-"
