"""The recipes that made the model packs from public data; needs PyTorch and is never shipped."""

from inference.privacy import forbid_telemetry

forbid_telemetry()
