"""Every row of the taxonomy, in every pack: policy, sources, what is kept and where it may stand.

D = block_unless_declared, R = replenish_only, B = block, A = allow.
"""

from __future__ import annotations

import pytest

from recommender.channel import Channel
from recommender.guard.document import compile_policy
from recommender.guard.life_event import LifeEvent
from recommender.guard.policy import Stance, Surface
from recommender.guard.taxonomy import Pack, builtin_pack, known_packs
from tests.support.packs import PACKS, guard

TABLE = """
    fertility           W N 9           D
    pregnancy           Gu X W 9 MS     D
    pregnancy_loss      Gu              B
    infant              Gu Mu Mp        R
    children            Gu Mu           A
    menstrual           W MS            R
    sexual_health       G MS N 9        R
    orientation         9 G M X N       B
    gender_identity     G Mp W          B
    adult               G MS            B
    chronic             9 G N W M F E   D
    serious_illness     N 9 F           B
    acute_otc           9 W             R
    embarrassing        9 W             R
    incontinence        9 W E           R
    mental              9 N F G         B
    disability          G Mp F E        D
    ageing              F Mp E          D
    weight              Gu Mu G         R
    alcohol             Gu Mu G MS      R
    recovery            9 N G F         B
    tobacco             law             B
    quitting            9 W             R
    gambling            Gu Mu G         B
    financial_distress  G Mp X F        B
    job_loss            G F             B
    bereavement         G F             B
    pet_loss            Mu              A
    divorce             G F             B
    dating              Gu MS           D
    abuse               G F             B
    crime               G Mp X          B
    religion            9 G M X         B
    ethnicity           9 G M X Mp      B
    politics            9 G M X         B
    minor               DSA             B
    moving              T               A
    marriage            T               A
    graduation          T               A
    family_occasions    T               A
"""
STANCES = {
    "D": Stance.BLOCK_UNLESS_DECLARED,
    "R": Stance.REPLENISH_ONLY,
    "B": Stance.BLOCK,
    "A": Stance.ALLOW,
}
# Where a shop may sell what elsewhere only pharmacies do, and where a payment at a pharmacy does
# not say what for, the table's stricter reading holds.
STRICTER = {("general-retail@1", "acute_otc"): "D", ("bank@1", "acute_otc"): "D"}
ROWS = [line.split() for line in TABLE.strip().splitlines()]

KEPT = {  # days that a declaration holds; a month has 365/12
    "fertility": 182,
    "pregnancy": 304,
    "infant": 1095,
    "sexual_health": 1,
    "chronic": 365,
    "acute_otc": 30,
    "embarrassing": 1,
    "incontinence": 1,
    "quitting": 365,
    "job_loss": 182,
    "bereavement": 730,
    "pet_loss": 365,
    "divorce": 365,
    "dating": 365,
}
NEVER_OUTBOUND = {"sexual_health", "embarrassing", "incontinence", "weight", "abuse"}
SLOT = {
    "grocery@1": {
        *("infant", "menstrual", "sexual_health", "acute_otc", "embarrassing", "incontinence"),
        *("weight", "alcohol", "quitting", "religion", "ethnicity"),
    },
    "general-retail@1": {
        *("infant", "menstrual", "sexual_health", "embarrassing", "incontinence", "weight"),
        *("alcohol", "quitting", "ethnicity"),
    },
    "bank@1": set(),
}


def pack_of(reference: str) -> dict[str, LifeEvent]:
    return {event.id: event for event in builtin_pack(reference).life_events}


def test_three_packs_ship() -> None:
    assert set(known_packs()) == set(PACKS)


@pytest.mark.parametrize("reference", PACKS)
@pytest.mark.parametrize(
    ("life_event", "sources", "letter"), [(r[0], r[1:-1], r[-1]) for r in ROWS]
)
def test_policy_and_sources_are_those_of_the_table(
    reference: str, life_event: str, sources: list[str], letter: str
) -> None:
    event = pack_of(reference)[life_event]
    assert event.stance is STANCES[STRICTER.get((reference, life_event), letter)]
    assert set(event.sources) == set(sources)
    assert event.title


@pytest.mark.parametrize("reference", PACKS)
def test_a_pack_knows_the_forty_life_events_and_spells_its_sources_out(reference: str) -> None:
    pack: Pack = builtin_pack(reference)
    assert {event.id for event in pack.life_events} == {row[0] for row in ROWS}
    assert len(ROWS) == 40
    assert pack.sources.keys() == {source for row in ROWS for source in row[1:-1]}
    assert pack.no_chaining == ("graduation", "marriage", "moving")


@pytest.mark.parametrize("reference", PACKS)
def test_declarations_are_kept_as_long_as_the_table_says(reference: str) -> None:
    events = pack_of(reference)
    assert {e: x.declaration_days for e, x in events.items() if x.declaration_days} == KEPT


@pytest.mark.parametrize("reference", PACKS)
def test_a_withdrawn_pregnancy_is_silent_for_two_years_and_takes_its_neighbours_along(
    reference: str,
) -> None:
    events = pack_of(reference)
    assert events["pregnancy"].silence_days == 730
    assert set(events["pregnancy"].silences) == {"infant", "pregnancy_loss", "fertility"}
    silent = {name: event.silence_days for name, event in events.items() if event.silence_days}
    assert silent == {"pregnancy": 730, "pregnancy_loss": 730, "financial_distress": 90}


@pytest.mark.parametrize("reference", PACKS)
def test_what_must_not_go_out_goes_out_on_no_channel(reference: str) -> None:
    for name, event in pack_of(reference).items():
        outbound = {event.rule.surface(c) for c in Channel if not c.private}
        if name in NEVER_OUTBOUND:
            assert outbound == {Surface.NEVER}, name
        elif name in ("pregnancy", "fertility"):
            lit = {event.rule.surface(c) for c in (Channel.PUSH, Channel.PRINT)}
            assert (lit, outbound) == ({Surface.NEVER}, {Surface.NEVER, Surface.CONSENT})
        else:
            assert outbound == {Surface.CONSENT}, name


@pytest.mark.parametrize("reference", PACKS)
def test_age_children_and_mourners_are_looked_after(reference: str) -> None:
    events = pack_of(reference)
    assert [name for name, event in events.items() if event.age_verification] == ["alcohol"]
    assert [name for name, event in events.items() if not event.personal] == ["minor"]
    silent = {
        name: e.outbound_silence_days for name, e in events.items() if e.outbound_silence_days
    }
    assert silent == {"bereavement": 90}


@pytest.mark.parametrize("reference", PACKS)
def test_own_goods_come_back_only_where_the_pack_opens_the_slot(reference: str) -> None:
    """After two purchases within a year; of blocked life events, only own food and hair care."""
    rules = {rule.id: rule for rule in guard(reference).policy.life_events}
    assert {name for name, rule in rules.items() if rule.replenish} == SLOT[reference]
    for name in SLOT[reference]:
        assert (rules[name].min_purchases, rules[name].within_days) == (2, 365)
    blocked = {name for name in SLOT[reference] if rules[name].stance is Stance.BLOCK}
    assert blocked <= {"religion", "ethnicity"}


@pytest.mark.parametrize("reference", PACKS)
def test_alcohol_waits_for_a_verified_age(reference: str) -> None:
    """Until the age is known, the rules of everybody keep the slot shut."""
    policy = guard(reference).policy
    assert policy.rules(0.0).replenish & policy.bit("alcohol") == 0


@pytest.mark.parametrize("reference", PACKS)
def test_only_a_known_child_has_no_pattern_at_all(reference: str) -> None:
    """`minor` is the account's age; of a loss, a pet and a feast day nothing bought is a sign."""
    events = pack_of(reference)
    empty = {n for n, event in events.items() if event.evidence.empty and event.targets.empty}
    assert empty == {"minor"}
    without = {name for name, event in events.items() if event.evidence.empty}
    assert without == {"minor", "pregnancy_loss", "pet_loss", "family_occasions"}


@pytest.mark.parametrize("reference", PACKS)
def test_a_pack_says_nothing_twice(reference: str) -> None:
    for event in builtin_pack(reference).life_events:
        for patterns in (event.evidence, event.targets):
            for name in ("category", "keyword", "not_keyword", "soft", "tag"):
                given = [text.casefold() for text in getattr(patterns, name)]
                assert len(given) == len(set(given)), f"{event.id}: {name}"


def test_packs_joined_keep_the_strictest_word_of_each() -> None:
    """A shop with a grocer's shelves and others: no slot for medicines, none for ritual objects."""
    both = compile_policy(None, [builtin_pack("grocery@1"), builtin_pack("general-retail@1")])
    rules = {rule.id: rule for rule in both.policy.life_events}
    assert len(rules) == 40
    assert rules["acute_otc"].stance is Stance.BLOCK_UNLESS_DECLARED
    slot = {name for name, rule in rules.items() if rule.replenish}
    assert slot == SLOT["grocery@1"] - {"acute_otc", "religion"}
    every = compile_policy(None, [builtin_pack(reference) for reference in PACKS])
    assert not any(rule.replenish for rule in every.policy.life_events)
