"""What is printed of a change of the policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from recommender.cells import Cell
from recommender.guard.change import PolicyChange
from recommender.guard.counts import LifeEventChange
from recommender.simulate import OfferEffect, Simulation
from recommender.synthetic import Example
from recommender.types import OfferId

MOST_ROWS = 20
"""Rows of a table; JSON has all of them."""
_COUNTS = {
    "items_masked": "no longer used: {} item{}",
    "items_visible": "may be used now: {} item{}",
    "offers_held_back": "held back now: {} offer{}",
    "offers_offerable": "may be shown now: {} offer{}",
}


def show_difference(
    screen: Console, said: Mapping[str, Iterable[str]], change: PolicyChange
) -> None:
    """What is said otherwise and what that does, a life event at a time."""
    for id_ in [*said, *(id_ for id_ in change.life_events if id_ not in said)]:
        screen.print(f"[bold]{escape(id_)}[/]")
        for sentence in said.get(id_, ()):
            screen.print(f"  {escape(sentence)}", soft_wrap=True)
        for sentence in _effects(change.life_events.get(id_)):
            screen.print(f"  [cyan]{escape(sentence)}[/]", soft_wrap=True)
    if not said and not change.life_events:
        screen.print("both say the same, and do the same")
    show_verdict(screen, change)


def show_verdict(screen: Console, change: PolicyChange, *, done: bool = False) -> None:
    """What a change loosens, and unless it is `done`, who has to agree to it."""
    if change.loosens:
        needs = "" if done else ": another person approves it, with a reason"
        screen.print(f"[bold yellow]this loosens the guard[/]{needs}")
        for reason in change.reasons:
            screen.print(f"  {escape(reason)}", soft_wrap=True)
    else:
        needs = "" if done else ": nobody else has to approve it"
        screen.print(f"this loosens nothing{needs}")
    if change.whole_catalogue:
        needs = "" if done else ": publishing it needs a reason"
        screen.print(
            "[bold yellow]half the catalogue or more[/] is matched by "
            f"{', '.join(change.whole_catalogue)}{needs}",
            soft_wrap=True,
        )


def show_simulation(screen: Console, found: Simulation) -> None:
    """Counts in cells, life events, offers."""
    if found.same:
        screen.print("[bold]nothing changes[/], for any customer")
        return
    table = _table("", "customers")
    for words, count in (
        ("whose list changes", found.changed),
        ("whose list gets shorter", found.shorter),
        ("of whom other purchases are used", found.other_view),
    ):
        table.add_row(words, count.text)
    screen.print(table)
    screen.print(_value(found), soft_wrap=True)
    if found.life_events:
        events = _table("life event", "lose an offer", "lose purchases that are used")
        for event in found.life_events:
            events.add_row(event.id, event.reached.text, event.hidden.text)
        screen.print()
        screen.print(events)
    _show_offers(screen, "held back now", found.held)
    _show_offers(screen, "shown in their place, or only now", found.shown)
    screen.print(
        f"\nEvery count is rounded to a multiple of {found.cell}, never up, from a point that is "
        "drawn by lot for each question; offers and life events that reach too few are not listed.",
        soft_wrap=True,
    )


def show_examples(screen: Console, examples: Iterable[Example]) -> None:
    """Lists of invented customers before and after, side by side; what is gone or new is marked."""
    for example in examples:
        screen.print(f"\n[bold]an invented customer who {escape(example.customer)}[/]")
        if example.before == example.after:
            screen.print("  the same list")
            continue
        table = _table("before", "after", plain=True)
        was, now = ({offer for offer, _ in side} for side in (example.before, example.after))
        for at in range(max(len(example.before), len(example.after))):
            table.add_row(
                _cell_of(example.before, at, now, "[red]- {}[/]"),
                _cell_of(example.after, at, was, "[green]+ {}[/]"),
            )
        screen.print(table)


def _effects(change: LifeEventChange | None) -> Iterable[str]:
    if change is None:
        return
    for name, words in _COUNTS.items():
        if count := getattr(change, name):
            shown = change.examples.get(name, ())
            more = ", ..." if count > len(shown) else ""
            said = words.format(f"{count:,}", "" if count == 1 else "s")
            yield f"{said} ({', '.join(shown)}{more})"


def _value(found: Simulation) -> str:
    if not found.value:
        return "shelf price of all lists: none, or of too few customers to say it"
    value = f"of about {found.value:,.0f}"
    if found.forgone is None:
        return f"shelf price of all lists: {value}; too few change to say by how much"
    if not found.forgone:
        return f"shelf price of all lists: {value}; it changes by too little to say it"
    share = abs(found.forgone) / found.value
    direction = "less" if found.forgone >= 0 else "more"
    return (
        f"shelf price of all lists: about {abs(found.forgone):,.0f} {direction} ({share:.2%} "
        f"{value}); a shelf price, not what anybody would have bought"
    )


def _show_offers(screen: Console, heading: str, effects: tuple[OfferEffect, ...]) -> None:
    if not effects:
        return
    events = any(effect.life_event for effect in effects)
    table = _table("offer", "customers", *(["life event"] if events else []), "title")
    for effect in effects[:MOST_ROWS]:
        why = [effect.life_event] if events else []
        row = (effect.offer, _text(effect.customers), *why, effect.title)
        table.add_row(*map(escape, row))
    screen.print(f"\n[bold]{heading}[/]")
    screen.print(table)
    if len(effects) > MOST_ROWS:
        screen.print(f"and {len(effects) - MOST_ROWS:,} more; --json lists all of them")


def _text(count: Cell) -> str:
    return count.text


def _cell_of(
    side: tuple[tuple[OfferId, str], ...], at: int, other: set[OfferId], marked: str
) -> str:
    if at >= len(side):
        return ""
    offer, title = side[at]
    text = escape(title or offer)
    return f"  {text}" if offer in other else marked.format(text)


def _table(*columns: str, plain: bool = False) -> Table:
    """The first column is text; so are all when `plain`."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for number, name in enumerate(columns):
        counts = not plain and number and name not in ("title", "life event")
        table.add_column(name, justify="right" if counts else "left")
    return table
