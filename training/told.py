"""What customers have told us, as a dated file that a training takes: `tactful controls export`.

    {"tactful_controls": 1, "taken_at": 1767225600}
    {"customer": "4711", "objections": {"alcohol": {"at": 1766000000}}}
    {"customers": 1}

One line a customer, sorted by id; the last line counts them, so that a file that was cut short is
never taken for a whole one. A view that was made with a file can be made again with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from recommender.catalogue import Catalogue
from recommender.controls import Controls
from recommender.errors import InputError, NotFound
from recommender.guard.policy import GuardPolicy
from recommender.guard.view import Told
from recommender.ids import id_problem
from recommender.times import iso_utc
from recommender.types import SECONDS_A_DAY

FORMAT = 1
"""Raised when a line changes its meaning."""
OLD_DAYS = 30
"""An export that is older is worth a note."""
_NAME = "tactful_controls"
_COUNT = "customers"
_HINT = "write the file with `tactful controls export --out FILE`, and leave it as it is"


@dataclass(frozen=True, eq=False)
class Export:
    """What customers had told us at one moment.

    taken_at   seconds since 1970; whatever was told earlier is in it. 0: there is no export
    controls   customer -> controls, of those who have told us anything
    """

    taken_at: int = 0
    controls: Mapping[str, Controls] = field(default_factory=dict)

    def told(self, policy: GuardPolicy, catalogue: Catalogue, now: float) -> Told | None:
        """What it means for a view under `policy` at `now`; None when there is no export.

        catalogue   the items that the purchases point into
        """
        if not self.taken_at:
            return None
        return Told(
            controls=self.controls,
            policy=policy,
            at=now,
            items=catalogue.ids,
            categories=catalogue.categories,
        )

    def notes(self, now: float) -> list[str]:
        """What a person should know of an export that is used at `now`."""
        if not self.taken_at:
            return []
        days = (now - self.taken_at) / SECONDS_A_DAY
        if days > OLD_DAYS:
            why = f"{days:.0f} days ago: what customers told us since is not in it"
        elif days < 0:
            why = "after the moment that counts here: what ended in between is not in it"
        else:
            return []
        return [f"the export of controls was taken on {iso_utc(self.taken_at)}, {why}"]


def export_header(taken_at: int) -> str:
    """The first line of an export, without its end."""
    return json.dumps({_NAME: FORMAT, "taken_at": taken_at})


def export_footer(customers: int) -> str:
    """The last line of an export, without its end: how many customers are in it."""
    return json.dumps({_COUNT: customers})


def read_export(path: Path | None) -> Export:
    """Reads a whole export; none when `path` is None.

    Raises NotFound when there is no such file, and InputError, naming file, line and value, for
    anything that the export command does not write: a file that was cut short or edited would
    let objections go unheard.
    """
    if path is None:
        return Export()
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            lines = enumerate(file, 1)
            taken_at = _header(path, next(lines, (1, ""))[1])
            return Export(taken_at, dict(_customers(path, lines)))
    except FileNotFoundError as error:
        raise NotFound(
            f"there is no file {path}", hint="check guard.controls; `tactful controls export`"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text: {error}", hint=_HINT) from error


def _header(path: Path, line: str) -> int:
    try:
        header = json.loads(line)
        written, taken_at = header[_NAME], header["taken_at"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{path} is no export of controls: {_short(line)}", hint=_HINT) from error
    if written != FORMAT:
        raise InputError(
            f"{path} has format {_short(written)}, this release reads {FORMAT}",
            hint="train with the release that wrote it, or export again with this one",
        )
    if not isinstance(taken_at, int) or isinstance(taken_at, bool) or not 0 < taken_at < 2**53:
        raise InputError(f"{path}, line 1: taken_at is {_short(taken_at)}", hint=_HINT)
    return taken_at


def _customers(path: Path, lines: Iterator[tuple[int, str]]) -> Iterator[tuple[str, Controls]]:
    before, count = "", 0
    for number, line in lines:
        place = f"{path}, line {number}"
        if line.startswith(f'{{"{_COUNT}"'):
            _whole(place, line, count, lines)
            return
        try:
            controls = Controls.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            raise InputError(
                f"{place}: {where} = {_short(first['input'])}: {first['msg']}", hint=_HINT
            ) from error
        problem = id_problem(controls.customer)
        if problem is not None:
            raise InputError(f"{place}: the customer id {problem}", hint=_HINT)
        if not before < controls.customer:
            raise InputError(
                f"{place}: customer {_short(controls.customer)} stands after {_short(before)}",
                hint=f"customers are sorted and stand once; {_HINT}",
            )
        before = controls.customer
        count += 1
        yield controls.customer, controls
    raise InputError(
        f"{path} ends after {count:,} customers without the line that counts them: it was cut "
        "short, or an earlier release wrote it",
        hint=f"export again: whom the file lacks would go unheard; {_HINT}",
    )


def _whole(place: str, line: str, count: int, rest: Iterator[tuple[int, str]]) -> None:
    """Raises InputError unless a file ends with this line, after as many customers as it says."""
    if line.removesuffix("\n") != export_footer(count):
        raise InputError(
            f"{place}: {_short(line)} after {count:,} lines of customers",
            hint=f"export again: lines are missing, or were added; {_HINT}",
        )
    if next(rest, None) is not None:
        raise InputError(f"{place}: something follows the last line", hint=_HINT)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
