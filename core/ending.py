"""The end of the program while a library still works in a thread that cannot be stopped."""

import atexit
import logging
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn

UNSTOPPABLE = "device"
"""The name of a thread that may be inside a driver for minutes."""


def end_program(status: int) -> NoReturn:
    """End the program with a status.

    An interpreter that ends under a thread inside a driver aborts when the driver returns. Where there is
    such a thread, all that is due at the end is done, and the process ends without waiting for it.
    """
    if any(one.name == UNSTOPPABLE for one in threading.enumerate()):
        atexit._run_exitfuncs()
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(status)
    sys.exit(status)
