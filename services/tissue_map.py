"""Read a slide, or a large photograph, tile by tile through a pack, into a map of the tissue.

Tissue is found first, on the overview; only tiles on it are read, a batch at a time, so that memory stays
bounded whatever the slide's size. No score of the whole slide is made up: packs were tested on tiles alone.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import UnsupportedPixelsError
from core.image import Image, ReadingUnit
from core.result import Heatmap, Mask, Measurement, ModelStamp, PackResult, Position, TileScore
from core.wording import say
from measure.tissue import TilePlan, find_tissue, tiles_on
from services.progress import IsCancelled, Progress, Report, stop_if
from services.tile_pictures import Place, at_size, mean_scores, silent_places

if TYPE_CHECKING:
    from inference.manifest import Label, Tiling
    from inference.packs import Pack
    from inference.requests import PackRequest, PackRun
    from inference.runner import PackRunner
    from inference.subject import Subject

MOST_TILES = 100_000
"""Tiles of one slide at most: three times those of a large one that is all tissue."""
MAP_SIDE = 2048
"""Pixels of the longer side of the map and of the overview on which tissue is found."""
HIGHEST = 10
_COARSEST = 0.7
"""Share of a tile's pixels that a slide must have of its own."""
_HALF = 0.5
_AFRESH = 2
Pixels = NDArray[np.uint8]


class TileSource(Protocol):
    """What tiles are cut out of; sizes are (rows, columns) at its finest."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""

    @property
    def um_per_pixel(self) -> float | None:
        """The scale; None is unknown."""

    def read(self, top: float, left: float, size: tuple[float, float], shape: tuple[int, int]) -> Pixels:
        """Return a part at another size, (row, column, 3) RGB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photograph:
    """A large photograph that is in memory; its scale is not known."""

    pixels: Pixels
    um_per_pixel: float | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.pixels.shape[0]), int(self.pixels.shape[1])

    def read(self, top: float, left: float, size: tuple[float, float], shape: tuple[int, int]) -> Pixels:
        """Return a part at another size, (row, column, 3) RGB."""
        from imaging.slide import resized

        first, start = round(top), round(left)
        part = self.pixels[first : first + round(size[0]), start : start + round(size[1])]
        return resized(np.ascontiguousarray(part), shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class TileWork:
    """What is read: the unit, its picture (of a slide the overview) and whose it is."""

    unit: ReadingUnit
    image: Image
    subject: "Subject"
    use_gates: bool = True


@dataclass(slots=True, kw_only=True)
class _Answers:
    """What was said of tiles so far: one entry a tile that answered, and how many each check refused."""

    places: list[Place] = field(default_factory=list)
    silent: list[Place] = field(default_factory=list)
    scores: list[tuple[TileScore, float]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    stamp: ModelStamp | None = None


def is_read_in_tiles(pack: "Pack", unit: ReadingUnit, image: Image) -> bool:
    """Whether a pack reads this picture tile by tile: slides, and colour photographs of some size."""
    tiling = pack.manifest.tiling
    if tiling is None or not image.is_colour:
        return False
    return unit.kind == "slide" or (unit.kind == "raster" and min(image.shape) >= tiling.smallest_picture)


def map_tissue(
    runner: "PackRunner", pack: "Pack", work: TileWork, progress: Report, cancelled: IsCancelled
) -> "PackRun":
    """Return what a pack says of the tissue of a slide.

    Raises:
        Cancelled: the user stopped it.
        FarlightError: a part of the slide cannot be read, or the pack or its model failed.
    """
    from inference.requests import PackRun

    started = time.perf_counter()
    reading = _TissueReading(runner, pack, work)
    reading.run(progress, cancelled)
    result = replace(reading.result(), seconds=time.perf_counter() - started)
    return PackRun(result=result, image=work.image.ref)


class _TissueReading:
    """Carries one slide through a pack: header gates, scale, tissue, tiles, map."""

    def __init__(self, runner: "PackRunner", pack: "Pack", work: TileWork) -> None:
        from inference.gate_log import GateLog

        assert pack.manifest.tiling is not None
        self._runner, self._pack, self._work = runner, pack, work
        self._tiling: Tiling = pack.manifest.tiling
        self._log: GateLog = GateLog(use_gates=work.use_gates)
        self._plan = TilePlan(side=1, step=1, places=())
        self._tissue: NDArray[np.bool_] | None = None
        self._answers = _Answers()
        self._source: TileSource | None = None

    def run(self, progress: Report, cancelled: IsCancelled) -> None:
        """Look at the slide as far as the gates let it."""
        self._ask_header()
        if self._log.stopped:
            return
        self._source = _open(self._work)
        side = self._tile_side(self._source)
        if self._log.stopped:
            return
        stop_if(cancelled)
        self._find_tissue(side)
        if self._log.stopped:
            return
        for _ in range(_AFRESH):
            if self._look_at_all(progress, cancelled):
                break
        self._require_unchanged()
        self._tell_refusals()

    def result(self) -> PackResult:
        """Return what may be said; a pack that was refused says nothing."""
        log, manifest = self._log, self._pack.manifest
        speaks = not log.stopped and self._tissue is not None
        return PackResult(
            stamp=self._stamp(),
            title=manifest.title,
            status=log.status,
            seconds=0.0,
            refusal=log.refusal,
            gates_skipped=not self._work.use_gates,
            quality=tuple(log.checks),
            measurements=tuple(self._measurements()) if speaks else (),
            heatmaps=tuple(self._heatmaps()) if speaks else (),
            masks=self._masks() if speaks else (),
            tiles=tuple(self._highest()) if speaks else (),
        )

    def _ask_header(self) -> None:
        from inference.header_gates import check_applies, check_patient, check_position

        applies, subject = self._pack.manifest.applies, self._work.subject
        check_applies(self._log, applies, subject)
        check_patient(self._log, applies, subject)
        check_position(self._log, applies, subject)

    def _tile_side(self, source: TileSource) -> int:
        """Return how many pixels of the slide a tile spans, and say where the scale is known from."""
        tiling, um = self._tiling, source.um_per_pixel
        if um is None:
            self._log.note("scale", "unknown", side=str(tiling.stored_side))
            return tiling.stored_side
        wanted = tiling.side * tiling.um_per_pixel
        side = max(1, round(wanted / um))
        self._log.good("scale", "good", um=f"{um:.2f}", field=f"{wanted:.0f}")
        self._log.note("scale", "learned", source=tiling.scale_source)
        if side < _COARSEST * tiling.side:
            finest = tiling.um_per_pixel / _COARSEST
            self._log.refuse("scale", "coarse", um=f"{um:.2f}", wanted=f"{finest:.2f}")
        return side

    def _find_tissue(self, side: int) -> None:
        from imaging.slide import resized

        assert self._source is not None
        pixels = np.asarray(self._work.image.values, np.uint8)
        factor = max(1.0, max(pixels.shape[:2]) / MAP_SIDE)
        small = max(1, round(pixels.shape[0] / factor)), max(1, round(pixels.shape[1] / factor))
        tissue = find_tissue(resized(pixels, small))
        tiling = self._tiling
        plan = tiles_on(tissue, self._source.shape, side, tiling.overlap, tiling.least_tissue)
        if not plan.places:
            self._log.refuse_always("tissue", "none")
        elif len(plan.places) > MOST_TILES:
            self._log.refuse_always("tiles", "too_many", count=str(len(plan.places)), most=str(MOST_TILES))
        else:
            share = f"{100 * float(tissue.mean()):.0f}"
            self._log.good("tissue", "good", percent=share, count=str(len(plan.places)))
            self._log.note("tiles", "whole")
        self._tissue, self._plan = tissue, plan

    def _look_at_all(self, progress: Report, cancelled: IsCancelled) -> bool:
        """Look at every tile; False where a device failed meanwhile: all are looked at again then."""
        self._answers = answers = _Answers()
        places, batch, unit = self._plan.places, self._tiling.batch, self._work.unit
        for first in range(0, len(places), batch):
            stop_if(cancelled)
            progress(Progress(stage="tiles", done=first, total=len(places), item=unit.path))
            part = places[first : first + batch]
            requests = [self._request(place) for place in part]
            runs = self._runner.run_batch(
                self._pack.id, requests, cancelled, study=unit.header.study_uid or unit.path
            )
            stamp = replace(runs[0].result.stamp, batch=batch)
            if answers.stamp is not None and stamp != answers.stamp:
                return False
            answers.stamp = stamp
            for place, run in zip(part, runs, strict=True):
                self._take(place, run)
        progress(Progress(stage="tiles", done=len(places), total=len(places), item=unit.path))
        return True

    def _request(self, place: tuple[int, int]) -> "PackRequest":
        from imaging.display import presentation
        from inference.requests import PackRequest

        assert self._source is not None
        side, learned = float(self._plan.side), self._tiling.side
        pixels = self._source.read(*place, (side, side), (learned, learned))
        pixels.setflags(write=False)
        image = Image(ref=self._work.image.ref, values=pixels)
        return PackRequest(
            image=image,
            grey=presentation(image),
            subject=self._work.subject,
            use_gates=self._work.use_gates,
            with_maps=False,
        )

    def _take(self, place: tuple[int, int], run: "PackRun") -> None:
        answers, result = self._answers, run.result
        if result.status != "ok" or run.look is None:
            answers.refused[next(check.name for check in result.quality if check.outcome == "refused")] += 1
            answers.silent.append(place)
            return
        answers.places.append(place)
        for finding, logit in zip(result.findings, run.look.outputs["logits"], strict=True):
            score = TileScore(
                finding=finding.code,
                top=place[0],
                left=place[1],
                side=self._plan.side,
                probability=finding.probability,
                interval=finding.interval,
                position=finding.position,
            )
            answers.scores.append((score, float(logit)))

    def _require_unchanged(self) -> None:
        from imaging.read import require_listed

        for file in self._work.unit.files:
            require_listed(self._work.unit, file)

    def _tell_refusals(self) -> None:
        refused, total = self._answers.refused, len(self._plan.places)
        if not refused:
            return
        why = ", ".join(f"{name}: {count}" for name, count in sorted(refused.items()))
        count = refused.total()
        if count == total:
            self._log.refuse_always("tiles", "all_refused", total=str(total), why=why)
            return
        self._log.note("tiles", "refused", count=str(count), total=str(total), why=why)
        if count > _HALF * total:
            self._log.note("tiles", "many_refused")

    def _scores_of(self, code: str) -> list[tuple[TileScore, float]]:
        return [one for one in self._answers.scores if one[0].finding == code]

    def _measurements(self) -> Iterator[Measurement]:
        answered, refused = len(self._answers.places), self._answers.refused.total()
        for label in self._pack.manifest.scored_labels:
            yield from self._counted(label, answered)
        yield Measurement(
            code="tiles_answered", label=say("services.tiles.answered"), value=float(answered), unit=""
        )
        yield Measurement(
            code="tiles_refused", label=say("services.tiles.refused"), value=float(refused), unit=""
        )
        assert self._source is not None
        assert self._tissue is not None
        if self._source.um_per_pixel is not None:
            rows, columns = self._source.shape
            slide_mm2 = rows * columns * (self._source.um_per_pixel / 1000) ** 2
            yield Measurement(
                code="tissue_area",
                label=say("services.tiles.area"),
                value=round(slide_mm2 * float(self._tissue.mean()), 2),
                unit="mm²",
                method=say("services.tiles.area_method"),
            )

    def _counted(self, label: "Label", answered: int) -> Iterator[Measurement]:
        assert label.scoring is not None
        positions = Counter[Position](score.position for score, _ in self._scores_of(label.code))
        yield Measurement(
            code=f"{label.code}_tiles_share",
            label=say("services.tiles.share", finding=label.title),
            value=round(100.0 * positions["above"] / answered, 1),
            unit="%",
            method=say(
                "services.tiles.share_method",
                above=str(positions["above"]),
                answered=str(answered),
                threshold=f"{100 * label.scoring.operating_point.threshold:.0f}",
                overlap=f"{100 * self._tiling.overlap:.0f}",
            ),
        )
        yield Measurement(
            code=f"{label.code}_tiles_above",
            label=say("services.tiles.above"),
            value=float(positions["above"]),
            unit="",
        )
        yield Measurement(
            code=f"{label.code}_tiles_undecided",
            label=say("services.tiles.undecided"),
            value=float(positions["undecided"]),
            unit="",
            method=say("services.tiles.undecided_method"),
        )

    def _highest(self) -> Iterator[TileScore]:
        """Yield the highest tiles, the highest first, none that overlaps one before it."""
        for label in self._pack.manifest.scored_labels:
            ordered = sorted(self._scores_of(label.code), key=lambda one: (-one[1], one[0].top, one[0].left))
            kept: list[TileScore] = []
            for score, _ in ordered:
                if len(kept) == HIGHEST:
                    break
                side = score.side
                if all(abs(score.top - o.top) >= side or abs(score.left - o.left) >= side for o in kept):
                    kept.append(score)
            yield from kept

    def _heatmaps(self) -> Iterator[Heatmap]:
        """Yield, for each finding, the mean probability of the tiles that cover each place; 0 elsewhere.

        As with other maps, none is shown where nothing lies above the threshold.
        """
        assert self._source is not None
        assert self._tissue is not None
        answers, slide, shape = self._answers, self._source.shape, self._work.image.shape
        silent = silent_places(answers.silent, answers.places, self._plan.side, self._tissue, slide)
        silent = at_size(silent.astype(np.float32), shape) >= _HALF
        for label in self._pack.manifest.scored_labels:
            assert label.scoring is not None
            scores = [score for score, _ in self._scores_of(label.code)]
            above = any(score.position == "above" for score in scores)
            values = at_size(mean_scores(scores, self._tissue, slide), shape)
            for pixels in (values, silent):
                pixels.setflags(write=False)
            yield Heatmap(
                finding=label.code,
                values=values,
                shown=self._tiling.map_shown and above,
                image=self._work.image.ref,
                label=label.title,
                of_tiles=True,
                threshold=label.scoring.operating_point.threshold,
                silent=silent,
            )

    def _masks(self) -> tuple[Mask, ...]:
        assert self._tissue is not None
        pixels = at_size(self._tissue.astype(np.float32), self._work.image.shape) >= _HALF
        pixels.setflags(write=False)
        label = say("services.tiles.tissue")
        return (Mask(code="tissue", label=label, pixels=pixels, image=self._work.image.ref),)

    def _stamp(self) -> ModelStamp:
        if self._answers.stamp is not None:
            return self._answers.stamp
        manifest = self._pack.manifest
        return ModelStamp(
            pack_id=manifest.id,
            version=str(manifest.version),
            sha256=self._pack.sha256,
            pack_class=manifest.pack_class,
        )


def _open(work: TileWork) -> TileSource:
    """Return what the tiles are cut out of: the slide, or the picture in memory."""
    if work.unit.kind == "slide":
        from imaging.slide import open_slide

        try:
            return open_slide(work.unit.files[0])
        except UnsupportedPixelsError:
            pass  # it was read as a picture instead
    return Photograph(pixels=np.asarray(work.image.values, np.uint8))
