"""Gates that ask the header and the patient: is this image the pack's own, and is the patient's age known?

What is not there is unknown, said, and refuses nothing (but for age); what contradicts does.
"""

import math
import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from core.image import Image
from core.wording import say
from inference.gate_log import GateLog
from inference.manifest import AgeRange, Applies
from inference.quality import colourfulness
from inference.subject import Subject

COLOUR_FRACTION = 0.02
"""Share of truly coloured pixels from which a picture has real colour: more than a burned-in label."""
ADULT_FROM_YEARS = 18.0
MONTHS_BELOW_YEARS = 2.0
"""Ages below this are told in months."""


def tells_modality(modality: str | None) -> bool:
    """Whether a header says of what kind an image is: secondary captures and others may show anything."""
    known = _upper(modality)
    return known is not None and known not in _terms()["modalities_unknown"]


def check_applies(log: GateLog, applies: Applies, subject: Subject) -> None:
    """Ask whether the image is of a kind that the pack is for at all."""
    modality = _upper(subject.modality)
    if modality is None or not tells_modality(modality):
        log.note("modality", "unknown")
    elif modality not in applies.modalities:
        log.not_for_this("modality", modality=modality, wanted=", ".join(applies.modalities))
    else:
        log.good("modality", "good", modality=modality)
    if subject.frames > 1 and not applies.multi_frame:
        log.not_for_this("frames", frames=str(subject.frames))


def check_patient(log: GateLog, applies: Applies, subject: Subject) -> None:
    """Ask whether the pack was made for such a patient, and tell where it never learned from such ones."""
    check_age(log, applies.age_years, subject)
    check_trained_on(log, applies.trained_on_ages, subject)
    check_sex(log, applies.sexes, subject)


def check_age(log: GateLog, ages: AgeRange | None, subject: Subject) -> None:
    """Ask whether the patient's age is known and one that the pack was made for.

    Where another source has an age on the other side of the range, that refuses, unless somebody gave the age
    that is used: then it is told.
    """
    if ages is None:
        return
    words = age_range_words(ages)
    if subject.age_years is None:
        log.refuse("age", "unknown", range=words)
        return
    meant = _lies_in(ages, subject.age_years)
    other = next((age for age in subject.other_ages if _lies_in(ages, age) != meant), None)
    age, otherwise = age_words(subject.age_years), "" if other is None else age_words(other)
    if other in subject.unsettled_ages:
        log.refuse("age", "unsettled", age=age, other=otherwise, range=words)
    elif not meant:
        log.refuse("age", "outside", age=age, range=words)
    elif otherwise:
        log.note("age", "settled", age=age, other=otherwise, range=words)
    else:
        log.good("age", "good", age=age, range=words)


def check_trained_on(log: GateLog, ages: AgeRange | None, subject: Subject) -> None:
    """Tell where the model never learned from such ages: by one source at least, or the age is not known.

    A model of adults refuses a patient who is known to be a child, or may be one by a header that says both.
    """
    if ages is None:
        return
    _refuse_children(log, ages, subject)
    if subject.age_years is None and not subject.other_ages:
        _tell_trained_on(log, ages, say("inference.age.not_known"), adults=ages.minimum >= ADULT_FROM_YEARS)
        return
    sources = (("used", subject.age_years), *(("doubted", age) for age in subject.other_ages))
    for source, years in sources:
        if years is None or _lies_in(ages, years):
            continue
        told = say(f"inference.age.{source}", age=age_words(years))
        _tell_trained_on(log, ages, told, adults=years < ADULT_FROM_YEARS <= ages.minimum)
        return


def _refuse_children(log: GateLog, ages: AgeRange, subject: Subject) -> None:
    if subject.age_years is None or ages.minimum < ADULT_FROM_YEARS:
        return
    child = subject.age_years < ADULT_FROM_YEARS
    other = next((age for age in subject.unsettled_ages if (age < ADULT_FROM_YEARS) != child), None)
    if other is not None:
        years, range_ = age_words(subject.age_years), age_range_words(ages)
        log.refuse("age", "unsettled", age=years, other=age_words(other), range=range_)
    elif child:
        log.refuse("age", "child", age=age_words(subject.age_years))


def _tell_trained_on(log: GateLog, ages: AgeRange, patient: str, *, adults: bool) -> None:
    learned = "adults" if adults else "range"
    log.note("age", f"trained_on_{learned}", patient=patient, range=age_range_words(ages))


def may_be_of_age(applies: Applies, years: float | None) -> bool:
    """Whether a pack may answer on a patient of this age; None where nobody knows it."""
    learned = applies.trained_on_ages
    if years is None:
        return True
    if learned is not None and years < ADULT_FROM_YEARS <= learned.minimum:
        return False
    return applies.age_years is None or _lies_in(applies.age_years, years)


def _lies_in(ages: AgeRange, years: float) -> bool:
    return ages.minimum <= math.floor(years * 100) / 100 <= ages.maximum


def check_sex(log: GateLog, sexes: Sequence[str], subject: Subject) -> None:
    """Ask whether the pack was made from patients of this sex."""
    if not sexes:
        return
    wanted = ", ".join(say(f"inference.sex.{sex}") for sex in sexes)
    if subject.sex is None:
        log.note("sex", "unknown", wanted=wanted)
    elif subject.sex in sexes:
        log.good("sex", "good")
    else:
        log.refuse("sex", "other", wanted=wanted)


def check_position(log: GateLog, applies: Applies, subject: Subject) -> None:
    """Ask whether body part and view contradict the pack."""
    _check_term(log, "body_part", subject.body_part, applies.body_parts, _terms()["body_parts"])
    _check_term(log, "view", subject.view, applies.views, _terms()["views"])


def check_colour(log: GateLog, applies: Applies, subject: Subject, image: Image) -> None:
    """Ask whether a picture of real colour came to a pack for grey ones, or the other way round."""
    coloured = subject.colour
    if coloured is None:
        coloured = has_real_colour(image)
    if applies.colour == "any":
        log.good("colour", "good")
    elif coloured and applies.colour == "grey":
        log.refuse("colour", "coloured")
    elif not coloured and applies.colour == "colour":
        log.refuse("colour", "grey")
    else:
        log.good("colour", "good")


def has_real_colour(image: Image) -> bool:
    """Whether more than a label of a picture is coloured; grey that is stored as RGB is not."""
    return image.is_colour and colourfulness(image.values) >= COLOUR_FRACTION


def age_words(years: float) -> str:
    """Return an age as people say it."""
    if years < MONTHS_BELOW_YEARS:
        return say("inference.age.months", count=math.floor(years * 12))
    return say("inference.age.years", count=math.floor(years))


def age_range_words(ages: AgeRange) -> str:
    """Return a range of ages as people say it: the upper end counts completed years."""
    first = age_words(ages.minimum) if ages.minimum % 1 else f"{ages.minimum:g}"
    return say("inference.age.range", first=first, last=math.floor(ages.maximum))


def _check_term(
    log: GateLog, gate: str, value: str | None, wanted: tuple[str, ...], known: frozenset[str]
) -> None:
    if not wanted:
        return
    words = _words(value)
    if words & set(wanted):
        log.good(gate, "good", value=(value or "").strip().upper())
    elif words & known:
        log.refuse(gate, "other", value=(value or "").strip().upper(), wanted=", ".join(wanted))
    else:
        log.note(gate, "unknown")


def _words(value: str | None) -> set[str]:
    """Return the words of a header value, alone and joined, as in ``T SPINE``."""
    parts = re.findall(r"[A-Z]+", (value or "").upper())
    return {*parts, "".join(parts)}


def _upper(value: str | None) -> str | None:
    return (value or "").strip().upper() or None


@cache
def _terms() -> dict[str, frozenset[str]]:
    table = tomllib.loads(Path(__file__).with_name("terms.toml").read_text(encoding="utf-8"))
    return {name: frozenset(words) for name, words in table.items()}
