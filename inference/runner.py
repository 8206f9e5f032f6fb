"""Runs packs on images: gates, engine, findings, masks, maps. Loads each model once and keeps it."""

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from time import perf_counter
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import Cancelled, EngineError, NoNetworkError, PackDependencyError, PackError
from core.image import Image
from core.patient import Patient
from core.result import EngineName, PackResult, Precision
from inference.answering import Answering
from inference.choices import Asked, Tuned, nothing_tuned
from inference.cine_reading import CineRequest, CineRun, look_at_cine
from inference.engine import CPU
from inference.explaining import maps_of
from inference.loaded import LoadedPack
from inference.packs import Pack, PackLibrary, used_packs
from inference.perturbing import Told, nobody
from inference.reading import Reading
from inference.requests import PackRequest, PackRun
from inference.risk_reading import assess, load_table
from inference.subject import Subject
from inference.table_model import TableModel
from inference.takeover import Takeover

IsCancelled = Callable[[], bool]


def never() -> bool:
    """Answer for those who cannot be cancelled."""
    return False


class PackRunner:
    """Plans and runs the packs of a library.

    ``threads`` is how many cores one run may use; None takes all physical ones. ``device`` is ``auto`` or a
    device key, ``tuned`` tells what was measured to be best, ``takeover`` makes devices ready. Safe to use
    from several threads: the pictures are prepared side by side, the engines run one at a time.
    """

    def __init__(
        self,
        library: PackLibrary,
        engine: EngineName | Literal["auto"] = "auto",
        precision: Precision | Literal["auto"] = "auto",
        threads: int | None = None,
        *,
        device: str = "auto",
        tuned: Tuned = nothing_tuned,
        takeover: Takeover | None = None,
    ) -> None:
        self._library = library
        asked = Asked(engine=engine, precision=precision, device=device, threads=threads)
        self.answering = Answering(library, asked, tuned=tuned, takeover=takeover)
        self._lock = Lock()
        self._tables: dict[str, TableModel] = {}

    def plan(self, requested: Sequence[str] | None, demonstration: bool = False) -> tuple[str, ...]:
        """Return the packs to run, each after what it depends on.

        ``requested`` None takes all packs that can be used, demonstration packs only with ``demonstration``;
        a pack that is named runs whatever its class.

        Raises:
            UnknownPackError: a pack that is named is not installed.
            PackError: a pack that is named is broken, or what it depends on is missing, unfit or in a circle.
        """
        if requested is None:
            packs = self._library.packs()
            wanted = [
                pack.id for pack in packs if demonstration or pack.manifest.pack_class != "demonstration"
            ]
        else:
            wanted = list(requested)
        order: dict[str, None] = {}
        for pack_id in wanted:
            self._add(pack_id, order)
        return tuple(order)

    def warm_up(self, pack_ids: Sequence[str]) -> None:
        """Load packs and let each look at one empty picture, so that the first image does not wait.

        Raises:
            PackError, EngineError: a pack or its model is not what it must be.
        """
        for pack_id in pack_ids:
            pack = self._library.get(pack_id)
            if pack.manifest.reads_values:
                self._table(pack)
                continue
            rows, columns = pack.manifest.input.size
            engine = self.answering.get(pack).engine
            with self._lock:
                engine.run(np.zeros((1, pack.manifest.input.channels, rows, columns), dtype=np.float32))

    def assess(
        self,
        pack_id: str,
        patient: Patient,
        upstream: Sequence[PackResult] = (),
        *,
        use_gates: bool = True,
        asked: bool = True,
    ) -> PackResult:
        """Return what a pack that reads values says of a patient; see ``risk_reading.assess``.

        Raises:
            PackError: the pack or its table is not what it must be.
        """
        pack = self._library.get(pack_id)
        wanted = (*pack.manifest.depends, *pack.manifest.uses)
        known = [result for result in upstream if result.stamp.pack_id in wanted]
        return assess(pack, self._table(pack), patient, known, use_gates=use_gates, asked=asked)

    def run(
        self,
        pack_id: str,
        image: Image,
        grey: NDArray[np.float32],
        subject: Subject,
        upstream: Mapping[str, PackRun] = MappingProxyType({}),
        *,
        use_gates: bool = True,
        cancelled: IsCancelled = never,
        told: Told = nobody,
        study: str = "",
    ) -> PackRun:
        """Return what one pack says of one image.

        ``grey`` is (row, column) float32 0..1, bright = dense, as stored. ``upstream`` holds the runs of what
        the pack depends on, on this image. ``told`` hears how far a map is that takes many runs. All images
        of a ``study`` are looked at in the same engine, precision and device.

        Raises:
            Cancelled: ``cancelled`` said so.
            PackError, EngineError: the pack or its model is not what it must be, or failed.
        """
        request = PackRequest(image=image, grey=grey, subject=subject, upstream=upstream, use_gates=use_gates)
        return self.run_batch(pack_id, [request], cancelled, told, study=study)[0]

    def run_batch(
        self,
        pack_id: str,
        requests: Sequence[PackRequest],
        cancelled: IsCancelled = never,
        told: Told = nobody,
        *,
        study: str = "",
    ) -> tuple[PackRun, ...]:
        """Return what one pack says of several images, which the engine sees together; see ``run``.

        The seconds of each are an equal share of the time that all took, the loading of the model left out.
        """
        pack = self._library.get(pack_id)
        if pack.manifest.reads_values:
            raise NoNetworkError(pack_id)
        for request in requests:
            _require_upstream(pack, request)
        loaded = self.answering.get(pack, study)
        started = perf_counter()
        try:
            finished = self._read(loaded, requests, cancelled, told)
        except EngineError as error:
            if loaded.engine.device == CPU:
                raise
            finished = self._read(self.answering.fall_back(loaded, error), requests, cancelled, told)
        seconds = (perf_counter() - started) / max(len(requests), 1)
        return tuple(run.after(seconds) for run in finished)

    def run_cine(
        self,
        pack_id: str,
        request: CineRequest,
        cancelled: IsCancelled = never,
        told: Told = nobody,
        *,
        study: str = "",
    ) -> CineRun:
        """Return what a pack that measures outlines in a stack that moves; ``told`` hears how far it is.

        Raises:
            Cancelled: ``cancelled`` said so.
            PackError, EngineError: the pack or its model is not what it must be, or failed.
        """
        loaded = self.answering.get(self._library.get(pack_id), study)
        try:
            return look_at_cine(loaded, request, turn=self._lock, cancelled=cancelled, told=told)
        except EngineError as error:
            if loaded.engine.device == CPU:
                raise
            loaded = self.answering.fall_back(loaded, error)
            return look_at_cine(loaded, request, turn=self._lock, cancelled=cancelled, told=told)

    def _read(
        self, loaded: LoadedPack, requests: Sequence[PackRequest], cancelled: IsCancelled, told: Told
    ) -> list[PackRun]:
        readings = [Reading(loaded, request) for request in requests]
        self._look(loaded, [reading for reading in readings if reading.wants_to_look], cancelled)
        self._look(loaded, [reading for reading in readings if reading.wants_second_look], cancelled)
        _stop_if(cancelled)
        for reading in readings:
            reading.judge()
        self._explain(loaded, [reading for reading in readings if reading.wants_maps], cancelled, told)
        return [reading.finish() for reading in readings]

    def _look(self, loaded: LoadedPack, readings: Sequence[Reading], cancelled: IsCancelled) -> None:
        _stop_if(cancelled)
        if not readings:
            return
        batch = np.stack([reading.prepare() for reading in readings])
        _stop_if(cancelled)
        with self._lock:
            outputs = loaded.look(batch)
        for index, reading in enumerate(readings):
            reading.take({role: values[index] for role, values in outputs.items()}, len(batch))

    def _explain(
        self, loaded: LoadedPack, readings: Sequence[Reading], cancelled: IsCancelled, told: Told
    ) -> None:
        """Make the maps that need many runs; the engines are free for others between two batches."""
        for reading in readings:
            maps = maps_of(loaded, reading.looked_at, told=told, cancelled=cancelled, turn=self._lock)
            reading.take_maps(maps)

    def _add(self, pack_id: str, order: dict[str, None]) -> None:
        """Add a pack after what it depends on; the library has refused circles already."""
        if pack_id in order:
            return
        manifest = self._library.get(pack_id).manifest
        for needed in manifest.depends:
            self._add(needed, order)
        for useful in used_packs(self._library, manifest):
            self._add(useful, order)
        order[pack_id] = None

    def _table(self, pack: Pack) -> TableModel:
        """Return the table of a pack that reads values; it is read and proven once."""
        if pack.sha256 not in self._tables:
            self._library.require_intact(pack)
            self._tables[pack.sha256] = load_table(pack)
        return self._tables[pack.sha256]


def _require_upstream(pack: Pack, request: PackRequest) -> None:
    missing = [pack_id for pack_id in pack.manifest.depends if pack_id not in request.upstream]
    if missing:
        raise PackDependencyError(f"{pack.id} was run without the results of {', '.join(missing)}")
    strangers = [
        pack_id
        for pack_id, run in request.upstream.items()
        if run.image != request.image.ref or run.result.stamp.pack_id != pack_id
    ]
    if strangers:
        raise PackError(f"{pack.id} was given results of another image or pack: {', '.join(strangers)}")


def _stop_if(cancelled: IsCancelled) -> None:
    if cancelled():
        raise Cancelled
