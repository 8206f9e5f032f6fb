"""Ask packs about many images the way the application does, with its gates.

And without them where they refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.image import Image, ImageRef
from core.result import EngineName, PackResult, Precision
from inference.packs import PackLibrary
from inference.requests import PackRequest, PackRun
from inference.runner import PackRunner
from inference.subject import Subject

Grey = NDArray[np.float32]
BATCH = 32
COMBINATIONS: tuple[tuple[EngineName, Precision], ...] = (
    ("onnxruntime", "fp32"),
    ("onnxruntime", "int8"),
    ("openvino", "fp32"),
    ("openvino", "int8"),
)
"""Every engine in every precision; the first is the reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a pack says of one image with its gates, and what it says with them off."""

    gated: PackResult
    open: PackResult

    @property
    def refused_by(self) -> str | None:
        """The gate that refuses, or None where the pack speaks."""
        if self.gated.status == "ok":
            return None
        return self.gated.refusal.gate if self.gated.refusal else self.gated.status


class Application:
    """A library of packs in one engine and precision."""

    def __init__(
        self, packs: Path, engine: EngineName = "onnxruntime", precision: Precision = "int8"
    ) -> None:
        self._runner = PackRunner(PackLibrary([packs]), engine, precision, None)

    def ask(
        self, pack_id: str, greys: Sequence[Grey], subject: Subject, *, gates_only: bool = False
    ) -> list[Answer]:
        """Return the answers of one pack (after what it depends on) for pictures (row, column) 0..1.

        Refused pictures are asked again with gates off, unless `gates_only`.
        """
        answers: list[Answer] = []
        for first in range(0, len(greys), BATCH):
            part = greys[first : first + BATCH]
            gated = [runs[pack_id].result for runs in self.runs(pack_id, part, subject, use_gates=True)]
            refused = [i for i, result in enumerate(gated) if result.status != "ok" and not gates_only]
            again = (
                self.runs(pack_id, [part[i] for i in refused], subject, use_gates=False) if refused else []
            )
            without = {i: runs[pack_id].result for i, runs in zip(refused, again, strict=True)}
            answers += [Answer(gated=result, open=without.get(i, result)) for i, result in enumerate(gated)]
        return answers

    def runs(
        self, pack_id: str, greys: Sequence[Grey], subject: Subject, *, use_gates: bool
    ) -> list[dict[str, PackRun]]:
        """Return, for each picture, the runs of the pack and of what it depends on, by pack."""
        images = [_image(grey, index) for index, grey in enumerate(greys)]
        done: list[dict[str, PackRun]] = [{} for _ in greys]
        for pack in self._runner.plan([pack_id]):
            requests = [
                PackRequest(image=image, grey=grey, subject=subject, upstream=dict(runs), use_gates=use_gates)
                for image, grey, runs in zip(images, greys, done, strict=True)
            ]
            for runs, run in zip(done, self._runner.run_batch(pack, requests), strict=True):
                runs[pack] = run
        return done


def _image(grey: Grey, index: int) -> Image:
    values = np.asarray(grey * 255, dtype=np.float32)
    values.setflags(write=False)
    return Image(ref=ImageRef(file=f"case-{index}"), values=values)
