"""G2, G3 and G9: what leaves in answers, beside items and in batch files, looked at one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import numpy as np

from recommender.channel import Channel
from recommender.customer import CustomerState
from recommender.decide import decide
from recommender.guard.layout import GuardBits
from recommender.guard.policy import GuardPolicy
from recommender.request import Filters, OfferRequest, Placement, Source
from recommender.types import CustomerId
from tactful.prove.cases import Chance
from tactful.prove.goods import Goods
from tactful.prove.letters import batch_files
from tactful.prove.people import learn_of
from tactful.prove.stage import Reply, Stage
from tactful.prove.verdict import Outcome, Verdict, held
from training.progress import Advance

_FIELDS = {"decision_id", "version", "policy_version", "degraded", "fallback", "placements"}
_KINDS = {"own", "cross", "popular", "together", "replenish"}
_UNGUARDED = 100


@dataclass(eq=False)
class ShownTrial:
    """Asks, and remembers what should not have left; guarantee -> what it was, in ids."""

    stage: Stage
    goods: Goods
    broken: dict[str, list[str]] = field(default_factory=dict)
    asked: int = 0
    offers: int = 0
    reasons: int = 0

    def note(self, guarantee: str, what: str) -> None:
        """Remembers one breach."""
        self.broken.setdefault(guarantee, []).append(what)

    def answers(self, chance: Chance, number: int) -> None:
        """One customer, or a visitor, and one query on any channel."""
        goods, stage, name = self.goods, self.stage, f"shown-{number}"
        channel = chance.random.choice(list(Channel))
        query = chance.query(channel) | {"reasons": "full"}
        known = chance.somebody()
        visible = chance.history(goods.visible, 6)
        if known is not None:
            learn_of(stage, goods, known, name)
        events = [*visible, *chance.history(goods.locked, 4)]
        stage.events([h.event(name, f"{name}-{n}") for n, h in enumerate(events)])
        visitor = chance.random.random() < 0.1
        asked = query if visitor else query | {"customer_id": name}
        reply = stage.offers(asked)
        told = f"customer like {known or 'nobody'}, {query}"
        if reply.status != 200:
            self.note("G2", f"an answer of status {reply.status}; {told}")
            return
        self.asked += 1
        seen = {h.item for h in visible if h.kind == "purchase"} | self._learned(known)
        self._look(reply.body(), channel, seen | self._in_context(query), told)

    def _look(self, body: dict[str, Any], channel: Channel, seen: set[str], told: str) -> None:
        goods = self.goods
        barred = goods.held_back(goods.rules, channel)
        if strange := body.keys() - _FIELDS:
            self.note("G3", f"the answer has the fields {sorted(strange)}; {told}")
        for placement in body["placements"].values():
            for offer in placement["offers"]:
                self.offers += 1
                if offer["offer_id"] in barred:
                    self.note("G2", f"offer {offer['offer_id']}; {told}")
                for reason in offer.get("reasons") or ():
                    self._look_at_reason(reason, channel, seen, f"{offer['offer_id']}; {told}")

    def _look_at_reason(
        self, reason: dict[str, Any], channel: Channel, seen: set[str], told: str
    ) -> None:
        self.reasons += 1
        goods, items = self.goods, set(reason.get("items") or ())
        if reason["kind"] not in _KINDS:
            self.note("G3", f"a reason of the kind {reason['kind']!r}; {told}")
        if len(items) > goods.policy.max_evidence:
            self.note("G9", f"a reason cites {len(items)} items; {told}")
        if strange := items - seen:
            self.note("G9", f"a reason cites {sorted(strange)}, which nobody saw; {told}")
        if hidden := items & self._unnameable(channel):
            self.note("G9", f"a reason names {sorted(hidden)}; {told}")
        words = reason["text"]
        for title in goods.names(items):
            words = words.replace(title, "")  # what was bought may be called anything
        words = words.casefold()
        if any(name in words for name in self._life_events):
            self.note("G9", f"a reason names a life event: {reason['text']!r}; {told}")

    def beside(self, chance: Chance) -> None:
        """What stands beside one random item, and beside one random basket."""
        goods = self.goods
        anything = (*goods.visible, *goods.locked)
        item = chance.random.choice(anything)
        basket = [chance.random.choice(anything) for _ in range(3)]
        barred = goods.held_back(goods.rules, Channel.SITE)
        for reply, told in (
            (
                self.stage.ask("GET", f"/v1/items/{quote(item, safe='')}/similar?n=20"),
                f"beside item {item}",
            ),
            (
                self.stage.ask("POST", "/v1/basket/complements", {"basket": basket, "n": 20}),
                f"beside the basket {basket}",
            ),
        ):
            if reply.status == 404:
                continue  # an item that the catalogue lacks
            self.asked += 1
            shown = _offers(reply)
            self.offers += len(shown)
            if wrong := sorted(barred & set(shown)):
                self.note("G2", f"offers {wrong} {told}")
            if item in goods.locked and "item" in told and not reply.body()["fallback"]:
                self.note("G2", f"what goes with a locked item stands {told}")

    def length(self, chance: Chance, number: int) -> None:
        """`home` is as long as was asked for, while anything is left that may be offered."""
        goods, name = self.goods, f"length-{number}"
        known = chance.somebody()
        if known is not None:
            learn_of(self.stage, goods, known, name)
        locked = chance.history(goods.locked, 6)
        self.stage.events([h.event(name, f"{name}-{n}") for n, h in enumerate(locked)])
        n = chance.random.randint(1, 100)
        reply = self.stage.offers({"customer_id": name, "placements": ["home"], "n": n})
        self.asked += 1
        wanted = min(n, self._open)
        if len(_offers(reply)) != wanted:
            told = f"{len(_offers(reply))} of {n} offers, {self._open} may be offered"
            self.note("G3", f"{told}; customer like {known or 'nobody'}")

    @property
    def _open(self) -> int:
        goods = self.goods
        offers = goods.bundle.offers
        barred = goods.held_back(goods.rules, Channel.SITE)
        valid = (offers.valid_from <= goods.now) & (goods.now < offers.valid_until)
        return sum(offer not in barred for offer, ok in zip(offers.ids, valid, strict=True) if ok)

    def _learned(self, known: str | None) -> set[str]:
        if known is None:
            return set()
        table = self.goods.table
        rows = table.view(table.customers.index(CustomerId(known))).rows.tolist()
        return {str(self.goods.index.item_id(row)) for row in rows} - set(self.goods.locked)

    def _in_context(self, query: dict[str, Any]) -> set[str]:
        context = query["context"]
        named = {*context.get("basket", ()), *context.get("session", ()), context.get("page")}
        return {item for item in named if item is not None} - set(self.goods.locked)

    def _unnameable(self, channel: Channel) -> set[str]:
        goods, rules = self.goods, self.goods.rules.on(channel)
        ids = goods.bundle.catalogue.ids
        held_ = goods.bundle.target & np.uint64(rules.contained)
        held_ |= goods.bundle.soft & np.uint64(rules.soft)
        return {str(ids[i]) for i in np.flatnonzero(held_).tolist()}

    @property
    def _life_events(self) -> set[str]:
        return {f" {rule.id.replace('_', ' ')} " for rule in self.goods.policy.life_events}


def _offers(reply: Reply) -> list[str]:
    body = reply.body()
    if "placements" in body:
        return [o["offer_id"] for p in body["placements"].values() for o in p["offers"]]
    return [offer["offer_id"] for offer in body.get("offers", ())]


def shown(
    trial: ShownTrial, chance: Chance, examples: int, advance: Advance
) -> tuple[Verdict, ...]:
    """Verdicts on G2, G3 and G9."""
    for number in range(examples):
        trial.answers(chance, number)
        trial.beside(chance)
        trial.length(chance, number)
        advance(1)
    lines, wrong = batch_files(chance)
    for what in wrong:
        trial.note("G2", what)
    return _g2(trial, lines, chance), _g3(trial, examples), _g9(trial)


def _unguarded(goods: Goods) -> int:
    """Held-back offers that the same customers would be shown if nobody held them back."""
    bundle = goods.own.bundle
    nothing = np.zeros(len(bundle.catalogue), dtype=np.uint64)
    said = np.zeros(len(bundle.offers), dtype=np.uint64)
    open_to_all = goods.own.under(GuardPolicy(), GuardBits(nothing, nothing, nothing, said, said))
    barred = goods.held_back(goods.rules, Channel.SITE)
    request = OfferRequest((Placement("home", Source.HOME, 10),), filters=Filters())
    found = 0
    for c in range(min(len(goods.table), _UNGUARDED)):
        state = CustomerState(goods.table.view(c), goods.table.factors[c])
        picks = decide(open_to_all, state, request, goods.now).placements[0].picks
        found += sum(str(open_to_all.offer_id(pick.offer)) in barred for pick in picks)
    return found


def _verdict(trial: ShownTrial, guarantee: str, done: str, cases: int, result: str) -> Verdict:
    broken = trial.broken.get(guarantee)
    if not broken:
        return held(guarantee, done, cases, result)
    smallest = min(broken, key=len)
    told = f"{len(broken):,} of them broke it"
    return Verdict(guarantee, Outcome.FAILED, done, cases, told, smallest)


def _g2(trial: ShownTrial, lines: int, chance: Chance) -> Verdict:
    without = _unguarded(chance.goods)
    done = (
        f"{trial.asked:,} answers on all channels with {trial.offers:,} offers, to customers of "
        "the bundle, newcomers and visitors, with random placements, baskets, pages, filters; "
        f"lists beside items and baskets; {lines:,} lines of batch files"
    )
    people = min(len(chance.goods.table), _UNGUARDED)
    control = (
        f"With both locks open the first {people:,} customers would have been shown {without:,} "
        "such offers among their first ten"
        if without
        else "Trained on what may be seen, the bundle has nothing protected to rank high even with "
        "both locks open"
    )
    return _verdict(trial, "G2", done, trial.asked, f"not one of them was protected. {control}")


def _g3(trial: ShownTrial, examples: int) -> Verdict:
    done = (
        f"{examples:,} lists of 1 to 100 offers for customers with and without sensitive "
        "purchases were counted; every field of every answer and the kind of every reason was "
        "checked; that equal views get equal lists is tried by G1"
    )
    result = "every list was as long as asked for; no field and no reason tells of the guard"
    return _verdict(trial, "G3", done, examples, result)


def _g9(trial: ShownTrial) -> Verdict:
    done = (
        f"{trial.reasons:,} reasons of {trial.offers:,} offers were compared with what the "
        "customer had really bought or looked at"
    )
    result = (
        f"none cites anything else, none cites more than {trial.goods.policy.max_evidence} items, "
        "none names a protected item or a life event"
    )
    return _verdict(trial, "G9", done, trial.reasons, result)
