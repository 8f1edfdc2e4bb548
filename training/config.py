"""`train.yaml`: everything that a training is told, validated once, then immutable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from recommender.errors import ConfigError
from training.sections import (
    CatalogueFile,
    Evaluation,
    Guard,
    Mlflow,
    Model,
    OffersFile,
    Purchases,
    Section,
    Tuning,
)
from training.yaml_text import Document, Location, parse_yaml, read_yaml

MOST_PROBLEMS = 20

_PATHS = (
    ("purchases", "path"),
    ("catalogue", "path"),
    ("offers", "path"),
    ("guard", "policy"),
    ("guard", "controls"),
)


class TrainConfig(Section):
    """All settings of reading, training and evaluation; every one has a default."""

    purchases: Purchases = Field(default_factory=Purchases, description="What was bought.")
    catalogue: CatalogueFile = Field(
        default_factory=CatalogueFile, description="What the shop sells."
    )
    offers: OffersFile = Field(default_factory=OffersFile, description="What may be offered.")
    guard: Guard = Field(default_factory=Guard, description="What must not be used or shown.")
    model: Model = Field(default_factory=Model, description="How the models are fitted.")
    tuning: Tuning = Field(default_factory=Tuning, description="What the validation decides.")
    evaluation: Evaluation = Field(
        default_factory=Evaluation, description="How quality is measured."
    )
    mlflow: Mlflow = Field(default_factory=Mlflow, description="Where trainings are put on record.")
    lenient: bool = Field(
        default=False,
        description="Set unusable rows aside in a file instead of refusing them all.",
    )


def load_config(path: Path | None, overrides: Sequence[str] = ()) -> TrainConfig:
    """The settings of a file (None: the defaults), changed by `overrides`.

    overrides   `key=value`: a dotted path and a YAML value, such as `guard.packs=[]`

    A relative path in the file is taken from the current directory when it exists there,
    else from the folder of the file. Raises NotFound when there is no such file, ConfigError
    (file, line, key, the nearest known key) for everything else.
    """
    document = Document("the settings", {}, {})
    if path is not None:
        document = read_yaml(path, error=ConfigError)
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        raise ConfigError(
            f"{document.source} is not a mapping of sections", hint="begin with `purchases:`"
        )
    if path is not None:
        _resolve_paths(data, path.parent)
    told: dict[Location, str] = {}
    for override in overrides:
        told[_override(data, override)] = f"--set {override}"
    try:
        return TrainConfig.model_validate(_without_blank_sections(data, TrainConfig))
    except ValidationError as error:
        raise _config_error(error, document, told) from error


def config_digest(config: TrainConfig) -> str:
    """BLAKE2b-128, in hex, of what can change the models.

    Paths, the names of columns, leniency, threads and the measuring of quality cannot. The
    length and the number of windows can: each is tuned from where the one before it ended.
    """
    content = config.model_dump(
        mode="json",
        exclude={
            "lenient": True,
            "mlflow": True,
            "evaluation": {"n", "customers", "bootstrap", "guard_cost"},
            "offers": {"path"},
            "purchases": {"path", "columns"},
            "catalogue": {"path", "columns"},
            "guard": {"policy", "controls"},
            "model": {"threads"},
            "tuning": {"storage"},
        },
    )
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()


def setting_names(model: type[BaseModel] = TrainConfig) -> tuple[str, ...]:
    """The dotted paths of all settings, sections left out, in their order."""
    names: list[str] = []
    for name, info in model.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            names += [f"{name}.{inner}" for inner in setting_names(info.annotation)]
        else:
            names.append(name)
    return tuple(names)


def _resolve_paths(data: dict[str, Any], folder: Path) -> None:
    for section, key in _PATHS:
        part = data.get(section)
        value = part.get(key) if isinstance(part, dict) else None
        if isinstance(part, dict) and isinstance(value, str):
            there = folder / value
            part[key] = str(there) if not Path(value).exists() and there.exists() else value


def _without_blank_sections(data: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """A section whose settings are all commented out is read as empty."""
    result: dict[str, Any] = {}
    for key, value in data.items():
        info = model.model_fields.get(key)
        inner = None if info is None else info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            if isinstance(value, dict):
                result[key] = _without_blank_sections(value, inner)
                continue
            if value is None:
                continue
        result[key] = value
    return result


def _override(data: dict[str, Any], override: str) -> Location:
    """Applies `key=value` to `data`; gives the location that it set."""
    dotted, equals, text = override.partition("=")
    location = tuple(dotted.strip().split("."))
    if not equals or not all(location):
        raise ConfigError(
            f"--set {override!r} is not key=value",
            hint="write a dotted path and a YAML value, such as --set model.factors=32",
        )
    value = parse_yaml(text, f"--set {override}", error=ConfigError).data
    part = data
    for key in location[:-1]:
        inner = part.get(key)
        if inner is None:
            inner = part[key] = {}
        if not isinstance(inner, dict):
            raise ConfigError(
                f"--set {override}: {key!r} holds a value, not further settings",
                hint=_nearest(location),
            )
        part = inner
    part[location[-1]] = value
    return location


def _config_error(
    error: ValidationError, document: Document, told: Mapping[Location, str]
) -> ConfigError:
    problems: list[str] = []
    hints: list[str] = []
    for details in _independent(error.errors(include_url=False)):
        location = _known_part(details["loc"])
        # An override is to blame for what it set, above or below the place of the problem.
        shared = (min(len(location), len(key)) for key in told)
        told_by = next(
            (told[key] for key, n in zip(told, shared, strict=True) if key[:n] == location[:n]),
            None,
        )
        problem = f"{told_by or document.where(location)}: {_sentence(details, location)}"
        hint = _nearest(location) if details["type"] == "extra_forbidden" else ""
        if problem not in problems:
            problems.append(problem)
            hints += [hint] if hint and hint not in hints else []
    more = len(problems) - MOST_PROBLEMS
    listed = problems[:MOST_PROBLEMS] + ([f"and {more} more"] if more > 0 else [])
    return ConfigError(
        "\n  ".join(listed), hint="; ".join(hints[:5]) or "see the comments in configs/train.yaml"
    )


def _independent(found: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Without lists called too short only because their values were refused one by one."""
    return [
        details
        for details in found
        if details["type"] != "too_short"
        or not any(
            len(other["loc"]) > len(details["loc"])
            and other["loc"][: len(details["loc"])] == details["loc"]
            for other in found
        )
    ]


def _known_part(location: tuple[int | str, ...]) -> Location:
    """The location without what pydantic adds for alternatives, such as ("...", "int")."""
    model: type[BaseModel] | None = TrainConfig
    for at, key in enumerate(location):
        info = None if model is None else model.model_fields.get(str(key))
        if info is None:
            return location[: at + 1]
        nested = info.annotation
        model = nested if isinstance(nested, type) and issubclass(nested, BaseModel) else None
        if model is None:
            rest = location[at + 1 : at + 2]
            return location[: at + 1] + (rest if rest and isinstance(rest[0], int) else ())
    return location


def _sentence(details: ErrorDetails, location: Location) -> str:
    dotted = ".".join(map(str, location))
    if details["type"] == "extra_forbidden":
        return f"there is no setting {dotted!r}"
    message = details["msg"].removeprefix("Value error, ")
    return f"{dotted} = {_short(details['input'])}: {message[0].lower()}{message[1:]}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _nearest(location: Location) -> str:
    """Did you mean ...: the nearest sibling first, else the nearest setting anywhere."""
    known = setting_names()
    parent = ".".join(map(str, location[:-1]))
    inside = f"{parent}." if parent else ""
    siblings = {n.removeprefix(inside).split(".")[0] for n in known if n.startswith(inside)}
    leaf = str(location[-1])
    if near := get_close_matches(leaf, sorted(siblings), n=1):
        return f"did you mean {inside}{near[0]}?"
    by_leaf = {name.rsplit(".", 1)[-1]: name for name in reversed(known)}
    if near := get_close_matches(leaf, sorted(by_leaf), n=1):
        return f"did you mean {by_leaf[near[0]]}?"
    if near := get_close_matches(".".join(map(str, location)), known, n=1, cutoff=0.4):
        return f"did you mean {near[0]}?"
    return f"known here: {', '.join(sorted(siblings)) or ', '.join(known)}"
