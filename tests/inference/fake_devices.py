"""A child that has devices of its own: one works, one is slow, one answers wrongly, one hangs, one crashes.

Started as a process of its own in place of ``inference.probe``; it is no part of the program.
"""

import os
import time
from pathlib import Path

from core.errors import DeviceMissingError
from core.result import EngineName
from inference.choices import Choice
from inference.engine import CPU, Batch, Engine, Outputs
from inference.loaded import open_choice
from inference.packs import Pack
from inference.probe import Found, serve

DEVICES = ("GOOD", "SLOW", "WRONG", "HANGS", "CRASHES", "REFUSES")
SILENT_S = 3600.0
LISTING_VARIABLE = "FAKE_LISTING"
"""Names how the listing of OpenVINO's devices ends: crashes, hangs; else it goes well."""
CRASHING_VARIABLE = "FAKE_CRASHING"
"""Names a way on the processor, as ``onnxruntime int8``, that crashes when it is loaded."""


class Wrong:
    """An engine whose answers are too large by one."""

    def __init__(self, engine: Engine, device: str, *, by: float = 0.0, slower_s: float = 0.0) -> None:
        self._engine, self._by, self._slower_s = engine, by, slower_s
        self.name, self.device = engine.name, device
        self.inputs, self.outputs = engine.inputs, engine.outputs

    def run(self, batch: Batch) -> Outputs:
        """Return what the processor says, later and larger."""
        time.sleep(self._slower_s)
        return {name: values + self._by for name, values in self._engine.run(batch).items()}


class Fakes:
    """Devices that need no hardware."""

    def devices(self, engine: EngineName) -> tuple[Found, ...]:
        """Return them as devices of OpenVINO."""
        if engine != "openvino":
            return ()
        how = os.environ.get(LISTING_VARIABLE, "")
        if how == "crashes":
            os.abort()
        if how == "hangs":
            time.sleep(SILENT_S)
        driver = os.environ.get("FAKE_DRIVER", "driver 1")
        return tuple(
            Found(engine=engine, device=name, name=f"Fake {name.lower()} processor", driver=driver)
            for name in DEVICES
        )

    def open(self, pack: Pack, choice: Choice, cache: Path | None) -> Engine:
        """Load a network on the processor, and let it pass for the device."""
        named = f"{choice.engine} {choice.precision}"
        if choice.device == "CRASHES" or named == os.environ.get(CRASHING_VARIABLE):
            os.abort()
        if choice.device == "HANGS":
            time.sleep(SILENT_S)
        if choice.device == "REFUSES":
            raise DeviceMissingError("the driver says no")
        on_processor = Choice(engine=choice.engine, precision=choice.precision, threads=1)
        engine = open_choice(pack, on_processor).engine
        if choice.device == CPU:
            return engine
        wrong = 1000.0 if choice.device == "WRONG" else 0.0
        return Wrong(engine, choice.device, by=wrong, slower_s=0.05 if choice.device == "SLOW" else 0.0)


if __name__ == "__main__":
    raise SystemExit(serve(Fakes()))
