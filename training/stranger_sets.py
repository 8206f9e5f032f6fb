"""Which strangers a pack of whole pictures is trained to refuse, and which only its evaluation sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from training import data, strangers
from training.data import Bytes, read_grey
from training.drawn_strangers import as_bytes
from training.splits import held_out

Kinds = Mapping[str, Callable[[], Iterator[Bytes]]]


def _chests(source: str, *, apart: bool) -> Callable[[], Iterator[Bytes]]:
    """Return a maker of one source's chest X-rays, of the patients held out (`apart`) or of the others."""

    def make() -> Iterator[Bytes]:
        pictures = data.adults_without_masks() if source == "nlm" else data.chests_with_true_aspect(source)
        for picture in pictures:
            if held_out(picture) == apart:
                yield as_bytes(read_grey(picture.path))

    return make


def chest_kinds(*, apart: bool) -> Kinds:
    """Return makers of chest X-rays by source, of the patients held out (`apart`) or of the others."""
    sources = {"children": "kermany", "COVID": "cohen-ccby-adult", "adults": "nlm"}
    state = "held out" if apart else "training"
    return {f"chest X-rays, {name}, {state}": _chests(src, apart=apart) for name, src in sources.items()}


def training_bank(
    *leave_out: str, limit: int = 300, **more: Callable[[], Iterator[Bytes]]
) -> dict[str, Bytes]:
    """Return (image, 224, 224) of each kind that may be trained on but those left out; `more` adds kinds."""
    kinds = {**strangers.TRAINING_KINDS, **chest_kinds(apart=False)}
    kept = {name: make for name, make in kinds.items() if name not in leave_out}
    return strangers.bank({**kept, **{name.replace("_", " "): make for name, make in more.items()}}, limit)


def evaluation_bank(
    *leave_out: str, limit: int = 200, **more: Callable[[], Iterator[Bytes]]
) -> dict[str, Bytes]:
    """Return (image, 224, 224) of each kind never trained on, and of chests of patients held out."""
    kinds = {**strangers.EVALUATION_KINDS, **chest_kinds(apart=True)}
    kept = {name: make for name, make in kinds.items() if name not in leave_out}
    return strangers.bank({**kept, **{name.replace("_", " "): make for name, make in more.items()}}, limit)


def mosaics(pictures: list[Bytes], count: int, seed: int = 21) -> Iterator[Bytes]:
    """Yield fields of several pictures side by side: what a reader of single ones must not answer."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        side = int(rng.integers(2, 6))
        chosen = rng.integers(0, len(pictures), (side, side))
        rows = [np.concatenate([pictures[i] for i in row], 1) for row in chosen]
        field = np.concatenate(rows, 0)
        down, right = rng.integers(0, pictures[0].shape[0], 2)
        yield as_bytes(np.roll(field, (int(down), int(right)), (0, 1)))
