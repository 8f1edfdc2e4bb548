"""Offers as the shop writes them: entries of a YAML list, or rows of a Parquet file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from recommender.errors import InputError
from training.yaml_text import Location, read_yaml

LISTS = ("items", "categories", "tags")
"""What an offer can promote, by the keys of `promotes`."""

_MOST_YAML = 10_000_000
_YAML = (".yaml", ".yml")
_DATES = ("valid_from", "valid_until")
_ID, _PROMOTES = "id", "promotes"


class Promotes(BaseModel):
    """The items that an offer names, one by one or together."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    items: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Entry(BaseModel):
    """One offer as the shop writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    id: str
    title: str = ""
    promotes: Promotes = Field(default_factory=Promotes)
    valid_from: str | None = None
    valid_until: str | None = None


@dataclass(frozen=True)
class Placed:
    """An offer, where it was written, and what is wrong with how it was written.

    entry      what can be read of it; None: nothing
    problems   sentences with their places
    unread     the keys of `Entry` that could not be read, or not in full: what `entry` lacks
               there may have been meant
    """

    where: str
    entry: Entry | None
    problems: tuple[str, ...] = ()
    unread: frozenset[str] = frozenset()


def read_entries(path: Path) -> list[Placed]:
    """The offers of a YAML list (.yaml, .yml) or a Parquet file, in their order.

    Raises InputError when the file is neither; what is wrong with an offer stands beside it.
    """
    return _from_yaml(path) if path.suffix.lower() in _YAML else _from_parquet(path)


def _from_yaml(path: Path) -> list[Placed]:
    document = read_yaml(path, most_bytes=_MOST_YAML, all_text=True)
    data = [] if document.data is None else document.data
    if not isinstance(data, list):
        raise InputError(f"{path} is not a list of offers", hint="begin each offer with `- id:`")
    return _entries(data, lambda i, inside: document.where((i, *inside)))


def _from_parquet(path: Path) -> list[Placed]:
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}",
            hint="offers are a YAML list (.yaml) or a Parquet file",
        ) from error
    data: list[dict[str, Any]] = []
    for row in frame.iter_rows(named=True):
        given = {key: value for key, value in row.items() if value is not None}
        promotes = {key: _as_list(given.pop(key)) for key in LISTS if key in given}
        given |= {key: str(given[key]) for key in _DATES if key in given}
        data.append({**given, _PROMOTES: promotes})
    return _entries(data, lambda i, _: f"{path}, row {i + 1}")


def _as_list(value: Any) -> Any:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _entries(data: Sequence[Any], where: Callable[[int, Location], str]) -> list[Placed]:
    placed: list[Placed] = []
    for i, raw in enumerate(data):
        try:
            placed.append(Placed(where(i, ()), Entry.model_validate(raw)))
        except ValidationError as error:
            found = error.errors(include_url=False)
            problems = tuple(f"{where(i, d['loc'])}: {_sentence(d)}" for d in found)
            entry, unread = None, frozenset[str]()
            if isinstance(raw, dict):
                entry = _readable(raw, found)
                unread = frozenset(key for d in found if (key := _concerns(d, raw)))
            placed.append(Placed(where(i, ()), entry, problems, unread))
    return placed


def _readable(raw: Mapping[str, Any], found: Sequence[ErrorDetails]) -> Entry:
    """The entry without the values that could not be read, so that the others can be checked."""
    rest = _without(raw, {details["loc"] for details in found}, ())
    return Entry.model_validate({_ID: "", **rest})


def _without(value: Any, places: Collection[Location], at: Location) -> Any:
    """Plain data without what stands at `places`."""
    if isinstance(value, dict):
        kept = {key: part for key, part in value.items() if (*at, key) not in places}
        return {key: _without(part, places, (*at, key)) for key, part in kept.items()}
    if isinstance(value, list):
        numbered = [(i, part) for i, part in enumerate(value) if (*at, i) not in places]
        return [_without(part, places, (*at, i)) for i, part in numbered]
    return value


def _concerns(details: ErrorDetails, raw: Mapping[str, Any]) -> str:
    """The key of `Entry` that a problem leaves unread; "" where it is only a key too many."""
    key = str(details["loc"][0])
    if key in Entry.model_fields:
        return key
    meant = _meant(details)
    meant = _PROMOTES if meant in LISTS else meant
    return "" if meant in raw else meant


def _meant(details: ErrorDetails) -> str:
    """The known key that is nearest to an unknown one, or ""."""
    known = (*Entry.model_fields, *LISTS)
    return next(iter(get_close_matches(str(details["loc"][-1]), known, n=1)), "")


def _sentence(details: ErrorDetails) -> str:
    key = ".".join(map(str, details["loc"]))
    if details["type"] != "extra_forbidden":
        return f"{key or 'an offer'}: {details['msg'][0].lower()}{details['msg'][1:]}"
    near = _meant(details)
    return f"there is no key {key!r}" + (f"; did you mean {near}?" if near else "")
