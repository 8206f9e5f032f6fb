"""The audit trail in words: acts, what a line says, and where the trail does not hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache

from core.wording import has_sentence, say, section
from services.trail_check import EarlierFinding, TrailState
from store.audit import AuditLine, Broken, ListedLine

_RECORD_DIGITS = 8
_TIMES = frozenset({"wrong_from", "wrong_until", "first_left"})
_HIDDEN = frozenset(
    {"sha256", "report_sha256", "sealed", "unit", "version", "signer_id", "number", "addendum"}
)


def act_words(act: str) -> str:
    """Return what an act is called; one that this Farlight does not know by its own name."""
    key = f"trail.act.{act}"
    return say(key) if has_sentence(key) else act.replace("_", " ")


def subject_words(subject: str) -> str:
    """Return what a line is about: ``Report 12``, ``Study 3fa91c20``."""
    kind, _, number = subject.partition(":")
    key = f"trail.subject.{kind}"
    known = bool(number) and kind in {"report", "unit", "person", "patient", "study", "register"}
    return say(key, number=number[:_RECORD_DIGITS]) if known else subject


def patient_words(listed: ListedLine) -> str:
    """Return whom a line is about, or that the name was removed with the record."""
    return say("trail.subject.removed") if listed.unnamed else listed.about


def who_words(line: AuditLine) -> str:
    """Return who did it."""
    return line.person or say("trail.subject.nobody")


def what_words(line: AuditLine) -> str:
    """Return what a line says of the act, in a few words."""
    try:
        detail = json.loads(line.detail)
    except ValueError:
        return line.detail
    if not isinstance(detail, dict):
        return line.detail
    said = [_said(key, detail[key]) for key in _order() if key in detail]
    known = {*_order(), *_HIDDEN}
    said += [f"{key}: {_value(value)}" for key, value in detail.items() if key not in known]
    if line.clock_doubted and not detail.get("clock_doubted"):
        said.append(say("trail.detail.clock_doubted"))
    return ", ".join(part for part in said if part)


def time_words(at: str | datetime | None, *, seconds: bool = True) -> str:
    """Return a time of the trail on this computer's clock."""
    if at is None:
        return ""
    try:
        moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    except ValueError:
        return str(at)  # a line that somebody changed
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def trouble_words(one: Broken) -> str:
    """Return in a sentence or two where the trail does not hold, and when that was."""
    many = "_many" if one.until is not None and one.until > one.seq else ""
    text = say(f"trail.trouble.{one.trouble}{many}", seq=one.seq, until=one.until)
    before, after = time_words(one.before_at), time_words(one.after_at)
    if before and after:
        text += " " + say("trail.trouble.between", before=before, after=after)
    elif before:
        text += " " + say("trail.trouble.after", before=before)
    elif after:
        text += " " + say("trail.trouble.before", after=after)
    return text


def finding_words(one: EarlierFinding) -> str:
    """Return what an earlier check found."""
    found = " ".join(found_words(name) for name in one.found)
    return say("trail.trouble.earlier", at=time_words(one.at), seq=one.seq, found=found)


def found_words(name: str) -> str:
    """Return what stands in the trail as ``changed 812`` as a sentence."""
    trouble, _, seq = name.rpartition(" ")
    key = f"trail.trouble.{trouble}"
    return say(key, seq=seq) if trouble and has_sentence(key) else name


def state_words(state: TrailState) -> str:
    """Return how the trail stands, in a line."""
    at = time_words(state.checked_at, seconds=False)
    whole = "whole_one" if state.lines == 1 else "whole"
    key = whole if state.is_whole else "broken"
    return say(f"trail.state.{key}", lines=f"{state.lines:,}", at=at)


def state_sentences(state: TrailState) -> tuple[str, ...]:
    """Return each place where the trail does not hold, the earliest first."""
    places = (*map(trouble_words, state.broken), *map(finding_words, state.earlier))
    return (*places, say("trail.trouble.more", count=state.more)) if state.more else places


@cache
def _order() -> tuple[str, ...]:
    return section("trail.detail")


def _said(key: str, value: object) -> str:
    exact = f"trail.detail.{key}_{value}"
    if "." not in str(value) and has_sentence(exact):
        return say(exact)
    nothing = value is False or value is None or value in ("", [], {})
    if nothing and key not in {"old", "new"}:
        return ""
    return say(f"trail.detail.{key}", value=time_words(str(value)) if key in _TIMES else _value(value))


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value)
    if isinstance(value, Mapping):
        return _model(value) if "pack" in value else json.dumps(dict(value), ensure_ascii=False)
    name = "empty" if value == "" else str(value).lower() if isinstance(value, bool) else str(value)
    key = f"trail.value.{name}"
    return say(key) if "." not in name and has_sentence(key) else name


def _model(model: Mapping[str, object]) -> str:
    status = str(model.get("status", ""))
    key = "ok" if status in ("ok", "") else "other"
    gate = f" ({model['gate']})" if model.get("gate") else ""
    return say(
        f"trail.model.{key}",
        pack=model["pack"],
        version=model.get("version", ""),
        status=_value(status) + gate,
    )
