"""The loop common to all recipes.

Bf16 on the processor, one-cycle rate, averaged weights, checkpoints and a log.
"""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long and how fast to train."""

    steps: int
    stop: int | None = None
    """Step at which to leave the schedule early."""
    rate: float = 3e-3
    weight_decay: float = 1e-3
    average: float = 0.997
    report_every: int = 100
    seed: int = 20261122


class AveragedWeights:
    """An exponential moving average of a network's parameters and buffers: the network that is kept."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval()
        self._decay = decay
        self._steps = 0

    @torch.no_grad()
    def follow(self, network: nn.Module) -> None:
        """Move a little towards the network (faster in the first steps)."""
        self._steps += 1
        decay = min(self._decay, self._steps / (self._steps + 10))
        for kept, new in zip(self.network.state_dict().values(), network.state_dict().values(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - decay)
            else:
                kept.copy_(new)


def train(
    network: nn.Module,
    loss_of_step: Callable[[nn.Module, int], Tensor],
    schedule: Schedule,
    *,
    checkpoint: Path,
    on_report: Callable[[nn.Module, int], None] | None = None,
    resume: bool = False,
) -> nn.Module:
    """Train and return the averaged network; `loss_of_step(network, step)` draws its own batch.

    The averaged weights are written at each report to a file beside `checkpoint`, which itself appears when
    the training is finished. With `resume` a finished checkpoint is taken instead of training again.
    """
    if resume and checkpoint.is_file():
        log.info("taking the finished %s", checkpoint)
        network.load_state_dict(torch.load(checkpoint))
        return network.eval()
    torch.manual_seed(schedule.seed)
    unfinished = checkpoint.with_suffix(".part.pt")
    network = network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    averaged = AveragedWeights(network, schedule.average)
    optimiser = torch.optim.AdamW(network.parameters(), lr=schedule.rate, weight_decay=schedule.weight_decay)
    one_cycle = torch.optim.lr_scheduler.OneCycleLR
    rates = one_cycle(optimiser, schedule.rate, total_steps=schedule.steps, pct_start=0.15)
    started, total = time.monotonic(), 0.0
    last = schedule.stop or schedule.steps
    for step in range(last):
        with torch.autocast("cpu", torch.bfloat16):
            loss = loss_of_step(network, step)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        rates.step()
        averaged.follow(network)
        total += float(loss.detach())
        if (step + 1) % schedule.report_every == 0 or step + 1 == last:
            seconds = time.monotonic() - started
            mean = total / schedule.report_every
            log.info("step %d of %d, loss %.4f, %.0f s", step + 1, last, mean, seconds)
            total = 0.0
            torch.save(averaged.network.state_dict(), unfinished)
            if on_report is not None:
                on_report(averaged.network, step + 1)
    unfinished.replace(checkpoint)
    return averaged.network
