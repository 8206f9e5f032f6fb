"""Count the cells on a photograph of a whole smear with a pack that scores single cells."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.image import Image
from core.result import (
    CALLED_CELLS,
    CELLS_CALLED,
    CELLS_COUNTED,
    OTHER_CELLS,
    Mask,
    Measurement,
    PackResult,
    Place,
    Position,
    QualityCheck,
    Refusal,
)
from core.wording import say
from measure.parasitaemia import Range, Rates, corrected, lowest_told, share_interval
from measure.smear import Cell, Smear, find_cells
from services.progress import IsCancelled, stop_if

if TYPE_CHECKING:
    from inference.gate_log import GateLog
    from inference.manifest import Counting, Rate
    from inference.packs import Pack
    from inference.requests import PackRun
    from inference.runner import PackRunner
    from inference.subject import Subject

BATCH = 64
LEAST_ALIKE = 0.7
"""Share of what was found that the network must take for red cells."""
_DRAWN = 0.9
"""Radius that is drawn, as a share of the cell's, so that touching cells stay apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmearWork:
    """The picture that is counted on; ``grey`` is (row, column) float32 0..1 as read."""

    image: Image
    grey: NDArray[np.float32] = field(repr=False)
    subject: "Subject"
    study: str = ""
    use_gates: bool = True


Told = Callable[[int, int], None]


def count_smear(  # noqa: PLR0917 - one call
    runner: "PackRunner", pack: "Pack", work: SmearWork, single: "PackRun", told: Told, cancelled: IsCancelled
) -> "PackRun":
    """Return what a pack says of a picture that may show a whole smear.

    ``single`` is what it said of the picture as that of one cell: the answer where this is no smear, with the
    reason beside it where it refuses.

    Raises:
        Cancelled: the user stopped it.
        FarlightError: the pack or its model failed.
    """
    counting = pack.manifest.counting
    assert counting is not None
    started = time.perf_counter()
    if single.result.status == "not_applicable":
        return single
    smear = find_cells(work.grey, side=counting.cell_pixels, stop=lambda: stop_if(cancelled))
    if smear.why is not None:
        return _with_reason(single, smear)
    runs = _ask(runner, pack, work, smear.cells, told, cancelled)
    return _counted(pack, work, smear, runs, time.perf_counter() - started)


def _with_reason(single: "PackRun", smear: Smear) -> "PackRun":
    """Add to a refusal of the whole picture why no cells were counted on it.

    Refused for its shape alone, it is told for what it is: no single cell, and no smear either.
    """
    result = single.result
    if result.status != "refused":
        return single
    refusal = result.refusal
    if refusal is not None and refusal.case == "aspect_high":
        refusal = Refusal(
            gate="smear",
            case="neither",
            reason=say("inference.smear.neither"),
            advice=say("inference.smear.neither_advice"),
        )
    text = say(f"inference.smear.{smear.why}", diameter=f"{smear.diameter:.0f}")
    check = QualityCheck(name=say("inference.smear.name"), outcome="note", text=text, gate="smear")
    return replace(single, result=replace(result, refusal=refusal, quality=(*result.quality, check)))


def _ask(  # noqa: PLR0917 - one private call
    runner: "PackRunner",
    pack: "Pack",
    work: SmearWork,
    cells: Sequence[Cell],
    told: Told,
    cancelled: IsCancelled,
) -> list["PackRun"]:
    """Return what the pack says of each cell, asked with the gates and preprocessing of a single one."""
    from inference.requests import PackRequest

    runs: list[PackRun] = []
    for first in range(0, len(cells), BATCH):
        stop_if(cancelled)
        told(first, len(cells))
        requests = [
            PackRequest(
                image=work.image,
                grey=cell.picture,
                subject=work.subject,
                use_gates=work.use_gates,
                with_maps=False,
            )
            for cell in cells[first : first + BATCH]
        ]
        runs += runner.run_batch(pack.id, requests, cancelled, study=work.study)
    return runs


def _counted(
    pack: "Pack", work: SmearWork, smear: Smear, runs: Sequence["PackRun"], seconds: float
) -> "PackRun":
    from inference.gate_log import GateLog
    from inference.requests import PackRun

    counting = pack.manifest.counting
    assert counting is not None
    log = GateLog(use_gates=work.use_gates)
    places = _places(smear.cells, runs, counting)
    strange = len(runs) - len(places)
    if len(places) < LEAST_ALIKE * len(runs):
        log.refuse_always("smear", "strange", strange=str(strange), found=str(len(runs)))
        places = ()
    else:
        log.good("smear", "good", cells=str(len(places)), diameter=f"{smear.diameter:.0f}")
        _tell(log, smear, strange, places, counting)
    result = PackResult(
        stamp=runs[0].result.stamp,
        title=pack.manifest.title,
        status=log.status,
        seconds=seconds,
        refusal=log.refusal,
        gates_skipped=not work.use_gates,
        quality=tuple(log.checks),
        measurements=_measurements(places, smear, strange, counting) if places else (),
        masks=_masks(places, work) if places else (),
        places=places,
    )
    return PackRun(result=result, image=work.image.ref)


def _places(cells: Sequence[Cell], runs: Sequence["PackRun"], counting: "Counting") -> tuple[Place, ...]:
    """Return the cells that the network took for cells, each with its score."""
    return tuple(
        Place(
            x=cell.x,
            y=cell.y,
            radius=cell.radius,
            probability=run.result.findings[0].probability,
            above=run.result.findings[0].probability >= counting.threshold,
        )
        for cell, run in zip(cells, runs, strict=True)
        if run.result.status == "ok" and run.result.findings
    )


def rates_of(counting: "Counting") -> Rates:
    """Return how the pack errs on cells of smears, as its manifest says."""
    return Rates(sensitivity=_range(counting.sensitivity), specificity=_range(counting.specificity))


def _range(rate: "Rate") -> Range:
    return rate.value, rate.low, rate.high


def _tell(log: "GateLog", smear: Smear, strange: int, places: Sequence[Place], counting: "Counting") -> None:
    """Say what was not counted, and what such a count cannot tell."""
    found, cells = sum(place.above for place in places), len(places)
    rates = rates_of(counting)
    if smear.cut or smear.clumped or strange:
        log.note(
            "smear",
            "apart",
            cut=str(smear.cut),
            clumped=str(smear.clumped),
            cells=str(smear.clumped_cells),
            strange=str(strange),
        )
    if cells < counting.few:
        log.note("few_cells", "counted", cells=str(cells), few=str(counting.few))
    if found == 0:
        log.note("smear", "none_called")
    elif corrected(found, cells, rates)[1] <= 0:
        log.note("smear", "not_told")
    log.note("smear", "limit", percent=_percent_words(lowest_told(cells, rates)), cells=str(cells))
    log.note("smear", "composed")


def _measurements(
    places: Sequence[Place], smear: Smear, strange: int, counting: "Counting"
) -> tuple[Measurement, ...]:
    found, cells = sum(place.above for place in places), len(places)
    rates = rates_of(counting)
    value, low, high = corrected(found, cells, rates)
    apart = smear.cut + smear.clumped_cells + strange
    counted = _share("parasitaemia", share_interval(found, cells), found=str(found), cells=str(cells))
    return (
        replace(counted, position=position_of(found, cells, counting)),
        _share(
            "parasitaemia_corrected",
            (value, min(low, value), max(high, value)),
            sensitivity=f"{100 * rates.sensitivity[0]:.1f}",
            specificity=f"{100 * rates.specificity[0]:.1f}",
        ),
        _number(CELLS_COUNTED, cells),
        _number(CELLS_CALLED, found, threshold=f"{100 * counting.threshold:.3g}"),
        _number("cells_apart", apart),
    )


def position_of(found: int, cells: int, counting: "Counting") -> Position:
    """Return where a count lies: above what the pack's own false calls explain, or too little to say.

    Called cells that may all be false calls are undecided, not below: a low parasitaemia looks alike.
    """
    _, low, _ = corrected(found, cells, rates_of(counting))
    if low > 0:
        return "above"
    return "undecided" if found or cells < counting.few else "below"


def _share(code: str, share: Range, **values: str) -> Measurement:
    value, low, high = (round(100 * part, 2) for part in share)
    return Measurement(
        code=code,
        label=say(f"services.smear.{code}"),
        value=value,
        unit="%",
        method=say(f"services.smear.method_{code}", **values),
        interval=(low, high),
    )


def _number(code: str, value: int, **values: str) -> Measurement:
    return Measurement(
        code=code,
        label=say(f"services.smear.{code}"),
        value=float(value),
        unit=say("services.smear.unit"),
        method=say(f"services.smear.method_{code}", **values),
    )


def _percent_words(share: float) -> str:
    return f"{100 * share:.2g}" if share < 1 else "100"


def _masks(places: Sequence[Place], work: SmearWork) -> tuple[Mask, ...]:
    """Return a disc for each counted cell: one mask for those at or above the threshold, one for the rest."""
    import cv2

    masks = []
    for code, above in ((CALLED_CELLS, True), (OTHER_CELLS, False)):
        chosen = [place for place in places if place.above == above]
        discs = np.zeros(work.grey.shape, np.uint8)
        for place in chosen:
            middle = round(place.x - 0.5), round(place.y - 0.5)
            cv2.circle(discs, middle, max(1, round(_DRAWN * place.radius)), 1, cv2.FILLED)
        pixels = discs.view(np.bool_)
        pixels.setflags(write=False)
        label = say(f"services.smear.{code}", count=str(len(chosen)))
        masks.append(Mask(code=code, label=label, pixels=pixels, image=work.image.ref))
    return tuple(masks)
