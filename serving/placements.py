"""The placements of a shop: the built-in ones, and its own from a small YAML file."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from recommender.errors import ConfigError
from recommender.request import BUILT_IN, Placement, Source

MOST_OFFERS = 100
"""Most offers that one placement holds."""

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class _Entry(BaseModel):
    """One placement of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    source: Annotated[Source, Field(strict=False)]
    n: int = Field(default=10, ge=1, le=MOST_OFFERS)


class _File(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    placements: dict[_Name, _Entry] = Field(default_factory=dict)


def load_placements(path: Path | None) -> dict[str, Placement]:
    """Every placement by its name: the built-in ones and those of the file.

    Raises ConfigError that names the file, the place in it and the nearest known word.
    """
    if path is None:
        return dict(BUILT_IN)
    own = _validated(_parsed(path), path)
    taken = sorted(own.placements.keys() & BUILT_IN.keys())
    if taken:
        raise ConfigError(
            f"{path}: placements.{taken[0]} has the name of a built-in placement",
            hint=f"choose a name other than {', '.join(sorted(BUILT_IN))}",
        )
    return dict(BUILT_IN) | {
        name: Placement(name, entry.source, entry.n) for name, entry in own.placements.items()
    }


def _parsed(path: Path) -> Any:
    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: the placements file cannot be read ({error})",
            hint="set TACTFUL_PLACEMENTS to a readable file, or leave it out",
        ) from error
    except YAMLError as error:
        raise ConfigError(
            f"{path}: this is not YAML: {error}", hint="see configs/placements.yaml for the form"
        ) from error
    return {} if content is None else content


def _validated(content: Any, path: Path) -> _File:
    try:
        return _File.model_validate(content)
    except ValidationError as error:
        problems = error.errors(include_url=False)
    # A misspelt key is also a missing one: the misspelling is what to tell.
    misspelt = [problem for problem in problems if problem["type"] == "extra_forbidden"]
    problem = [*misspelt, *problems][0]
    where = ".".join(str(part) for part in problem["loc"]) or "the file"
    hint = "see configs/placements.yaml for the form"
    if misspelt:
        known = ["placements", *_Entry.model_fields]
        nearest = get_close_matches(str(problem["loc"][-1]), known, n=1)
        hint = f"have you tried `{nearest[0]}`?" if nearest else hint
    raise ConfigError(f"{path}: {where}: {problem['msg']}", hint=hint)
