"""The devices of this computer: listed and tried in child processes, and what failed is remembered."""

import json
import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, get_args

from core.clock import Clock
from core.errors import ProbeError
from core.result import EngineName
from inference.choices import Choice, device_key
from inference.device_use import DeviceUse
from inference.driver_marks import driver_marks
from inference.engine import ENGINES
from inference.packs import Pack
from inference.probe import Found, IsCancelled, Probe, ProbeDiedError, memory_for, never

_log = logging.getLogger(__name__)
LISTING_S = 60.0
TRYING_S = 600.0
"""A graphics or neural processor may compile a network for minutes, the first time."""
_MOST_REMEMBERED = 200
_CRASHES_IN_USE = 2
"""How many runs in a row must have died while a device was in use until the device counts as the reason:
once may have been the power, or somebody who ended it."""
_LIBRARIES: dict[EngineName, str] = {"openvino": "openvino", "onnxruntime": "onnxruntime"}
_NOTHING_BESIDES_THE_PROCESSOR = "*"
_IN_USE = "in-use"
_SCHEMA = "farlight-devices/2"

Reason = Literal["crashed", "too_long", "slow", "drift", "failed", "crashed_in_use"]
"""``slow``: it was not ready within TRYING_S, and may yet be with another driver or on another day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device besides the processor; ``versions`` are those of engine and driver, with its own full name."""

    key: str
    name: str
    versions: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What went wrong with a device; ``pack`` is a pack's id, empty where the device was only listed."""

    device: str
    versions: str
    reason: Reason
    detail: str
    at: str
    pack: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    devices: tuple[Device, ...] = ()
    failures: tuple[Failure, ...] = ()
    trusted: tuple[tuple[str, str, str], ...] = ()
    """Device, versions, sha256 of the pack: the golden answers were right there."""
    listed_with: str = ""


class DeviceMemory:
    """What is known of devices, kept in a file of the profile's cache; without a file while the program runs.

    The file holds no patient data. One that cannot be read counts as empty, one that cannot be written is
    tried again with the next change. Several threads may use it.
    """

    def __init__(self, file: Path | None, clock: Clock) -> None:
        self._file, self._clock = file, clock
        self._lock = threading.Lock()
        self._kept = _read(file)
        self._listed = False
        self._use = DeviceUse(None if file is None else file.with_name(_IN_USE))

    def devices(self) -> tuple[Device, ...]:
        """Return the devices that were listed last."""
        return self._kept.devices

    def find(self, key: str) -> Device | None:
        """Return a device that was listed, or None."""
        return next((one for one in self._kept.devices if one.key == key), None)

    def failures(self) -> tuple[Failure, ...]:
        """Return what failed and is not tried again for now."""
        return self._kept.failures

    @property
    def listed_now(self) -> bool:
        """Whether devices were listed since the program started, and with the engines and drivers of now."""
        return self._listed and not self.outdated

    @property
    def outdated(self) -> bool:
        """Whether devices were never listed with the engines that are installed and the drivers of now."""
        return self._kept.listed_with != listing_conditions()

    def failure_of(self, choice: Choice, pack: Pack) -> Failure | None:
        """Return why a device is not used for a pack, or None where it may be."""
        device = self.find(choice.device_key)
        versions = device.versions if device else ""
        for one in self._kept.failures:
            same_pack = one.sha256 in ("", pack.sha256)
            if one.device == choice.device_key and one.versions == versions and same_pack:
                return one
        return None

    def trusts(self, choice: Choice, pack: Pack) -> bool:
        """Whether a device has given a pack's golden answers, with the versions of now."""
        device = self.find(choice.device_key)
        return device is not None and (_trust_key(device, choice), device.versions, pack.sha256) in (
            self._kept.trusted
        )

    def remember_listed(self, devices: Iterable[Device], failures: Iterable[Failure]) -> None:
        """Keep what was listed; what failed with other versions is forgotten."""
        devices = tuple(devices)
        versions = {(one.key, one.versions) for one in devices}
        with self._lock:
            still = [one for one in self._kept.failures if (one.device, one.versions) in versions]
            self._kept = replace(
                self._kept,
                devices=devices,
                failures=(*still, *failures),
                trusted=tuple(
                    one for one in self._kept.trusted if (one[0].split(" ")[0], one[1]) in versions
                ),
                listed_with=listing_conditions(),
            )
            self._listed = True
            self._write()

    def remember_trusted(self, choice: Choice, pack: Pack) -> None:
        """Keep that a device gave a pack's golden answers."""
        device = self.find(choice.device_key)
        if device is None:
            return
        with self._lock:
            entry = (_trust_key(device, choice), device.versions, pack.sha256)
            trusted = tuple(dict.fromkeys((*self._kept.trusted, entry)))
            self._kept = replace(self._kept, trusted=trusted[-_MOST_REMEMBERED:])
            self._write()

    def remember_failed(self, choice: Choice, reason: Reason, detail: str, pack: Pack | None = None) -> None:
        """Keep that a device failed, with a pack or with all."""
        device = self.find(choice.device_key)
        failure = Failure(
            device=choice.device_key,
            versions=device.versions if device else "",
            reason=reason,
            detail=detail[:200],
            at=self._clock.now().isoformat(timespec="seconds"),
            pack="" if pack is None else pack.id,
            sha256="" if pack is None else pack.sha256,
        )
        _log.warning("device %s: %s %s %s", failure.device, reason, failure.pack, failure.detail)
        with self._lock:
            self._kept = replace(self._kept, failures=(*self._kept.failures, failure)[-_MOST_REMEMBERED:])
            self._write()

    def forget_failures(self) -> None:
        """Let everything be tried again: somebody asked for it."""
        with self._lock:
            self._kept = replace(self._kept, failures=(), listed_with="")
            self._listed = False
            self._write()
        self._use.forget()

    def begin_use(self, choice: Choice) -> bool:
        """Write down that a device is used from now on; False where programs died of it."""
        device = self.find(choice.device_key)
        versions = device.versions if device else ""
        died = self._use.deaths(choice.device_key, versions)
        if died >= _CRASHES_IN_USE:
            self.remember_failed(choice, "crashed_in_use", f"{died} times")
            return False
        self._use.begin(choice.device_key, versions)
        return True

    def end_use(self) -> None:
        """Write down that no device is used any more: the work, or the program, ended in good order."""
        self._use.end()

    def forgive(self, process: int) -> None:
        """Forget what a process was using that was ended on purpose."""
        self._use.forget(process)

    def _write(self) -> None:
        if self._file is None:
            return
        text = json.dumps({"schema": _SCHEMA, **asdict(self._kept)}, indent=1)
        try:
            write_whole(self._file, text.encode())
        except OSError as error:
            _log.warning("what is known of devices could not be kept: %s", type(error).__name__)


def list_devices(
    memory: DeviceMemory,
    *,
    probe: Callable[..., Probe] = Probe,
    seconds: float = LISTING_S,
    cancelled: IsCancelled = never,
) -> tuple[Device, ...]:
    """Ask each engine for its devices, in a child process each, and remember them.

    An engine whose listing killed the child, or hung, is not asked again until its version, a driver or the
    hardware changes, or somebody asks for it: it then has the processor alone.

    Raises:
        Cancelled: ``cancelled`` said so; what was known stays.
    """
    devices: list[Device] = []
    failures: list[Failure] = []
    for engine in ENGINES:
        everything = Choice(engine=engine, precision="fp32", device=_NOTHING_BESIDES_THE_PROCESSOR)
        earlier = _listing_failure(memory, everything)
        if earlier is not None:
            failures.append(earlier)
            continue
        try:
            with probe() as child:
                found = child.devices(engine, seconds=seconds, cancelled=cancelled)
        except ProbeError as error:
            reason: Reason = _reason(error)
            memory.remember_failed(everything, reason, error.detail)
            failed = memory.failures()[-1]
            failures.append(replace(failed, versions=_listing_versions(engine)))
        else:
            devices += [_device(one) for one in found]
    memory.remember_listed(devices, failures)
    return tuple(devices)


def try_device(
    pack: Pack,
    choice: Choice,
    memory: DeviceMemory,
    *,
    cache: Path | None = None,
    probe: Callable[..., Probe] = Probe,
    seconds: float = TRYING_S,
    cancelled: IsCancelled = never,
) -> Failure | None:
    """Have a device give a pack's golden answers in a child process; return why it may not be used, or None.

    What failed is not tried again (``DeviceMemory``), nor is what was right already.

    Raises:
        Cancelled: ``cancelled`` said so.
    """
    earlier = memory.failure_of(choice, pack)
    if earlier is not None or memory.trusts(choice, pack):
        return earlier
    return prove_device(pack, choice, memory, cache=cache, probe=probe, seconds=seconds, cancelled=cancelled)


def prove_device(
    pack: Pack,
    choice: Choice,
    memory: DeviceMemory,
    *,
    cache: Path | None = None,
    probe: Callable[..., Probe] = Probe,
    seconds: float = TRYING_S,
    cancelled: IsCancelled = never,
) -> Failure | None:
    """Do the same whatever is known of the device.

    Raises:
        Cancelled: ``cancelled`` said so.
    """
    try:
        with probe(memory_bytes=memory_for(choice)) as child:
            opened = child.open(pack.folder, choice, seconds=seconds, cache=cache, cancelled=cancelled)
    except ProbeError as error:
        reason = _reason(error)
        memory.remember_failed(choice, "slow" if reason == "too_long" else reason, error.detail, pack)
    else:
        if opened.trusted:
            memory.remember_trusted(choice, pack)
        else:
            memory.remember_failed(choice, "drift", f"{opened.worst_share:.1f} times what is allowed", pack)
    return memory.failure_of(choice, pack)


def engine_versions() -> str:
    """Return the versions of the engines that are installed."""
    return ", ".join(versions_of(engine) for engine in ENGINES)


def listing_conditions() -> str:
    """Return what a list of devices holds for: engines, drivers and hardware, as far as that can be seen."""
    return f"{engine_versions()}, {driver_marks()}"


def versions_of(engine: EngineName) -> str:
    """Return name and version of an engine, without loading it."""
    with suppress(metadata.PackageNotFoundError):
        return f"{engine} {metadata.version(_LIBRARIES[engine])}"
    return f"{engine} -"


def write_whole(file: Path, content: bytes) -> None:
    """Put content in a file's place, so that it is the old one or the new one; a cache needs no more.

    Raises:
        OSError: it could not be written; the old file stands.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = file.with_name(file.name + ".new")
    try:
        partial.write_bytes(content)
        partial.replace(file)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def _device(found: Found) -> Device:
    return Device(
        key=device_key(found.engine, found.device),
        name=found.name,
        versions=" ".join(
            filter(None, (versions_of(found.engine), found.name, found.driver, driver_marks()))
        ),
    )


def _listing_versions(engine: EngineName) -> str:
    return f"{versions_of(engine)} {driver_marks()}"


def _listing_failure(memory: DeviceMemory, choice: Choice) -> Failure | None:
    wanted = _listing_versions(choice.engine)
    return next(
        (one for one in memory.failures() if one.device == choice.device_key and one.versions == wanted), None
    )


def _reason(error: ProbeError) -> Reason:
    if isinstance(error, ProbeDiedError):
        return "too_long" if error.how == "too_long" else "crashed"
    return "failed"


def _trust_key(device: Device, choice: Choice) -> str:
    return f"{device.key} {choice.precision}"


def _read(file: Path | None) -> _Kept:
    """Return what was kept; nothing where anything in it is not what it must be."""
    if file is None:
        return _Kept()
    try:
        said: dict[str, Any] = json.loads(file.read_bytes())
        if said["schema"] != _SCHEMA:
            return _Kept()
        kept = _Kept(
            devices=tuple(Device(**_texts(one)) for one in said["devices"]),
            failures=tuple(Failure(**_texts(one)) for one in said["failures"]),
            trusted=tuple((str(a), str(b), str(c)) for a, b, c in said["trusted"]),
            listed_with=str(said["listed_with"]),
        )
        if any(one.reason not in get_args(Reason) for one in kept.failures):
            raise ValueError
    except FileNotFoundError:
        return _Kept()
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        _log.warning("%s: what is known of devices cannot be read, and is learned anew", ProbeError.code)
        return _Kept()
    return kept


def _texts(plain: dict[str, Any]) -> dict[str, Any]:
    """Return a table whose values are all text.

    Raises:
        ValueError: one is not.
    """
    if not all(isinstance(value, str) for value in plain.values()):
        raise ValueError
    return plain
