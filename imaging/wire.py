"""The messages between Farlight and its child processes: a JSON header and plain bytes, never pickles."""

import json
import os
import struct
import sys
from typing import Any, BinaryIO

_PREFIX = struct.Struct("<IQ")
_LONGEST_HEADER = 1 << 20


class WireError(Exception):
    """The other side ended, or said something that is not a message."""


def send(stream: BinaryIO, header: dict[str, Any], payload: bytes | memoryview) -> None:
    """Write one message."""
    text = json.dumps(header).encode()
    stream.write(_PREFIX.pack(len(text), len(payload)))
    stream.write(text)
    stream.write(payload)
    stream.flush()


def receive(stream: BinaryIO, most_bytes: int) -> tuple[dict[str, Any], bytearray]:
    """Read one message.

    Raises:
        WireError: the stream ended, or the message is malformed or larger than ``most_bytes``.
    """
    header_bytes, payload_bytes = _PREFIX.unpack(_exactly(stream, _PREFIX.size))
    if header_bytes > _LONGEST_HEADER or payload_bytes > most_bytes:
        raise WireError("message too large")
    try:
        header = json.loads(_exactly(stream, header_bytes))
    except ValueError as error:
        raise WireError("header is not JSON") from error
    if not isinstance(header, dict):
        raise WireError("header is not a table")
    return header, _exactly(stream, payload_bytes)


def take_standard_streams(*, silent: bool) -> tuple[BinaryIO, BinaryIO]:
    """Return what a child reads and writes; from then on nothing that a library prints gets between.

    ``silent`` shuts standard error as well.
    """
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(0, os.O_BINARY)
        msvcrt.setmode(1, os.O_BINARY)
    requests = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
    answers = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2) if silent else (0, 1):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    return requests, answers


def _exactly(stream: BinaryIO, count: int) -> bytearray:
    content = bytearray(count)
    view = memoryview(content)
    done = 0
    while done < count:
        got = stream.readinto(view[done:])  # type: ignore[attr-defined]
        if not got:
            raise WireError("stream ended")
        done += got
    return content
