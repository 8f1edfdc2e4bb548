"""What a preview prints."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from tactful.matches import EventMatches, Item, Matches, Shelf

COUNTED = ("evidence", "targets", "soft", "proxies", "offers")
"""What is counted of a life event, in the order of `EventMatches`."""


def show_matches(screen: Console, found: Matches) -> None:
    """A few lines a life event: its counts, and some items, the first with its reason."""
    screen.print(
        f"{found.n_items:,} items; {found.n_masked:,} are never used, {found.n_contained:,} are "
        f"never offered unasked, {found.n_unmapped:,} have nothing that could be matched"
        + (f" ({', '.join(map(escape, found.unmapped))}, ...)" if found.unmapped else ""),
        soft_wrap=True,
    )
    if found.packs:
        screen.print(f"packs: {', '.join(map(escape, found.packs))}", soft_wrap=True)
    for event in found.events:
        if any(_counts(event)):
            counts = zip(COUNTED, _counts(event), strict=True)
            told = ", ".join(f"{name} {count:,}" for name, count in counts if count)
            screen.print(f"[bold]{escape(event.id)}[/]: {event.stance}; {told}")
            screen.print(Padding(_examples(event), (0, 0, 0, 2)))
    idle = [event.id for event in found.events if not any(_counts(event))]
    if idle:
        screen.print(f"[dim]nothing matches:[/] {', '.join(idle)}", soft_wrap=True)


def show_life_event(screen: Console, shelf: Shelf) -> None:
    """Every item and offer of one life event."""
    named = f" ({escape(shelf.title)})" if shelf.title else ""
    screen.print(
        f"[bold]{shelf.id}[/]{named}: {shelf.stance}; {len(shelf.items):,} items, "
        f"{len(shelf.offers):,} offers",
        soft_wrap=True,
    )
    items = _table("item", "title", "category", "is", "because")
    for item in shelf.items:
        row = (item.item_id, item.title, item.category, ", ".join(item.roles), _why(item))
        items.add_row(*map(escape, row))
    if shelf.items:
        screen.print(items)
    ids = {item.item_id for item in shelf.items}
    # Where every item is its own offer, the items have said it all.
    apart = [offer for offer in shelf.offers if offer.offer_id not in ids]
    offers = _table("offer", "title", "held back")
    for offer in apart:
        offers.add_row(escape(offer.offer_id), escape(offer.title), offer.held)
    if apart:
        screen.print()
        screen.print(offers)


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(name)
    return table


def _counts(event: EventMatches) -> tuple[int, ...]:
    return event.evidence, event.targets, event.soft, event.proxies, event.offers


def _examples(event: EventMatches) -> str:
    if not event.examples:
        return "[dim]offers only[/]"
    first, *others = event.examples
    shown = [f"{_name(first)} [dim]({escape(_why(first))})[/]", *map(_name, others)]
    return "; ".join(shown)


def _name(item: Item) -> str:
    return escape(item.title or item.item_id)


def _why(item: Item) -> str:
    return ", ".join(item.because)
