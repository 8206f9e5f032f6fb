"""The images that make an INT8 model: some set its ranges, others, of other patients, measure it."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import QuantizeError
from core.wording import say
from services.load import Loaded, load
from services.progress import IsCancelled, Progress, Report, stop_if
from services.scan import Unreadable, scan

if TYPE_CHECKING:
    from inference.manifest import Manifest
    from inference.packs import Pack
    from inference.requests import Look
    from inference.runner import PackRunner
    from inference.subject import Subject

LEAST_FOR_RANGES, LEAST_APART = 8, 4
"""Images that the pack answers: fewer set no ranges, and tell nothing of the drift."""
_APART_SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedLook:
    """What the network read of an image, and whose it is as far as the file says."""

    patient: str
    look: "Look"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What sets the ranges, what is kept apart, and how many others the pack refused."""

    ranges: "tuple[Look, ...]"
    apart: "tuple[Look, ...]"
    refused: int


def choose(  # noqa: PLR0917 - one call
    runner: "PackRunner", pack: "Pack", folder: Path, count: int, progress: Report, cancelled: IsCancelled
) -> Chosen:
    """Return images that the pack answers: ``count`` for the ranges, and further ones kept apart.

    Raises:
        QuantizeError: it answers too few.
        Cancelled: the user stopped it.
    """
    count = max(count, LEAST_FOR_RANGES)
    wanted = count + _apart_of(count / (1.0 - _APART_SHARE))
    answered: list[OwnedLook] = []
    refused = 0
    for loaded in _images(folder, wanted, cancelled):
        progress(Progress(stage="looking", done=len(answered), total=wanted))
        look = _look(runner, pack, loaded)
        if look is None:
            refused += 1
        else:
            answered.append(OwnedLook(patient=_whose(loaded), look=look))
        if len(answered) >= wanted:
            break
    if not answered and not refused:
        raise QuantizeError(say("evaluation.quantize.no_images"))
    ranges, apart = parted(answered)
    if len(ranges) < LEAST_FOR_RANGES or len(apart) < LEAST_APART:
        needed = LEAST_FOR_RANGES + LEAST_APART
        raise QuantizeError(say("evaluation.quantize.few_images", answered=len(answered), needed=needed))
    return Chosen(ranges=ranges[:count], apart=apart, refused=refused)


def parted(answered: "Sequence[OwnedLook]") -> "tuple[tuple[Look, ...], tuple[Look, ...]]":
    """Share images out by patient: those that set the ranges, and a fifth, kept apart. None does both."""
    groups: dict[str, list[OwnedLook]] = {}
    for one in answered:
        groups.setdefault(one.patient, []).append(one)
    few_first = sorted(groups, key=lambda patient: (len(groups[patient]), _hash(patient)))
    wanted, kept = _apart_of(len(answered)), set[str]()
    for patient in few_first:
        if sum(len(groups[each]) for each in kept) >= wanted:
            break
        kept.add(patient)
    ranges = tuple(one.look for one in answered if one.patient not in kept)
    return ranges, tuple(one.look for one in answered if one.patient in kept)


def _apart_of(images: float) -> int:
    return max(LEAST_APART, round(_APART_SHARE * images))


def _whose(loaded: Loaded) -> str:
    """Return the patient where the file names one, else the study, else the file's own content."""
    patient = loaded.unit.patient.id
    return (patient and patient.value) or loaded.unit.header.study_uid or str(loaded.sha256)


def _hash(patient: str) -> bytes:
    return hashlib.sha256(f"apart {patient}".encode("utf-8", "replace")).digest()


def _images(folder: Path, count: int, cancelled: IsCancelled) -> Iterator[Loaded]:
    """Yield images from all over the folder, spread evenly, so that no one part of it sets the ranges."""
    units = [u for u in scan([str(folder)], cancelled=cancelled) if not isinstance(u, Unreadable)]
    step = max(1, len(units) // max(1, count))
    order = [index for start in range(step) for index in range(start, len(units), step)]
    for index in order:
        stop_if(cancelled)
        loaded = load(units[index])
        if loaded.image is not None and loaded.grey is not None:
            yield loaded


def _look(runner: "PackRunner", pack: "Pack", loaded: Loaded) -> "Look | None":
    """Return what the network reads of an image; None where the pack, or one that it needs, refuses it."""
    from inference.requests import PackRun

    assert loaded.image is not None
    assert loaded.grey is not None
    runs: dict[str, PackRun] = {}
    for pack_id in runner.plan([pack.id]):
        subject = _subject(pack.manifest, loaded)
        runs[pack_id] = runner.run(pack_id, loaded.image, loaded.grey, subject, runs)
    return runs[pack.id].look if runs[pack.id].result.status == "ok" else None


def _subject(manifest: "Manifest", loaded: Loaded) -> "Subject":
    """Return what suits the pack: these images are chosen for it, and their headers may say nothing."""
    from dataclasses import replace

    from inference.subject import subject_of

    subject = subject_of(loaded.unit, loaded.unit.patient)
    ages = manifest.applies.age_years
    if ages is not None and subject.age_years is None:
        return replace(subject, age_years=(ages.minimum + ages.maximum) / 2)
    return subject
