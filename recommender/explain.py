"""Why an offer is shown: contributions that add up to its score, and what to tell the customer.

Only facts of the view and of the context are cited, never an inference about the person, and
at most as many items as the policy's `max_evidence` allows (guard G9). No true reason, no reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from recommender.customer import SINCE_TRAINING, UNDATED, View
from recommender.index import BundleIndex
from recommender.models.als import explain_parts
from recommender.models.blend import cross_scale
from recommender.question import ask
from recommender.related import edges
from recommender.request import Basis, Decision, Knowledge, Pick
from recommender.times import day_month_year
from recommender.types import SECONDS_A_DAY, Doubles, Ints, ItemId

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
    items   what is cited, at most `max_evidence` of the policy
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
        view, at = self._view(pick), self._history_of(pick)
        share = pick.own / pick.score
        most = self.index.policy.max_evidence
        items = tuple(self.index.item_id(int(view.rows[i])) for i in at[:most])
        if len(self.index.promoted(pick.offer)) > 1:
            text = f"You have bought {len(at)} of the items in this offer"
            return Reason("own", text, share, items)
        return Reason("own", f"You bought this {self._purchases(view, at[0])}", share, items)

    def _purchases(self, view: View, at: int) -> str:
        """How often and when the item at a position of the view was bought; no day is guessed."""
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
        known = len(self._view(pick)) > 0
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
        most, promoted = self.index.policy.max_evidence, self.index.promoted(pick.offer)
        cited: list[ItemId] = []
        for at in np.argsort(-values, kind="stable").tolist():
            if values[at] <= 0 or len(cited) == most:
                break
            row = int(rows[at])
            if row not in promoted and self._may_be_named(row):
                cited.append(self.index.item_id(row))
        return tuple(cited)

    def _may_be_named(self, row: int) -> bool:
        rules, index = self.decision.rules, self.index
        hinted = index.soft_of_row[row] & rules.soft
        return not index.target_of_row[row] & rules.contained and not hinted

    def _view(self, pick: Pick) -> View:
        return self.decision.knowledge_of(pick.offer).view

    def _from_known(self, pick: Pick) -> bool:
        return self.decision.knowledge_of(pick.offer) is self.decision.known

    def _history_of(self, pick: Pick) -> list[int]:
        """Positions in the view of the items that an offer promotes."""
        place = self._places[self._from_known(pick)]
        return [place[row] for row in self.index.promoted(pick.offer) if row in place]

    @cached_property
    def _places(self) -> dict[bool, dict[int, int]]:
        """Row to position in the view, for `known` (True) and `unchained`."""
        found = {True: _positions(self.decision.known.view)}
        apart = self.decision.unchained is not self.decision.known
        return found | {False: _positions(self.decision.unchained.view)} if apart else found

    def _own(self, pick: Pick) -> _Parts:
        view, at = self._view(pick), self._history_of(pick)
        rows = view.rows[at]
        return rows, self.index.bundle.repeat_scale[rows].astype(np.float64) * view.own[at]

    def _cross(self, pick: Pick) -> _Parts:
        if self.decision.knowledge_of(pick.offer).factor is None:
            return np.empty(0, dtype=np.int32), np.empty(0)
        place, parts = self._cross_parts[self._from_known(pick)]
        return self.decision.knowledge_of(pick.offer).rows, parts[place[pick.offer]]

    @cached_property
    def _cross_parts(self) -> dict[bool, tuple[dict[int, int], Doubles]]:
        """(n_picks, n_history): the cross parts of all blended picks, one solve a knowledge."""
        decision = self.decision
        picks = [p for a in decision.placements for p in a.picks if p.basis is Basis.BLEND]
        found = {}
        for knowledge in {id(k): k for k in (decision.known, decision.unchained)}.values():
            offers = [p.offer for p in picks if decision.knowledge_of(p.offer) is knowledge]
            if offers and knowledge.factor is not None:
                found[knowledge is decision.known] = self._split(knowledge, offers)
        return found

    def _split(self, knowledge: Knowledge, offers: list[int]) -> tuple[dict[int, int], Doubles]:
        index, bundle, parameters = self.index, self.index.bundle, self.index.bundle.parameters
        assert knowledge.factor is not None
        size = cross_scale(knowledge.factor[None, :], bundle.gramian, len(bundle.factors))[0]
        parts = explain_parts(
            bundle.factors,
            bundle.gramian,
            parameters.regularization,
            knowledge.rows,
            knowledge.confidence,
            index.explore[offers, :-1],
        )
        parts *= parameters.als_weight / size if size > 0 else 0.0
        bought = set(knowledge.view.rows.tolist())
        for i, offer in enumerate(offers):
            promoted = index.promoted(offer)
            parts[i] += index.evidence.parts(knowledge.rows, knowledge.confidence, promoted)
            if not bought.isdisjoint(promoted):
                parts[i] *= parameters.own_cross_share
        return {offer: i for i, offer in enumerate(offers)}, parts * ask(index, knowledge).scale

    def _together(self, pick: Pick) -> _Parts:
        promoted = self.index.promoted(pick.offer)
        rows, values = [], []
        for row in self.decision.knowledge_of(pick.offer).context_rows.tolist():
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


def _positions(view: View) -> dict[int, int]:
    rows = view.rows.tolist()
    return dict(zip(rows, range(len(rows)), strict=True))
