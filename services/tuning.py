"""This computer's engines and devices: which there are, which is trusted, which is the fastest for a pack."""

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.clock import Clock, SystemClock
from core.errors import FarlightError
from core.wording import has_sentence, say
from services.places import profile_folder
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if

if TYPE_CHECKING:
    from inference.choices import Choice
    from inference.packs import Pack
    from inference.processor import Processor
    from inference.tuning import Tuning

_log = logging.getLogger(__name__)
AUTO, CPU = "auto", "CPU"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEntry:
    """A device as a list shows it; ``trouble`` is a sentence where something failed on it."""

    key: str
    name: str
    trouble: str = ""


class Taker(Protocol):
    """Who runs packs, and takes a better way between studies."""

    @property
    def looking(self) -> bool:
        """Whether an image is being looked at."""
        ...

    def to_tune(self) -> "tuple[Pack, ...]":
        """Return the packs that may look at an image."""
        ...

    def renew(self, pack: "Pack") -> None:
        """Take the way that was measured to be best."""
        ...


class Tuner:
    """What is known of this computer's engines and devices, and how more is learned in the background."""

    def __init__(self, folder: Path | None, clock: Clock | None = None, *, rounds: int | None = None) -> None:
        """Read what is known from the profile's cache ``folder``; None keeps it while the program runs."""
        from inference.compiled import CompiledCache
        from inference.devices import DeviceMemory
        from inference.takeover import Takeover
        from inference.tuning import ROUNDS, TuningMemory

        self._clock = clock or SystemClock()
        self._rounds = ROUNDS if rounds is None else rounds
        self.devices = DeviceMemory(None if folder is None else folder / "devices.json", self._clock)
        self.measured = TuningMemory(None if folder is None else folder / "tuning.json", self.devices)
        self._cache = None if folder is None else CompiledCache(folder / "compiled")
        self.takeover = Takeover(self.devices, self._cache)
        self._turn = threading.Lock()

    def choice(self, pack: "Pack") -> "Choice | None":
        """Return the fastest way to run a pack that was found on this computer, or None while none was."""
        return self.measured.choice(pack)

    def entries(self) -> tuple[DeviceEntry, ...]:
        """Return the devices that may be chosen, by the name that a person knows; the processor first."""
        from inference.processor import this_processor

        failures = {one.device: trouble_words(one.reason, one.pack) for one in self.devices.failures()}
        processor = DeviceEntry(key=CPU, name=this_processor().model)
        return (
            processor,
            *(
                DeviceEntry(key=one.key, name=one.name, trouble=failures.get(one.key, ""))
                for one in self.devices.devices()
            ),
        )

    def troubles(self) -> tuple[str, ...]:
        """Return a sentence for each engine whose devices could not even be listed."""
        return tuple(
            say(
                "engines.trouble.listing",
                engine=one.device.partition(":")[0],
                why=trouble_words(one.reason, ""),
            )
            for one in self.devices.failures()
            if one.device.endswith(":*")
        )

    def learn(
        self,
        taker: Taker,
        *,
        again: bool = False,
        progress: Report = nobody_listens,
        cancelled: IsCancelled = never,
    ) -> "tuple[Tuning, ...]":
        """List the devices and measure the packs of which nothing holds; ``again`` measures all.

        It waits while an image is being looked at. What fails is logged, and the default goes on.

        Raises:
            Cancelled: ``cancelled`` said so; what was measured so far is kept.
        """
        with self._turn:
            self.find_devices(cancelled=cancelled)
            packs = [one for one in taker.to_tune() if again or self.measured.find(one) is None]
            found = []
            for number, pack in enumerate(packs):
                stop_if(cancelled)
                progress(Progress(stage="measuring", done=number, total=len(packs), item=pack.id))
                try:
                    found.append(self.tune(pack, busy=lambda: taker.looking, cancelled=cancelled))
                    taker.renew(pack)
                except FarlightError as error:
                    stop_if(cancelled)
                    _log.warning("%s could not be measured: %s %s", pack.id, error.code, error.detail)
            return tuple(found)

    def tune(
        self,
        pack: "Pack",
        *,
        busy: Callable[[], bool] = never,
        cancelled: IsCancelled = never,
        told: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> "Tuning":
        """Measure one pack and remember what came of it.

        Raises:
            Cancelled: ``cancelled`` said so.
            FarlightError: the pack is not what it must be.
        """
        from inference.tuning import tune

        tuning = tune(
            pack,
            devices=[one for one in self.devices.devices() if self.may_try(one.key, pack)],
            clock=self._clock,
            rounds=self._rounds,
            busy=busy,
            cancelled=cancelled,
            told=told,
            cache=self._cache,
        )
        self._remember_devices(tuning, pack)
        self.measured.keep(tuning)
        return tuning

    def prove(self, pack: "Pack", choice: "Choice", *, cancelled: IsCancelled = never) -> str:
        """Have a device give a pack's golden answers now, in a child process; return what failed, or ""."""
        from inference.devices import prove_device

        device = self.devices.find(choice.device_key)
        versions = device.versions if device else ""
        kept = nullcontext(None) if self._cache is None else self._cache.entry(pack, choice, versions)
        with kept as folder:
            failure = prove_device(pack, choice, self.devices, cache=folder, cancelled=cancelled)
        return "" if failure is None else trouble_words(failure.reason, "")

    def find_devices(self, *, cancelled: IsCancelled = never) -> None:
        """List the devices, once for each start of the program.

        Raises:
            Cancelled: ``cancelled`` said so.
        """
        from inference.devices import list_devices

        if not self.devices.listed_now:
            list_devices(self.devices, cancelled=cancelled)

    def try_failed_again(self) -> None:
        """Let what failed be tried again."""
        self.devices.forget_failures()

    def stop(self) -> None:
        """End what runs in the background, and every use of a device: the work, or the program, ends."""
        self.takeover.stop()

    def forgive(self, process: int) -> None:
        """Count no use of a device against it that ended because a helper was ended on purpose."""
        self.devices.forgive(process)

    def may_try(self, key: str, pack: "Pack") -> bool:
        """Whether nothing is known against a device for a pack."""
        from inference.choices import Choice, split_key

        named = split_key(key)
        if named is None:
            return False
        choice = Choice(engine=named[0], precision="fp32", device=named[1])
        return self.devices.failure_of(choice, pack) is None

    def _remember_devices(self, tuning: "Tuning", pack: "Pack") -> None:
        """Remember which devices gave the golden answers, and which did in no precision."""
        on_devices: dict[str, list[bool]] = {}
        for one in tuning.measured:
            if one.choice.device == CPU:
                continue
            on_devices.setdefault(one.choice.device_key, []).append(one.trusted)
            if one.trusted:
                self.devices.remember_trusted(one.choice, pack)
        for one in tuning.measured:
            if not any(on_devices.pop(one.choice.device_key, [True])):
                self.devices.remember_failed(one.choice, one.failure, one.error, pack)


def computer_limits(processor: "Processor | None" = None) -> tuple[str, ...]:
    """Return a sentence for each thing that does not work, or works slowly, on this computer."""
    from inference.processor import this_processor

    return tuple(say(f"engines.limit.{limit}") for limit in (processor or this_processor()).limits)


def processor_suffices() -> bool:
    """Whether the program can start on this processor; loads no library that would end it."""
    from inference.processor import suffices

    return suffices()


def limits_unseen(seen: str) -> tuple[str, ...]:
    """Return the sentences on this computer's limits, where they are others than those that were seen."""
    return () if limits_mark() == seen else computer_limits()


def limits_mark() -> str:
    """Return by what this computer's limits are remembered as seen; "" where it has none."""
    from inference.processor import this_processor

    return " ".join(this_processor().limits)


def computer_words(processor: "Processor | None" = None) -> str:
    """Return one sentence: processor, cores, memory, instructions."""
    from inference.processor import this_processor

    one = processor or this_processor()
    features = [name.upper() for name in ("avx2", "avx512", "vnni", "neon") if name in (one.features or ())]
    memory = "?" if one.memory_bytes is None else f"{one.memory_bytes / 1e9:.0f}"
    return say(
        "engines.computer",
        model=one.model,
        cores=one.physical_cores,
        memory=memory,
        features=", ".join(features) or say("engines.no_features"),
    )


def trouble_words(reason: str, pack: str) -> str:
    """Return in a sentence why a device is not used."""
    key = f"engines.trouble.{reason}"
    words = say(key if has_sentence(key) else "engines.trouble.failed")
    return f"{words} ({pack})" if pack else words


def is_device(key: str) -> bool:
    """Whether a text names a device: ``auto``, ``CPU``, or engine and device such as ``openvino:GPU``."""
    from inference.choices import AUTO, split_key

    return key in (AUTO, CPU) or split_key(key) is not None


def why_processor(wanted: str, tuner: Tuner | None, *, cancelled: IsCancelled = never) -> str:
    """Return in a sentence why the processor answers in place of the device asked for; "" if it need not.

    The devices are listed where they were not since the program started.

    Raises:
        Cancelled: ``cancelled`` said so.
    """
    from inference.choices import AUTO

    if wanted in (AUTO, CPU) or tuner is None:
        return ""
    tuner.find_devices(cancelled=cancelled)
    entries = tuner.entries()
    entry = next((one for one in entries if one.key == wanted), None)
    if entry is None:
        return say("engines.trouble.not_here", device=wanted, names=", ".join(one.key for one in entries))
    return say("engines.trouble.stands_in", device=entry.name, why=entry.trouble) if entry.trouble else ""


def way_words(choice: "Choice", devices: Iterable[DeviceEntry] = ()) -> str:
    """Return a way of running in words: engine, precision, device, threads."""
    names = {one.key: one.name for one in devices}
    engine = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime"}[choice.engine]
    if choice.device == CPU:
        where = say("engines.processor")
        return f"{engine} {choice.precision.upper()}, {where}, {_cores_words(choice.threads)}"
    return f"{engine} {choice.precision.upper()}, {names.get(choice.device_key, choice.device)}"


def _cores_words(threads: int | None) -> str:
    from inference.processor import this_processor

    if threads == 1:
        return say("engines.one_core")
    if threads is None or threads >= this_processor().physical_cores:
        return say("engines.all_cores")
    return say("engines.some_cores", cores=threads)


def tuner_of_profile(clock: Clock | None = None) -> Tuner | None:
    """Return what is known of this computer in the profile that was named, or None without one."""
    folder = profile_folder()
    return None if folder is None else Tuner(cache_folder(folder), clock)


def cache_folder(profile: Path) -> Path:
    """Return where a profile keeps what can be learned again, without anything of a patient."""
    return profile / "cache" / "engines"
