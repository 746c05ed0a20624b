"""The networks are the paper's: counts of Table 1, the upconvolution of Fig. 2, inputs of section 3."""

import pytest
import torch
from torch.nn import functional

from tests.train.toy import small_network
from train.architectures import ARCHITECTURES, NetworkSpec
from train.augment import THETA
from train.generator import Generator, upconvolution, view_input


def inputs(count: int, styles: int) -> dict[str, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    return {
        "style": torch.randint(styles, (count,), generator=random),
        "view": view_input(torch.linspace(0, 300, count), torch.linspace(0, 40, count)),
        "theta": torch.randn(count, len(THETA), generator=random),
    }


@pytest.mark.parametrize(
    ("architecture", "millions"),
    [("1s-S-deep", 19), ("1s-S", 18), ("1s-S-wide", 23), ("2s-S", 27), ("2s-E", 27)],
)
def test_the_expanding_part_has_as_many_parameters_as_table_1_says(architecture: str, millions: int) -> None:
    spec = NetworkSpec.model_validate({"architecture": architecture, "size": 128, "styles": 5})
    assert round(Generator(spec).expanding_parameters() / 1e6) == millions


def test_the_deep_network_has_the_layers_of_figure_1() -> None:
    network = Generator(NetworkSpec(architecture="1s-S-deep", size=128, styles=809))
    shapes = {name: tuple(p.shape) for name, p in network.named_parameters() if name.endswith("weight")}
    assert shapes["fc1_style.weight"] == (512, 809)
    assert shapes["fc1_view.weight"] == (512, 4)
    assert shapes["fc2_theta.weight"] == (512, 512)
    assert shapes["fc3.weight"] == (1024, 3 * 512)
    assert shapes["fc4.weight"] == (1024, 1024)
    assert shapes["fc5.0.weight"] == (16384, 1024)
    assert shapes["conv3.weight"] == (48, 48, 3, 3)
    assert shapes["upconv4.weight"] == (48, 5, 4, 4)


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_64_pixels_have_one_upconvolution_less_and_256_one_more_and_nothing_else_differs(architecture: str) -> None:
    shapes = {}
    for size in (64, 128, 256):
        with torch.device("meta"):
            network = Generator(NetworkSpec.model_validate({"architecture": architecture, "size": size, "styles": 5}))
        shapes[size] = {name: tuple(p.shape) for name, p in network.named_parameters() if name.endswith("weight")}
    table = ARCHITECTURES[architecture]
    for size, last in ((64, 3), (128, 4), (256, 5)):
        for stream in table.streams:
            up = [name for name in shapes[size] if name.split(".")[0] in _names("upconv", stream.suffix)]
            between = [name for name in shapes[size] if name.split(".")[0] in _names("conv", stream.suffix)]
            assert up == [f"upconv{step}{stream.suffix}.weight" for step in range(1, last + 1)]
            assert len(between) == (last - 1 if table.deep else 0)
    for smaller, larger in ((64, 128), (128, 256)):
        # All but the last upconvolution, which has the outputs' channels, is in the larger network as it is.
        last = {64: 3, 128: 4}[smaller]
        same = {name: shape for name, shape in shapes[smaller].items() if not name.startswith(f"upconv{last}")}
        assert same.items() <= shapes[larger].items()


def _names(kind: str, suffix: str) -> set[str]:
    return {f"{kind}{step}{suffix}" for step in range(1, 9)}


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
@pytest.mark.parametrize("size", [64, 128, 256])
def test_every_network_makes_a_picture_and_a_mask_at_every_size(architecture: str, size: int) -> None:
    network = small_network(architecture, size)
    rgb, mask = network(**inputs(2, 5))
    assert rgb.shape == (2, 3, size, size)
    assert mask.shape == (2, 1 if architecture == "2s-E" else 2, size, size)
    picture, coverage = network.picture(rgb, mask)
    assert coverage.shape == (2, 1, size, size)
    assert 0 <= float(picture.detach().min()) <= float(picture.detach().max()) <= 1
    assert 0 <= float(coverage.detach().min()) <= float(coverage.detach().max()) <= 1


def test_an_upconvolution_is_bed_of_nails_upsampling_and_a_4x4_convolution() -> None:
    layer = upconvolution(3, 2).double()
    maps = torch.randn(2, 3, 5, 5, dtype=torch.float64)
    # Fig. 2, written out: each value in the top left corner of a 2 x 2 block, then every output pixel is the
    # sum over a 4 x 4 neighbourhood of nails, padded by one more pixel before than after.
    nails = torch.zeros(2, 3, 10, 10, dtype=torch.float64)
    nails[:, :, ::2, ::2] = maps
    padded = functional.pad(nails, (2, 1, 2, 1))
    # A convolution proper (not a correlation) turns its filter by 180 degrees.
    filters = layer.weight.detach().flip(2, 3).transpose(0, 1)
    expected = torch.zeros(2, 2, 10, 10, dtype=torch.float64)
    for y in range(10):
        for x in range(10):
            patch = padded[:, None, :, y : y + 4, x : x + 4]
            expected[:, :, y, x] = (patch * filters[None]).sum(dim=(2, 3, 4)) + layer.bias.detach()
    torch.testing.assert_close(layer(maps).detach(), expected, rtol=0, atol=1e-12)


def test_an_index_a_one_hot_and_a_mixture_of_one_are_the_same_style() -> None:
    network = small_network()
    given = inputs(4, 5)
    by_index = network(**given)
    one_hot = functional.one_hot(given["style"], 5).float()
    by_mixture = network(**{**given, "style": one_hot})
    for a, b in zip(by_index, by_mixture, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


def test_index_and_one_hot_have_the_same_gradients() -> None:
    gradients = []
    given = inputs(4, 5)
    for style in (given["style"], functional.one_hot(given["style"], 5).float()):
        network = small_network()
        rgb, mask = network(**{**given, "style": style})
        (rgb.square().sum() + mask.square().sum()).backward()
        gradients.append([p.grad for p in network.parameters()])
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)


def test_the_view_is_sine_and_cosine_so_0_and_360_degrees_are_one_view() -> None:
    zero = view_input(torch.tensor([0.0]), torch.tensor([30.0]))
    turned = view_input(torch.tensor([360.0]), torch.tensor([30.0]))
    torch.testing.assert_close(zero, turned, rtol=0, atol=1e-6)
    torch.testing.assert_close(zero, torch.tensor([[0.0, 1.0, 0.5, 3**0.5 / 2]]))


@pytest.mark.parametrize("architecture", ["1s-S-deep", "2s-S"])
def test_a_layers_values_given_back_make_the_same_picture(architecture: str) -> None:
    network = small_network(architecture)
    given = inputs(3, 5)
    rgb, mask = network(**given)
    for layer in network.layers:
        value = network.run([layer], given)[layer]
        again = network.run(["rgb", "mask"], {**given, layer: value})
        assert torch.equal(again["rgb"], rgb)
        assert torch.equal(again["mask"], mask)


def test_values_after_the_streams_meet_need_no_inputs() -> None:
    network = small_network()
    given = inputs(3, 5)
    fc4 = network.run(["fc4"], given)["fc4"]
    assert torch.equal(network.run(["rgb"], {"fc4": fc4})["rgb"], network(**given)[0])
    with pytest.raises(KeyError, match="view"):
        network.run(["rgb"], {"fc2_style": fc4})


def test_he_initialisation_keeps_activations_alive_through_the_depth() -> None:
    network = Generator(NetworkSpec(size=64, width=0.5, styles=50))
    given = inputs(50, 50)
    values = network.run([*network.layers, "rgb"], given)
    for name in network.layers[:-1]:
        assert 0.1 < float(values[name].detach().square().mean()) < 10, name
        assert float((values[name] == 0).all(dim=0).float().mean()) < 0.5, name


def test_a_seed_gives_the_same_weights_and_another_gives_others() -> None:
    first, again, other = (small_network() for _ in range(3))
    other.initialise(4)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.get_parameter("fc4.weight"), other.get_parameter("fc4.weight"))


def test_z_is_a_sample_of_what_was_inferred_and_its_mean_without_noise() -> None:
    network = Generator(NetworkSpec(size=64, width=0.1, styles=5, variational=True))
    given = inputs(3, 5)
    values = network.run(["mean", "log_variance", "z"], given)
    assert torch.equal(values["z"], values["mean"])
    noise = torch.randn(3, network.latent_units)
    z = network.run(["z"], {**given, "noise": noise})["z"]
    torch.testing.assert_close(z, values["mean"] + torch.exp(values["log_variance"] / 2) * noise)
    # What is drawn depends on the style through z alone.
    other = {**given, "style": (given["style"] + 1) % 5}
    for name in ("rgb", "mask"):
        one, two = (network.run([name], {**inputs, "z": z})[name] for inputs in (given, other))
        assert torch.equal(one, two)


def test_z_has_512_units_and_stands_between_the_style_stream_and_fc3() -> None:
    network = Generator(NetworkSpec(size=64, styles=5, variational=True))
    assert network.latent_units == 512
    # Appendix A: two fully connected layers of 512 infer mean and variance.
    for name, inputs in (("fc1_style", 5), ("fc2_style", 512), ("mean", 512), ("log_variance", 512)):
        assert network.get_parameter(f"{name}.weight").shape == (512, inputs)
    layers = network.layers
    assert layers.index("log_variance") < layers.index("z") < layers.index("fc3")
    assert Generator(NetworkSpec(size=64, styles=5)).latent_units == 0
