"""G10: decisions of the log, asked for by the role `privacy`, make the same bytes again."""

from __future__ import annotations

import json
from typing import Any

from recommender.channel import Channel
from recommender.guard.policy import LifeEventRule
from tactful.prove.cases import Chance
from tactful.prove.people import declare, learn_of, path_of
from tactful.prove.stage import Stage
from tactful.prove.verdict import Outcome, Verdict, held
from training.progress import Advance


def again(stage: Stage, chance: Chance, examples: int, advance: Advance) -> Verdict:
    """The verdict on G10."""
    made: list[tuple[str, bytes, str]] = []
    for number in range(examples):
        made.append(_asked(stage, chance, number))
        advance(1)
    broken = []
    # The log is written beside the answers: the last entry says that all are there.
    stage.until(lambda: _trace(stage, made[-1][0]))
    for decision, content, told in made:
        trace = _trace(stage, decision)
        if trace is None:
            broken.append(f"decision {decision} cannot be traced; {told}")
        elif not trace["replay"]["equal"] or trace["answer"] != json.loads(content):
            broken.append(f"decision {decision} gave another answer; {told}")
        advance(1)
    done = (
        f"{examples:,} customers, half of whom had told us something, bought something and were "
        "answered; each decision was then taken from the log by its id, with the role of the "
        "privacy officer, and made again"
    )
    if broken:
        told = f"{len(broken):,} came out differently"
        return Verdict("G10", Outcome.FAILED, done, examples, told, min(broken, key=len))
    return held("G10", done, examples, "each gave the same bytes again")


def _asked(stage: Stage, chance: Chance, number: int) -> tuple[str, bytes, str]:
    """One decision: its id, its bytes, and what it was, in ids."""
    name, known = f"replayed-{number}", chance.somebody()
    if known is not None:
        learn_of(stage, chance.goods, known, name)
    events = (
        *chance.history(chance.goods.visible, 6),
        *chance.history(chance.goods.replenishable, 4),
    )
    stage.events([h.event(name, f"{name}-{n}") for n, h in enumerate(events)])
    rules = chance.goods.policy.life_events
    if rules and chance.random.random() < 0.5:
        _tell(stage, chance, name, chance.random.choice(rules))
    query = chance.query(chance.random.choice((Channel.SITE, Channel.EMAIL)))
    if query["channel"] == Channel.SITE.value:
        query = query | {"placements": [*query["placements"], "replenish"]}
    reply = stage.offers(query | {"customer_id": name})
    return reply.body()["decision_id"], reply.content, f"customer like {known or 'nobody'}, {query}"


def _tell(stage: Stage, chance: Chance, name: str, rule: LifeEventRule) -> None:
    if rule.declared_by and chance.random.random() < 0.5:
        declare(stage, chance.goods, name, rule.id)
        stage.control("PUT", path_of(name, "consents", rule.id, "history"))
    else:
        stage.control("PUT", path_of(name, "objections", rule.id))


def _trace(stage: Stage, decision: str) -> dict[str, Any] | None:
    reply = stage.ask("GET", f"/v1/decisions/{decision}?answer=true", token=stage.token)
    return reply.body() if reply.status == 200 else None
