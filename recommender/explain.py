"""Why an offer is shown: contributions that add up to its score, and what to tell the customer.

Only facts of the view and of the context are cited, never an inference about the person, and
at most `MAX_EVIDENCE` items (guard G9). No true reason, no reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from recommender.customer import SINCE_TRAINING, UNDATED
from recommender.index import BundleIndex
from recommender.models.als import explain_parts
from recommender.models.blend import cross_scale
from recommender.related import edges
from recommender.request import Basis, Decision, Pick
from recommender.times import day_month_year
from recommender.types import SECONDS_A_DAY, Doubles, Ints, ItemId

MAX_EVIDENCE = 2
_POPULAR = "Popular with other customers lately"


_LEAST_SHARE = 5e-5
"""A share that would be shown as zero is no reason."""

_Parts = tuple[Ints, Doubles]
"""Rows, and what each adds to a score."""


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
            return self._named("together", self._together(pick))
        own = self._named("own", self._own(pick)) if pick.own else []
        cross = self._named("cross", self._cross(pick)) if pick.cross else []
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
            cited = self._cited(self._together(pick), pick)
            text = f"Often bought with {self._names(cited)}" if cited else "Often bought together"
            return (Reason("together", text, 1.0, cited),)
        told = [
            *([self._own_reason(pick)] if pick.own else []),
            *([self._cross_reason(pick)] if pick.cross else []),
            *([Reason("popular", _POPULAR, pick.popular / pick.score)] if pick.popular else []),
        ]
        worth = [reason for reason in told if abs(reason.share) >= _LEAST_SHARE]
        return tuple(sorted(worth, key=lambda reason: -reason.share))

    def _own_reason(self, pick: Pick) -> Reason:
        view, at = self.decision.view, self._history_of(pick.offer)
        share = pick.own / pick.score
        items = tuple(self.index.item_id(int(view.rows[i])) for i in at[:MAX_EVIDENCE])
        if len(self.index.promoted(pick.offer)) > 1:
            text = f"You have bought {len(at)} of the items in this offer"
            return Reason("own", text, share, items)
        return Reason("own", f"You bought this {self._purchases(at[0])}", share, items)

    def _purchases(self, at: int) -> str:
        """How often and when the item at a position of the view was bought; no day is guessed."""
        view = self.decision.view
        times, age = int(view.baskets[at]), int(view.age_days[at])
        if age == SINCE_TRAINING:
            return "lately" if times == 1 else f"{times} times, also lately"
        if age == UNDATED:
            return "before" if times == 1 else f"{times} times"
        day = day_month_year(self.index.bundle.manifest.as_of - age * SECONDS_A_DAY)
        return f"once, on {day}" if times == 1 else f"{times} times, most recently on {day}"

    def _cross_reason(self, pick: Pick) -> Reason:
        share = pick.cross / pick.score
        if pick.cross < 0:
            return Reason("cross", "Not typical of your other purchases", share)
        cited = self._cited(self._cross(pick), pick) if self._cites else ()
        if cited:
            return Reason("cross", f"Goes with {self._names(cited)}", share, cited)
        known = len(self.decision.view) > 0
        seen = "what you usually buy" if known else "what you are looking at"
        return Reason("cross", f"Goes with {seen}", share)

    @property
    def _cites(self) -> bool:
        """Whether the cross part names items: on request, and only where nobody looks over."""
        return self.detail == "full" and self.decision.channel.private

    def _cited(self, parts: _Parts, pick: Pick) -> tuple[ItemId, ...]:
        """The heaviest items that helped, may be named, and are not the offer's own.

        A target of a held life event is named to nobody, even if it was bought.
        """
        if not self.decision.channel.private:
            return ()
        rows, values = parts
        promoted, targets = self.index.promoted(pick.offer), self.index.target_of_row
        cited: list[ItemId] = []
        for at in np.argsort(-values, kind="stable").tolist():
            if values[at] <= 0 or len(cited) == MAX_EVIDENCE:
                break
            row = int(rows[at])
            if row not in promoted and not targets[row] & self.decision.held:
                cited.append(self.index.item_id(row))
        return tuple(cited)

    def _history_of(self, offer: int) -> list[int]:
        """Positions in the view of the items that an offer promotes."""
        place = self._place
        return [place[row] for row in self.index.promoted(offer) if row in place]

    @cached_property
    def _place(self) -> dict[int, int]:
        """Row to position in the view."""
        rows = self.decision.view.rows.tolist()
        return dict(zip(rows, range(len(rows)), strict=True))

    def _own(self, pick: Pick) -> _Parts:
        view, at = self.decision.view, self._history_of(pick.offer)
        rows = view.rows[at]
        return rows, self.index.bundle.repeat_scale[rows].astype(np.float64) * view.own[at]

    def _cross(self, pick: Pick) -> _Parts:
        place, parts = self._cross_parts
        return self.decision.rows, parts[place[pick.offer]]

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

    def _together(self, pick: Pick) -> _Parts:
        promoted = self.index.promoted(pick.offer)
        rows, values = [], []
        for row in self.decision.context_rows.tolist():
            found, weights = edges(self.index.bundle.complements, np.array([row], dtype=np.int32))
            rows.append(row)
            values.append(float(weights[np.isin(found, promoted)].sum()))
        return np.array(rows, dtype=np.int32), np.array(values)

    def _named(self, kind: str, parts: _Parts) -> list[Contribution]:
        rows, values = parts
        return [
            Contribution(kind, value, self.index.item_id(row))
            for row, value in zip(rows.tolist(), values.tolist(), strict=True)
            if value
        ]

    def _names(self, items: tuple[ItemId, ...]) -> str:
        """Titles of the cited items; two items of one title are named once."""
        catalogue = self.index.bundle.catalogue
        titles = [catalogue.titles[self.index.item_index[item]] or item for item in items]
        return " and ".join(dict.fromkeys(titles))
