"""Devices that take over from the processor: made ready in the background while the processor answers."""

import logging
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from core.ending import UNSTOPPABLE
from core.errors import Cancelled, DriftError, FarlightError
from inference.choices import Choice
from inference.compiled import CompiledCache
from inference.devices import DeviceMemory, Reason, list_devices, try_device
from inference.engine import first_line
from inference.loaded import LoadedPack, open_choice, require_golden
from inference.packs import Pack
from inference.probe import Probe

_log = logging.getLogger(__name__)
_STOPS_WITHIN_S = 4.0
"""Long enough for most drivers, and shorter than a batch waits for its helpers."""
Open = Callable[..., LoadedPack]
Ready = Callable[[LoadedPack], None]


class Takeover:
    """Tries devices in a child process, compiles for them, and hands over what is ready.

    One thread does the work for all packs, one after another; it ends with the program.
    """

    def __init__(
        self,
        memory: DeviceMemory,
        cache: CompiledCache | None = None,
        *,
        probe: Callable[..., Probe] = Probe,
        open_: Open = open_choice,
    ) -> None:
        """Prepare; ``probe`` and ``open_`` stand in for child and device in tests."""
        self.memory = memory
        self._cache, self._probe, self._open = cache, probe, open_
        self._last: threading.Thread | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def usable(self, pack: Pack, choice: Choice) -> bool:
        """Whether nothing is known against a device for a pack that still holds."""
        return self.memory.outdated or self.memory.failure_of(choice, pack) is None

    def begin(self, pack: Pack, choice: Choice, ready: Ready) -> None:
        """Make a device ready for a pack, and call ``ready`` from another thread; never where it fails."""
        with self._lock:
            before = self._last
            thread = threading.Thread(
                target=self._work, args=(before, pack, choice, ready), name=UNSTOPPABLE, daemon=True
            )
            self._last = thread
        thread.start()

    def failed(self, pack: Pack, choice: Choice, error: Exception) -> None:
        """Remember that a device failed while an image was looked at."""
        self.memory.remember_failed(choice, "failed", first_line(error), pack)

    def settle(self, timeout_s: float | None = None) -> bool:
        """Wait until all that was begun is ready or failed; returns whether it is."""
        last = self._last
        if last is not None:
            last.join(timeout_s)
        return last is None or not last.is_alive()

    def stop(self) -> None:
        """Begin nothing more, end the child, and write down that the work ended in good order.

        It waits a few seconds for what is under way: the interpreter must not end under a thread that is
        inside a driver. For one that takes longer there is ``core.ending``.
        """
        with self._lock:
            self._stopping.set()
        self.settle(_STOPS_WITHIN_S)
        self.memory.end_use()

    def _work(self, before: threading.Thread | None, pack: Pack, choice: Choice, ready: Ready) -> None:
        if before is not None:
            before.join()
        try:
            loaded = self._prepare(pack, choice)
        except Cancelled:
            return
        except FarlightError as error:
            reason: Reason = "drift" if isinstance(error, DriftError) else "failed"
            self.memory.remember_failed(choice, reason, f"{error.code} {error.detail}", pack)
            return
        if loaded is not None and not self._stopping.is_set():
            ready(loaded)

    def _prepare(self, pack: Pack, choice: Choice) -> LoadedPack | None:
        if self.memory.outdated or self.memory.find(choice.device_key) is None:
            list_devices(self.memory, probe=self._probe, cancelled=self._stopping.is_set)
        device = self.memory.find(choice.device_key)
        versions = device.versions if device else ""
        kept = nullcontext(None) if self._cache is None else self._cache.entry(pack, choice, versions)
        with kept as folder:
            failure = try_device(
                pack,
                choice,
                self.memory,
                cache=folder,
                probe=self._probe,
                cancelled=self._stopping.is_set,
            )
            if failure is not None or not self._begin_use(choice):
                return None
            return self._ready(pack, choice, folder)

    def _begin_use(self, choice: Choice) -> bool:
        """Write down that a device is used from now on; never after ``stop``."""
        with self._lock:
            return not self._stopping.is_set() and self.memory.begin_use(choice)

    def _ready(self, pack: Pack, choice: Choice, folder: Path | None) -> LoadedPack:
        loaded = self._open(pack, choice, cache=folder)
        if self._stopping.is_set():
            raise Cancelled
        require_golden(pack, choice, loaded.engine)
        _log.info("%s: %s is ready", pack.id, choice.device_key)
        return loaded
