"""The table of packs that have a recipe, and what each recipe can do."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from training import recipes


class Recipe(Protocol):
    """How one pack is made and measured; `models` is the folder of finished packs."""

    def train(self, work: Path, models: Path, resume: bool) -> Path:
        """Train, with checkpoints in `work`; return the weights' file."""

    def build(self, weights: Path, models: Path) -> None:
        """Write the pack's folder in `models`, its card and figures left out."""

    def measure(self, models: Path) -> dict[str, Any]:
        """Return every figure of the card."""

    def card(self, measured: dict[str, Any]) -> str:
        """Return the card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A recipe whose steps are functions of its own."""

    pack: str
    trained: Callable[[Path, Path, bool], Path]
    built: Callable[[Path, Path], None]
    measured: Callable[[Path], dict[str, Any]]
    written: Callable[[dict[str, Any]], str]

    def train(self, work: Path, models: Path, resume: bool) -> Path:
        """Train, with checkpoints in `work`; return the weights' file."""
        return self.trained(work, models, resume)

    def build(self, weights: Path, models: Path) -> None:
        """Write the pack's folder in `models`."""
        self.built(weights, models)

    def measure(self, models: Path) -> dict[str, Any]:
        """Return every figure of the card."""
        return self.measured(models)

    def card(self, measured: dict[str, Any]) -> str:
        """Return the card."""
        return self.written(measured)


def _table() -> dict[str, str]:
    """Return the module of each pack's recipe: each file in `training/recipes` is one."""
    names = [module.name for module in pkgutil.iter_modules(recipes.__path__)]
    return {name.replace("_", "-"): f"{recipes.__name__}.{name}" for name in sorted(names)}


def pack_ids() -> tuple[str, ...]:
    """Return the packs that have a recipe."""
    return tuple(_table())


def recipe_of(pack: str) -> Recipe:
    """Return a pack's recipe; its module, with all that it needs, is loaded only now."""
    recipe: Recipe = importlib.import_module(_table()[pack]).RECIPE
    return recipe
