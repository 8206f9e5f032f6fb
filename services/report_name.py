"""What the file of an exported report is called: which study and report, nothing of who the patient is."""

import re
from datetime import date

from core.image import StudyHeader

_LONGEST_PART = 24


def report_name(header: StudyHeader, *, number: int | None, signed_on: date | None, key: str) -> str:
    """Return for example ``2026-03-14-chest-ap-report-12.pdf``.

    Day of the examination (else of the signature), body part and view (else the modality), number of the
    report; without a number it is unsigned, and ``key`` tells it from others. Names of patient, study and
    file stay out, accession numbers too: people write names and patients' numbers into free text.
    """
    day = _day(header.date) or (signed_on.isoformat() if signed_on else "")
    what = [part for part in (header.body_part, header.view) if part] or [header.modality or ""]
    which = f"report-{number}" if number is not None else f"unsigned-{key[:8]}"
    parts = (day, *(_safe(part).lower() for part in what), which)
    return "-".join(part for part in parts if part) + ".pdf"


def _day(text: str | None) -> str:
    digits = (text or "").replace("-", "")[:8]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        return ""


def _safe(text: str) -> str:
    """Return only what every file system takes: letters and digits of ASCII, joined by hyphens."""
    return re.sub(r"[^0-9A-Za-z]+", "-", text).strip("-")[:_LONGEST_PART].strip("-")
