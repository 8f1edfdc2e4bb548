"""G6: objections and withdrawals over HTTP hold from the next answer on, and add nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from recommender.channel import Channel
from recommender.guard.policy import LifeEventRule
from tactful.prove.cases import Chance
from tactful.prove.goods import Goods
from tactful.prove.people import comparable, declare, learn_of, path_of
from tactful.prove.stage import Stage
from tactful.prove.verdict import Outcome, Verdict, held, not_run
from training.progress import Advance


@dataclass(eq=False)
class NoTrial:
    """Declares, objects and withdraws; `unlocked` counts offers that a declaration opened."""

    stage: Stage
    goods: Goods
    broken: list[str] = field(default_factory=list)
    unlocked: int = 0

    def run(self, chance: Chance, number: int) -> None:
        """One customer, one life event, one way of saying no."""
        rule = self._some_rule(chance)
        name, known = f"no-{number}", chance.somebody()
        if known is not None:
            learn_of(self.stage, self.goods, known, name)
        told = f"{name} like {known or 'nobody'}, {rule.id}"
        self._declare(name, rule)
        before = self._shown(name)
        self.unlocked += len(before & self.goods.targets_of(self.goods.policy.bit(rule.id)))
        way = chance.random.choice(("objection", "withdrawal"))
        if way == "withdrawal" and not rule.declared_by:
            way = "objection"
        self._say_no(name, rule, way)
        after = self._shown(name)
        bit = self.goods.policy.bit(rule.id)
        if shown := sorted(after & self.goods.targets_of(bit)) if self._locks(rule, way) else []:
            self.broken.append(f"{told}: after the {way} it shows {shown}")
        sensitive = self.goods.targets_of(self.goods.rules.contained)
        usual = self._shown(f"usual-{number}", known)
        if added := sorted((after - before - usual) & sensitive):
            self.broken.append(f"{told}: the {way} added {added}")

    def forgets(self, chance: Chance, number: int) -> None:
        """After an objection, purchases that a consent had opened count no more than none."""
        rule = self._some_rule(chance)
        evidence = self.goods.evidence_of(rule.id)
        if not evidence:
            return
        about = set(evidence)
        plain = [h for h in chance.history(self.goods.visible, 6) if h.item not in about]
        query = chance.query(Channel.SITE)
        replies = []
        for name, more in ((f"free-{number}", ()), (f"objects-{number}", evidence)):
            self._declare(name, rule)
            events = [*plain, *chance.history(more, 4)]
            self.stage.events([h.event(name, f"{name}-{n}") for n, h in enumerate(events)])
            self.stage.control("PUT", path_of(name, "objections", rule.id))
            replies.append(comparable(self.stage.offers(query | {"customer_id": name})))
        if replies[0] != replies[1]:
            self.broken.append(
                f"objects-{number}: an objection to {rule.id} left its purchases in use"
            )

    def _some_rule(self, chance: Chance) -> LifeEventRule:
        """Mostly one that this shop has offers or items of; now and then any."""
        rules = self.goods.policy.life_events
        here = [rule for rule in rules if self._touches(rule)]
        return chance.random.choice(here if here and chance.random.random() < 0.9 else rules)

    def _touches(self, rule: LifeEventRule) -> bool:
        bit = self.goods.policy.bit(rule.id)
        return bool(self.goods.targets_of(bit, soft=bit) or self.goods.evidence_of(rule.id))

    def _declare(self, name: str, rule: LifeEventRule) -> None:
        if not rule.declared_by:
            return
        declare(self.stage, self.goods, name, rule.id)
        for purpose in ("history", "age_verification", Channel.EMAIL.value):
            self.stage.control("PUT", path_of(name, "consents", rule.id, purpose))

    def _say_no(self, name: str, rule: LifeEventRule, way: str) -> None:
        if way == "objection":
            self.stage.control("PUT", path_of(name, "objections", rule.id))
        else:
            self.stage.control("DELETE", path_of(name, "declarations", rule.id))

    def _locks(self, rule: LifeEventRule, way: str) -> bool:
        """An objection always locks; a withdrawal where only the declaration had unlocked."""
        guarded = self.goods.policy.bit(rule.id) & self.goods.rules.contained
        return way == "objection" or bool(guarded)

    def _shown(self, customer: str, known: str | None = None) -> frozenset[str]:
        if known is not None:
            learn_of(self.stage, self.goods, known, customer)
        shown: set[str] = set()
        most = min(10, self.goods.policy.discovery_slots)
        for query in (
            {"placements": [{"name": "home", "n": 100}]},
            {"placements": [{"name": "discovery", "n": most}], "channel": "email"},
        ):
            body = self.stage.offers(query | {"customer_id": customer}).body()
            for placement in body["placements"].values():
                shown |= {offer["offer_id"] for offer in placement["offers"]}
        return frozenset(shown)


def monotone(trial: NoTrial, chance: Chance, examples: int, advance: Advance) -> Verdict:
    """The verdict on G6."""
    if not trial.goods.policy.life_events:
        advance(examples)
        return not_run("G6", "the policy knows no life event that could be objected to")
    for number in range(examples):
        trial.run(chance, number)
        trial.forgets(chance, number)
        advance(1)
    done = (
        f"{examples:,} customers declared a random life event with every consent, then objected to "
        "it or took the declaration back; the very next answers, on the site and by e-mail, were "
        f"compared with those before and with those of a customer who never said anything. "
        f"{examples:,} more objected after buying evidence that they had let the shop use."
    )
    if trial.broken:
        told = f"{len(trial.broken):,} times it broke"
        return Verdict("G6", Outcome.FAILED, done, 2 * examples, told, min(trial.broken, key=len))
    return held(
        "G6",
        done,
        2 * examples,
        f"nothing sensitive was added, nothing of the life event was left; declarations had "
        f"unlocked {trial.unlocked:,} offers before",
    )
