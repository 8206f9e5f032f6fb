"""Child processes of this program: started once more as another module, and held to some memory."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO


def start_child(
    module: str, argument: str, *, stderr: int | None = None, **environment: str
) -> "subprocess.Popen[bytes]":
    """Start this program once more as ``module``; the frozen one knows it by ``argument``.

    It stands in a group of its own: Ctrl-C in a terminal is for the program, which then ends its children.
    """
    root = str(Path(__file__).resolve().parent.parent)
    variables = {**os.environ, **environment}
    if getattr(sys, "frozen", False):
        command = [sys.executable, argument]
    else:
        command = [sys.executable, "-P", "-m", module]
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    return subprocess.Popen(  # noqa: S603  our own program
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=variables,
        process_group=None if sys.platform == "win32" else 0,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def streams_of(child: "subprocess.Popen[bytes]") -> tuple[BinaryIO, BinaryIO]:
    """Return what a child reads, and what it writes."""
    assert child.stdin is not None
    assert child.stdout is not None
    return child.stdin, child.stdout  # type: ignore[return-value]


def leave_the_end_to_the_program() -> None:
    """Have this child outlive Ctrl-C, a log-out and a closed terminal: the program hears of them and ends it.

    It ends by itself once the program is gone, and a kill still ends it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def limit_memory(most_bytes: int) -> None:
    """Let this process take no more memory than so many bytes (0: no limit), and leave no core file."""
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
