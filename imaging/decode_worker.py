"""The decoder's own process: reads messages on standard input, answers on standard output.

It is started by ``imaging.decode``; in the frozen application through ``main.py``, whose very first act is to
call ``main()`` when its first argument is ``--farlight-decoder``. It imports neither Qt nor an engine.
"""

import os
import signal
import sys
from typing import Any

from imaging import wire

ARGUMENT = "--farlight-decoder"
_MOST_REQUEST_BYTES = 8 << 30


def main() -> int:
    """Answer requests until standard input ends; return the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the application, which then ends its input
    requests, answers = wire.take_standard_streams(silent=True)
    _limit_memory(int(os.environ.get("FARLIGHT_DECODER_BYTES", "0")))
    from imaging import codecs

    codecs.warm_up()
    wire.send(answers, {"ready": True}, b"")
    while True:
        try:
            header, payload = wire.receive(requests, _MOST_REQUEST_BYTES)
        except wire.WireError:
            return 0
        reply, pixels = _answer(header, payload)
        wire.send(answers, reply, pixels)


def _answer(header: dict[str, Any], payload: bytearray) -> tuple[dict[str, Any], bytes | memoryview]:
    from imaging import claims, codecs

    try:
        return codecs.run(str(header.pop("codec")), payload, header)
    except claims.RefusedError as error:
        return {"error": error.code, "detail": error.detail}, b""
    except MemoryError:
        return {"error": "E107", "detail": "MemoryError"}, b""
    except Exception as error:  # noqa: BLE001  a codec may raise anything on hostile input
        return {"error": "E104", "detail": type(error).__name__}, b""


def _limit_memory(most_bytes: int) -> None:
    if not most_bytes:
        return
    if sys.platform == "win32":
        _limit_memory_windows(most_bytes)
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard != resource.RLIM_INFINITY:
        most_bytes = min(most_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _limit_memory_windows(most_bytes: int) -> None:
    """Put this process into a job object with a memory limit; where that fails it runs without."""
    import ctypes

    class BasicLimits(ctypes.Structure):
        _fields_ = [
            ("process_time", ctypes.c_int64),
            ("job_time", ctypes.c_int64),
            ("flags", ctypes.c_uint32),
            ("least_working_set", ctypes.c_size_t),
            ("most_working_set", ctypes.c_size_t),
            ("active_processes", ctypes.c_uint32),
            ("affinity", ctypes.c_size_t),
            ("priority", ctypes.c_uint32),
            ("scheduling", ctypes.c_uint32),
        ]

    class ExtendedLimits(ctypes.Structure):
        _fields_ = [
            ("basic", BasicLimits),
            ("io_counters", ctypes.c_uint64 * 6),
            ("process_memory", ctypes.c_size_t),
            ("job_memory", ctypes.c_size_t),
            ("peak_process_memory", ctypes.c_size_t),
            ("peak_job_memory", ctypes.c_size_t),
        ]

    limits = ExtendedLimits()
    limits.basic.flags = 0x100  # JOB_OBJECT_LIMIT_PROCESS_MEMORY
    limits.process_memory = most_bytes
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
    if job and kernel.SetInformationJobObject(job, 9, ctypes.byref(limits), ctypes.sizeof(limits)):
        kernel.AssignProcessToJobObject(job, ctypes.c_void_p(kernel.GetCurrentProcess()))


if __name__ == "__main__":
    sys.exit(main())
