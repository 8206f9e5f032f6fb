"""What the gates said of one image so far: checks in order, and the first refusal."""

from collections.abc import Mapping
from typing import Literal

from core.result import QualityCheck, Refusal, Status
from core.wording import say


class GateLog:
    """Collects checks; the first refusal ends it, unless gates are off and nothing refuses.

    Sentences stand in the wording table under ``inference.<gate>.<case>``.
    """

    def __init__(self, *, use_gates: bool) -> None:
        self._use_gates = use_gates
        self.checks: list[QualityCheck] = []
        self.refusal: Refusal | None = None
        self.not_applicable = False

    @property
    def stopped(self) -> bool:
        """Whether the pack is silent on this image."""
        return self.refusal is not None

    @property
    def status(self) -> Status:
        """What the gates let the pack be."""
        if self.refusal is None:
            return "ok"
        return "not_applicable" if self.not_applicable else "refused"

    def good(self, gate: str, case: str, **values: str) -> None:
        """Note that something was looked at and is as it should be."""
        self._check("good", gate, say(f"inference.{gate}.{case}", **values))

    def note(self, gate: str, case: str, **values: str) -> None:
        """Note something that the reader should know."""
        self._check("note", gate, say(f"inference.{gate}.{case}", **values))

    def tell(self, outcome: Literal["good", "note"], gate: str, text: str) -> None:
        """Note a sentence that stands already in words."""
        self._check(outcome, gate, text)

    def refuse(self, gate: str, case: str, *, asks: tuple[str, ...] = (), **values: str) -> None:
        """Refuse, with the reason and the advice of the wording table; ``asks`` are codes of values."""
        reason = say(f"inference.{gate}.{case}", **values)
        self._check("refused", gate, reason)
        self._end(gate, case, reason, say(f"inference.{gate}.{case}_advice", **values), asks=asks)

    def refuse_always(self, gate: str, case: str, **values: str) -> None:
        """Refuse also where gates are off: there is nothing to answer with."""
        reason = say(f"inference.{gate}.{case}", **values)
        self._check("refused", gate, reason)
        self._end(gate, case, reason, say(f"inference.{gate}.{case}_advice", **values), always=True)

    def not_for_this(self, case: str, *, always: bool = False, **values: str) -> None:
        """Say that the pack is not for such an image; ``always`` holds also where gates are off."""
        reason = say(f"inference.applies.{case}", **values)
        self._check("refused", "applies", reason)
        if self._use_gates or always:
            self.not_applicable = self.not_applicable or not self.stopped
            advice = say(f"inference.applies.{case}_advice", **values)
            self._end("applies", case, reason, advice, always=always)

    def measured(
        self, gate: str, measure: str, value: float, bounds: Mapping[str, float | None], case: str
    ) -> None:
        """Note a measured value; ``case`` is good, low or high."""
        text = say(f"inference.{measure}.{case}")
        refused = case != "good"
        check = QualityCheck(
            name=say(f"inference.{measure}.name"),
            outcome="refused" if refused else "good",
            text=text,
            value=value,
            minimum=bounds.get("minimum"),
            maximum=bounds.get("maximum"),
            gate=gate,
        )
        self.checks.append(check)
        if refused:
            self._end(gate, f"{measure}_{case}", text, say(f"inference.{measure}.{case}_advice"))

    def _check(self, outcome: Literal["good", "note", "refused"], gate: str, text: str) -> None:
        name = say(f"inference.{gate}.name")
        self.checks.append(QualityCheck(name=name, outcome=outcome, text=text, gate=gate))

    def _end(
        self,
        gate: str,
        case: str,
        reason: str,
        advice: str,
        *,
        always: bool = False,
        asks: tuple[str, ...] = (),
    ) -> None:
        if self.refusal is None and (self._use_gates or always):
            self.refusal = Refusal(gate=gate, case=case, reason=reason, advice=advice, fields=asks)
