"""The network of `cardiac-cine`: plain convolutions, most of them at half the input's size."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks import ConvBlock, Familiarity, Merge, ResidualBlock

CLASSES = 4
"""Background, right ventricle, myocardium, left ventricle."""


class CineNet(nn.Module):
    """A U-Net with skips by addition whose body works on 2x2 blocks of pixels.

    Input (image, 3, size, size) in 0..1: the slice before, the slice itself, the slice after. Outputs: class
    logits (image, 4, size, size); coarse class logits (image, 4, size / 4, size / 4), which only the training
    uses; pooled features (image, features).
    """

    def __init__(self, widths: tuple[int, int, int, int] = (32, 64, 96, 128), fine: int = 16) -> None:
        super().__init__()
        one, two, three, four = widths
        self.shallow = ConvBlock(3, fine)
        self.stem = nn.Sequential(ConvBlock(12, one), ConvBlock(one, one))
        self.down2 = nn.Sequential(ConvBlock(one, two, 2), ResidualBlock(two, two))
        self.down3 = nn.Sequential(ConvBlock(two, three, 2), ResidualBlock(three, three))
        self.down4 = nn.Sequential(
            ConvBlock(three, four, 2), ResidualBlock(four, four), ResidualBlock(four, four)
        )
        self.up3 = Merge(four, three)
        self.mix3 = ConvBlock(three, three)
        self.up2 = Merge(three, two)
        self.mix2 = ConvBlock(two, two)
        self.up1 = Merge(two, one)
        self.mix1 = ConvBlock(one, one)
        self.spread = nn.Conv2d(one, fine * 4, 1)
        self.last = ConvBlock(fine, fine)
        self.head = nn.Conv2d(fine, CLASSES, 1)
        self.coarse_head = nn.Conv2d(two, CLASSES, 1)
        self.features = two + three + four

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the outputs as the class describes them."""
        a = self.stem(functional.pixel_unshuffle(x, 2))
        b = self.down2(a)
        c = self.down3(b)
        d = self.down4(c)
        up3 = self.mix3(self.up3(d, c))
        up2 = self.mix2(self.up2(up3, b))
        up1 = self.mix1(self.up1(up2, a))
        fine = functional.pixel_shuffle(self.spread(up1), 2)
        logits = self.head(self.last(fine + self.shallow(x)))
        pooled = torch.cat([level.mean((2, 3)) for level in (b, c, d)], 1)
        return logits, self.coarse_head(up2), pooled


class CinePack(nn.Module):
    """What `cardiac-cine` ships: class probabilities, and the distance to the training images.

    Probabilities are (image, 3, size, size): right ventricle, myocardium, left ventricle.
    """

    OUTPUTS = ("masks", "familiarity")

    def __init__(self, network: CineNet) -> None:
        super().__init__()
        self.network = network
        self.familiarity = Familiarity(network.features)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs as the class describes them."""
        logits, _, pooled = self.network(x)
        return logits.softmax(1)[:, 1:], self.familiarity(pooled)
