"""Measure a pack on a labelled folder, calibrate it where asked, and write card, figures and image list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import (
    EvaluationError,
    PackNotChangedError,
    TooFewPatientsError,
)
from core.wording import say
from services.calibrate_pack import (
    LabelScale,
    calibrated_scales,
    require_apart,
    scales_of,
    shared_out,
)
from services.evaluate_ask import Answer, Asked, Asking, ask_all, library_for, require_survives
from services.evaluate_figures import label_figures, outline_figures, precision_rows, scored
from services.evaluate_map import map_rows
from services.evaluate_output import Result, write_all
from services.labelled import LabelledImage, read_labels
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if

if TYPE_CHECKING:
    from inference.packs import Pack

SCHEMA = "farlight-figures/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRequest:
    """What ``packs evaluate`` is asked to do; ``pack`` is an id or a folder."""

    pack: str
    images: Path
    labels: Path
    out: Path | None = None
    masks: Path | None = None
    name: str = "labelled images"
    calibrate: bool = False
    write: bool = False
    asking: Asking = field(default_factory=Asking)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What came of it: the measured figures as ``figures.json`` holds them, and where everything lies."""

    measured: Mapping[str, Any]
    out: Path
    unread: int
    left_out: int
    changed: Path | None = None
    kept_card: bool = False
    """Whether an earlier card without markers was kept whole as the hand-written part."""
    notes: tuple[str, ...] = ()


def evaluate_pack(
    request: EvaluationRequest, *, progress: Report = nobody_listens, cancelled: IsCancelled = never
) -> Evaluation:
    """Measure, and calibrate and write where asked.

    Raises:
        LabelTableError, LeakedSplitError, TooFewPatientsError: of the labels; nothing was written.
        PackNotChangedError: the pack may not be changed, or not safely.
        UnknownPackError, PackError, EngineError: of the pack.
        OutputNotWritableError: the output could not be written.
        Cancelled: the user stopped it; nothing was written.
    """
    library, pack, may_change = library_for(request.pack)
    if (request.calibrate or request.write) and not may_change:
        raise PackNotChangedError(say("evaluation.change.installed", id=pack.id))
    titles = {label.code: label.title for label in pack.manifest.labels}
    labelled = read_labels(request.labels, request.images, titles, masks=request.masks)
    images = labelled.images
    if request.calibrate:
        images = shared_out(images, is_split=labelled.is_split)
    elif labelled.is_split:
        images = tuple(image for image in images if image.part == "test")
    if may_change:
        require_survives(pack, threads=request.asking.threads, cancelled=cancelled)
    asking = request.asking if pack.manifest.task == "classify" else replace(request.asking, map_images=0)
    asked = ask_all(library, pack, _test_last(images), asking, progress=progress, cancelled=cancelled)
    require_apart(asked.answers)
    stop_if(cancelled)
    result = _Measuring(request, pack, asked, progress, cancelled).measured()
    stop_if(cancelled)
    progress(Progress(stage="writing", done=0, total=1))
    out = request.out or Path(f"{pack.id}-evaluation")
    from evaluation.card import BEGIN

    kept_card = BEGIN not in pack.read("card.md").decode("utf-8", "replace")
    changes = request.calibrate or request.write
    changed = write_all(pack, result, asked.answers, out, into_pack=changes)
    return Evaluation(
        measured=result.measured,
        out=out,
        unread=int(result.measured["set"]["unread"]),
        left_out=labelled.left_out,
        changed=changed,
        kept_card=kept_card and changed is not None,
        notes=tuple(result.measured["notes"]),
    )


def calibrating(answers: Sequence[Answer], *, use_gates: bool) -> list[Answer]:
    """Return the answers that calibrate: those of their part, without what the pack refuses in use."""
    apart = [answer for answer in answers if answer.image.part == "calibration"]
    return [answer for answer in apart if answer.gate is None or not use_gates]


class _Measuring:
    """From the answers to everything that is measured of one pack."""

    def __init__(
        self,
        request: EvaluationRequest,
        pack: "Pack",
        asked: Asked,
        progress: Report,
        cancelled: IsCancelled,
    ) -> None:
        self._request = request
        self._pack = pack
        self._asked = asked
        self._progress = progress
        self._cancelled = cancelled
        read = [answer for answer in asked.answers if answer.unread is None]
        self._unread = len(asked.answers) - len(read)
        self._test = [answer for answer in read if answer.image.part != "calibration"]
        self._calibrating = calibrating(read, use_gates=request.asking.use_gates)
        self._notes: list[str] = []

    def measured(self) -> Result:
        """Return all figures.

        Raises:
            TooFewPatientsError: no figure can be stated.
            EvaluationError: none of the images could be read.
        """
        if not self._test:
            raise EvaluationError(say("evaluation.few.unread"))
        scales = self._scales()
        figures, labels = self._figures(scales)
        first = self._test[0]
        measured: dict[str, Any] = {
            "schema": SCHEMA,
            "pack": {
                "id": self._pack.id,
                "version": str(self._pack.manifest.version),
                "sha256": self._pack.sha256,
            },
            "engine": first.engine,
            "precision": first.precision,
            "set": self._set_row(),
            "calibrated": self._calibrated_row(scales),
            "figures": figures,
            "labels": labels,
            "refused": self._refused(),
            "precisions": [row for scale in scales for row in precision_rows(scale, self._test)],
            "notes": [*self._notes, *self._duplicates()],
        }
        return Result(measured=measured, scales=scales)

    def _scales(self) -> tuple[LabelScale, ...]:
        if not self._request.calibrate:
            return scales_of(self._pack.manifest)
        scales, notes = calibrated_scales(self._pack.manifest, self._calibrating, self._request.name)
        self._notes += notes
        return scales

    def _figures(self, scales: Sequence[LabelScale]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        if self._pack.manifest.task != "classify":
            titles = {label.code: label.title for label in self._pack.manifest.labels}
            figures, notes = outline_figures(titles, self._test, self._request.name)
            self._notes += notes
            return figures, []
        told = [scale for scale in scales if scored(scale, self._test).answers]
        silent = [scale.title for scale in scales if scale not in told]
        if silent:
            self._notes.append(say("evaluation.few.unlabelled", titles=", ".join(silent)))
        alone = len(self._pack.manifest.labels) == 1
        figures, labels = [], []
        for number, scale in enumerate(told):
            stop_if(self._cancelled)
            self._progress(Progress(stage="measuring", done=number, total=len(told)))
            rows, entry, notes = label_figures(scale, self._test, self._request.name, alone=alone)
            figures += rows
            self._notes += notes
            quality = self._map_quality(scale) if rows else {}
            labels.append({**entry, "map_quality": quality or None})
        if not figures:
            raise TooFewPatientsError("; ".join(self._notes))
        return figures, labels

    def _map_quality(self, scale: LabelScale) -> dict[str, Any]:
        cases = self._asked.cases.get(scale.code, [])
        pointed = [a.pointing[scale.code] for a in self._test if scale.code in a.pointing]
        return map_rows(self._pack, scale.code, cases, pointed, self._request.asking.threads)

    def _set_row(self) -> dict[str, Any]:
        return {
            "name": self._request.name,
            "images": len(self._test),
            "patients": len({answer.image.patient for answer in self._test}),
            "unread": self._unread,
            "gates": self._request.asking.use_gates,
        }

    def _calibrated_row(self, scales: Sequence[LabelScale]) -> dict[str, Any] | None:
        if not self._request.calibrate:
            return None
        return {
            "images": len(self._calibrating),
            "patients": len({answer.image.patient for answer in self._calibrating}),
            "labels": [
                {
                    "code": scale.code,
                    "prevalence": scale.calibration.prevalence,
                    "thresholds": dict(scale.thresholds),
                }
                for scale in scales
                if scale.chosen_on
            ],
        }

    def _refused(self) -> dict[str, Any]:
        from evaluation.scores import refusal_row

        return refusal_row([answer.gate for answer in self._test])

    def _duplicates(self) -> list[str]:
        """Say how many images are another patient's as well: one of the two labels is somebody else's."""
        owners: dict[str, set[str]] = {}
        for answer in self._asked.answers:
            if answer.sha256 is not None:
                owners.setdefault(answer.sha256, set()).add(answer.image.patient)
        count = sum(len(patients) > 1 for patients in owners.values())
        return [say("evaluation.few.duplicates", count=count)] if count else []


def _test_last(images: Sequence[LabelledImage]) -> list[LabelledImage]:
    """Return the images with those that measure first: maps are measured on them alone."""
    return sorted(images, key=lambda image: image.part == "calibration")
