"""Recipes, the environment and options end in the same settings; every fault is one line with key and mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from infra.errors import UserError
from infra.settings import JobSettings, Settings, digest, flatten, parse


class Oven(Settings):
    heat: int = Field(180, ge=0, le=300, description="temperature, degrees Celsius")
    racks: list[float] = Field([1.0, 2.0], description="heights of racks, cm")


class Bakery(JobSettings):
    oven: Oven = Field(Oven(), description="the oven")


def bakery(*argv: str) -> Bakery:
    return parse(Bakery, argv, "python -m bakery")


def recipe(folder: Path, text: str) -> str:
    path = folder / "bread.yaml"
    path.write_text(text)
    return str(path)


def test_options_win_over_the_environment_and_that_over_the_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = recipe(tmp_path, "seed: 1\noven: {heat: 200, racks: [3]}\n")
    assert bakery("--recipe", file).oven == Oven(heat=200, racks=[3])
    monkeypatch.setenv("TURNERY_OVEN__HEAT", "210")
    monkeypatch.setenv("TURNERY_SEED", "2")
    baked = bakery("--recipe", file, "--oven.heat", "220")
    assert (baked.name, baked.seed, baked.oven) == ("bread", 2, Oven(heat=220, racks=[3]))


def test_a_recipe_extends_another_and_overrides_single_keys(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("seed: 5\noven: {heat: 100, racks: [9]}\n")
    file = recipe(tmp_path, f"extends: {tmp_path}/base.yaml\noven: {{heat: 120}}\n")
    baked = bakery("--recipe", file)
    assert (baked.name, baked.seed, baked.oven) == ("bread", 5, Oven(heat=120, racks=[9]))


def test_a_recipe_lays_the_later_of_several_over_the_earlier(tmp_path: Path) -> None:
    (tmp_path / "big.yaml").write_text("seed: 5\noven: {heat: 100, racks: [9]}\n")
    (tmp_path / "small.yaml").write_text("oven: {heat: 40}\n")
    file = recipe(tmp_path, f"extends: [{tmp_path}/big.yaml, {tmp_path}/small.yaml]\n")
    baked = bakery("--recipe", file)
    assert (baked.name, baked.seed, baked.oven) == ("bread", 5, Oven(heat=40, racks=[9]))


def test_a_floors_own_command_passes_over_the_other_floors_sections(tmp_path: Path) -> None:
    assert bakery("--recipe", recipe(tmp_path, "train: {steps: 3}\noven: {heat: 90}\n")).oven.heat == 90


def test_lists_are_given_with_commas_or_as_json() -> None:
    assert bakery("--oven.racks", "1,2.5").oven.racks == bakery("--oven.racks", "[1, 2.5]").oven.racks == [1, 2.5]


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["--oven.heat", "301"], r"oven\.heat = '301': Input should be less than or equal to 300"),
        (["--oven.heat", "hot"], r"oven\.heat = 'hot': Input should be a valid integer"),
        (["--oven.heta", "3"], r"no option --oven\.heta; did you mean '--oven\.heat'\?"),
        (["--recipe", "demoo"], r"no recipe 'demoo'; did you mean 'demo'\?; there are .*demo"),
        (["--recipe", "/no/such.yaml"], r"no recipe '/no/such\.yaml'"),
        (["--workspace"], r"expected one argument"),
    ],
)
def test_a_wrong_option_is_one_line(argv: list[str], line: str) -> None:
    with pytest.raises(UserError, match=line) as caught:
        bakery(*argv)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("oven: {heta: 3}", r"unknown key 'oven\.heta' \(value 3\); did you mean 'oven\.heat'\?"),
        ("ovne: {}", r"unknown key 'ovne'"),
        ("oven: {heat: -1}", r"oven\.heat = -1: Input should be greater than or equal to 0"),
        ("oven: [", r"bread\.yaml is not YAML"),
        ("- 1", r"bread\.yaml must be a mapping"),
    ],
)
def test_a_wrong_recipe_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(UserError, match=line) as caught:
        bakery("--recipe", recipe(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_misspelt_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNERY_OVEN__HETA", "3")
    with pytest.raises(UserError, match=r"unknown key 'oven\.heta'"):
        bakery()


def test_help_shows_every_field_with_its_unit(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        bakery("--help")
    shown = capsys.readouterr().out
    assert "--oven.heat int" in shown
    assert "degrees Celsius" in shown


def test_the_digest_follows_meaning_not_order_and_is_fixed() -> None:
    assert digest({"a": 1, "b": [1.5, None]}) == digest({"b": [1.5, None], "a": 1})
    assert digest(Oven()) != digest(Oven(heat=181))
    # SHA-256 of the text {"a":1}, by any other tool.
    assert digest({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"


def test_flatten_joins_keys_with_dots() -> None:
    assert flatten({"a": {"b": {"c": 1}}, "d": [2], "e": {}}) == {"a.b.c": 1, "d": [2], "e": {}}
