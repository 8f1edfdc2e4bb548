"""Of every word that several packs have, the strictest holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.channel import Channel
from recommender.guard.joining import joined
from recommender.guard.life_event import LifeEvent, Patterns, Replenish
from recommender.guard.policy import Stance, Surface


def event(**words: Any) -> LifeEvent:
    return LifeEvent.model_validate({"id": "e", "stance": Stance.ALLOW, **words})


def both(one: dict[str, Any], other: dict[str, Any]) -> LifeEvent:
    """The two joined; the order of packs makes no difference to what holds."""
    found = joined([event(**one), event(**other)])
    assert joined([event(**other), event(**one)]).rule == found.rule
    return found


def test_one_pack_alone_is_what_it_says() -> None:
    alone = event(
        title="t",
        sources=("G",),
        stance=Stance.REPLENISH_ONLY,
        evidence=Patterns(keyword=("a",)),
        targets=Patterns(soft=("b",), offer=("o",)),
        replenish=Replenish(min_purchases=3),
        declared_by=("registry",),
        declaration_days=9,
        surfaces={Channel.EMAIL: Surface.ALLOW},
        age_verification=True,
        silence_days=3,
        silences=("x",),
        personal=False,
        outbound_silence_days=4,
    )
    assert joined([alone]) == alone


@pytest.mark.parametrize(
    ("one", "other", "holds"),
    [
        ({"stance": "block"}, {"stance": "allow"}, {"stance": "block"}),
        (
            {"stance": "replenish_only"},
            {"stance": "block_unless_declared"},
            {"stance": "block_unless_declared"},
        ),
        ({"declaration_days": 30}, {}, {"declaration_days": 30}),
        ({"declaration_days": 30}, {"declaration_days": 20}, {"declaration_days": 20}),
        ({"age_verification": True}, {}, {"age_verification": True}),
        ({"silence_days": 5}, {"silence_days": 9}, {"silence_days": 9}),
        ({"personal": False}, {}, {"personal": False}),
        ({"outbound_silence_days": 5}, {}, {"outbound_silence_days": 5}),
        ({"declared_by": ("a", "b")}, {}, {"declared_by": ("a", "b")}),
        ({"declared_by": ("a", "b")}, {"declared_by": ("b", "c")}, {"declared_by": ("b",)}),
        ({"declared_by": ("a",)}, {"declared_by": ("b",)}, {"declared_by": ()}),
        ({}, {}, {"declared_by": None, "declaration_days": None, "replenish": None}),
    ],
)
def test_the_strictest_word_holds(
    one: dict[str, Any], other: dict[str, Any], holds: dict[str, Any]
) -> None:
    found = both(one, other)
    assert {name: getattr(found, name) for name in holds} == holds


def test_a_channel_that_a_pack_does_not_name_has_its_usual_rule() -> None:
    """Allowed where nobody else looks, with consent elsewhere."""
    named = {Channel.SITE: Surface.NEVER, Channel.EMAIL: Surface.ALLOW, Channel.PUSH: Surface.NEVER}
    found = both({"surfaces": named}, {"surfaces": {Channel.APP: Surface.CONSENT}})
    assert found.surfaces == {
        Channel.SITE: Surface.NEVER,
        Channel.APP: Surface.CONSENT,
        Channel.EMAIL: Surface.CONSENT,
        Channel.PUSH: Surface.NEVER,
    }


SLOT = {"min_purchases": 3, "within_days": 100}


@pytest.mark.parametrize(
    ("one", "other", "slot"),
    [
        ({"replenish": SLOT}, {"replenish": {"within_days": 50}}, (3, 50)),
        ({"replenish": SLOT}, {}, None),
        ({"stance": "replenish_only", "replenish": SLOT}, {}, (3, 100)),
        ({"stance": "block"}, {"stance": "replenish_only", "replenish": SLOT}, None),
        ({"stance": "block", "replenish": SLOT}, {"stance": "replenish_only"}, (3, 100)),
    ],
)
def test_the_packs_of_the_strictest_stance_open_the_slot_together(
    one: dict[str, Any], other: dict[str, Any], slot: tuple[int, int] | None
) -> None:
    found = both(one, other).replenish
    assert (found and (found.min_purchases, found.within_days)) == slot


def test_for_display_patterns_are_united_and_the_first_title_stands() -> None:
    found = joined(
        [
            event(evidence=Patterns(keyword=("a", "b")), sources=("G",), silences=("x",)),
            event(title="t", evidence=Patterns(keyword=("b", "c")), sources=("W", "G")),
            event(title="u", targets=Patterns(tag=("d",)), silences=("y", "x")),
        ]
    )
    assert found.title == "t"
    assert found.evidence == Patterns(keyword=("a", "b", "c"))
    assert found.targets == Patterns(tag=("d",))
    assert found.sources == ("G", "W")
    assert found.silences == ("x", "y")


EVENTS = st.builds(
    event,
    stance=st.sampled_from(Stance),
    replenish=st.none() | st.builds(Replenish, min_purchases=st.integers(1, 5)),
    declaration_days=st.none() | st.integers(1, 9),
    surfaces=st.dictionaries(st.sampled_from(Channel), st.sampled_from(Surface)),
    age_verification=st.booleans(),
    personal=st.booleans(),
)


@given(st.lists(EVENTS, min_size=1, max_size=3), EVENTS)
def test_another_pack_never_loosens(events: list[LifeEvent], more: LifeEvent) -> None:
    """Not the stance, no channel, no slot of the strictest pack, no duration."""
    before, after = joined(events).rule, joined([*events, more]).rule
    stances, surfaces = list(Stance), list(Surface)
    assert stances.index(after.stance) <= stances.index(before.stance)
    for channel in Channel:
        assert surfaces.index(after.surface(channel)) >= surfaces.index(before.surface(channel))
    never = float("inf")
    assert (after.declaration_days or never) <= (before.declaration_days or never)
    assert after.age_verification >= before.age_verification
    assert after.personal <= before.personal
    if after.stance is before.stance:
        assert after.replenish <= before.replenish
