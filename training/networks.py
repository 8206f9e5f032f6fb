"""The networks: plain convolutions only (they quantize well), channel counts in multiples of 16."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

INSIDE = 1e-3
"""Grey above which a pixel of a masked input lies inside the lungs."""


class ConvBlock(nn.Sequential):
    """3x3 convolution, batch norm, ReLU."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True),
        )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut (1x1 where the shape changes)."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1) -> None:
        super().__init__()
        self.first = ConvBlock(channels_in, channels_out, stride)
        self.second = nn.Sequential(
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out)
        )
        same = channels_in == channels_out and stride == 1
        self.shortcut: nn.Module = (
            nn.Identity()
            if same
            else nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs as the class describes them."""
        return functional.relu(self.second(self.first(x)) + self.shortcut(x))


class Familiarity(nn.Module):
    """Mahalanobis distance of a feature vector to the training features, per dimension.

    Fitted after training.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.centre: Tensor
        self.whitening: Tensor
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("whitening", torch.eye(features))

    def fit(self, features: Tensor, weights: Tensor | None = None, *, shrinkage: float) -> None:
        """Set centre and whitening from (image, feature).

        With the covariance shrunk towards its mean variance.

        `weights` (image,) says how much each image counts.
        """
        values = features.double()
        weight = torch.ones(len(values)) if weights is None else weights
        share = (weight / weight.sum()).double()
        centre = share @ values
        apart = values - centre
        covariance = apart.T @ (apart * share[:, None])
        level = covariance.diagonal().mean()
        shrunk = (1 - shrinkage) * covariance + shrinkage * level * torch.eye(
            len(centre), dtype=torch.float64
        )
        self.centre.copy_(centre.float())
        self.whitening.copy_(torch.linalg.cholesky(torch.linalg.inv(shrunk)).float())

    def forward(self, features: Tensor) -> Tensor:
        """Return (image, 1) root mean square of the whitened features: about 1 for familiar images."""
        whitened = (features - self.centre) @ self.whitening
        return whitened.square().mean(1, keepdim=True).sqrt()


class LungNet(nn.Module):
    """A small U-Net with skips by addition: lung masks at half the input's size, and the image's sense.

    Input (image, 1, size, size) in 0..1. Outputs: mask logits (image, 2, size / 2, size / 2), patient's
    left first; sense logits (image, 9); pooled features (image, features).
    """

    SENSES = 9

    def __init__(self, widths: tuple[int, int, int, int, int] = (16, 32, 64, 96, 96)) -> None:
        super().__init__()
        one, two, three, four, five = widths
        self.stem = nn.Sequential(ConvBlock(1, one, 2), ConvBlock(one, one))
        self.down2 = nn.Sequential(ConvBlock(one, two, 2), ConvBlock(two, two))
        self.down3 = nn.Sequential(ConvBlock(two, three, 2), ConvBlock(three, three))
        self.down4 = nn.Sequential(ConvBlock(three, four, 2), ConvBlock(four, four), ConvBlock(four, four))
        self.down5 = nn.Sequential(ConvBlock(four, five, 2), ConvBlock(five, five))
        self.up4 = Merge(five, four)
        self.up3 = Merge(four, three)
        self.up2 = Merge(three, two)
        self.up1 = Merge(two, one)
        self.mask_head = nn.Conv2d(one, 2, 1)
        self.sense_head = nn.Sequential(nn.Linear(five * 9, 64), nn.ReLU(), nn.Linear(64, self.SENSES))
        self.features = three + four + five

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the outputs as the class describes them."""
        a = self.stem(x)
        b = self.down2(a)
        c = self.down3(b)
        d = self.down4(c)
        e = self.down5(d)
        masks = self.mask_head(self.up1(self.up2(self.up3(self.up4(e, d), c), b), a))
        sense = self.sense_head(functional.avg_pool2d(e, e.shape[-1] // 3).flatten(1))
        pooled = torch.cat([level.mean((2, 3)) for level in (c, d, e)], 1)
        return masks, sense, pooled


class Merge(nn.Module):
    """Bring a coarse map to a finer one's size and channels, add both, and convolve."""

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(coarse, fine, 1)
        self.mix = ConvBlock(fine, fine)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """Return (image, fine channels, row, column) of the finer map."""
        raised = functional.interpolate(self.reduce(coarse), scale_factor=2, mode="nearest")
        mixed: Tensor = self.mix(raised + fine)
        return mixed


class FindingNet(nn.Module):
    """A small residual network of stride 8 whose class activation map is exact.

    Pooling over what lies inside the lungs (what is not the constant outside), then one linear layer. Input
    (image, 1, size, size) in 0..1, zero outside the lungs. Outputs: logit (image,); map of evidence
    (image, 1, size / 8, size / 8), zero outside the lungs, whose mean is the logit; pooled features.
    """

    STRIDE = 8

    def __init__(self, widths: tuple[int, int, int] = (32, 64, 128), dropout: float = 0.1) -> None:
        super().__init__()
        one, two, three = widths
        self.stem = nn.Sequential(ConvBlock(1, one, 2), ConvBlock(one, one))
        self.body = nn.Sequential(
            ResidualBlock(one, two, 2),
            ResidualBlock(two, two),
            ResidualBlock(two, three, 2),
            ResidualBlock(three, three),
        )
        self.dropout = nn.Dropout(dropout)
        self.weight = nn.Parameter(torch.randn(three) * 0.05)
        self.bias = nn.Parameter(torch.zeros(()))
        self.features = three

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the outputs as the class describes them."""
        maps = self.body(self.stem(x))
        inside = functional.avg_pool2d((x > INSIDE).to(maps.dtype), self.STRIDE)
        share = inside / (inside.mean((2, 3), keepdim=True) + 1e-6)
        pooled = (maps * share).mean((2, 3))
        logit = self.dropout(pooled) @ self.weight + self.bias
        evidence = ((maps * self.weight.view(1, -1, 1, 1)).sum(1, keepdim=True) + self.bias) * share
        return logit, evidence, pooled


class TextureNet(nn.Module):
    """The lower half of a FindingNet, frozen, and one linear layer on the mean and the spread of its maps.

    Outputs like FindingNet's, at size / 4. The spread of a map is the mean of its squared distance from its
    mean, through the spread: so each place has an exact share in it, and the evidence's mean is the logit.
    """

    STRIDE = 4

    def __init__(self, base: FindingNet) -> None:
        super().__init__()
        self.stem, self.lower = base.stem, nn.Sequential(base.body[0], base.body[1])
        self.features = 2 * 64
        self.weight = nn.Parameter(torch.zeros(self.features))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the outputs as FindingNet does."""
        maps = self.lower(self.stem(x))
        inside = functional.avg_pool2d((x > INSIDE).to(maps.dtype), self.STRIDE)
        share = inside / (inside.mean((2, 3), keepdim=True) + 1e-6)
        apart = maps - (maps * share).mean((2, 3), keepdim=True)
        squared = apart * apart
        spread = ((squared * share).mean((2, 3), keepdim=True) + 1e-6).sqrt()
        read = torch.cat([maps, squared / spread], 1)
        evidence = ((read * self.weight.view(1, -1, 1, 1)).sum(1, keepdim=True) + self.bias) * share
        return evidence.mean((1, 2, 3)), evidence, (read * share).mean((2, 3))


class PictureNet(nn.Module):
    """A small residual network that sees whole pictures: scores with exact maps, and own or other.

    Input (image, 1, size, size) in 0..1. Outputs: logits (image, label); maps of evidence (image, label,
    row, column), whose means are the logits; sense logits (image, 2), own or other; pooled features.
    """

    def __init__(
        self, widths: tuple[int, int, int] = (16, 32, 64), *, labels: int = 1, dropout: float = 0.1
    ) -> None:
        super().__init__()
        one, two, three = widths
        self.stem = nn.Sequential(ConvBlock(1, one, 2), ConvBlock(one, one))
        self.middle = nn.Sequential(ResidualBlock(one, two, 2), ResidualBlock(two, two))
        self.top = nn.Sequential(ResidualBlock(two, three, 2), ResidualBlock(three, three))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Conv2d(three, labels, 1)
        self.features = two + three
        self.sense_head = nn.Sequential(nn.Linear(self.features, 32), nn.ReLU(), nn.Linear(32, 2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the outputs as the class describes them."""
        middle = self.middle(self.stem(x))
        top = self.top(middle)
        evidence = self.head(self.dropout(top))
        pooled = torch.cat([middle.mean((2, 3)), top.mean((2, 3))], 1)
        return evidence.mean((2, 3)), evidence, self.sense_head(pooled), pooled


class LesionNet(nn.Module):
    """A small U-Net that outlines one structure, and scores it by what lies in the outline and around it.

    Input (image, 1, size, size) in 0..1. Outputs: mask logits (image, 1, size / 2, size / 2); logits (image,
    label); maps of evidence (image, label, size / 16, size / 16), whose means are the logits; sense logits
    (image, 2), own or other; pooled features.
    """

    AROUND = 0.05
    """Weight of what lies outside the outline."""

    def __init__(
        self, widths: tuple[int, int, int, int, int] = (16, 32, 64, 96, 96), *, labels: int = 2
    ) -> None:
        super().__init__()
        one, two, three, four, five = widths
        self.stem = nn.Sequential(ConvBlock(1, one, 2), ConvBlock(one, one))
        self.down2 = nn.Sequential(ConvBlock(one, two, 2), ConvBlock(two, two))
        self.down3 = nn.Sequential(ConvBlock(two, three, 2), ConvBlock(three, three))
        self.down4 = nn.Sequential(ConvBlock(three, four, 2), ConvBlock(four, four), ConvBlock(four, four))
        self.down5 = nn.Sequential(ConvBlock(four, five, 2), ConvBlock(five, five))
        self.up4, self.up3 = Merge(five, four), Merge(four, three)
        self.up2, self.up1 = Merge(three, two), Merge(two, one)
        self.mask_head = nn.Conv2d(one, 1, 1)
        self.score_head = nn.Sequential(ConvBlock(four, 64), nn.Dropout2d(0.3), nn.Conv2d(64, labels, 1))
        self.features = three + four + five
        self.sense_head = nn.Sequential(nn.Linear(self.features, 32), nn.ReLU(), nn.Linear(32, 2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return the outputs as the class describes them."""
        a = self.stem(x)
        b = self.down2(a)
        c = self.down3(b)
        d = self.down4(c)
        e = self.down5(d)
        raised = self.up4(e, d)
        masks = self.mask_head(self.up1(self.up2(self.up3(raised, c), b), a))
        seen = functional.avg_pool2d(masks.detach().sigmoid(), 8) + self.AROUND
        evidence = self.score_head(raised) * (seen / seen.mean((2, 3), keepdim=True))
        pooled = torch.cat([level.mean((2, 3)) for level in (c, d, e)], 1)
        return masks, evidence.mean((2, 3)), evidence, self.sense_head(pooled), pooled


class LungPack(nn.Module):
    """What `chest-lungs` ships: mask probabilities, sense logits, and the distance to the training images."""

    OUTPUTS = ("masks", "sense", "familiarity")

    def __init__(self, network: LungNet) -> None:
        super().__init__()
        self.network = network
        self.familiarity = Familiarity(network.features)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the outputs as the class describes them."""
        masks, sense, pooled = self.network(x)
        return masks.sigmoid(), sense, self.familiarity(pooled)


class FindingPack(nn.Module):
    """What a finding's pack ships: logit, the map of evidence whose mean is the logit, and the distance."""

    OUTPUTS = ("logit", "cam", "familiarity")

    def __init__(self, network: FindingNet | TextureNet) -> None:
        super().__init__()
        self.network = network
        self.familiarity = Familiarity(network.features)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the outputs as the class describes them."""
        logit, evidence, pooled = self.network(x)
        return logit[:, None], evidence, self.familiarity(pooled)


class PicturePack(nn.Module):
    """What a pack of whole pictures ships: logits, their maps, own or other, and the distance."""

    OUTPUTS = ("logits", "cam", "sense", "familiarity")

    def __init__(self, network: PictureNet) -> None:
        super().__init__()
        self.network = network
        self.familiarity = Familiarity(network.features)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the outputs as the class describes them."""
        logits, evidence, sense, pooled = self.network(x)
        return logits, evidence, sense, self.familiarity(pooled)


class LesionPack(nn.Module):
    """What a pack ships that outlines and scores.

    Mask probabilities, logits, their maps, own or other, and the distance.
    """

    OUTPUTS = ("masks", "logits", "cam", "sense", "familiarity")

    def __init__(self, network: LesionNet) -> None:
        super().__init__()
        self.network = network
        self.familiarity = Familiarity(network.features)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return the outputs as the class describes them."""
        masks, logits, evidence, sense, pooled = self.network(x)
        return masks.sigmoid(), logits, evidence, sense, self.familiarity(pooled)
