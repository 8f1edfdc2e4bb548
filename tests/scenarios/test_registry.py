"""Registry: a pregnancy declared at the baby registry, and withdrawn in its ninth week."""

from __future__ import annotations

from typing import Any

from recommender.channel import Channel
from recommender.controls import NOTHING_TOLD, Controls
from recommender.customer import CustomerState
from recommender.decide import decide
from recommender.guard.policy import LifeEventRule
from recommender.index import BundleIndex
from recommender.request import OfferRequest, Placement, Source
from serving.control_schemas import ControlsAnswer
from tests.support.examples import Stage

DAY = 86_400
WEEK = 7 * DAY
MONTHS_24 = 730 * DAY
HOME: dict[str, Any] = {"filters": {"categories": ["Home"]}}
CRIB = "CRIB"
NEUTRAL = {"LAMP", "CUSHION", "BLANKET"}
DECLARED = {CRIB, "NURSERYLAMP"}


def rule_of(index: BundleIndex) -> LifeEventRule:
    return next(rule for rule in index.policy.life_events if rule.id == "pregnancy")


def offered(
    grocer: Stage, controls: Controls, now: float, channel: Channel = Channel.SITE
) -> set[str]:
    """What the bundle and the policy in use would offer `rosa` at another time."""
    table = grocer.trained.table
    c = table.customers.index("rosa")
    state = CustomerState(table.view(c), table.factors[c], controls=controls)
    source = Source.HOME if channel.private else Source.BASKET
    request = OfferRequest((Placement("all", source, 100),), channel)
    picks = decide(grocer.index, state, request, now).placements[0].picks
    return {grocer.index.offer_id(pick.offer) for pick in picks}


def test_declared_at_the_registry_it_is_offered_on_private_surfaces_only(grocer: Stage) -> None:
    assert set(grocer.shown("rosa", **HOME)) == NEUTRAL
    with grocer.told_by("rosa"):
        told = grocer.tell("PUT", "rosa/declarations/pregnancy", source="baby_registry")
        assert told["declarations"]["pregnancy"]["source"] == "baby_registry"
        for channel in ("site", "app"):
            assert set(grocer.shown("rosa", **HOME, channel=channel)) == NEUTRAL | DECLARED
        for channel in ("email", "sms", "push", "call", "post", "print"):
            assert CRIB not in grocer.shown("rosa", "basket", n=100, channel=channel)


def test_withdrawn_it_is_gone_from_the_next_answer_on(grocer: Stage) -> None:
    before = grocer.shown("rosa", **HOME)
    with grocer.told_by("rosa"):
        grocer.tell("PUT", "rosa/declarations/pregnancy", source="baby_registry")
        assert CRIB in grocer.shown("rosa", **HOME)
        grocer.tell("DELETE", "rosa/declarations/pregnancy")
        assert grocer.shown("rosa", **HOME) == before
        # The registry sends it once more, as registries do. The silence stands.
        grocer.tell("PUT", "rosa/declarations/pregnancy", source="baby_registry")
        assert grocer.shown("rosa", **HOME) == before


def test_silence_covers_what_would_follow_and_lasts_24_months(grocer: Stage) -> None:
    with grocer.told_by("rosa"):
        grocer.tell("PUT", "rosa/declarations/pregnancy", source="baby_registry")
        grocer.tell("DELETE", "rosa/declarations/pregnancy")
        withdrawals = grocer.controls("rosa").withdrawals
        assert set(withdrawals) == {"pregnancy", "infant", "pregnancy_loss", "fertility"}
        for term in withdrawals.values():
            assert term.until == term.at + MONTHS_24


def test_nobody_asks_why(grocer: Stage) -> None:
    """The answer holds what is on record and nothing else, and a reason cannot even be sent."""
    with grocer.told_by("rosa"):
        grocer.tell("PUT", "rosa/declarations/pregnancy", source="baby_registry")
        told = grocer.tell("DELETE", "rosa/declarations/pregnancy")
        assert set(told) == set(ControlsAnswer.model_fields)
        assert told["declarations"] == {}
        assert "?" not in str(told)
        answer: Any = grocer.ask("rosa", **HOME)
        assert "?" not in str(answer)
        sent = grocer.service.http.put(
            "/v1/customers/rosa/declarations/pregnancy", json={"reason": "loss"}
        )
        assert sent.status_code == 422


def test_over_the_weeks_of_a_whole_registry(grocer: Stage) -> None:
    """The same record at other times: `decide` takes the clock as an argument, HTTP does not."""
    rule, start = rule_of(grocer.index), 1_795_000_000
    held = NOTHING_TOLD.with_declaration(rule, "baby_registry", start, None)
    assert CRIB in offered(grocer, held, start + 8 * WEEK)
    withdrawn_at = start + 9 * WEEK
    gone = held.withdrawn(rule, withdrawn_at)
    again = gone.with_declaration(rule, "baby_registry", withdrawn_at + WEEK, None)
    for controls in (gone, again):
        for later in (0, WEEK, 52 * WEEK, MONTHS_24 - 1):
            for channel in Channel:
                assert CRIB not in offered(grocer, controls, withdrawn_at + later, channel)
    # Only their own hand ends it early, and then it is theirs to say.
    own = gone.with_declaration(rule, "preference_centre", withdrawn_at + WEEK, None)
    assert CRIB in offered(grocer, own, withdrawn_at + 2 * WEEK)
    # And afterwards nothing is known: nobody is offered anything without telling it anew.
    assert CRIB not in offered(grocer, gone, withdrawn_at + MONTHS_24 + DAY)


def test_a_declaration_ends_by_itself_and_never_rolls_into_a_baby(grocer: Stage) -> None:
    rule, start = rule_of(grocer.index), 1_795_000_000
    held = NOTHING_TOLD.with_declaration(rule, "baby_registry", start, None)
    assert rule.declaration_days is not None
    ended = start + rule.declaration_days * DAY
    assert CRIB in offered(grocer, held, ended - 1)
    assert not offered(grocer, held, ended) & {CRIB, "NAPPIES-1", "BABYGROW", "WIPES"}
