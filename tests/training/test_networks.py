"""What the networks promise to the application."""

import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch")

from training.networks import (  # noqa: E402
    Familiarity,
    FindingNet,
    FindingPack,
    LesionNet,
    LesionPack,
    LungNet,
    LungPack,
    PictureNet,
    PicturePack,
)


def _parameters(network: FindingNet | LungNet) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_map_is_exact_its_mean_is_the_logit() -> None:
    pack = FindingPack(FindingNet()).eval()
    with torch.no_grad():
        logit, cam, _ = pack(torch.rand(3, 1, 160, 160))
    assert cam.shape == (3, 1, 20, 20)
    assert torch.allclose(cam.mean((2, 3)), logit, atol=1e-4)


def test_the_lung_network_gives_probabilities_senses_and_a_distance() -> None:
    pack = LungPack(LungNet()).eval()
    with torch.no_grad():
        masks, sense, distance = pack(torch.rand(2, 1, 192, 192))
    assert masks.shape == (2, 2, 96, 96)
    assert masks.min() >= 0
    assert masks.max() <= 1
    assert sense.shape == (2, 9)
    assert distance.shape == (2, 1)


def test_the_networks_stay_small_and_plain() -> None:
    for network in (LungNet(), FindingNet()):
        assert _parameters(network) < 1_000_000
        convolutions = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
        assert all(m.groups == 1 for m in convolutions)
        assert all(m.out_channels % 16 == 0 for m in convolutions if m.kernel_size != (1, 1))


def test_the_distance_is_small_for_what_it_was_fitted_on_and_large_elsewhere() -> None:
    torch.manual_seed(0)
    known = torch.randn(500, 8) * torch.arange(1, 9) + 3
    distance = Familiarity(8)
    distance.fit(known, shrinkage=0.01)
    assert float(distance(known).median()) == pytest.approx(1, abs=0.15)
    assert float(distance(known + 200).min()) > 5


def test_the_maps_of_whole_pictures_and_of_lesions_are_exact_too() -> None:
    x = torch.rand(2, 1, 64, 64)
    picture, lesion = PictureNet().eval(), LesionNet().eval()
    with torch.no_grad():
        logits, evidence, sense, _ = picture(x)
        masks, scores, maps, _, _ = lesion(x)
    torch.testing.assert_close(evidence.mean((2, 3)), logits)
    torch.testing.assert_close(maps.mean((2, 3)), scores)
    assert sense.shape == (2, 2)
    assert masks.shape == (2, 1, 32, 32)


def test_packs_of_whole_pictures_and_lesions_say_all_that_they_name() -> None:
    for pack in (PicturePack(PictureNet()).eval(), LesionPack(LesionNet()).eval()):
        with torch.no_grad():
            outputs = pack(torch.rand(1, 1, 64, 64))
        assert len(outputs) == len(pack.OUTPUTS)
        assert outputs[-1].shape == (1, 1)
