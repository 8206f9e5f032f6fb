"""Join result, reading, signature and what the packs say of themselves into one report."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from core.clock import Clock
from core.decision import PaperSize, Reading, Signature
from core.errors import FarlightError, ReportError, ReportNotWrittenError
from core.model_facts import ModelFacts
from services.analyze import Analysis
from services.output import write_whole
from services.version import VERSION

if TYPE_CHECKING:
    from reports.records import ReportContent

Paper = PaperSize


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """What a report is made of; without a signature every page says that it is unsigned.

    ``facts`` are what the packs say of themselves (``Analyzer.facts_for``); ``site`` names the
    house, ``address`` are its lines. ``witness`` is the last line of the audit trail, as ``812:3fa91c20``.
    """

    analysis: Analysis
    reading: Reading = field(default_factory=Reading)
    signature: Signature | None = None
    facts: Mapping[str, ModelFacts] = field(default_factory=lambda: MappingProxyType({}))
    site: str = ""
    address: tuple[str, ...] = ()
    witness: str = ""


def render(request: ReportRequest, *, clock: Clock, paper: Paper = "A4") -> bytes:
    """Return the report as PDF bytes: the same request and clock give the same bytes.

    Raises:
        ReportError: it could not be made.
    """
    return set_on_paper(content_of(request, clock=clock), paper)


def content_of(request: ReportRequest, *, clock: Clock) -> "ReportContent":
    """Return all that the report says: the same on every paper.

    Raises:
        ReportError: it could not be made.
    """
    from reports.content import Clinic, build_report
    from reports.figures import report_pictures
    from services.cine_pictures import cine_pictures
    from services.pictures import as_shown

    analysis = request.analysis
    with _one_kind_of_error():
        return build_report(
            result=analysis.result,
            reading=request.reading,
            signature=request.signature,
            clinic=Clinic(name=request.site, address=request.address),
            clock=clock,
            pictures={
                **report_pictures(analysis.result, as_shown(analysis), pixel_aspect=_pixel_aspect(analysis)),
                **cine_pictures(analysis),
            },
            facts=request.facts,
            header=analysis.header,
            program_version=VERSION,
            witness=request.witness,
        )


def set_on_paper(content: "ReportContent", paper: Paper) -> bytes:
    """Return what a report says as PDF bytes.

    Raises:
        ReportError: it could not be made.
    """
    from reports.pdf import render_pdf

    with _one_kind_of_error():
        return render_pdf(content, paper)


@contextmanager
def _one_kind_of_error() -> Iterator[None]:
    try:
        yield
    except FarlightError:
        raise
    except Exception as error:  # the PDF library's own errors end at this edge
        raise ReportError(type(error).__name__) from error


def _pixel_aspect(analysis: Analysis) -> float:
    spacing = None if analysis.image is None else analysis.image.pixel_spacing_mm
    return spacing[0] / spacing[1] if spacing and min(spacing) > 0 else 1.0


def export(pdf: bytes, path: Path) -> None:
    """Write a rendered report so that the file is there whole or not at all.

    Raises:
        ReportNotWrittenError: the folder cannot be written or the disk is full.
    """
    try:
        write_whole(path, pdf, durable=True)
    except OSError as error:
        raise ReportNotWrittenError(type(error).__name__, about=str(path)) from error
