"""Proxies: items that a person approved as evidence of a life event.

A proxy list is a text with one external item id a line; further columns after a comma, and a
first line `item_id`, are passed over, so that a CSV file with reasons and supports will do.
Pending lists do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from recommender.errors import PolicyError
from recommender.guard import marked
from recommender.guard.marked import Marked, Section
from recommender.ids import id_problem

_STATUS = ("approved", "pending")


class Proxies(BaseModel):
    """Items written out, or the name of a file that lists them, or both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    approved: bool
    items: tuple[str, ...] = ()
    list: str = ""


def proxies_of(value: Marked, where: str) -> Proxies:
    """The proxies that an entry names; a status is required, so that nothing goes live unread."""
    section = Section(value, where, ("items", "list", "status"))
    status, items, file = section.get("status"), section.get("items"), section.get("list")
    if status is None:
        raise value.error(f"{where} has no `status`", "write status: approved, or pending")
    if items is None and file is None:
        raise value.error(f"{where} names no items", "give `items: [...]` or `list: FILE`")
    return Proxies(
        approved=marked.choice_of(status, section.at("status"), _STATUS) == "approved",
        items=marked.texts_of(items, section.at("items")) if items is not None else (),
        list=marked.text_of(file, section.at("list")) if file is not None else "",
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
        items |= set(_read(proxy_lists[proxies.list], proxies.list))
    return tuple(sorted(items))


def _read(text: str, name: str) -> list[str]:
    items = []
    for line, row in enumerate(text.splitlines(), start=1):
        item = row.split(",")[0].strip().strip('"')
        if not item or (line == 1 and item.casefold() == "item_id"):
            continue
        if problem := id_problem(item):
            raise PolicyError(
                f"{name}, line {line}: the item id {problem}", hint="write one item id a line"
            )
        items.append(item)
    return items
