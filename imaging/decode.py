"""Decodes compressed content in a supervised child process, so that hostile input can at most end the child.

The child is ``imaging.decode_worker``. It is started on first use (or early by ``warm_up``), kept, limited in
memory and time, and started again after its death.
"""

import atexit
import subprocess
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.child import start_child, streams_of
from core.errors import (
    DamagedImageError,
    DecoderFailedError,
    FarlightError,
    TooLargeError,
    UnsupportedPixelsError,
)
from imaging import decode_worker, limits, wire

_START_TIMEOUT_S = 60.0
_BASE_TIMEOUT_S = 20.0
_SECONDS_PER_BYTE = 1 / (1 << 20)
_WORKER_BASE_BYTES = 2 << 30
_ERRORS: dict[str, type[FarlightError]] = {
    error.code: error for error in (DamagedImageError, UnsupportedPixelsError, TooLargeError)
}


class Decoder:
    """One child process and the lock that lets one request at a time through."""

    def __init__(self, *, timeout_s: float = _BASE_TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def warm_up(self) -> None:
        """Start the child now, so that the first image does not wait for it."""
        with self._lock:
            self._require_child()

    def decode(self, codec: str, content: bytes, **parameters: Any) -> tuple[NDArray[Any], dict[str, Any]]:
        """Return the decoded array and what the codec learned about it.

        Raises:
            DamagedImageError: the content is damaged.
            UnsupportedPixelsError: the content is coded in a way that no codec knows.
            TooLargeError: the content claims more than this computer may hold.
            DecoderFailedError: the child died or ran out of time.
        """
        most_bytes = int(parameters.setdefault("most_bytes", limits.image_budget_bytes() // 4))
        with self._lock:
            child = self._require_child()
            timeout_s = self._timeout_s + len(content) * _SECONDS_PER_BYTE
            try:
                header, payload = self._ask(
                    child, timeout_s, {"codec": codec, **parameters}, content, most_bytes
                )
            except (OSError, wire.WireError) as error:
                self._stop()
                raise DecoderFailedError(codec) from error
        if "error" in header:
            raise _ERRORS.get(str(header["error"]), DamagedImageError)(str(header.get("detail", "")))
        return _array(header, payload), header

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._stop()

    def _ask(
        self,
        child: "subprocess.Popen[bytes]",
        timeout_s: float,
        header: dict[str, Any],
        content: bytes,
        most: int,
    ) -> tuple[dict[str, Any], bytearray]:
        requests, answers = streams_of(child)
        watchdog = threading.Timer(timeout_s, child.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            wire.send(requests, header, content)
            return wire.receive(answers, most)
        finally:
            watchdog.cancel()
            watchdog.join()

    def _require_child(self) -> "subprocess.Popen[bytes]":
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._stop()
        self._child = _start()
        watchdog = threading.Timer(_START_TIMEOUT_S, self._child.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            wire.receive(streams_of(self._child)[1], 0)
        except (OSError, wire.WireError) as error:
            self._stop()
            raise DecoderFailedError("did not start") from error
        finally:
            watchdog.cancel()
            watchdog.join()
        return self._child

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for stream in streams_of(child):
            try:
                stream.close()
            except OSError:
                continue


def _start() -> "subprocess.Popen[bytes]":
    budget = _WORKER_BASE_BYTES + limits.image_budget_bytes()
    return start_child(
        "imaging.decode_worker",
        decode_worker.ARGUMENT,
        stderr=subprocess.DEVNULL,
        FARLIGHT_DECODER_BYTES=str(budget),
    )


def _array(header: dict[str, Any], payload: bytearray) -> NDArray[Any]:
    try:
        shape = tuple(int(size) for size in header["shape"])
        return np.frombuffer(payload, np.dtype(str(header["dtype"]))).reshape(shape)
    except (KeyError, TypeError, ValueError) as error:
        raise DecoderFailedError("answer does not fit") from error


_shared = Decoder()
atexit.register(_shared.close)


def warm_up() -> None:
    """Start the shared decoder in good time; call it from a background task."""
    _shared.warm_up()


def decode(codec: str, content: bytes, **parameters: Any) -> tuple[NDArray[Any], dict[str, Any]]:
    """Decode with the shared decoder; see ``Decoder.decode``."""
    return _shared.decode(codec, content, **parameters)
