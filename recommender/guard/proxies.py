"""Proxies: items that a person approved as evidence of a life event.

A proxy list is a text with one external item id a line; further columns after a comma, and a
first line `item_id`, are passed over, so that a CSV file with reasons and supports will do.
Pending lists do nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ConfigDict

from recommender.errors import PolicyError
from recommender.guard import marked
from recommender.guard.filenames import stays_below
from recommender.guard.marked import Marked, Section
from recommender.ids import id_problem

KEYS = ("items", "list", "status")
_STATUS = ("approved", "pending")


class Proxies(BaseModel):
    """Items written out, or the name of a file that lists them, or both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    approved: bool
    items: tuple[str, ...] = ()
    list: str = ""


def proxies_of(value: Marked, where: str) -> Proxies:
    """The proxies that an entry names; a status is required, so that nothing goes live unread."""
    section = Section(value, where, KEYS)
    status, items, file = section.get("status"), section.get("items"), section.get("list")
    if status is None:
        raise value.error(f"{where} has no `status`", "write status: approved, or pending")
    if items is None and file is None:
        raise value.error(f"{where} names no items", "give `items: [...]` or `list: FILE`")
    return Proxies(
        approved=marked.choice_of(status, section.at("status"), _STATUS) == "approved",
        items=marked.texts_of(items, section.at("items")) if items is not None else (),
        list=_file_of(file, section.at("list")) if file is not None else "",
    )


def approved_items(proxies: Proxies, place: str, proxy_lists: Mapping[str, str]) -> tuple[str, ...]:
    """External ids of all approved proxies, sorted; none while they are pending."""
    if not proxies.approved:
        return ()
    items = set(proxies.items)
    if proxies.list:
        if proxies.list not in proxy_lists:
            raise PolicyError(
                f"{place}: the proxy list {proxies.list!r} was not handed in",
                hint=f"check the file's name; handed in: {marked.listed(proxy_lists)}",
            )
        items |= {item for _, item in listed_items(proxy_lists[proxies.list], proxies.list)}
    return tuple(sorted(items))


def listed_items(text: str, name: str) -> Iterator[tuple[int, str]]:
    """Lines, counted from 1, and external ids of a proxy list; PolicyError on an impossible id."""
    rows = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        for row in rows:
            item = row[0].strip() if row else ""
            if not item or (rows.line_num == 1 and item.casefold() == "item_id"):
                continue
            if problem := id_problem(item):
                raise PolicyError(
                    f"{name}, line {rows.line_num}: the item id {problem}",
                    hint="write one item id a line",
                )
            yield rows.line_num, item
    except csv.Error as error:
        raise PolicyError(
            f"{name}, line {rows.line_num}: not a table: {error}",
            hint="write one item id a line, and further columns after a comma",
        ) from error


def _file_of(value: Marked, where: str) -> str:
    """A file beside the policy, so that a policy reads nothing else of the machine."""
    text = marked.text_of(value, where)
    if not stays_below(text):
        raise value.error(
            f"{where} is {value.shown}, which leaves the policy's folder",
            "put the file beside the policy, and name it from there: proxies/pregnancy.csv",
        )
    return text
