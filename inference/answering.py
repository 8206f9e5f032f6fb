"""Which loaded pack answers for which study: it changes between studies, never within one."""

from collections import OrderedDict
from dataclasses import replace
from threading import Lock

from inference.choices import Asked, Choice, Tuned, choices_of, nothing_tuned, split_key
from inference.engine import CPU
from inference.loaded import LoadedPack, Replaced, load_first
from inference.packs import Pack, PackLibrary
from inference.takeover import Takeover

_MOST_STUDIES = 1024


class Answering:
    """Loads each pack once, and exchanges what answers when a better way is ready.

    A study that was begun keeps what it was begun with, so that two images of it are never compared across
    engines; the one exception is a device that fails. Several threads may use it; loading waits for loading.
    """

    def __init__(
        self,
        library: PackLibrary,
        asked: Asked,
        *,
        tuned: Tuned = nothing_tuned,
        takeover: Takeover | None = None,
    ) -> None:
        self._library, self._asked, self._tuned, self._takeover = library, asked, tuned, takeover
        self._current: dict[str, LoadedPack] = {}
        self._begun: OrderedDict[tuple[str, str], LoadedPack] = OrderedDict()
        self._loading = Lock()
        self._lock = Lock()

    def get(self, pack: Pack, study: str = "") -> LoadedPack:
        """Return what answers for a study ("" for none in particular); loads it where it is the first.

        Raises:
            PackError, EngineError: see ``load_first``.
        """
        with self._lock:
            begun = self._begun.get((pack.sha256, study))
        if begun is not None:
            return begun
        with self._loading:
            if pack.sha256 not in self._current:
                self._library.require_intact(pack)
                self._load(pack)
        with self._lock:
            current = self._current[pack.sha256]
            if study:
                current = self._begun.setdefault((pack.sha256, study), current)
                while len(self._begun) > _MOST_STUDIES:
                    self._begun.popitem(last=False)
            return current

    def take(self, loaded: LoadedPack) -> None:
        """Have a pack answer in this way from the next study on."""
        with self._lock:
            if loaded.pack.sha256 in self._current:
                self._current[loaded.pack.sha256] = loaded

    def renew(self, pack: Pack) -> None:
        """Have a pack that is loaded answer from the next study on as it was measured to be best.

        Raises:
            PackError, EngineError: see ``load_first``; what answered so far goes on.
        """
        with self._lock:
            current = self._current.get(pack.sha256)
        if current is None:
            return
        choices = choices_of(pack, self._asked, self._tuned(pack))
        best = next(one for one in choices if one.device == CPU)
        if current.engine.device == CPU and current.choice != best:
            self.take(load_first(pack, [one for one in choices if one.device == CPU]))
        self._begin_takeover(pack, choices[0])

    def fall_back(self, failed: LoadedPack, error: Exception) -> LoadedPack:
        """Have the processor answer in a device's place from now on, for studies that were begun too.

        Returns what the image is to be looked at again with.

        Raises:
            PackError, EngineError: the processor does not do it either.
        """
        pack, device = failed.pack, failed.engine.device
        choice = Choice(engine=failed.engine.name, precision=failed.precision, device=device)
        if self._takeover is not None:
            self._takeover.failed(pack, choice, error)
        with self._loading:
            current = self._current.get(pack.sha256)
            if current is None or current is failed or current.engine.device != CPU:
                asked = replace(self._asked, device=CPU)
                current = load_first(pack, choices_of(pack, asked, self._tuned(pack)))
        after = replace(current, replaced=Replaced(wanted=choice.device_key, case="device_out"))
        with self._lock:
            self._current[pack.sha256] = after
            for key, begun in self._begun.items():
                if begun is failed:
                    self._begun[key] = after
        return replace(current, replaced=Replaced(wanted=choice.device_key, case="device"))

    def _load(self, pack: Pack) -> None:
        """Load what the processor does best; a device that does better takes over when it is ready."""
        choices = choices_of(pack, self._asked, self._tuned(pack))
        loaded = load_first(pack, [one for one in choices if one.device == CPU])
        if not self._begin_takeover(pack, choices[0]) and split_key(self._asked.device) is not None:
            loaded = replace(loaded, replaced=Replaced(wanted=choices[0].device_key, case="device_out"))
        self._current[pack.sha256] = loaded

    def _begin_takeover(self, pack: Pack, choice: Choice) -> bool:
        if choice.device == CPU or self._takeover is None or not self._takeover.usable(pack, choice):
            return False
        self._takeover.begin(pack, choice, self.take)
        return True
