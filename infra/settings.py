"""Recipes and command lines as typed data: one YAML file, then the environment, then `--a.b.c VALUE`.

The one idea: whatever says a value, it ends in the same frozen pydantic models, which refuse what they do not
know, and every refusal is one line with the key, the value and what was expected.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    CliSettingsSource,
    EnvSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from infra.credentials import refuse_credentials_in
from infra.errors import UserError

RECIPES = Path(__file__).resolve().parents[1] / "pipeline" / "recipes"
SECTIONS = ("render", "train", "evaluate")
"""The parts of a recipe that belong to one floor; a floor's own command passes over the others'."""


class Settings(BaseModel):
    """Base of every part of a recipe: frozen, and refusing unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class ClusterConfig(Settings):
    """Where the work runs."""

    address: str | None = Field(
        None,
        description="address of a running Ray cluster, 'auto' to find it; by default the cluster of the Ray job "
        "that this runs in, else a Ray of its own on this machine",
    )
    cpus: int | None = Field(None, ge=1, description="processors a Ray of its own may use; default all")


class TrackingConfig(Settings):
    """Where experiments are recorded."""

    uri: str | None = Field(
        None, description="MLflow tracking URI; default $MLFLOW_TRACKING_URI, else mlflow.db in the workspace"
    )
    experiment: str | None = Field(None, description="MLflow experiment; default the recipe's name")


class JobSettings(Settings):
    """What every command knows; each floor adds its own section."""

    name: str = Field("unnamed", description="name of the recipe", min_length=1)
    seed: int = Field(0, ge=0, description="the one seed; everything random is keyed by (seed, purpose, index)")
    workspace: str | None = Field(
        None,
        description="folder or s3://bucket/prefix for everything a run makes; default workspace/<recipe name>",
    )
    cluster: ClusterConfig = Field(ClusterConfig(), description="where the work runs")
    tracking: TrackingConfig = Field(TrackingConfig(), description="where experiments are recorded")

    @property
    def has_recipe(self) -> bool:
        """Whether a recipe says how things are made, or a command speaks of what is there."""
        return self.name != "unnamed"


Job = TypeVar("Job", bound=JobSettings)


def recipe_names() -> list[str]:
    """Names of the recipes that Turnery ships."""
    return sorted(path.stem for path in RECIPES.glob("*.yaml"))


def parse(cls: type[Job], argv: Sequence[str], prog: str, epilog: str = "") -> Job:
    """The settings that a command line asks for.

    Order, the later wins: defaults, the recipe (`--recipe NAME|FILE`), `TURNERY_<KEY>__<KEY>` in the
    environment, options. Raises `UserError` on an unknown recipe, key or value, and on a URL that carries
    credentials, in one line.
    """
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False, prog=prog)
    first.add_argument("--recipe")
    chosen, rest = first.parse_known_args(argv)
    recipe = load_recipe(chosen.recipe) if chosen.recipe else {}

    # A class of the same fields that pydantic-settings can read a command line and the environment for.
    reader = type(cls.__name__, (cls, BaseSettings), {"__doc__": cls.__doc__, "model_config": _READER})
    root = _Parser(
        prog=prog,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=f"Recipes: {', '.join(recipe_names())}. Every field can be set here or, as "
        "TURNERY_RENDER__SAMPLES=8, in the environment.",
        epilog=epilog,
    )
    root.add_argument("--recipe", metavar="NAME|FILE", help="a recipe's name, or a YAML file")
    try:
        environment = EnvSettingsSource(reader)()
        options = CliSettingsSource(
            reader,
            root_parser=root,
            cli_parse_args=list(rest),
            cli_prog_name=prog,
            cli_exit_on_error=True,
            parse_args_method=lambda parser, args: parser.parse_args(args),
        )()
    except SettingsError as error:
        raise UserError(_option_error(str(error), cls, prog)) from None
    own = {key: value for key, value in recipe.items() if key in cls.model_fields or key not in SECTIONS}
    values = merged(merged(own, environment), options)
    refuse_credentials_in(values)  # first: a refusal of the models would repeat them
    return validate(cls, values)


def load_recipe(name: str) -> dict[str, Any]:
    """The mapping in a recipe; `extends: NAME` starts from another one, `extends: [A, B]` from A with B laid over it.
    `name` is a shipped name or a file."""
    path = Path(name) if name.endswith((".yaml", ".yml")) or "/" in name else RECIPES / f"{name}.yaml"
    if not path.is_file():
        near = _near(name, recipe_names())
        raise UserError(f"no recipe '{name}'{near}; there are {', '.join(recipe_names())}, or give a YAML file")
    try:
        loaded = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"recipe {path} is not YAML: {error}") from None
    if not isinstance(loaded, dict):
        raise UserError(f"recipe {path} must be a mapping of keys to values")
    bases = loaded.pop("extends", None) or []
    loaded.setdefault("name", path.stem)
    start: dict[str, Any] = {}
    for base in bases if isinstance(bases, list) else [bases]:
        start = merged(start, load_recipe(str(base)))
    return merged(start, loaded)


def validate(cls: type[Job], values: Mapping[str, Any]) -> Job:
    """`values` as `cls`; the first fault as a one-line `UserError` with key, value and what was expected."""
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        raise UserError(_fault(error, cls)) from None


def digest(thing: BaseModel | Mapping[str, Any] | Sequence[Any] | str) -> str:
    """SHA-256 (hex) of the canonical JSON of settings or plain data: the same meaning, the same digest."""
    plain = thing.model_dump(mode="json") if isinstance(thing, BaseModel) else thing
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{'render': {'samples': 8}} -> {'render.samples': 8}."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def differences(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    """`train.steps 60 -> 70` for every setting that nested plain data of both has and says otherwise, by key."""
    old, new = flatten(before, prefix), flatten(now, prefix)
    return [
        f"{key} {_short(old[key])} -> {_short(new[key])}" for key in sorted(old.keys() & new) if old[key] != new[key]
    ]


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


_READER = SettingsConfigDict(
    extra="forbid",
    env_prefix="TURNERY_",
    env_nested_delimiter="__",
    cli_implicit_flags=True,
    cli_hide_none_type=True,
    cli_enforce_required=False,
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise SettingsError(message)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Nested mappings as one; what `over` says wins."""
    both = dict(base)
    for key, value in over.items():
        old = both.get(key)
        both[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return both


def _option_error(message: str, cls: type[BaseModel], prog: str) -> str:
    unknown = message.partition("unrecognized arguments: ")[2]
    option = next((word for word in unknown.split() if word.startswith("--")), None)
    if option is None:
        return f"{message} (see {prog} --help)"
    name = option[2:].partition("=")[0]
    return f"no option {option}{_near(name, list(_keys(cls)), '--')}; see {prog} --help"


def _fault(error: ValidationError, cls: type[BaseModel]) -> str:
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"unknown key '{key}' (value {first['input']!r}){_near(key, list(_keys(cls)))}"
    where = f"{key} = {first['input']!r}: " if first["loc"] and not isinstance(first["input"], dict) else ""
    where = where or (f"{key}: " if key else "")
    return where + first["msg"].removeprefix("Value error, ")


def _keys(cls: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in cls.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(field.annotation, f"{prefix}{name}.")


def _near(name: str, known: Sequence[str], dashes: str = "") -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean '{dashes}{close[0]}'?" if close else ""
