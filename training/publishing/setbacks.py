"""What the records of two versions alone tell against the new one.

A live version that is fitted again gets the lines of the new one. So a comparison cannot see that
lines, customers or offers were lost on the way: both have lost them. Their numbers can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from recommender.bundle import Manifest
from recommender.times import iso_utc
from training.difference import short

MOST_LOST = 0.2
"""Share of the live version's customers, offers or lines. A shop changes less between two
trainings; an export that was cut short, or a filter set wrongly, costs more."""

MOST_QUALITY_LOST = 0.15
"""Share of the live version's recorded NDCG. The two were measured in different windows, and
weeks differ: a smaller step may be chance."""


class Recorded(Protocol):
    """What manifests and summaries both say of a version."""

    @property
    def as_of(self) -> int:
        """The last purchase that it knows, in seconds since 1970."""
        ...

    @property
    def n_customers(self) -> int:
        """How many customers have a record."""
        ...

    @property
    def n_offers(self) -> int:
        """How many offers it can make."""
        ...

    @property
    def metrics(self) -> dict[str, float]:
        """Its recorded quality, as in `Manifest`."""
        ...


def older(live: Recorded, new: Recorded) -> Iterator[str]:
    """That the new version knows less of what customers did lately."""
    if new.as_of < live.as_of:
        yield (
            f"its purchases end on {iso_utc(new.as_of)}, those of the live version on "
            f"{iso_utc(live.as_of)}: it would forget what was bought since"
        )


def smaller(live: Recorded, new: Recorded) -> Iterator[str]:
    """What there is much less of, and whether the recorded quality fell."""
    yield from _lost("customers", live.n_customers, new.n_customers)
    yield from _lost("offers", live.n_offers, new.n_offers)
    yield from _worse(live.metrics, new.metrics)


def fewer_lines(live: Manifest, new: Manifest) -> Iterator[str]:
    """That it was made from much fewer lines, where both say from how many."""
    if live.lineage is not None and new.lineage is not None:
        yield from _lost("lines", live.lineage.n_lines, new.lineage.n_lines)


def _lost(what: str, live: int, new: int) -> Iterator[str]:
    if new < (1 - MOST_LOST) * live:
        yield f"it has {_percent(live, new)} fewer {what}: {new:,} against {live:,}"


def _worse(live: Mapping[str, float], new: Mapping[str, float]) -> Iterator[str]:
    for name in sorted(live.keys() & new.keys()):
        known = name.startswith("ndcg@") and name.endswith("_all")
        if known and new[name] < (1 - MOST_QUALITY_LOST) * live[name]:
            at = name.removeprefix("ndcg@").removesuffix("_all")
            yield (
                f"its recorded NDCG@{at} for anything is {_percent(live[name], new[name])} lower: "
                f"{short(new[name])} against {short(live[name])}, in windows that differ"
            )


def _percent(live: float, new: float) -> str:
    return f"{100 * (1 - new / live):.0f} %"
