"""Frames of the open reading unit: loaded in the background, kept within bounds, asked for ahead."""

from collections import OrderedDict

from PySide6.QtCore import QObject, Signal, Slot

from core.errors import FarlightError
from core.image import ReadingUnit
from services import display
from services.picture import Picture
from ui.task import Handle, Pools, Task

KEPT_BYTES = 192 * 1024 * 1024
AHEAD = 2
Place = tuple[str, int]  # key of the reading unit, frame


class FrameStore(QObject):
    """Hands out pictures that are there, and fetches those that are not."""

    loaded = Signal(str, int)
    failed = Signal(str, int, object)

    def __init__(self, pools: Pools, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pools = pools
        self._pictures: OrderedDict[Place, Picture] = OrderedDict()
        self._loading: dict[Place, Task] = {}

    def find(self, key: str, frame: int) -> Picture | None:
        """Return the picture if it is there."""
        picture = self._pictures.get((key, frame))
        if picture is not None:
            self._pictures.move_to_end((key, frame))
        return picture

    def ask(self, key: str, unit: ReadingUnit, frame: int, *, priority: int = 10) -> None:
        """Fetch a frame; ``loaded`` or ``failed`` tells when."""
        place = (key, frame)
        loading = self._loading.get(place)
        under_way = loading is not None and not loading.handle.cancelled()
        if place in self._pictures or under_way or not 0 <= frame < unit.frames:
            return
        task = self._pools.sight("image", _Load(unit, frame), key=place, priority=priority)
        self._loading[place] = task
        task.succeeded.connect(self._on_succeeded)
        task.failed.connect(self._on_failed)
        task.ended.connect(self._on_ended)

    def ask_ahead(self, key: str, unit: ReadingUnit, frame: int, step: int) -> None:
        """Fetch the frames that will be wanted next."""
        for distance in range(1, AHEAD + 1):
            self.ask(key, unit, frame + distance * step, priority=1)

    def forget_others(self, key: str) -> None:
        """Let go of what belongs to other reading units and stop fetching it."""
        for place, task in list(self._loading.items()):
            if place[0] != key:
                task.cancel()

    def forget(self, key: str) -> None:
        """Let go of what was read of a unit: it is read from other files now."""
        for place in [place for place in self._pictures if place[0] == key]:
            del self._pictures[place]
        for place, task in self._loading.items():
            if place[0] == key:
                task.cancel()

    def _sender_task(self) -> Task:
        task = self.sender()
        assert isinstance(task, Task)
        return task

    @Slot(object)
    def _on_succeeded(self, picture: Picture) -> None:
        key, frame = self._sender_task().key
        self._pictures[(key, frame)] = picture
        while len(self._pictures) > 1 and self._bytes() > KEPT_BYTES:
            self._pictures.popitem(last=False)
        self.loaded.emit(key, frame)

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        key, frame = self._sender_task().key
        self.failed.emit(key, frame, error)

    @Slot()
    def _on_ended(self) -> None:
        task = self._sender_task()
        self._loading = {place: one for place, one in self._loading.items() if one is not task}

    def _bytes(self) -> int:
        return sum(picture.byte_count for picture in self._pictures.values())


class _Load:
    """The Qt-free work of fetching one frame."""

    def __init__(self, unit: ReadingUnit, frame: int) -> None:
        self._unit = unit
        self._frame = frame

    def __call__(self, handle: Handle) -> Picture:
        return Picture(display.load_image(self._unit, self._frame, handle.cancelled))
