"""Keeps the engines from telling their makers anything: Farlight is offline, and says so.

The wheels of both engines report their use over the network unless told otherwise before their first import:
ONNX Runtime from 1.29 on writes a device identifier below the home folder and uploads events; OpenVINO's
Python package sends an event at each import through ``openvino_telemetry``.

Source: ONNX Runtime pull request 27379 and docs/Privacy.md; ``openvino/tools/ovc/__init__.py`` of 2026.4.
"""

import os
import sys


def forbid_telemetry() -> None:
    """Forbid it for this process and those it starts; call it before an engine's library is imported."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # as if it were not installed
