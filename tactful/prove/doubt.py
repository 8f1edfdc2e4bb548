"""G7: whatever is damaged, expired or unknown locks; the rest is still served."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from recommender.channel import Channel
from recommender.errors import PolicyError
from recommender.guard.document import parse_policy
from recommender.guard.source import PolicySource
from recommender.times import iso_utc
from tactful.prove.cases import Chance
from tactful.prove.goods import STRANGERS, Goods
from tactful.prove.people import comparable, held_bytes, learn_of
from tactful.prove.stage import Stage
from tactful.prove.verdict import Outcome, Verdict, held
from training.bundle_dir import write_bundle
from training.progress import Advance
from training.publish import Publisher
from training.publishing.gatekeeper import Force

STEPS = 5
_DAMAGED = b"\x00not a record"
_LONG_AGO = date(1970, 1, 1)
_MISSING = "999999 00000000000000000000000000000000"


@dataclass(eq=False)
class DoubtTrial:
    """Breaks one thing after the other; the service is of no use afterwards."""

    stage: Stage
    goods: Goods
    chance: Chance
    examples: int
    folder: Path
    broken: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    asked: int = 0

    def controls(self) -> None:
        """Records of controls that nobody can read."""
        counted = self.stage.counted("unreadable_records_total")
        stored = 0
        for number in range(self.examples):
            name = f"damaged-{number}"
            known = self.chance.somebody()
            if known is not None:
                learn_of(self.stage, self.goods, known, name)
            key = self.stage.keys.controls(name)
            self.stage.redis.set(key, _DAMAGED)
            events = self.chance.history(self.goods.visible, 4)
            self.stage.events([h.event(name, f"{name}-{n}") for n, h in enumerate(events)])
            stored += held_bytes(self.stage, self.goods, name)["live"] is not None
            self._nothing_sensitive(name, "controls that cannot be read", unknown=True)
        alarms = self.stage.counted("unreadable_records_total") - counted
        if alarms < self.examples:
            self.broken.append("controls that cannot be read raised no alarm")
        if stored:
            self.broken.append(f"events of {stored} customers with unreadable controls were kept")
        self.told.append(f"unreadable controls: locked, alarm counted {alarms:,.0f} times")

    def strangers(self) -> None:
        """Items that no catalogue lists leave no trace."""
        for number, item in enumerate(STRANGERS):
            names = (f"stranger-{number}", f"nobody-{number}")
            event = {"event_id": names[0], "customer_id": names[0], "item_id": item}
            self.stage.events([event | {"kind": "purchase"}])
            query = self.chance.query(Channel.SITE)
            one, other = (
                comparable(self.stage.offers(query | {"customer_id": name})) for name in names
            )
            self.asked += 2
            if one != other or any(held_bytes(self.stage, self.goods, names[0]).values()):
                self.broken.append(f"the unknown item {item} left a trace")
        self.told.append("unknown items: neither stored nor used")

    def unknown_key(self, source: PolicySource | None) -> None:
        """A policy with a key that nobody knows is refused, not half applied."""
        text = "packs: []" if source is None else source.text.rstrip()
        try:
            parse_policy(f"{text}\nshoe_size: 44\n", "policy with an unknown key")
        except PolicyError:
            self.told.append("an unknown key in the policy: refused")
        else:
            self.broken.append("a policy with the unknown key `shoe_size` was taken")

    def missing_policy(self) -> None:
        """The policy that should hold is not there."""
        counted = self.stage.counted("policy_refusals_total")
        self.stage.point_at(_MISSING)
        self.stage.until(lambda: self.stage.counted("policy_refusals_total") > counted)
        self.stage.until(lambda: self.stage.ready()["reasons"])
        self._all_locked("a policy that cannot be read")
        self.told.append("a damaged policy: everything locked, alarm counted")

    def expired(self) -> None:
        """The last day of the policy is over."""
        goods, policy = self.goods, self.goods.policy
        over = policy.model_copy(update={"valid_until": _LONG_AGO})
        # No training made this one: it brings no measurement, and must not name one.
        changes = {"policy": over, "lineage": None}
        manifest = goods.bundle.manifest.model_copy(update=changes)
        bundle = replace(goods.bundle, manifest=manifest)
        made = write_bundle(
            self.folder / "expired", bundle, goods.table, created_at=iso_utc(goods.now)
        )
        publisher = Publisher(self.stage.redis, self.stage.keys, lambda: goods.now)
        publisher.publish(self.folder / "expired")
        self.stage.redis.delete(self.stage.keys.policy)
        force = Force(by="prove", reason="a policy that is over, to see what happens then")
        publisher.activate(made.version, force)
        self.stage.until(
            lambda: (said := self.stage.ready())["version"] == made.version and not said["reasons"]
        )
        counted = self.stage.counted("policy_expired_answers_total")
        self._all_locked("an expired policy")
        if self.stage.counted("policy_expired_answers_total") <= counted:
            self.broken.append("answers under an expired policy raised no alarm")
        self.told.append("an expired policy: everything locked, alarm counted")

    def _all_locked(self, why: str) -> None:
        version = self.stage.ready()["version"]
        for number in range(self.examples):
            name, known = f"locked-{version}-{number}-{why[:9]}", self.chance.somebody()
            if known is not None:
                raw = self.stage.redis.get(self.stage.keys.learned(version, known))
                self.stage.redis.set(self.stage.keys.learned(version, name), raw)
            self._nothing_sensitive(name, why)

    def _nothing_sensitive(self, name: str, why: str, *, unknown: bool = False) -> None:
        everything = self.goods.targets_of(
            self.goods.policy.everything, soft=self.goods.policy.everything
        )
        reply = self.stage.offers({"customer_id": name, "placements": ["home"], "n": 50})
        self.asked += 1
        if reply.status != 200:
            self.broken.append(f"{why}: an answer of status {reply.status}")
            return
        body: dict[str, Any] = reply.body()
        if unknown and not body["fallback"]:
            self.broken.append(f"{why}: {name} was answered personally")
        shown = [offer["offer_id"] for offer in body["placements"]["home"]["offers"]]
        if wrong := sorted(everything & set(shown)):
            self.broken.append(f"{why}: {name} was shown {wrong}")
        if not shown and len(everything) < len(self.goods.bundle.offers):
            self.broken.append(f"{why}: {name} was shown nothing at all")


def closed(trial: DoubtTrial, source: PolicySource | None, advance: Advance) -> Verdict:
    """The verdict on G7. The service has no sound policy afterwards."""
    for step in (
        trial.controls,
        trial.strangers,
        lambda: trial.unknown_key(source),
        trial.missing_policy,
        trial.expired,
    ):
        step()
        advance(1)
    done = (
        f"the service was run with controls that cannot be read, with items that nobody knows, "
        f"with a policy that is gone and with one that has expired, and {trial.asked:,} customers "
        "were answered; a policy with an unknown key was handed in"
    )
    if trial.broken:
        told = f"{len(trial.broken):,} times it stayed open"
        return Verdict("G7", Outcome.FAILED, done, trial.asked, told, min(trial.broken, key=len))
    return held("G7", done, trial.asked, "; ".join(trial.told))
