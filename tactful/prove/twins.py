"""G1 and G8: two customers who differ in locked evidence get the same, and leave the same bytes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

from recommender.customer import EventKind
from recommender.keys import customer_tag
from recommender.record import pack_live, unpack_live
from tactful.prove.cases import Chance, Happened, Twins
from tactful.prove.goods import Goods
from tactful.prove.people import comparable, declare, held_bytes, learn_of, locked_of
from tactful.prove.stage import Reply, Stage
from tactful.prove.verdict import Outcome, Verdict, held
from training.progress import Advance

_KEPT_APART = re.compile(rb":(r|q):[^:]*$")
"""Replenishment records (guard G5), and what a replay reads of them."""
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_TAG = re.compile(rb"\{[^}]*\}")
_SHRINKS = 60
_OLDER = (
    "learned records of {} customers hold purchases that this policy locks, because the bundle was "
    "trained under another one: answers do not use them, but they lie in Redis until a bundle that "
    "was trained under this policy is published"
)
NOBODY = Twins(None, (), (), {}, (), (), 0)
"""Stands for a difference that has no case of its own."""


@dataclass(eq=False)
class TwinTrial:
    """Runs cases and remembers what broke.

    pairs   decision ids of each case that was alike, whose log entries are compared at the end
    """

    stage: Stage
    goods: Goods
    broken: dict[str, list[tuple[Twins, str]]] = field(default_factory=dict)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    cases: int = 0
    events: int = 0
    number: int = 0

    def run(self, case: Twins) -> None:
        """Tries one case."""
        self.cases += 1
        self.events += len(case.locked)
        for guarantee, why in self._differences(case, note=True).items():
            self.broken.setdefault(guarantee, []).append((case, why))

    def smallest(self, guarantee: str) -> str:
        """The smallest case found that breaks a guarantee, in ids; "" when none does."""
        found = self.broken.get(guarantee)
        if not found:
            return ""
        case, why = min(found, key=lambda one: len(one[0].locked) + len(one[0].visible))
        left, smaller = _SHRINKS, True
        while smaller and left > 0:
            smaller = False
            for candidate in case.smaller():
                left -= 1
                again = self._differences(candidate, note=False).get(guarantee)
                if again:
                    case, why, smaller = candidate, again, True
                    break
                if left <= 0:
                    break
        return f"{why}; {case.told()}"

    def _differences(self, case: Twins, *, note: bool) -> dict[str, str]:
        """Guarantee to what differs between the two."""
        self.number += 1
        names = (f"plain-{self.number}", f"other-{self.number}")
        replies = [
            self._answer(case, name, with_locked=number == 1) for number, name in enumerate(names)
        ]
        found = {}
        one, other = (comparable(reply) for reply in replies)
        if one != other:
            found["G1"] = f"the answers differ in {_place(one, other)}"
        elif note:
            ids = [reply.body()["decision_id"] for reply in replies if reply.status == 200]
            self.pairs += [(ids[0], ids[1])] if len(ids) == len(replies) else []
        if why := self._stored_apart(case, names) or self._names_locked(names[1]):
            found["G8"] = why
        return found

    def _stored_apart(self, case: Twins, names: tuple[str, str]) -> str:
        """What is stored of one and not of the other; what only the names make differ is not."""
        if case.known is not None and locked_of(self.goods, case.known):
            return ""  # it was trained under another policy: answers are compared alone
        one, other = (held_bytes(self.stage, self.goods, name) for name in names)
        if case.declared:
            # Controls name their customer, and the live record's stamp follows from them.
            one, other = ({"live": _events_of(kept["live"])} for kept in (one, other))
        keys = sorted(key for key in one if one[key] != other[key])
        return f"the {' and the '.join(keys)} record differ" if keys else ""

    def _answer(self, case: Twins, customer: str, *, with_locked: bool) -> Reply:
        stage = self.stage
        if case.known is not None:
            learn_of(stage, self.goods, case.known, customer, masked=not with_locked)
        for life_event in case.declared:
            declare(stage, self.goods, customer, life_event)
        for batch in case.batches(customer, str(self.number), with_locked=with_locked):
            stage.events(batch)
        return stage.offers(case.asked(customer, with_locked=with_locked))

    def _names_locked(self, customer: str) -> str:
        raw = self.stage.redis.get(self.stage.keys.events(customer))
        if raw is None:
            return ""
        kept = {event.item for event in unpack_live(raw).events} & set(self.goods.locked)
        return f"the live record holds {', '.join(sorted(kept))}" if kept else ""


def _events_of(raw: bytes | None) -> bytes | None:
    """A live record without what it was folded in under."""
    return None if raw is None else pack_live(replace(unpack_live(raw), stamp=""))


def blind(trial: TwinTrial, chance: Chance, examples: int, advance: Advance) -> tuple[Verdict, ...]:
    """Verdicts on G1 and G8."""
    for number in range(examples):
        trial.run(chance.twins(number))
        advance(1)
    _compare_logs(trial)
    _compare_keys(trial)
    noticed = _would_notice(trial, chance)
    return _g1(trial, noticed), _g8(trial)


def _g1(trial: TwinTrial, noticed: str) -> Verdict:
    done = (
        f"{trial.cases:,} pairs of customers with the same visible history, real customers' "
        f"records among them; the second one also bought, returned, viewed or clicked "
        f"{trial.events:,} times what is locked: before, between and after, in the same second, "
        "late and out of order, items of two life events, histories of nothing else, and one in "
        "fifty with hundreds of events. Both asked the same; the second with locked items in the "
        "basket and the visit; some had both declared a life event. Status, headers, body and log "
        "entry were compared."
    )
    broken = trial.broken.get("G1", [])
    problems = [f"{len(broken):,} pairs got different answers"] if broken else []
    problems += [] if noticed else ["a visible purchase changed nothing, so nothing was proved"]
    labels = _telling_labels(trial)
    problems += ["labels of metrics name items or life events"] if labels else []
    if problems:
        what = trial.smallest("G1") or ", ".join(labels)
        return Verdict("G1", Outcome.FAILED, done, trial.cases, "; ".join(problems), what)
    result = f"all answers were equal. The check can fail: {noticed}"
    return held("G1", done, trial.cases, result)


def _g8(trial: TwinTrial) -> Verdict:
    done = (
        f"after each of the {trial.cases:,} pairs, every byte stored under the two customers' keys "
        "was compared (replenishment records aside, see G5), and the live records were searched "
        "for locked items; then every key was looked at for an end"
    )
    broken = trial.broken.get("G8", [])
    endless = _endless(trial.stage)
    older = sum(locked_of(trial.goods, known) for known in trial.goods.table.customers)
    if broken or endless or older:
        problems = [f"{len(broken):,} pairs left different bytes"] if broken else []
        problems += [f"{endless:,} records of customers never expire"] if endless else []
        problems += (
            [_OLDER.format(_few(older, trial.goods.policy.min_audience_cell))] if older else []
        )
        what = trial.smallest("G8")
        return Verdict("G8", Outcome.FAILED, done, trial.cases, "; ".join(problems), what)
    return held(
        "G8", done, trial.cases, "all bytes were equal, no locked item was found, all records end"
    )


def _few(count: int, least: int) -> str:
    """So many customers, as people may read it."""
    return f"{count // least * least:,} or more" if count >= least else f"fewer than {least}"


def _would_notice(trial: TwinTrial, chance: Chance) -> str:
    """A sentence when a visible purchase changes answer and bytes, as it must; else ""."""
    stage, goods = trial.stage, trial.goods
    as_of = goods.bundle.manifest.as_of
    for number in range(20):
        if not goods.visible:
            return ""
        customer, item = f"seen-{number}", chance.random.choice(goods.visible)
        query = {"customer_id": customer, "n": 10}
        before = comparable(stage.offers(query))
        stage.events([Happened("purchase", item, as_of + 5).event(customer, f"seen-{number}")])
        stored = held_bytes(stage, goods, customer)
        if comparable(stage.offers(query)) != before and stored["live"]:
            return "one visible purchase did change answer and bytes."
    return ""


def _compare_logs(trial: TwinTrial) -> None:
    """The log's entries of each pair, once they are written."""
    if not trial.pairs:
        return
    last = trial.pairs[-1][1]
    newest = trial.stage.until(lambda: _logged(trial.stage, last))
    entries = {entry.pop("id"): entry for entry in newest}
    for one, other in trial.pairs:
        if one not in entries or other not in entries:
            continue
        told = [_of_anybody(entries[decision]) for decision in (one, other)]
        if told[0] != told[1]:
            place = _place(told[0], told[1])
            trial.broken.setdefault("G1", []).append((NOBODY, f"log entries differ in {place}"))


def _compare_keys(trial: TwinTrial) -> None:
    """Which keys mention a customer at all: one look at everything that is stored."""
    tags = {
        customer_tag(f"{name}-{number}").encode(): (number, name)
        for number in range(1, trial.number + 1)
        for name in ("plain", "other")
    }
    found: dict[tuple[int, str], set[bytes]] = {}
    for key in trial.stage.redis.scan_iter(count=100_000):
        tag = _TAG.search(key)
        if tag and tag.group() in tags and not _KEPT_APART.search(key):
            found.setdefault(tags[tag.group()], set()).add(key.replace(tag.group(), b"TAG"))
    for number in range(1, trial.number + 1):
        one, other = (found.get((number, name), set()) for name in ("plain", "other"))
        if one != other:
            keys = b", ".join(sorted(one ^ other)).decode(errors="replace")
            trial.broken.setdefault("G8", []).append((NOBODY, f"only one of two has {keys}"))


def _logged(stage: Stage, wanted: str) -> list[dict[str, Any]] | None:
    found = [json.loads(fields[b"json"]) for _, fields in stage.redis.xrange(stage.keys.decisions)]
    return found if any(entry["id"] == wanted for entry in found) else None


def _of_anybody(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in ("at", "customer")}


def _telling_labels(trial: TwinTrial) -> list[str]:
    """Values of labels of metrics that are locked items or life events."""
    text = trial.stage.ask("GET", "/metrics").content.decode()
    values = {value for name, value in _LABEL.findall(text) if name not in ("le", "status")}
    telling = {*trial.goods.locked, *(rule.id for rule in trial.goods.policy.life_events)}
    return sorted((values & telling) - set(EventKind))


def _endless(stage: Stage) -> int:
    """Live and replenishment records without an end."""
    keys = [
        key
        for kind in (b"e", b"r")
        for key in stage.redis.scan_iter(match=b"prove:" + kind + b":*", count=1_000_000)
    ]
    return sum(stage.redis.ttl(key) < 0 for key in keys)


def _place(one: Any, other: Any, path: str = "") -> str:
    """Where two values differ first."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            if one.get(name) != other.get(name):
                return _place(one.get(name), other.get(name), f"{path}.{name}")
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        for at, (left, right) in enumerate(zip(one, other, strict=True)):
            if left != right:
                return _place(left, right, f"{path}[{at}]")
    return f"{path.lstrip('.') or 'everything'} ({_short(one)} and {_short(other)})"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
