"""One image before one pack, from the first gate to the finished result."""

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from core.reading_order import is_for_others
from core.result import Correction, Finding, Heatmap, Mask, PackResult
from core.wording import say
from inference import image_gates
from inference.calibration import calibrated, position_of
from inference.explain import heatmap, is_shown
from inference.explaining import needs_runs
from inference.gate_log import GateLog
from inference.header_gates import (
    check_applies,
    check_colour,
    check_patient,
    check_position,
)
from inference.image_gates import Orientation, correction_for, is_upright, read_sense
from inference.loaded import LoadedPack
from inference.manifest import Label, MaskRegion, Role, Scoring
from inference.prepare import (
    LARGEST_PICTURE_SIDE,
    WHOLE,
    Prepared,
    as_stored,
    in_steps,
    in_whole_picture,
    outlines_at,
    prepare,
    put_right,
    region_shape,
    upright_shape,
    without_small_parts,
)
from inference.preprocess import Box
from inference.quality import shrunk_to
from inference.requests import Look, PackRequest, PackRun

_LARGEST_BYTE = 255
_ALMOST_ALL = 0.98
"""Share of a picture, seen by a network that cuts, below which that is said."""
SMALLEST_SIDE = 16
"""Pixels of the shorter side below which there is no picture to look at."""
Roles = Mapping[Role, NDArray[np.float32]]


class Reading:
    """Carries one image through a pack: header gates, one or two looks, image gates, result."""

    def __init__(self, loaded: LoadedPack, request: PackRequest) -> None:
        self._loaded = loaded
        self._manifest = loaded.manifest
        self._request = request
        self._log = GateLog(use_gates=request.use_gates)
        self._correction = _inherited(request)
        self._region_masks: Mapping[str, NDArray[np.float32]] = MappingProxyType({})
        self._region_outlines: Mapping[str, NDArray[np.bool_]] = MappingProxyType({})
        self._picture: NDArray[np.float32] | None = None
        self._prepared: Prepared | None = None
        self._outputs: Roles = MappingProxyType({})
        self._batch = 1
        self._seen: Orientation | None = None
        self._measures: Mapping[str, float] = MappingProxyType({})
        self._maps: NDArray[np.float32] | None = None
        self._first_look: tuple[Prepared | None, Roles, Orientation, Correction | None, int] | None = None
        self._ask_header()

    @property
    def wants_to_look(self) -> bool:
        """Whether the network is needed."""
        return not self._log.stopped

    @property
    def wants_second_look(self) -> bool:
        """Whether the picture was put right after the first look, and must be looked at again."""
        return self._first_look is not None

    def prepare(self) -> NDArray[np.float32]:
        """Return the network's input, (channel, row, column)."""
        picture = self._upright_colour() if self._reads_colour() else self._upright_picture()
        self._prepared = prepare(picture, self._manifest.input, self._region_outlines)
        return self._prepared.tensor

    def take(self, outputs: Roles, batch: int = 1) -> None:
        """Take what the network said, by role, without the batch's axis, of ``batch`` images together."""
        self._outputs, self._batch = outputs, batch
        sense = self._manifest.sense
        if sense is None:
            return
        self._seen = read_sense(sense, outputs["sense"])
        if self._first_look is not None:
            self._keep_if_upright()
        elif self._correction is None and (correction := correction_for(sense, self._seen)) is not None:
            self._first_look = (self._prepared, outputs, self._seen, self._correction, batch)
            self._correction = correction

    def judge(self) -> None:
        """Ask the gates that look at the picture and at what the network said."""
        if self._log.stopped:
            return
        self._measures = image_gates.check_picture(
            self._log,
            self._manifest.limits,
            self._upright_picture(),
            self._request.grey,
            self._measured_before(),
        )
        if self._manifest.sense is not None and self._seen is not None:
            image_gates.check_sense(self._log, self._manifest.sense, self._seen, self._correction)
        if self._manifest.familiarity_maximum is not None:
            distance = float(self._outputs["familiarity"][0])
            image_gates.check_familiarity(self._log, self._manifest.familiarity_maximum, distance)
        image_gates.check_plausibility(self._log, self._manifest, self._soft_masks() or self._region_masks)
        self._tell_what_was_cut()
        if self._prepared is not None and not self._prepared.region_found:
            self._log.refuse("upstream", "empty", title=self._upstream_title())

    @property
    def wants_maps(self) -> bool:
        """Whether a map would be shown that the network must be asked for again, part by part."""
        if not self._request.with_maps or not needs_runs(self._manifest.explanation):
            return False
        if self._log.stopped or self._prepared is None:
            return False
        scored = zip(self._findings(), self._manifest.scored_labels, strict=True)
        return any(
            is_shown(finding, label.scoring)
            for finding, label in scored
            if label.scoring is not None and not label.beside
        )

    @property
    def looked_at(self) -> NDArray[np.float32]:
        """What the network read at the look that counts, (channel, row, column)."""
        assert self._prepared is not None
        return self._prepared.tensor

    def take_maps(self, maps: NDArray[np.float32] | None) -> None:
        """Take the maps, (label, row, column), that were asked for; None where they took too long."""
        self._maps = maps
        if maps is None:
            self._log.note("map", "too_long")

    def finish(self) -> PackRun:
        """Return the result; a pack that was refused says nothing."""
        speaks = not self._log.stopped
        findings = self._findings() if speaks else ()
        outlines = self._outlines() if speaks else {}
        result = PackResult(
            stamp=self._loaded.stamp_of(self._batch),
            title=self._manifest.title,
            status=self._log.status,
            seconds=0.0,
            refusal=self._log.refusal,
            gates_skipped=not self._request.use_gates,
            quality=tuple(self._log.checks),
            correction=self._correction if speaks else None,
            findings=tuple(one for one in findings if not one.beside),
            beside=tuple(one for one in findings if one.beside),
            masks=self._masks(outlines) if speaks else (),
            heatmaps=self._heatmaps(findings),
        )
        return PackRun(
            result=result,
            image=self._request.image.ref,
            picture=self._picture,
            soft_masks=MappingProxyType(self._soft_masks() if speaks else {}),
            outlines=MappingProxyType(outlines),
            measures=self._measures,
            look=self._look(),
        )

    def _look(self) -> Look | None:
        if self._prepared is None or not self._outputs:
            return None
        return Look(tensor=self._prepared.tensor, outputs=self._outputs, box=self._prepared.box)

    def _ask_header(self) -> None:
        log, applies, subject = self._log, self._manifest.applies, self._request.subject
        grey = self._request.grey
        if grey.ndim != 2 or min(grey.shape) < SMALLEST_SIDE or not math.isfinite(float(grey.sum())):
            log.not_for_this("no_picture", always=True)
            return
        if self._loaded.replaced is not None:
            log.note("engine", self._loaded.replaced.case, **self._loaded.instead)
        check_applies(log, applies, subject)
        self._ask_upstream()
        check_patient(log, applies, subject)
        check_position(log, applies, subject)
        check_colour(log, applies, subject, self._request.image)

    def _ask_upstream(self) -> None:
        for pack_id in self._manifest.depends:
            run = self._request.upstream[pack_id]
            if run.result.status == "not_applicable":
                self._log.not_for_this("upstream", title=run.result.title)
            elif run.result.status == "refused":
                reason = run.result.refusal.reason if run.result.refusal else ""
                advice = run.result.refusal.advice if run.result.refusal else ""
                gate = run.result.refusal.gate if run.result.refusal else ""
                strange = is_for_others(run.result) and gate not in {"age", "sex"}
                case = "strange" if strange else "refused"
                self._log.refuse("upstream", case, title=run.result.title, why=reason, todo=advice)
        region = self._manifest.input.region
        if isinstance(region, MaskRegion):
            run = self._request.upstream[region.pack]
            self._region_masks = {c: run.soft_masks[c] for c in region.codes if c in run.soft_masks}
            self._region_outlines = run.outlines
            if len(self._region_masks) < len(region.codes) and not self._log.stopped:
                self._log.not_for_this("upstream", always=True, title=self._upstream_title())

    def _upstream_title(self) -> str:
        region = self._manifest.input.region
        return self._request.upstream[region.pack].result.title if isinstance(region, MaskRegion) else ""

    def _keep_if_upright(self) -> None:
        """Keep the correction only where the picture then lies upright; else go back to the first look."""
        assert self._manifest.sense is not None
        assert self._seen is not None
        assert self._first_look is not None
        if not is_upright(self._manifest.sense, self._seen):
            self._prepared, self._outputs, self._seen, self._correction, self._batch = self._first_look

    def _measured_before(self) -> Mapping[str, float]:
        """Return what packs upstream measured of the picture, where they saw it as this one does."""
        runs = self._request.upstream.values()
        same = (run.measures for run in runs if run.result.correction == self._correction)
        return next(same, MappingProxyType({}))

    def _tell_what_was_cut(self) -> None:
        """Say how much of the picture the network saw, where its frame is cut out of the middle."""
        box = self._box()
        share = (min(box.bottom, 1.0) - max(box.top, 0.0)) * (min(box.right, 1.0) - max(box.left, 0.0))
        if self._manifest.input.resize == "crop" and share < _ALMOST_ALL:
            self._log.note("frame", "cropped", percent=f"{100 * share:.0f}")

    def _soft_masks(self) -> dict[str, NDArray[np.float32]]:
        if "masks" not in self._outputs:
            return {}
        masks = in_whole_picture(self._outputs["masks"], self._box())
        return dict(zip(self._manifest.codes, masks, strict=True))

    def _findings(self) -> tuple[Finding, ...]:
        if "logits" not in self._outputs:
            return ()
        scored = zip(self._manifest.scored_labels, self._outputs["logits"], strict=True)
        return tuple(
            self._finding(label, label.scoring, float(logit)) for label, logit in scored if label.scoring
        )

    def _finding(self, label: Label, scoring: Scoring, logit: float) -> Finding:
        table = scoring.calibration
        value = calibrated(table, logit)
        probability, low, high = value
        point = scoring.operating_point
        of_cells = self._manifest.counting is not None
        return Finding(
            code=label.code,
            label=label.title,
            probability=probability,
            interval=(low, high),
            threshold=point.threshold,
            threshold_source=say("inference.threshold.pack", point=point.name, chosen_on=point.chosen_on),
            position=position_of(value, point.threshold),
            calibrated_at_prevalence=None if table.method == "none" or of_cells else table.prevalence,
            image=self._request.image.ref,
            beside=label.beside,
        )

    def _masks(self, outlines: Mapping[str, NDArray[np.bool_]]) -> tuple[Mask, ...]:
        """Return the outlines as large as the picture, in its stored orientation."""
        outline, shape = self._manifest.outline, self._upright_shape()
        if outline is None:
            return ()
        planes: Iterable[NDArray[np.bool_]] = outlines.values()
        if region_shape(shape) != shape:
            kept = without_small_parts(self._outputs["masks"], outline)
            planes = outlines_at(kept, outline, shape, self._box())
        return tuple(
            self._mask(label, as_stored(plane, self._correction))
            for label, plane in zip(self._manifest.labels, planes, strict=True)
        )

    def _outlines(self) -> dict[str, NDArray[np.bool_]]:
        """Return the outlines that packs downstream look inside of, by code."""
        outline = self._manifest.outline
        if outline is None:
            return {}
        probabilities = without_small_parts(self._outputs["masks"], outline)
        planes = outlines_at(probabilities, outline, region_shape(self._upright_shape()), self._box())
        return dict(zip(self._manifest.codes, planes, strict=True))

    def _upright_picture(self) -> NDArray[np.float32]:
        """Return the picture put right, shrunk where it is large; packs on one image share the shrinking."""
        if self._picture is None:
            shared = (run.picture for run in self._request.upstream.values() if run.picture is not None)
            self._picture = next(shared, None)
        if self._picture is None:
            self._picture = shrunk_to(in_steps(self._request.grey), LARGEST_PICTURE_SIDE)
        return put_right(self._picture, self._correction)

    def _reads_colour(self) -> bool:
        """Whether the network reads the picture's own colours."""
        manifest = self._manifest
        reads = manifest.input.channels == 3 and manifest.applies.colour == "colour"
        return reads and self._request.image.is_colour

    def _upright_colour(self) -> NDArray[np.float32]:
        """Return the picture in colour, (row, column, 3) 0..1, put right, shrunk where it is large."""
        colours = self._request.image.values.astype(np.float32) / np.float32(_LARGEST_BYTE)
        return put_right(shrunk_to(colours, LARGEST_PICTURE_SIDE), self._correction)

    def _box(self) -> Box:
        """Return the place in the upright picture that the network saw."""
        return WHOLE if self._prepared is None else self._prepared.box

    def _upright_shape(self) -> tuple[int, int]:
        rows, columns = self._request.grey.shape
        return upright_shape((rows, columns), self._correction)

    def _mask(self, label: Label, pixels: NDArray[np.bool_]) -> Mask:
        pixels.setflags(write=False)
        return Mask(code=label.code, label=label.title, pixels=pixels, image=self._request.image.ref)

    def _heatmaps(self, findings: tuple[Finding, ...]) -> tuple[Heatmap, ...]:
        activations = self._outputs.get("activation_map", self._maps)
        if activations is None or self._prepared is None:
            return ()
        rows, columns = self._request.grey.shape
        maps = zip(findings, self._manifest.scored_labels, activations, strict=False)
        return tuple(
            heatmap(
                activation,
                finding=finding,
                scoring=label.scoring,
                box=self._prepared.box,
                shape=(rows, columns),
                correction=self._correction,
            )
            for finding, label, activation in maps
            if label.scoring is not None and not label.beside
        )


def _inherited(request: PackRequest) -> Correction | None:
    """Return what a pack upstream put right: whoever uses its masks looks at the same upright picture."""
    corrections = (run.result.correction for run in request.upstream.values())
    return next((correction for correction in corrections if correction is not None), None)
