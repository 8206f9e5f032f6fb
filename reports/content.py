"""What a report says: pure, from records to sentences; how it looks is drawn elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from core.clock import Clock
from core.decision import PaperSize, Reading, Signature
from core.image import StudyHeader
from core.model_facts import ModelFacts, has_sides
from core.result import PackResult, Result, Side
from core.wording import DEFAULT_LANGUAGE, say
from reports import machine_part, person_part
from reports.fingerprint import fingerprint
from reports.machine_part import position_words
from reports.records import Addition, Clinic, Field, Figure, Picture, ReportContent, Row, Section
from reports.text import clean, clean_line, day, joined, short_moment

__all__ = ["KEY_PICTURE", "Clinic", "Picture", "ReportContent", "as_copy", "build_report", "position_words"]

KEY_PICTURE = "key"


def build_report(
    *,
    result: Result,
    reading: Reading,
    signature: Signature | None,
    clinic: Clinic,
    clock: Clock,
    pictures: Mapping[str, Picture] | None = None,
    facts: Mapping[str, ModelFacts] | None = None,
    header: StudyHeader | None = None,
    program_version: str = "",
    witness: str = "",
) -> ReportContent:
    """Return all that the report of one reading unit says.

    ``pictures`` come from ``reports.figures.report_pictures``; ``facts`` are keyed by pack id. Without a
    signature every page is marked as unsigned and the conclusion stays empty. A signed report is dated by
    its signature. ``witness`` is the end of the audit trail at that moment: paper outlives a computer.
    """
    pictures, header = pictures or {}, header or StudyHeader()
    moment = signature.at if signature else clock.now()
    fields = person_part.patient_fields(result.patient, reading, header)
    if result.without_image:
        fields = person_part.without_examination(fields, result.patient, facts or {})
    content = ReportContent(
        language=DEFAULT_LANGUAGE,
        created=moment,
        clinic=_clinic(clinic),
        title=say("reports.title.values") if result.without_image else person_part.title(header),
        date=day(moment),
        document_title=say(f"reports.title.{'values' if result.without_image else 'document'}"),
        banners=_banners(result.results, signed=signature is not None),
        notice=say("reports.footer.research"),
        see_assistance=say(f"reports.footer.{'with_assistance' if signature else 'assistance'}"),
        program=say("reports.footer.program", version=program_version).strip(),
        patient_line=_patient_line(fields),
        fields=fields,
        sections=person_part.sections(reading, result, signed=signature is not None),
        key_figure=_key_figure(pictures, _side_told(result, facts or {}), signed=signature is not None),
        signature=person_part.signature_block(signature),
        assistance_title=say("reports.title.assistance"),
        blocks=(),
        closing_rows=(),
        closing_title=say(f"reports.title.{'closing_values' if result.without_image else 'closing'}"),
        demonstration_title=say("reports.title.demonstration"),
        demonstration_watermark=say("reports.banner.demonstration"),
        demonstration_note=say("reports.say.demonstration_note"),
    )
    machine = machine_part.MachinePart(
        result=result,
        reading=reading,
        facts=facts or {},
        pictures=pictures,
        signed=signature is not None,
    )
    whole = _with_machine_part(content, machine, signed=signature is not None)
    if witness:
        row = Row(label=say("reports.row.witness"), text=witness)
        whole = replace(whole, closing_rows=(*whole.closing_rows, row))
    return _with_identity(whole)


def _clinic(clinic: Clinic) -> Clinic:
    return Clinic(name=clean_line(clinic.name), address=tuple(clean_line(line) for line in clinic.address))


def _with_machine_part(
    content: ReportContent, machine: machine_part.MachinePart, *, signed: bool
) -> ReportContent:
    """Add what the packs said; demonstration packs have no place in a signed report.

    Where nothing else spoke, that has no page for the computer: page 1 says that something was shown.
    """
    packs = machine.result.results
    trials = tuple(pack for pack in packs if pack.stamp.pack_class == "demonstration")
    others = tuple(pack for pack in packs if pack not in trials)
    blocks = (*machine.error_blocks(), *machine.blocks(others))
    whole = replace(
        content,
        blocks=blocks,
        closing_rows=machine.closing_rows(trials_left_out=bool(trials) and signed and bool(blocks)),
        demonstration=() if signed else machine.blocks(trials),
    )
    if whole.has_machine_part or not any(pack.status == "ok" for pack in trials):
        return whole
    what = "estimate" if machine.result.without_image else "answer"
    return replace(whole, see_assistance=say(f"reports.footer.shown_for_teaching_{what}"))


def as_copy(
    content: ReportContent,
    *,
    number: int,
    made_at: datetime,
    paper: PaperSize,
    original_on: PaperSize,
    clock_doubted: bool = False,
    additions: Sequence[Addition] = (),
) -> ReportContent:
    """Return a report as its copy of that number: the same words and identity, marked on every page.

    ``additions`` stand on pages of their own at the end.
    """
    parts = [
        say("reports.copy.number", number=number),
        say("reports.copy.made", time=short_moment(made_at), paper=paper),
    ]
    if paper != original_on:
        parts.append(say("reports.copy.original_on", paper=original_on))
    if clock_doubted:
        parts.append(say("reports.copy.clock_doubted"))
    if additions:
        parts.append(say("reports.copy.addenda"))
    return replace(
        content,
        copy_mark=" · ".join(parts),
        created=made_at,
        addenda_title=say("reports.addendum.title"),
        addenda_note=say("reports.addendum.note"),
        addenda=tuple(_addendum(number, addition) for number, addition in enumerate(additions, start=1)),
    )


def _addendum(number: int, addition: Addition) -> Section:
    signed = person_part.signature_block(addition.signature)
    return Section(
        title=say("reports.addendum.heading", number=number),
        text=f"{clean(addition.words)}\n{signed.name}\n{signed.below}",
    )


def _banners(packs: tuple[PackResult, ...], *, signed: bool) -> tuple[str, ...]:
    banners = []
    if not signed:
        banners.append(say("reports.banner.unsigned"))
    if any(pack.gates_skipped for pack in packs):
        banners.append(say("reports.banner.checks_off"))
    return tuple(banners)


def _patient_line(fields: tuple[Field, ...]) -> str:
    missing = say("reports.patient.missing")
    name, identity, _, examination = fields[:4]
    values = (f"{f.label} {f.value}" if f.value == missing else f.value for f in (name, identity))
    return joined(*values, examination.value)


def _side_told(result: Result, facts: Mapping[str, ModelFacts]) -> Side:
    """Return whether left and right are known; where there are no sides, nothing is left to verify."""
    return result.side if has_sides(result, facts) else "verified"


def _key_figure(pictures: Mapping[str, Picture], side: Side, *, signed: bool) -> Figure | None:
    if KEY_PICTURE not in pictures:
        return None
    caption = say(f"reports.section.{'key_image' if signed else 'key_image_stored'}")
    if side != "verified":
        caption = f"{caption}; {say('reports.section.side_unverified')}"
    return Figure(picture=pictures[KEY_PICTURE], caption=caption)


def _with_identity(content: ReportContent) -> ReportContent:
    report_id = fingerprint(content)
    row = Row(label=say("reports.row.report"), text=report_id)
    return replace(content, report_id=report_id, closing_rows=(*content.closing_rows, row))
