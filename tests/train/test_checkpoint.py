"""A generator survives its files, takes styles and angles in every form, and opens its layers."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from infra.errors import UserError
from tests.train.toy import small_network
from train.augment import theta
from train.checkpoint import GeneratorSpec, TrainedGenerator, load_generator, save_generator
from train.generator import Generator

STYLES = ["red", "green", "blue", "oak", "pine"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    network = small_network()
    spec = GeneratorSpec(
        name="generator",
        architecture="1s-S-deep",
        size=64,
        width=0.1,
        styles=STYLES,
        style_classes=["chair"] * 3 + ["table"] * 2,
        dataset_digest="0" * 64,
    )
    save_generator(tmp_path, spec, network.state_dict())
    return tmp_path


@pytest.fixture
def generator(folder: Path) -> TrainedGenerator:
    return load_generator(folder)


def test_weights_and_spec_come_back_as_they_were_saved(folder: Path, generator: TrainedGenerator) -> None:
    kept = small_network().state_dict()
    for weights in (load_file(folder / "generator.safetensors"), generator.network.state_dict()):
        assert weights.keys() == kept.keys()
        assert all(torch.equal(kept[name], value) for name, value in weights.items())
    assert generator.spec.styles == STYLES
    assert next(iter(generator.spec.theta)) == "rotation"
    assert load_generator(folder / "generator.json").spec == generator.spec


def test_pictures_are_in_range_and_of_the_asked_number(generator: TrainedGenerator) -> None:
    rgb, mask = generator.generate("oak", np.arange(0, 360, 60), 20.0)
    assert rgb.shape == (6, 3, 64, 64)
    assert mask.shape == (6, 1, 64, 64)
    assert rgb.dtype == mask.dtype == torch.float32
    assert float(rgb.min()) >= 0 and float(rgb.max()) <= 1
    assert float(mask.min()) > 0 and float(mask.max()) < 1


def test_an_index_an_id_and_a_mixture_of_one_draw_the_same(generator: TrainedGenerator) -> None:
    mixture = torch.tensor([0.0, 0, 0, 1, 0])
    reference = generator.generate(3, 40.0, 20.0)
    for style in ("oak", [3], ["oak"], np.array([3]), torch.tensor(3), mixture, mixture[None].numpy()):
        drawn = generator.generate(style, 40.0, 20.0)
        torch.testing.assert_close(drawn[0], reference[0], rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(drawn[1], reference[1], rtol=1e-5, atol=1e-5)


def test_styles_and_angles_go_together_row_by_row(generator: TrainedGenerator) -> None:
    together, _ = generator.generate(["red", "pine"], [10.0, 200.0], [0.0, 30.0])
    alone, _ = generator.generate("pine", 200.0, 30.0)
    torch.testing.assert_close(together[1:], alone, rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="rows where others have"):
        generator.generate(["red", "pine"], [1.0, 2.0, 3.0], 0.0)


def test_theta_zero_is_no_theta(generator: TrainedGenerator) -> None:
    plain = generator.generate(1, 40.0, 20.0)[0]
    assert torch.equal(generator.generate(1, 40.0, 20.0, theta())[0], plain)
    assert not torch.equal(generator.generate(1, 40.0, 20.0, theta(rotation_deg=10))[0], plain)


def test_a_layers_activations_draw_the_same_picture(generator: TrainedGenerator) -> None:
    reference = generator.generate([0, 4], [10.0, 20.0], 20.0)
    for layer in generator.layers:
        values = generator.activations(layer, [0, 4], [10.0, 20.0], 20.0)
        drawn = generator.generate_from(layer, values, [0, 4], [10.0, 20.0], 20.0)
        assert torch.equal(drawn[0], reference[0]), layer
        assert torch.equal(drawn[1], reference[1]), layer


def test_only_what_a_layer_needs_must_be_given(generator: TrainedGenerator) -> None:
    fc2 = generator.activations("fc2_style", [0, 1])
    assert fc2.shape[0] == 2
    rgb, _ = generator.generate_from("fc2_style", fc2, azimuth=10.0, elevation=0.0)
    torch.testing.assert_close(rgb, generator.generate([0, 1], 10.0, 0.0)[0], rtol=1e-5, atol=1e-5)
    fc4 = generator.activations("fc4", 0, 10.0, 0.0)
    torch.testing.assert_close(generator.generate_from("fc4", fc4)[0], rgb[:1], rtol=1e-5, atol=1e-5)
    with pytest.raises(KeyError, match="view is needed"):
        generator.generate_from("fc2_style", fc2)
    with pytest.raises(KeyError, match="no layer 'fc9'"):
        generator.generate_from("fc9", fc2)


def test_arithmetic_in_the_first_layer_is_linear_in_the_style(generator: TrainedGenerator) -> None:
    """fc1 before its ReLU is linear, so a mixture's is the mixture of values: section 5.5 builds on it."""
    weight, bias = (generator.network.get_parameter(f"fc1_style.{part}") for part in ("weight", "bias"))
    mixed = generator.activations("fc1_style", torch.tensor([0.25, 0.75, 0, 0, 0]))
    expected = torch.relu(0.25 * weight[:, 0] + 0.75 * weight[:, 1] + bias)
    torch.testing.assert_close(mixed[0], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("style", "said"), [("elm", "has no style 'elm'"), (5, r"5 is not in 0\.\.4")])
def test_an_unknown_style_is_said(generator: TrainedGenerator, style: int | str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        generator.generate(style, 0.0, 0.0)


def test_missing_and_damaged_files_are_said_in_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no generator in"):
        load_generator(tmp_path / "nowhere" / "at all")
    spec = json.loads((folder / "generator.json").read_text())
    (folder / "generator.json").write_text(json.dumps({**spec, "width": 0.5}))
    with pytest.raises(UserError, match=r"does not fit generator\.json"):
        load_generator(folder)
    (folder / "generator.json").write_text(json.dumps({**spec, "size": 100}))
    with pytest.raises(UserError, match="size Input should be 64, 128 or 256"):
        load_generator(folder)
    (folder / "generator.json").write_text(json.dumps(spec))
    (folder / "generator.safetensors").write_bytes(b"cut short")
    with pytest.raises(UserError, match="does not fit"):
        load_generator(folder)


def test_new_styles_are_sampled_from_the_prior_and_only_where_there_is_one(
    generator: TrainedGenerator, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"'generator' has no prior to sample from; train with train\.variational"):
        generator.sample(2, 30.0, 10.0)
    spec = generator.spec.model_copy(update={"variational": True})
    save_generator(tmp_path / "random", spec, Generator(spec.network).state_dict())
    drawn = load_generator(tmp_path / "random")
    rgb, mask = drawn.sample(3, 30.0, 10.0, seed=1)
    assert rgb.shape == (3, 3, 64, 64)
    assert mask.shape == (3, 1, 64, 64)
    assert torch.equal(rgb, drawn.sample(3, 30.0, 10.0, seed=1)[0])
    assert not torch.equal(rgb, drawn.sample(3, 30.0, 10.0, seed=2)[0])
    assert float((rgb[0] - rgb[1]).abs().max()) > 0
    # No spread is the middle of the prior, z = 0, every time.
    same, _ = drawn.sample(2, 30.0, 10.0, spread=0.0)
    assert torch.equal(same[0], same[1])
