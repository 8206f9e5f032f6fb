"""What the clinician said: first impression, decisions, notes and the signature."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Impression = Literal["nothing_seen", "abnormal", "unsure"]
Answer = Literal["agree", "disagree", "edited"]
PaperSize = Literal["A4", "Letter", "A5"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRead:
    """The impression asked before the computer's result is opened.

    ``result_seen`` where the result was in sight already: results are shown at once, or an earlier impression
    that nobody meant to give had opened it.
    """

    impression: Impression
    at: datetime
    result_seen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalRead:
    """What the reader says at the end, where no answer to a finding says it."""

    impression: Impression
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The clinician's answer to one finding; ``words`` is their own wording when edited.

    ``about`` says which result was in sight; an answer stands beside that result only, and beside none where
    it is empty. ``pack_version`` is that of the pack that spoke.
    """

    pack_id: str
    finding: str
    answer: Answer
    at: datetime
    words: str = ""
    note: str = ""
    about: str = ""
    pack_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalSigns:
    """What the patient form asks; None is not recorded."""

    respiratory_rate_per_min: int | None = None
    oxygen_saturation_percent: int | None = None
    danger_signs: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that a person has said of one study so far (the draft of page 1)."""

    indication: str = ""
    signs: ClinicalSigns = ClinicalSigns()
    first_read: FirstRead | None = None
    final_read: FinalRead | None = None
    decisions: tuple[Decision, ...] = ()
    words: str = ""
    conclusion: str = ""
    advice: str = ""
    referral: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signed, in which role, and when."""

    name: str
    role: str
    registration_number: str
    at: datetime
    clock_doubted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReport:
    """A reading that was signed, bound by hash to the result and the report that were signed.

    ``content_sha256`` is of what the report says, frozen for copies; it and ``paper`` are not known of
    reports that an early Farlight signed.
    """

    reading: Reading
    signature: Signature
    result_sha256: str
    report_sha256: str
    content_sha256: str | None = None
    paper: PaperSize | None = None
