"""The recipe common to packs that score whole pictures: own pictures beside strangers, one loss for both."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.model_facts import FigureUnit
from evaluation.card_tables import UNITS
from evaluation.figures import area_under_curve
from inference import preprocess
from training import augment
from training.card import scores_card
from training.card_words import CardWords
from training.data import Bytes, stretched_bytes
from training.gates import Bound
from training.networks import PictureNet
from training.samples import Part, Sample, parts_of, truth_of
from training.trainer import Schedule, train

log = logging.getLogger(__name__)

OWN, OTHER = 0, 1
SENSES = ("upright", "other")
"""What the network says of a picture's kind: one that the pack is for (however it lies), or another."""
Bank = Callable[[], Mapping[str, Bytes]]


def no_notes(_measured: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sections of a card that has no further ones."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """What one recipe says: data, split, shape, augmentation, targets. The rest is common to all."""

    manifest: Mapping[str, Any]
    """`pack.toml` but for what is measured: labels, limits, familiarity, tolerance, figures."""
    label: Mapping[str, Any]
    """Code, title and coding of the finding."""
    samples: Callable[[], Sequence[Sample]]
    part_of: Callable[[Sample], Part]
    strangers: Bank
    """Kinds trained on, as (image, row, column) bytes."""
    strangers_apart: Bank
    """Kinds that only the evaluation sees."""
    golden: Callable[[], Sequence[Bytes]]
    """Drawn pictures for the self-test: no patient's."""
    bounds: tuple[Bound, ...]
    schedule: Schedule
    moves: augment.Geometry
    lights: augment.Photometry
    widths: tuple[int, int, int] = (16, 32, 64)
    padding: str = "reflection"
    batch: int = 48
    strange: int = 16
    smoothing: float = 0.02
    points: Mapping[str, float] = field(
        default_factory=lambda: {"sensitivity-95": 0.95, "sensitivity-90": 0.9}
    )
    """Operating points by the sensitivity that they are chosen for; the first is in force."""
    features: Mapping[str, Callable[[Sequence[Sample]], NDArray[np.float64]]] = field(default_factory=dict)
    """What a linear model reads beside the network, by name: (image, number), such as colours without "
    "shapes."""
    words: CardWords
    unit: FigureUnit = "patients"
    """What the samples' units are."""
    measure_more: Callable[[Path, dict[str, Any]], dict[str, Any]] | None = None
    """Adds what this pack alone is measured for."""
    notes: Callable[[Mapping[str, Any]], tuple[str, ...]] = no_notes
    """The card's sections on it."""

    def train(self, work: Path, models: Path, resume: bool) -> Path:
        """Train on the training part; return the weights' file."""
        del models
        return train_weights(self, work, resume=resume)

    def build(self, weights: Path, models: Path) -> None:
        """Write the pack's folder, its card and figures left out."""
        from training import classify_pack

        classify_pack.build(self, weights, models / self.pack)

    def measure(self, models: Path) -> dict[str, Any]:
        """Return every figure of the card."""
        from training import classify_measure

        measured: dict[str, Any] = classify_measure.measure(self, models)
        if self.unit != "patients":
            measured["unit"] = self.unit
        return self.measure_more(models, measured) if self.measure_more else measured

    def card(self, measured: dict[str, Any]) -> str:
        """Return the card."""
        return scores_card(self.manifest, self.words, measured, notes=self.notes(measured))

    @property
    def family(self) -> str:
        """What the samples' units are, in words."""
        return UNITS[self.unit]

    @property
    def pack(self) -> str:
        """The pack's id."""
        return str(self.manifest["id"])

    @property
    def size(self) -> int:
        """Pixels a side that the network reads."""
        return int(self.manifest["input"]["size"][0])

    @property
    def percentiles(self) -> tuple[float, float]:
        """The grey percentiles that become 0 and 1."""
        rule = self.manifest["input"]["intensity"]
        return float(rule["low"]), float(rule["high"])


def tensor_of(recipe: Classifier, grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Prepare a picture exactly as the application does: (1, 1, row, column)."""
    low, high = recipe.percentiles
    return preprocess.prepare_whole(grey, size=(recipe.size, recipe.size), low=low, high=high)


def tensors_of(recipe: Classifier, samples: Sequence[Sample]) -> NDArray[np.float32]:
    """Prepare samples exactly as the application does: (image, 1, row, column)."""
    return np.concatenate([tensor_of(recipe, sample.values) for sample in samples])


def train_weights(recipe: Classifier, work: Path, *, resume: bool = False) -> Path:
    """Train on the recipe's training part; return the weights' file."""
    parts = parts_of(recipe.samples(), recipe.part_of)
    own = _cached(recipe, parts["train"])
    truth = torch.from_numpy(truth_of(parts["train"]))
    foreign = torch.from_numpy(np.concatenate(list(recipe.strangers().values())))
    checked, checked_truth = tensors_of(recipe, parts["calibrate"]), truth_of(parts["calibrate"])
    torch.manual_seed(recipe.schedule.seed)
    network = PictureNet(recipe.widths)
    weight = torch.where(truth > 0, (truth > 0).float().mean(), (truth == 0).float().mean()) ** -0.5

    def loss(net: nn.Module, _step: int) -> Tensor:
        index = torch.multinomial(weight, recipe.batch, replacement=True)
        other = torch.randint(len(foreign), (recipe.strange,))
        return _loss(recipe, net, own[index], truth[index].float(), foreign[other])

    def report(averaged: nn.Module, step: int) -> None:
        area = area_under_curve(logits_of(averaged, checked), checked_truth)
        log.info("step %d: AUC %.4f on %s that calibrate", step, area, recipe.family)

    checkpoint = work / "weights.pt"
    train(network, loss, recipe.schedule, checkpoint=checkpoint, on_report=report, resume=resume)
    return checkpoint


def drawn(recipe: Classifier, pictures: Tensor, *, flips: bool = True) -> Tensor:
    """Return (image, 1, size, size) of bytes, moved and lit as the recipe says.

    `pictures` is grey (image, row, column), or colour (image, row, column, 3), whose stain is changed first.
    """
    x = pictures[:, None].float() / 255 if pictures.ndim == 3 else augment.restained(pictures)
    if flips:
        mirrored = torch.rand(len(x)) < 0.5
        x[mirrored] = x[mirrored].flip(-1)
    low, high = recipe.percentiles
    moved = augment.sample(
        x, augment.sampling_grid(len(x), recipe.size, recipe.moves), padding=recipe.padding
    )
    return augment.stretched(augment.photometry(moved, recipe.lights), low=low, high=high, step=2)


@torch.no_grad()
def logits_of(network: nn.Module, tensors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the network's logit for each prepared picture."""
    parts = [network(torch.from_numpy(tensors[i : i + 64]))[0][:, 0] for i in range(0, len(tensors), 64)]
    return torch.cat(parts).double().numpy()


def _cached(recipe: Classifier, samples: Sequence[Sample]) -> Tensor:
    """Hold the pictures (in colour where known) at about the size that is read, or a little larger."""
    side = min(max(samples[0].grey.shape[0], recipe.size), round(recipe.size * 1.25))
    sources = [sample.grey if sample.colour is None else sample.colour for sample in samples]
    return torch.from_numpy(np.stack([stretched_bytes(source, side) for source in sources]))


def _loss(recipe: Classifier, net: nn.Module, own: Tensor, truth: Tensor, foreign: Tensor) -> Tensor:
    x = torch.cat([drawn(recipe, own), drawn(recipe, foreign)])
    logits, _, sense, _ = net(x.contiguous(memory_format=torch.channels_last))
    wanted = truth * (1 - 2 * recipe.smoothing) + recipe.smoothing
    kinds = torch.tensor([OWN] * len(own) + [OTHER] * len(foreign))
    return functional.binary_cross_entropy_with_logits(
        logits[: len(own), 0].float(), wanted
    ) + 0.3 * functional.cross_entropy(sense.float(), kinds)
