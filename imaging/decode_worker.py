"""The decoder's own process: reads messages on standard input, answers on standard output.

It is started by ``imaging.decode``; in the frozen application through ``main.py``, whose very first act is to
call ``main()`` when its first argument is ``--farlight-decoder``. It imports neither Qt nor an engine.
"""

import os
import signal
import sys
from typing import Any

from core.child import limit_memory
from imaging import wire

ARGUMENT = "--farlight-decoder"
_MOST_REQUEST_BYTES = 8 << 30


def main() -> int:
    """Answer requests until standard input ends; return the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the application, which then ends its input
    requests, answers = wire.take_standard_streams(silent=True)
    limit_memory(int(os.environ.get("FARLIGHT_DECODER_BYTES", "0")))
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


if __name__ == "__main__":
    sys.exit(main())
