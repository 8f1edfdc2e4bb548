"""Offers from a file: what each one promotes, compiled to items of the catalogue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import polars as pl

from recommender.catalogue import Catalogue, Offers, own_offers
from recommender.errors import InputError, NotFound
from recommender.ids import id_problem
from recommender.types import SECONDS_A_DAY, OfferId
from training.reading.offer_entries import LISTS, Entry, Placed, read_entries
from training.reading.problems import MOST_LISTED
from training.reading.values import seconds


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
    rows = _compiled(read_entries(path), _Compiler(catalogue, separator), timezone, problems)
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
    placed: Sequence[Placed], compiler: _Compiler, timezone: str, problems: list[str]
) -> list[_Row]:
    """The offers that break no rule; the others go to `problems`."""
    seen: dict[str, str] = {}
    rows: list[_Row] = []
    for offer in placed:
        problems += offer.problems
        if (entry := offer.entry) is None:
            continue
        start, end, found = _validity(entry, timezone)
        found += _problems_of_id(offer.where, entry, seen) if "id" not in offer.unread else []
        found += compiler.problems(entry, whole="promotes" not in offer.unread)
        name = f", offer {entry.id[:60]!r}" if "id" not in offer.unread else ""
        problems += [f"{offer.where}{name}: {problem}" for problem in found]
        if not found and not offer.problems:
            rows.append(_Row(entry.id, entry.title, compiler.items(entry), start, end))
    return rows


def _problems_of_id(where: str, entry: Entry, seen: dict[str, str]) -> list[str]:
    found = []
    if problem := id_problem(entry.id):
        found.append(f"its id {problem}")
    if entry.id in seen:
        found.append(f"the id stands already in {seen[entry.id]}")
    seen.setdefault(entry.id, where)
    return found


def _validity(entry: Entry, timezone: str) -> tuple[float, float, list[str]]:
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
        self._named: dict[str, dict[str, list[int]]] = {kind: defaultdict(list) for kind in LISTS}
        for i, item in enumerate(catalogue.ids):
            self._named["items"][item].append(i)
            path = [part.casefold() for part in catalogue.paths[i]]
            prefixes = {self._joined(path[:end]) for end in range(2, len(path) + 1)}
            for name in {*path, *prefixes}:
                self._named["categories"][name].append(i)
            for tag in catalogue.tags[i]:
                self._named["tags"][tag.casefold()].append(i)

    def problems(self, entry: Entry, *, whole: bool = True) -> list[str]:
        """What the entry names that does not exist, with the nearest that does.

        whole   False where the entry may name more than could be read
        """
        found = []
        for kind, name in self._names(entry):
            known = self._named[kind]
            if self._key(kind, name) not in known:
                near = get_close_matches(self._key(kind, name), known, n=1, cutoff=0.8)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                found.append(f"promotes.{kind}: the catalogue has no {name[:60]!r}{hint}")
        if whole and not self._names(entry):
            found.append("it promotes nothing; name items, categories or tags under `promotes`")
        return found

    def items(self, entry: Entry) -> list[int]:
        """The available items that the entry promotes, ascending."""
        named = [self._named[kind][self._key(kind, name)] for kind, name in self._names(entry)]
        return sorted({i for items in named for i in items if self._available[i]})

    def _names(self, entry: Entry) -> list[tuple[str, str]]:
        return [(kind, name) for kind in LISTS for name in getattr(entry.promotes, kind)]

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
