"""Why an offer is shown: contributions that add up to its score, and what to tell the customer.

Only facts of the view and of the context are cited, never an inference about the person, and
at most `MAX_EVIDENCE` items (guard G9). No true reason, no reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from recommender.customer import SINCE_TRAINING
from recommender.index import BundleIndex
from recommender.models.als import explain_parts
from recommender.models.blend import cross_scale
from recommender.related import edges
from recommender.request import Basis, Decision, Pick
from recommender.times import day_month_year
from recommender.types import SECONDS_A_DAY, Doubles, Ints, ItemId

MAX_EVIDENCE = 2
_POPULAR = "Popular with other customers lately"


@dataclass(frozen=True)
class Contribution:
    """A part of a score.

    kind    own | cross | popular | together | replenish
    item    the item of the history or the context that it comes from; None: from no one item
    """

    kind: str
    value: float
    item: ItemId | None = None


class Reason(NamedTuple):
    """What a customer may be told.

    share   of the score; the shares of an offer's reasons add up to 1
    items   what is cited, at most `MAX_EVIDENCE`
    """

    kind: str
    text: str
    share: float
    items: tuple[ItemId, ...] = ()


@dataclass(frozen=True, eq=False)
class Explainer:
    """Explains the picks of one decision; what they share is computed once.

    detail   `short` names the kinds of evidence; `full` also cites items for the cross part, at
             the price of one small linear solve a decision
    """

    index: BundleIndex
    decision: Decision
    detail: Literal["short", "full"] = "short"

    def contributions(self, pick: Pick) -> list[Contribution]:
        """Everything that a pick's score is made of; the values add up to `pick.score`.

        Own and cross parts are split over the items of the history, exactly: the ALS score is
        linear in what was bought (Hu, Koren, Volinsky 2008, section 5).
        """
        if pick.basis is Basis.REPLENISH:
            item = ItemId(self.index.offer_id(pick.offer))
            return [Contribution("replenish", pick.score, item)]
        if pick.basis is Basis.POPULAR:
            return [Contribution("popular", pick.popular)]
        if pick.basis is Basis.TOGETHER:
            return self._together(pick)
        own = self._own(pick) if pick.own else []
        cross = self._cross(pick) if pick.cross else []
        return [*own, *cross, Contribution("popular", pick.popular)]

    def reasons(self, pick: Pick) -> tuple[Reason, ...]:
        """The weightiest first; none when the score has no positive part to speak of."""
        if pick.score <= 0:
            return ()
        if pick.basis is Basis.POPULAR:
            return (Reason("popular", _POPULAR, 1.0),)
        if pick.basis is Basis.REPLENISH:
            return (Reason("replenish", "You buy this regularly", 1.0),)
        if pick.basis is Basis.TOGETHER:
            cited = _heaviest(self._together(pick))
            text = f"Often bought with {self._names(cited)}"
            return (Reason("together", text, 1.0, cited),)
        told = [
            *([self._own_reason(pick)] if pick.own else []),
            *([self._cross_reason(pick)] if pick.cross else []),
            *([Reason("popular", _POPULAR, pick.popular / pick.score)] if pick.popular else []),
        ]
        return tuple(sorted(told, key=lambda reason: -reason.share))

    def _own_reason(self, pick: Pick) -> Reason:
        view, at = self.decision.view, self._history_of(pick.offer)
        share = pick.own / pick.score
        items = tuple(self.index.item_id(int(view.rows[i])) for i in at[:MAX_EVIDENCE])
        if len(at) > 1:
            text = f"You buy {len(at)} of the items in this offer"
            return Reason("own", text, share, items)
        return Reason("own", f"You bought this {self._purchases(at[0])}", share, items)

    def _purchases(self, at: int) -> str:
        """How often and when the item at a position of the view was bought; no day is guessed."""
        view = self.decision.view
        times, age = int(view.baskets[at]), int(view.age_days[at])
        if age == SINCE_TRAINING:
            return "lately" if times == 1 else f"{times} times, also lately"
        day = day_month_year(self.index.bundle.manifest.as_of - age * SECONDS_A_DAY)
        return f"once, on {day}" if times == 1 else f"{times} times, most recently on {day}"

    def _cross_reason(self, pick: Pick) -> Reason:
        share = pick.cross / pick.score
        if pick.cross < 0:
            return Reason("cross", "Not typical of your other purchases", share)
        if self.detail == "short":
            return Reason("cross", "Goes with what you usually buy", share)
        place, parts = self._cross_parts
        values = parts[place[pick.offer]]
        heaviest = np.argsort(-values, kind="stable")[:MAX_EVIDENCE]
        rows = self.decision.rows[heaviest[values[heaviest] > 0]]
        cited = tuple(self.index.item_id(row) for row in rows.tolist())
        return Reason("cross", f"Goes with {self._names(cited)}", share, cited)

    def _history_of(self, offer: int) -> list[int]:
        """Positions in the view of the items that an offer promotes."""
        place = self._place
        return [place[row] for row in self.index.promoted(offer) if row in place]

    @cached_property
    def _place(self) -> dict[int, int]:
        """Row to position in the view."""
        rows = self.decision.view.rows.tolist()
        return dict(zip(rows, range(len(rows)), strict=True))

    def _own(self, pick: Pick) -> list[Contribution]:
        view, at = self.decision.view, self._history_of(pick.offer)
        rows = view.rows[at]
        values = self.index.bundle.repeat_scale[rows].astype(np.float64) * view.own[at]
        return self._named("own", rows, values)

    def _cross(self, pick: Pick) -> list[Contribution]:
        place, parts = self._cross_parts
        return self._named("cross", self.decision.rows, parts[place[pick.offer]])

    @cached_property
    def _cross_parts(self) -> tuple[dict[int, int], Doubles]:
        """(n_picks, n_history): the cross parts of all blended picks, in one solve."""
        decision, bundle = self.decision, self.index.bundle
        assert decision.factor is not None
        picks = [p for a in decision.placements for p in a.picks if p.basis is Basis.BLEND]
        offers = [pick.offer for pick in picks]
        scale = cross_scale(decision.factor[None, :], bundle.gramian, len(bundle.factors))[0]
        parts = explain_parts(
            bundle.factors,
            bundle.gramian,
            bundle.parameters.regularization,
            decision.rows,
            decision.confidence,
            self.index.explore[offers, :-1],
        )
        weight = bundle.parameters.cross_weight / scale
        return {offer: i for i, offer in enumerate(offers)}, parts * weight

    def _together(self, pick: Pick) -> list[Contribution]:
        promoted = self.index.promoted(pick.offer)
        found = []
        for row in self.decision.context_rows.tolist():
            rows, weights = edges(self.index.bundle.complements, np.array([row], dtype=np.int32))
            value = float(weights[np.isin(rows, promoted)].sum())
            if value:
                found.append(Contribution("together", value, self.index.item_id(row)))
        return found

    def _named(self, kind: str, rows: Ints, values: Doubles) -> list[Contribution]:
        return [
            Contribution(kind, value, self.index.item_id(row))
            for row, value in zip(rows.tolist(), values.tolist(), strict=True)
        ]

    def _names(self, items: tuple[ItemId, ...]) -> str:
        """Titles of the cited items; two items of one title are named once."""
        catalogue = self.index.bundle.catalogue
        titles = [catalogue.titles[self.index.item_index[item]] or item for item in items]
        return " and ".join(dict.fromkeys(titles))


def explain(
    index: BundleIndex,
    decision: Decision,
    pick: Pick,
    detail: Literal["short", "full"] = "short",
) -> tuple[Reason, ...]:
    """Reasons of one pick; for several of one decision make one `Explainer`."""
    return Explainer(index, decision, detail).reasons(pick)


def contributions(index: BundleIndex, decision: Decision, pick: Pick) -> list[Contribution]:
    """Contributions of one pick; for several of one decision make one `Explainer`."""
    return Explainer(index, decision).contributions(pick)


def _heaviest(parts: list[Contribution]) -> tuple[ItemId, ...]:
    helping = [part for part in parts if part.value > 0]
    helping.sort(key=lambda part: (-part.value, part.item or ""))
    return tuple(part.item for part in helping[:MAX_EVIDENCE] if part.item is not None)
