"""What the demo shows: three visitors of a shop, as their screens would look."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from tactful.demo.households import LIFE_EVENT, Unguarded
from tactful.demo.service import Service

N = 8
_FEW = 6
BASKET = ("826249", "913785")
_BASKET_NAMES = "hamburger buns and ketchup"
_PROMISE = (
    f"For customers who have not declared the life event `{LIFE_EVENT}`, no response depends on "
    "purchases labelled or approved as evidence of it."
)


def heading(screen: Console, number: int, text: str) -> None:
    """A numbered line between two parts of the demo."""
    screen.print()
    screen.rule(f"[bold]{number}  {text}[/]", align="left", style="dim")


def habits(screen: Console, service: Service, customer: str) -> None:
    """A household with strong habits."""
    answer = service.offers({"customer_id": customer, "placements": ["usuals"], "n": _FEW})
    screen.print(
        f"\n[bold]Household {customer}[/] knows what it likes. Its usuals, and why:\n",
        soft_wrap=True,
    )
    _print(screen, _offers(answer, "usuals"))


def secret(screen: Console, service: Service, unguarded: Unguarded) -> None:
    """A household with a baby: what others would show, and what Tactful shows."""
    customer = unguarded.customer
    answer = service.offers({"customer_id": customer, "placements": ["home"], "n": N})
    titles = [
        offer["title"] or offer["offer_id"] for offer in answer["placements"]["home"]["offers"]
    ]
    screen.print(
        f"\n[bold]Household {customer}[/] bought baby goods {unguarded.lines} times. It never "
        "told the shop about a baby.\n"
    )
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("without a guard (computed aside, never published)")
    table.add_column("Tactful, over HTTP")
    for (left, told), right in zip(unguarded.offers, titles, strict=False):
        table.add_row(f"[red]{escape(left)}[/]" if told else escape(left), escape(right))
    _print(screen, table)
    screen.print(
        f"\nOn the left, {sum(told for _, told in unguarded.offers)} of {N} offers tell everybody "
        "who looks at the screen. On the right those purchases were never read: they were left "
        f"out before anything was learned. [bold]{_PROMISE}[/]"
    )


def visitor(screen: Console, service: Service) -> None:
    """Somebody nobody knows, with a basket."""
    query = {"placements": ["basket"], "context": {"basket": list(BASKET)}, "n": _FEW}
    answer = service.offers(query)
    screen.print(f"\n[bold]A visitor[/] whom nobody knows, with {_BASKET_NAMES} in the basket:\n")
    _print(screen, _offers(answer, "basket"))


def invitation(screen: Console, address: str, customer: str) -> None:
    """Three lines to paste into another terminal."""
    item = BASKET[0]
    home = {"customer_id": customer, "n": 3}
    basket = {"placements": ["basket"], "context": {"basket": [item]}, "n": 3}
    screen.print("\nIn another terminal:\n")
    for query in (home, basket):
        _paste(
            screen,
            f"curl -s {address}/v1/offers -H 'Content-Type: application/json' "
            f"-d '{json.dumps(query)}'",
        )
    _paste(screen, f"curl -s '{address}/v1/items/{item}/similar?n=3'")
    screen.print(f"\nEvery route, with examples: [bold]{address}/docs[/]")


def _offers(answer: dict[str, Any], placement: str) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=30)
    table.add_column(style="dim")
    for offer in answer["placements"][placement]["offers"]:
        reasons = offer.get("reasons") or [{"text": ""}]
        table.add_row(escape(_title(offer)), escape(reasons[0]["text"]))
    return table


def _title(offer: dict[str, Any]) -> str:
    return str(offer["title"] or offer["offer_id"])


def _print(screen: Console, table: Table) -> None:
    screen.print(Padding(table, (0, 0, 0, 3)))


def _paste(screen: Console, line: str) -> None:
    screen.print(line, markup=False, soft_wrap=True, style="cyan")
