"""Offers from a file: what each one promotes, compiled to items of the catalogue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recommender.catalogue import Catalogue, Offers, own_offers
from recommender.errors import InputError, NotFound
from recommender.ids import id_problem
from recommender.types import SECONDS_A_DAY, OfferId
from training.reading.problems import MOST_LISTED
from training.reading.values import seconds
from training.yaml_text import Location, read_yaml

_MOST_YAML = 10_000_000
_YAML = (".yaml", ".yml")
_LISTS = ("items", "categories", "tags")
_DATES = ("valid_from", "valid_until")


class _Promotes(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    items: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class _Entry(BaseModel):
    """One offer as the shop writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    id: str
    title: str = ""
    promotes: _Promotes = Field(default_factory=_Promotes)
    valid_from: str | None = None
    valid_until: str | None = None


@dataclass(frozen=True)
class _Placed:
    """An offer and where it was written."""

    where: str
    entry: _Entry


@dataclass(frozen=True)
class _Row:
    """An offer compiled: catalogue indices, and seconds since 1970."""

    id: str
    title: str
    items: list[int]
    valid_from: float
    valid_until: float


@dataclass(frozen=True)
class RawOffers:
    """The offers, and how many were left out because nothing that they promote is available."""

    offers: Offers
    left_out: int = 0


def read_offers(
    path: Path | None, catalogue: Catalogue, *, timezone: str, separator: str = ">"
) -> RawOffers:
    """The offers of a YAML list or a Parquet file; without a file, every available item's own.

    timezone   of dates and times that name none. A date in `valid_until` is the last day.
    separator  stands between the categories of a path, as in the catalogue

    An offer promotes the named items, and all items of a category (any part of the path, or a
    path from the widest category on; case does not matter) or with a tag. Raises NotFound, or
    InputError that lists the offers which break a rule, with their places.
    """
    if path is None:
        return RawOffers(own_offers(catalogue))
    if not path.is_file():
        raise NotFound(
            f"there is no file {path} (offers.path)", hint="check the path: --set offers.path=..."
        )
    problems: list[str] = []
    read = _from_yaml if path.suffix.lower() in _YAML else _from_parquet
    placed = read(path, problems)
    rows = _compiled(placed, _Compiler(catalogue, separator), timezone, problems)
    if problems:
        more = len(problems) - MOST_LISTED
        listed = problems[:MOST_LISTED] + ([f"and {more} more"] if more > 0 else [])
        raise InputError(
            f"{path} breaks {len(problems)} rules\n  " + "\n  ".join(listed),
            hint="see the comments in configs/offers.yaml",
        )
    if not rows:
        raise InputError(f"{path} is empty: it has no offer", hint="leave offers.path out")
    available = [row for row in rows if row.items]
    return RawOffers(_offers(sorted(available, key=lambda row: row.id)), len(rows) - len(available))


def _compiled(
    placed: Sequence[_Placed], compiler: _Compiler, timezone: str, problems: list[str]
) -> list[_Row]:
    """The offers that break no rule; the others go to `problems`."""
    seen: dict[str, str] = {}
    rows: list[_Row] = []
    for offer in placed:
        entry = offer.entry
        start, end, found = _validity(entry, timezone)
        found += _problems_of_id(offer, seen) + compiler.problems(entry)
        problems += [f"{offer.where}, offer {entry.id[:60]!r}: {problem}" for problem in found]
        if not found:
            rows.append(_Row(entry.id, entry.title, compiler.items(entry), start, end))
    return rows


def _from_yaml(path: Path, problems: list[str]) -> list[_Placed]:
    document = read_yaml(path, most_bytes=_MOST_YAML, all_text=True)
    data = [] if document.data is None else document.data
    if not isinstance(data, list):
        raise InputError(f"{path} is not a list of offers", hint="begin each offer with `- id:`")
    return _entries(data, lambda i, inside: document.where((i, *inside)), problems)


def _from_parquet(path: Path, problems: list[str]) -> list[_Placed]:
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
        promotes = {key: _as_list(given.pop(key)) for key in _LISTS if key in given}
        given |= {key: str(given[key]) for key in _DATES if key in given}
        data.append({**given, "promotes": promotes})
    return _entries(data, lambda i, _: f"{path}, row {i + 1}", problems)


def _as_list(value: Any) -> Any:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _entries(
    data: Sequence[Any], where: Callable[[int, Location], str], problems: list[str]
) -> list[_Placed]:
    placed: list[_Placed] = []
    for i, raw in enumerate(data):
        try:
            placed.append(_Placed(where(i, ()), _Entry.model_validate(raw)))
        except ValidationError as error:
            for details in error.errors(include_url=False):
                key = ".".join(map(str, details["loc"]))
                problems.append(f"{where(i, details['loc'])}: {_sentence(details, key)}")
    return placed


def _sentence(details: Mapping[str, Any], key: str) -> str:
    if details["type"] != "extra_forbidden":
        return f"{key or 'an offer'}: {details['msg'][0].lower()}{details['msg'][1:]}"
    known = (*_Entry.model_fields, *_LISTS)
    near = get_close_matches(key.rsplit(".", 1)[-1], known, n=1)
    return f"there is no key {key!r}" + (f"; did you mean {near[0]}?" if near else "")


def _problems_of_id(offer: _Placed, seen: dict[str, str]) -> list[str]:
    found = []
    if problem := id_problem(offer.entry.id):
        found.append(f"its id {problem}")
    if offer.entry.id in seen:
        found.append(f"the id stands already in {seen[offer.entry.id]}")
    seen.setdefault(offer.entry.id, offer.where)
    return found


def _validity(entry: _Entry, timezone: str) -> tuple[float, float, list[str]]:
    """From, until (exclusive) as seconds since 1970, and what is wrong with them."""
    found = []
    start = -np.inf if entry.valid_from is None else _seconds(entry.valid_from, timezone)
    end = np.inf if entry.valid_until is None else _seconds(entry.valid_until, timezone)
    for name, value in (("valid_from", start), ("valid_until", end)):
        if np.isnan(value):
            found.append(f"{name} {getattr(entry, name)!r} is no date or time")
    if entry.valid_until is not None and len(entry.valid_until.strip()) == len("2026-01-31"):
        end += SECONDS_A_DAY
    if end <= start:
        found.append(f"valid_until {entry.valid_until} is not after valid_from {entry.valid_from}")
    return start, end, found


def _seconds(text: str, timezone: str) -> float:
    """Seconds since 1970; NaN where the text is no time."""
    value = seconds(pl.Series([text], dtype=pl.String), timezone)[0]
    return float("nan") if value is None else float(value)


class _Compiler:
    """Names of items, categories and tags to positions in the catalogue."""

    def __init__(self, catalogue: Catalogue, separator: str) -> None:
        self._available = catalogue.available
        self._separator = separator
        self._named: dict[str, dict[str, list[int]]] = {kind: defaultdict(list) for kind in _LISTS}
        for i, item in enumerate(catalogue.ids):
            self._named["items"][item].append(i)
            path = [part.casefold() for part in catalogue.paths[i]]
            prefixes = {self._joined(path[:end]) for end in range(2, len(path) + 1)}
            for name in {*path, *prefixes}:
                self._named["categories"][name].append(i)
            for tag in catalogue.tags[i]:
                self._named["tags"][tag.casefold()].append(i)

    def problems(self, entry: _Entry) -> list[str]:
        """What the entry names that does not exist, with the nearest that does."""
        found = []
        for kind, name in self._names(entry):
            known = self._named[kind]
            if self._key(kind, name) not in known:
                near = get_close_matches(self._key(kind, name), known, n=1, cutoff=0.8)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                found.append(f"promotes.{kind}: the catalogue has no {name[:60]!r}{hint}")
        if not self._names(entry):
            found.append("it promotes nothing; name items, categories or tags under `promotes`")
        return found

    def items(self, entry: _Entry) -> list[int]:
        """The available items that the entry promotes, ascending."""
        named = [self._named[kind][self._key(kind, name)] for kind, name in self._names(entry)]
        return sorted({i for items in named for i in items if self._available[i]})

    def _names(self, entry: _Entry) -> list[tuple[str, str]]:
        return [(kind, name) for kind in _LISTS for name in getattr(entry.promotes, kind)]

    def _key(self, kind: str, name: str) -> str:
        if kind == "items":
            return name
        if kind == "tags":
            return name.strip().casefold()
        return self._joined([part.casefold() for part in name.split(self._separator)])

    def _joined(self, path: Sequence[str]) -> str:
        return f" {self._separator} ".join(part.strip() for part in path)


def _offers(rows: Sequence[_Row]) -> Offers:
    return Offers(
        ids=tuple(OfferId(row.id) for row in rows),
        titles=tuple(row.title for row in rows),
        indptr=np.concatenate([[0], np.cumsum([len(row.items) for row in rows])]).astype(np.int32),
        items=np.array([item for row in rows for item in row.items], dtype=np.int32),
        valid_from=np.array([row.valid_from for row in rows], dtype=np.float64),
        valid_until=np.array([row.valid_until for row in rows], dtype=np.float64),
    )
