"""Augmentation moves images with their masks and ends as the application's stretch does."""

import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch")

from inference.preprocess import stretch_percentiles  # noqa: E402
from training import augment  # noqa: E402


def test_masks_move_with_their_images() -> None:
    torch.manual_seed(1)
    image = torch.zeros(4, 1, 64, 64)
    image[:, :, 20:40, 24:44] = 1
    moved = augment.sample(torch.cat([image, image], 1), augment.sampling_grid(4, 64, augment.Geometry()))
    assert torch.equal(moved[:, 0], moved[:, 1])
    assert not torch.equal(moved[:, :1], image)


def test_the_batched_stretch_agrees_with_the_application() -> None:
    torch.manual_seed(2)
    x = torch.rand(3, 1, 48, 48) * 0.5 + 0.2
    batched = augment.stretched(x, low=1, high=99, step=1)
    for index in range(3):
        single = stretch_percentiles(x[index, 0].numpy(), low=1, high=99)
        assert batched[index, 0].numpy() == pytest.approx(single, abs=0.01)


def test_photometry_keeps_the_shape_and_stays_finite() -> None:
    torch.manual_seed(3)
    changed = augment.photometry(torch.rand(5, 1, 32, 32), augment.Photometry())
    assert changed.shape == (5, 1, 32, 32)
    assert torch.isfinite(changed).all()


def test_another_stain_changes_the_greys_and_keeps_white_white() -> None:
    torch.manual_seed(3)
    tissue = torch.randint(60, 200, (4, 8, 8, 3), dtype=torch.uint8)
    white = torch.full((4, 8, 8, 3), 255, dtype=torch.uint8)
    first, second = augment.restained(tissue), augment.restained(tissue)
    assert first.shape == (4, 1, 8, 8)
    assert (first - second).abs().mean() > 0.01
    torch.testing.assert_close(augment.restained(white), torch.ones(4, 1, 8, 8))
