"""Ask one pack about labelled images the way the application does, and keep what measuring needs of each."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from core.errors import EngineError, ImagingError, NoNetworkError, PackError, PackTrialError
from core.result import EngineName, PackResult, Precision
from services.evaluate_map import map_maker
from services.labelled import Box, LabelledImage
from services.load import Loaded, load
from services.places import pack_roots, packs_in_use
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from services.scan import Unreadable, scan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evaluation.map_quality import Case, Pointing
    from inference.loaded import LoadedPack
    from inference.packs import Pack, PackLibrary
    from inference.requests import PackRequest, PackRun
    from inference.runner import PackRunner
    from inference.subject import Subject

BATCH = 16
"""Images that are in memory at a time."""
SLOW_MAP_IMAGES = 8
"""Images of each label on which maps are measured that take many runs of the network each."""
_READERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How the pack is asked."""

    engine: EngineName | Literal["auto"] = "auto"
    precision: Precision | Literal["auto"] = "auto"
    use_gates: bool = True
    modality: str | None = None
    map_images: int = 0
    threads: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the pack says of one image; ``gate`` is the one that refuses, None where it answers.

    ``logits`` are what the network says, also where a gate refuses; ``beside`` the same in the precisions
    asked for by hand, by precision and label. ``thumb`` is the picture, 48 x 48 bytes, flat.
    """

    image: LabelledImage
    gate: str | None = None
    unread: str | None = None
    sha256: str | None = None
    engine: EngineName | None = None
    precision: Precision | None = None
    logits: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    beside: Mapping[Precision, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))
    dice: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    pointing: Mapping[str, "Pointing"] = field(default_factory=lambda: MappingProxyType({}))
    thumb: "NDArray[np.uint8] | None" = field(default=None, repr=False)
    age_years: float | None = None


@dataclass(slots=True, kw_only=True)
class Asked:
    """All answers, and for each label some images with the finding as the network read them."""

    answers: list[Answer] = field(default_factory=list)
    cases: dict[str, list["Case"]] = field(default_factory=dict)


def library_for(pack: str) -> tuple["PackLibrary", "Pack", bool]:
    """Return the library, the pack that ``pack`` names (id or folder), and whether it may be changed.

    A folder counts before an installed pack of the same id; only a folder that is not installed may change.

    Raises:
        UnknownPackError: there is none of that id.
        NoNetworkError: it reads values: there are no images to measure it on.
        PackError: it is broken.
    """
    library, found, may_change = _library_for(pack)
    if found.manifest.reads_values:
        raise NoNetworkError(found.id)
    return library, found, may_change


def _library_for(pack: str) -> "tuple[PackLibrary, Pack, bool]":
    from inference.manifest import MANIFEST_NAME
    from inference.packs import PackLibrary, load_pack

    folder = Path(pack)
    if (folder / MANIFEST_NAME).is_file():
        found = load_pack(folder)
        installed = any(folder.resolve().is_relative_to(root.resolve()) for root in pack_roots())
        library = PackLibrary(pack_roots(), [folder])
        return library, library.get(found.id), not installed
    library = PackLibrary(pack_roots())
    return library, library.get(pack), False


def require_survives(pack: "Pack", *, threads: int | None, cancelled: IsCancelled) -> None:
    """Have a child process load and run a pack that is not installed, before this process does.

    What else is wrong with it, such as an INT8 model that drifts, is what it is measured for.

    Raises:
        PackTrialError: the child died, or took too long or too much memory.
        Cancelled: the user stopped it.
    """
    from inference.trial import require_tried, try_pack

    checks = try_pack(pack.folder, threads=threads, cancelled=cancelled)
    require_tried(tuple(check for check in checks if check.passed or check.code == PackTrialError.code))


def ask_all(
    library: "PackLibrary",
    pack: "Pack",
    images: Sequence[LabelledImage],
    asking: Asking,
    *,
    progress: Report = nobody_listens,
    cancelled: IsCancelled = never,
) -> Asked:
    """Return what the pack says of every image; one that cannot be read has its code in ``unread``.

    Raises:
        Cancelled: the user stopped it.
        PackError, EngineError: the pack or its model is not what it must be, or failed.
    """
    from inference.runner import PackRunner

    runner = PackRunner(library, asking.engine, asking.precision, asking.threads)
    asker = _Asker(runner, pack, asking, cancelled)
    with ThreadPoolExecutor(_READERS, thread_name_prefix="read") as pool:
        for first in range(0, len(images), BATCH):
            stop_if(cancelled)
            progress(Progress(stage="looking", done=first, total=len(images)))
            part = images[first : first + BATCH]
            read = list(pool.map(_loaded, part))
            with packs_in_use():
                asker.ask(part, read)
    return asker.asked


def _loaded(image: LabelledImage) -> Loaded | None:
    """Return the first reading unit of a file with its pixels; None where it holds none."""
    try:
        unit = next(iter(scan([str(image.path)])), None)
    except ImagingError:
        return None
    return None if unit is None or isinstance(unit, Unreadable) else load(unit)


class _Asker:
    """Asks a pack, after what it depends on, about one batch after another."""

    def __init__(self, runner: "PackRunner", pack: "Pack", asking: Asking, cancelled: IsCancelled) -> None:
        self._runner = runner
        self._pack = pack
        self._asking = asking
        self._cancelled = cancelled
        self._order = runner.plan([pack.id])
        scores = pack.manifest.task == "classify"
        self._networks = dict(self._open_networks()) if scores else {}
        self._maps = map_maker(pack, asking.threads) if scores and asking.map_images else None
        self.asked = Asked()

    def ask(self, images: Sequence[LabelledImage], loaded: Sequence[Loaded | None]) -> None:
        """Add the answers for a batch."""
        seen: list[tuple[LabelledImage, Loaded]] = []
        answers: dict[str, Answer] = {}
        for image, read in zip(images, loaded, strict=True):
            if read is None or read.image is None or read.grey is None:
                code = read.error.code if read is not None and read.error is not None else "E101"
                answers[image.name] = Answer(image=image, unread=code)
            else:
                seen.append((image, read))
        chains = self._chains(seen)
        for (image, read), (runs, gate) in zip(seen, chains, strict=True):
            answers[image.name] = self._answer(image, read, runs, gate)
        self.asked.answers += [answers[image.name] for image in images]

    def _chains(
        self, seen: Sequence[tuple[LabelledImage, Loaded]]
    ) -> "list[tuple[Mapping[str, PackRun], str | None]]":
        """Return the runs of each image, asked again without gates where they refuse, and the gate."""
        if not seen:
            return []
        chains = self._run(seen, use_gates=self._asking.use_gates)
        gates = [_gate_of(runs[self._pack.id].result) for runs in chains]
        again = [place for place, gate in enumerate(gates) if gate is not None]
        if again:
            for place, runs in zip(again, self._run([seen[i] for i in again], use_gates=False), strict=True):
                chains[place] = runs
        return list(zip(chains, gates, strict=True))

    def _run(
        self, seen: Sequence[tuple[LabelledImage, Loaded]], *, use_gates: bool
    ) -> "list[Mapping[str, PackRun]]":
        done: list[dict[str, PackRun]] = [{} for _ in seen]
        for pack_id in self._order:
            requests = [
                self._request(image, read, runs, use_gates=use_gates)
                for (image, read), runs in zip(seen, done, strict=True)
            ]
            made = self._runner.run_batch(pack_id, requests, self._cancelled)
            for runs, run in zip(done, made, strict=True):
                runs[pack_id] = run
        return list(done)

    def _request(
        self, image: LabelledImage, read: Loaded, runs: "Mapping[str, PackRun]", *, use_gates: bool
    ) -> "PackRequest":
        from inference.requests import PackRequest

        assert read.image is not None
        assert read.grey is not None
        return PackRequest(
            image=read.image,
            grey=read.grey,
            subject=self._subject(image, read),
            upstream=dict(runs),
            use_gates=use_gates,
            with_maps=False,  # those that take many runs are made of a few images alone
        )

    def _subject(self, image: LabelledImage, read: Loaded) -> "Subject":
        """Return what is known of an image: the table's age wins over the header's."""
        from inference.subject import subject_of

        subject = subject_of(read.unit, read.unit.patient)
        if image.age_years is not None:
            subject = replace(subject, age_years=image.age_years)
        return replace(subject, modality=self._asking.modality) if self._asking.modality else subject

    def _answer(
        self, image: LabelledImage, read: Loaded, runs: "Mapping[str, PackRun]", gate: str | None
    ) -> Answer:
        run = runs[self._pack.id]
        stamp = run.result.stamp
        return Answer(
            image=image,
            gate=gate,
            sha256=read.sha256,
            engine=stamp.engine,
            precision=stamp.precision,
            logits=self._logits(run),
            beside=self._beside(run),
            dice=self._dice(image, run.result, read),
            pointing=self._measure_map(image, run, runs, read, gate),
            thumb=_thumb(read),
            age_years=self._subject(image, read).age_years,
        )

    def _logits(self, run: "PackRun") -> Mapping[str, float]:
        if run.look is None or "logits" not in run.look.outputs:
            return {}
        return dict(zip(self._pack.manifest.codes, map(float, run.look.outputs["logits"]), strict=True))

    def _open_networks(self) -> "Iterator[tuple[Precision, LoadedPack]]":
        """Yield the network in each precision that can be opened, to compare them on the same inputs."""
        from inference.loaded import load as open_pack

        precisions: tuple[Precision, ...] = ("fp32", "int8")
        for precision in precisions:
            try:
                loaded = open_pack(self._pack, "onnxruntime", precision, self._asking.threads)
            except (EngineError, PackError):  # a pack may have one precision, or a format of one engine
                continue
            yield precision, loaded

    def _beside(self, run: "PackRun") -> Mapping[Precision, Mapping[str, float]]:
        if run.look is None:
            return {}
        codes = self._pack.manifest.codes
        batch = run.look.tensor[None]
        return {
            precision: dict(zip(codes, map(float, network.look(batch)["logits"][0]), strict=True))
            for precision, network in self._networks.items()
        }

    def _dice(self, image: LabelledImage, result: PackResult, read: Loaded) -> Mapping[str, float]:
        """Compare the pack's outlines, in the stored orientation, with the masks of the labelled folder."""
        from evaluation.figures import dice

        if not image.masks:
            return {}
        assert read.grey is not None
        outlines = {mask.code: mask.pixels for mask in result.masks}
        found: dict[str, float] = {}
        for code, file in image.masks.items():
            truth = _mask(file, read.grey.shape)
            if truth is not None:
                outline = outlines.get(code)
                found[code] = dice(truth & False if outline is None else outline, truth)
        return found

    def _measure_map(
        self,
        image: LabelledImage,
        run: "PackRun",
        runs: "Mapping[str, PackRun]",
        read: Loaded,
        gate: str | None,
    ) -> "Mapping[str, Pointing]":
        """Compare maps with boxes, and keep cases; maps that take many runs are made of a few images only."""
        from evaluation.map_quality import pointing
        from services.evaluate_map import case_of, stored_heat

        assert read.grey is not None
        if gate is not None or image.part == "calibration" or self._maps is None:
            return {}
        ill = [code for code in self._pack.manifest.codes if image.truth.get(code) == 1]
        wanted = [code for code in ill if self._wants_case(code)]
        boxed = [code for code in ill if code in image.boxes and (wanted or not self._maps.slow)]
        activations = self._maps.of(run, self._cancelled) if wanted or boxed else None
        if activations is None:
            return {}
        for code in wanted:
            place = self._pack.manifest.codes.index(code)
            case = case_of(self._pack.manifest, activations[place], run, runs)
            self.asked.cases.setdefault(code, []).extend([case] if case is not None else [])
        found: dict[str, Pointing] = {}
        for code in boxed:
            place = self._pack.manifest.codes.index(code)
            heat = stored_heat(activations[place], run, read.grey.shape)
            found[code] = pointing(heat, _boxes(image.boxes[code], read.grey.shape))
        return found

    def _wants_case(self, code: str) -> bool:
        assert self._maps is not None
        most = min(self._asking.map_images, SLOW_MAP_IMAGES) if self._maps.slow else self._asking.map_images
        return len(self.asked.cases.get(code, [])) < most


def _gate_of(result: PackResult) -> str | None:
    if result.status == "ok":
        return None
    return result.refusal.gate if result.refusal else result.status


def _thumb(read: Loaded) -> "NDArray[np.uint8]":
    import cv2
    import numpy as np

    from evaluation.baseline import SIDE

    assert read.grey is not None
    small = cv2.resize(read.grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8).ravel()


def _mask(file: Path, shape: tuple[int, ...]) -> "NDArray[np.bool_] | None":
    """Read a mask; one of another size than its image is brought to it, None where it cannot be read."""
    import cv2
    import numpy as np

    pixels = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        return None
    if pixels.shape != shape:
        pixels = cv2.resize(pixels, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
    most = int(pixels.max())
    return np.asarray(pixels > (most // 2 if most > 1 else 0), dtype=np.bool_)


def _boxes(boxes: Sequence[Box], shape: tuple[int, ...]) -> "NDArray[np.bool_]":
    import numpy as np

    inside = np.zeros((shape[0], shape[1]), np.bool_)
    for left, top, width, height in boxes:
        first_row, first_column = max(0, round(top)), max(0, round(left))
        inside[first_row : max(0, round(top + height)), first_column : max(0, round(left + width))] = True
    return inside
