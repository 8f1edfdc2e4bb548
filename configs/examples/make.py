"""Writes `transactions.csv` of every example that has a `habits.toml`; the same bytes every time.

    python configs/examples/make.py

A segment is a group of invented customers with habits: item = [share of customers who have the
habit, times a year]. A person is one customer of a segment by name. People with the same `seed`
make the same purchases, those of `also` (date and item) aside: that is how twins are made who
differ in nothing else. A person may also have only what `also` says.
"""

from __future__ import annotations

import csv
import random
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

FIRST, DAYS = date(2025, 11, 1), 365
HERE = Path(__file__).parent
Line = tuple[str, str, str]
"""Customer, moment, item."""


def transactions(habits: dict[str, Any]) -> list[Line]:
    """All lines of a shop, by customer and time."""
    lines: list[Line] = []
    number = habits["first_customer"]
    for name, segment in habits["segments"].items():
        for nth in range(segment["customers"]):
            lines += _lived(str(number), segment["habits"], f"{name} {nth}")
            number += 1
    for customer, person in habits["people"].items():
        if "segment" in person:
            of = habits["segments"][person["segment"]]["habits"]
            lines += _lived(customer, of, person["seed"])
        lines += [(customer, f"{day}T12:00:00", item) for day, item in person.get("also", ())]
    return sorted(set(lines))


def _lived(customer: str, habits: dict[str, list[float]], seed: str) -> Iterator[Line]:
    chance = random.Random(seed)  # `random()` alone is the same in every version of Python
    for item, (share, times) in sorted(habits.items()):
        has, eagerness = chance.random() < share, 0.6 + 0.8 * chance.random()
        for _ in range(max(1, round(times * eagerness))):
            day = FIRST + timedelta(days=int(chance.random() * DAYS))
            hour = 8 + int(chance.random() * 12)
            if has:
                yield customer, f"{day}T{hour:02}:00:00", item


def write(folder: Path, out: Path) -> int:
    """Writes the lines of the shop in `folder` to the file `out`; gives how many."""
    lines = transactions(tomllib.loads((folder / "habits.toml").read_text(encoding="utf-8")))
    with out.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["customer_id", "timestamp", "item_id", "quantity"])
        table.writerows([*line, 1] for line in lines)
    return len(lines)


if __name__ == "__main__":
    for found in sorted(HERE.glob("*/habits.toml")):
        target = found.with_name("transactions.csv")
        print(f"{target}: {write(found.parent, target):,} lines")
