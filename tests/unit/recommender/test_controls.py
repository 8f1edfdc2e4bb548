"""What a customer has told us: one record, changed by pure steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.channel import Channel
from recommender.controls import (
    AGE_VERIFICATION,
    HISTORY,
    MOST_ENTRIES,
    NOTHING_TOLD,
    WITHDRAWAL_DAYS,
    Controls,
    Declaration,
    Need,
    Term,
    by_customer,
    dump_controls,
    parse_controls,
)
from recommender.errors import InputError, StoreError
from recommender.guard.policy import GuardPolicy, LifeEventRule, Stance
from recommender.guard.unlocks import unlocks

DAY = 86_400
NOW = 1_000_000_000
HAND, REGISTRY = "preference_centre", "baby_registry"
PREGNANCY = LifeEventRule(
    id="pregnancy",
    stance=Stance.BLOCK_UNLESS_DECLARED,
    declared_by=(HAND, REGISTRY),
    declaration_days=300,
    silence_days=700,
    silences=("infant",),
)
INFANT = LifeEventRule(id="infant", stance=Stance.REPLENISH_ONLY)


def declared(at: int = NOW, until: int | None = None, source: str = HAND) -> Controls:
    return NOTHING_TOLD.with_declaration(PREGNANCY, source, at, until)


def test_nothing_told_is_nothing() -> None:
    assert not NOTHING_TOLD
    assert not Controls(customer="ada")
    assert Controls(forgotten={"tea": 1})


# ---- declarations and withdrawals -------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "days", "counts"),
    [
        (None, 0, True),
        (None, 299, True),
        (None, 300, False),  # the policy's term
        (NOW + 10 * DAY, 9, True),
        (NOW + 10 * DAY, 10, False),  # the customer's own term
    ],
)
def test_a_declaration_counts_for_the_shorter_of_both_terms(
    until: int | None, days: int, counts: bool
) -> None:
    assert declared(until=until).declared(PREGNANCY, NOW + days * DAY) is counts


def test_a_declaration_without_a_term_counts_until_it_is_withdrawn() -> None:
    told = NOTHING_TOLD.with_declaration(INFANT, HAND, NOW, None)
    assert told.declared(INFANT, NOW * 2)
    assert not told.withdrawn(INFANT, NOW + 1).declared(INFANT, NOW + 1)


@pytest.mark.parametrize(
    ("until", "days", "end"),
    [
        (None, 300, 300),
        (NOW + 10 * DAY, 300, 10),
        (NOW + 400 * DAY, 300, 300),
        (NOW + 10 * DAY, None, 10),
        (None, None, None),
    ],
)
def test_a_declaration_ends_as_the_policy_of_its_day_says(
    until: int | None, days: int | None, end: int | None
) -> None:
    rule = PREGNANCY.model_copy(update={"declaration_days": days})
    told = NOTHING_TOLD.with_declaration(rule, HAND, NOW, until)
    assert told.declarations["pregnancy"].until == (None if end is None else NOW + end * DAY)
    assert told.ends() == (None if end is None else NOW + end * DAY)


def test_a_looser_policy_never_revives_a_declaration_that_is_over() -> None:
    looser = PREGNANCY.model_copy(update={"declaration_days": 730})
    assert declared().declared(looser, NOW + 299 * DAY)
    assert not declared().declared(looser, NOW + 300 * DAY)
    assert not declared().pruned(NOW + 300 * DAY)


def test_a_term_without_end_in_sight_ends_before_the_year_10000() -> None:
    endless = PREGNANCY.model_copy(update={"declaration_days": 9**9, "silence_days": 9**9})
    told = NOTHING_TOLD.with_declaration(endless, HAND, NOW, None)
    assert parse_controls(dump_controls(told)) == told
    gone = told.withdrawn(endless, NOW)
    assert parse_controls(dump_controls(gone)) == gone


def test_a_source_that_the_policy_no_longer_believes_does_not_count() -> None:
    stricter = PREGNANCY.model_copy(update={"declared_by": (HAND,)})
    assert declared(source=REGISTRY).declared(PREGNANCY, NOW)
    assert not declared(source=REGISTRY).declared(stricter, NOW)


def test_a_withdrawal_silences_the_life_event_and_those_with_it() -> None:
    told = declared().with_consent("pregnancy", "history", Term(at=NOW))
    gone = told.withdrawn(PREGNANCY, NOW + DAY)
    assert not gone.declarations
    assert not gone.consents
    silence = Term(at=NOW + DAY, until=NOW + 701 * DAY)
    assert gone.withdrawals == {"pregnancy": silence, "infant": silence}
    assert gone.silenced(PREGNANCY, NOW + 700 * DAY)
    assert gone.silenced(INFANT, NOW + 700 * DAY)
    assert not gone.silenced(PREGNANCY, NOW + 701 * DAY)


def test_withdrawing_silences_also_when_the_declaration_is_over_or_was_never_made() -> None:
    over = declared(until=NOW + DAY)
    for told in (over, over.pruned(NOW + DAY), NOTHING_TOLD):
        gone = told.withdrawn(PREGNANCY, NOW + 2 * DAY)
        assert set(gone.withdrawals) == {"pregnancy", "infant"}
        assert gone.silenced(INFANT, NOW + 2 * DAY)


def test_a_policy_without_silence_silences_nothing_until_it_becomes_stricter() -> None:
    gone = NOTHING_TOLD.with_declaration(INFANT, HAND, NOW, None).withdrawn(INFANT, NOW + DAY)
    assert gone.withdrawals == {"infant": Term(at=NOW + DAY, until=NOW + DAY)}
    assert not gone.silenced(INFANT, NOW + DAY)
    stricter = INFANT.model_copy(update={"silence_days": 60})
    kept = gone.pruned(NOW + 9 * DAY)
    assert kept.silenced(stricter, NOW + 9 * DAY)
    registered = kept.with_declaration(INFANT, REGISTRY, NOW + 10 * DAY, None)
    assert registered.silenced(stricter, NOW + 60 * DAY)
    assert not registered.silenced(stricter, NOW + 61 * DAY)


@pytest.mark.parametrize(
    ("silence_days", "days"), [(0, WITHDRAWAL_DAYS), (WITHDRAWAL_DAYS + 9, WITHDRAWAL_DAYS + 9)]
)
def test_a_withdrawal_stays_on_record_for_two_years_or_as_long_as_its_silence(
    silence_days: int, days: int
) -> None:
    gone = NOTHING_TOLD.withdrawn(INFANT.model_copy(update={"silence_days": silence_days}), NOW)
    assert gone.ends() == NOW + days * DAY
    assert gone.pruned(NOW + days * DAY - 1) == gone
    assert not gone.pruned(NOW + days * DAY)


def test_a_worker_whose_clock_is_ahead_ends_no_silence() -> None:
    """The neighbour was declared by hand first, at a clock that shows a second more."""
    told = NOTHING_TOLD.with_declaration(INFANT, HAND, NOW + 1, None)
    told = told.with_declaration(PREGNANCY, HAND, NOW - 9, None)
    gone = told.withdrawn(PREGNANCY, NOW)
    assert gone.silenced(INFANT, NOW + 2)
    assert gone.withdrawals["infant"] == Term(at=NOW + 1, until=NOW + 1 + 700 * DAY)


def test_a_silence_without_end_stays_without_end() -> None:
    told = Controls(withdrawals={"pregnancy": Term(at=NOW - DAY)})
    assert told.withdrawn(PREGNANCY, NOW).withdrawals["pregnancy"] == Term(at=NOW)
    assert told.ends() is None


def test_a_second_withdrawal_never_shortens_the_silence() -> None:
    shorter = PREGNANCY.model_copy(update={"silence_days": 1})
    once = declared().withdrawn(PREGNANCY, NOW)
    again = once.with_declaration(PREGNANCY, REGISTRY, NOW + 5, None).withdrawn(shorter, NOW + 9)
    assert again.withdrawals["pregnancy"] == Term(at=NOW + 9, until=NOW + 700 * DAY)


def test_a_policy_that_has_become_stricter_lengthens_the_silence() -> None:
    gone = declared().withdrawn(PREGNANCY, NOW)
    longer = PREGNANCY.model_copy(update={"silence_days": 900})
    assert gone.silenced(longer, NOW + 899 * DAY)
    assert not gone.silenced(longer, NOW + 900 * DAY)


def test_only_the_customers_own_hand_ends_the_silence() -> None:
    gone = declared().withdrawn(PREGNANCY, NOW)
    registered = gone.with_declaration(PREGNANCY, REGISTRY, NOW + DAY, None)
    assert registered.silenced(PREGNANCY, NOW + DAY)
    by_hand = registered.with_declaration(PREGNANCY, HAND, NOW + DAY, None)
    assert not by_hand.silenced(PREGNANCY, NOW + DAY)
    # In the very second of the withdrawal too; what was silenced with it stays silent.
    at_once = gone.with_declaration(PREGNANCY, HAND, NOW, None)
    assert not at_once.silenced(PREGNANCY, NOW)
    assert at_once.silenced(INFANT, NOW)


def test_a_later_declaration_by_hand_ends_a_silence_that_is_on_record() -> None:
    told = Controls(
        withdrawals={"pregnancy": Term(at=NOW, until=NOW + 9 * DAY)},
        declarations={"pregnancy": Declaration(at=NOW + 1, source=HAND)},
    )
    assert not told.silenced(PREGNANCY, NOW + 2)


def test_no_other_source_replaces_what_the_customer_declared_by_hand() -> None:
    told = declared(until=NOW + DAY)
    assert told.with_declaration(PREGNANCY, REGISTRY, NOW + 1, None) is told
    later = told.with_declaration(PREGNANCY, REGISTRY, NOW + DAY, None)
    assert later.declarations["pregnancy"].source == REGISTRY
    renewed = told.with_declaration(PREGNANCY, HAND, NOW + 5, None)
    until = NOW + 5 + 300 * DAY
    assert renewed.declarations["pregnancy"] == Declaration(at=NOW + 5, until=until, source=HAND)


# ---- consents and objections ------------------------------------------------------------------


def test_leave_is_given_and_taken_back_purpose_by_purpose() -> None:
    told = NOTHING_TOLD.with_consent("pregnancy", "history", Term(at=NOW, until=NOW + DAY))
    told = told.with_consent("pregnancy", "email", Term(at=NOW))
    assert told.consented("pregnancy", "history", NOW)
    assert not told.consented("pregnancy", "history", NOW + DAY)
    assert not told.consented("pregnancy", "push", NOW)
    assert not told.consented("infant", "email", NOW)
    left = told.without_consent("pregnancy", "history")
    assert left.consents == {"pregnancy": {"email": Term(at=NOW)}}
    assert left.without_consent("pregnancy", "history") is left
    assert not left.without_consent("pregnancy", "email")


def with_all_leave(told: Controls, at: int) -> Controls:
    for purpose in (HISTORY, "email", AGE_VERIFICATION):
        told = told.with_consent("pregnancy", purpose, Term(at=at))
    return told


@pytest.mark.parametrize(
    ("first", "second", "days", "stays"),
    [
        (HAND, HAND, 9, True),  # renewed while it counts
        (REGISTRY, REGISTRY, 9, True),
        (HAND, HAND, 10, False),  # over by then
        (HAND, REGISTRY, 10, False),
        (REGISTRY, HAND, 9, False),  # another source
    ],
)
def test_leave_belongs_to_one_declaration_and_the_next_asks_again(
    first: str, second: str, days: int, stays: bool
) -> None:
    told = with_all_leave(declared(until=NOW + 10 * DAY, source=first), NOW)
    again = told.with_declaration(PREGNANCY, second, NOW + days * DAY, None)
    kept = {HISTORY, "email", AGE_VERIFICATION} if stays else {AGE_VERIFICATION}
    assert set(again.consents["pregnancy"]) == kept


def test_a_declaration_by_another_source_that_is_not_taken_leaves_the_leave() -> None:
    told = with_all_leave(declared(), NOW)
    assert told.with_declaration(PREGNANCY, REGISTRY, NOW + 1, None) is told


def test_leave_that_was_given_before_any_declaration_opens_none() -> None:
    early = NOTHING_TOLD.with_consent("pregnancy", HISTORY, Term(at=NOW))
    assert not early.with_declaration(PREGNANCY, HAND, NOW, None).consents
    other = early.with_declaration(INFANT, HAND, NOW, None)
    assert set(other.consents["pregnancy"]) == {HISTORY}


def test_leave_ends_with_the_declaration_at_the_latest() -> None:
    told = with_all_leave(declared(until=NOW + 10 * DAY), NOW)
    for purpose, after in ((HISTORY, False), ("email", False), (AGE_VERIFICATION, True)):
        assert told.consented("pregnancy", purpose, NOW + 10 * DAY - 1)
        assert told.consented("pregnancy", purpose, NOW + 10 * DAY) is after
    assert told.ends() is None
    assert set(told.pruned(NOW + 10 * DAY).consents["pregnancy"]) == {AGE_VERIFICATION}
    assert told.without_consent("pregnancy", AGE_VERIFICATION).ends() == NOW + 10 * DAY


def test_an_objection_holds_until_its_end() -> None:
    told = NOTHING_TOLD.with_entry("objections", "infant", Term(at=NOW, until=NOW + DAY))
    assert told.objects("infant", NOW)
    assert not told.objects("infant", NOW + DAY)
    assert not told.objects("pregnancy", NOW)
    assert not told.without_entry("objections", "infant")
    assert NOTHING_TOLD.without_entry("objections", "infant") is NOTHING_TOLD


# ---- gifts, forgotten purchases, categories, needs --------------------------------------------


def test_a_gift_is_hidden_until_its_date() -> None:
    told = NOTHING_TOLD.with_entry("gifts", "tea", Term(at=NOW, until=NOW + DAY))
    assert told.hides("tea", NOW)
    assert not told.hides("tea", NOW + DAY)
    assert not told.hides("soap", NOW)


def test_purchases_up_to_the_moment_are_forgotten() -> None:
    told = NOTHING_TOLD.with_entry("forgotten", "tea", NOW)
    assert told.forgets("tea", NOW)
    assert not told.forgets("tea", NOW + 1)
    assert not told.forgets("soap", 0)


def test_categories_are_muted_until_their_end() -> None:
    told = NOTHING_TOLD.with_entry("too_personal", "soap", Term(at=NOW, until=NOW + DAY))
    told = told.with_entry("too_personal", "tea", Term(at=NOW, until=NOW + 1))
    assert told.muted_categories(NOW) == {"soap", "tea"}
    assert told.muted_categories(NOW + 1) == {"soap"}


def test_open_needs_are_listed_oldest_first() -> None:
    told = NOTHING_TOLD.with_entry("needs", "b", Need(at=2, text="late"))
    told = told.with_entry("needs", "a", Need(at=1, text="early"))
    told = told.with_entry("needs", "c", Need(at=0, text="over", until=5))
    assert [need.text for need in told.open_needs(5)] == ["early", "late"]


# ---- the record -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "hint"), [("needs", "take one back"), ("forgotten", "erase the customer")]
)
def test_a_record_is_bounded(kind: str, hint: str) -> None:
    told = Controls()
    for n in range(MOST_ENTRIES):
        told = told.with_entry(kind, f"n{n}", 1 if kind == "forgotten" else Need(at=n))
    with pytest.raises(InputError, match=f"{MOST_ENTRIES} entries of {kind}") as caught:
        told.with_entry(kind, "one more", 1)
    assert hint in caught.value.hint
    assert told.with_entry(kind, "n0", told.with_entry(kind, "n1", 1))


def test_what_holds_no_more_is_pruned_and_what_is_forgotten_stays() -> None:
    over, held = Term(at=1, until=NOW), Term(at=1, until=NOW + 1)
    told = Controls(
        customer="ada",
        objections={"a": over, "b": held, "c": Term(at=1)},
        consents={"a": {"email": over}, "b": {"email": over, "push": held}},
        gifts={"tea": over},
        forgotten={"soap": 1},
    )
    assert told.pruned(NOW) == Controls(
        customer="ada",
        objections={"b": held, "c": Term(at=1)},
        consents={"b": {"push": held}},
        forgotten={"soap": 1},
    )


@pytest.mark.parametrize(
    ("told", "end"),
    [
        (NOTHING_TOLD, 0),
        (Controls(forgotten={"tea": 1}), None),
        (Controls(objections={"a": Term(at=1)}), None),
        (Controls(gifts={"a": Term(at=1, until=5), "b": Term(at=1, until=9)}), 9),
        (
            Controls(
                gifts={"a": Term(at=1, until=5)}, consents={"a": {"push": Term(at=1, until=7)}}
            ),
            7,
        ),
    ],
)
def test_a_record_ends_with_its_last_entry(told: Controls, end: int | None) -> None:
    assert told.ends() == end


def test_customers_are_found_by_their_id() -> None:
    ada, bob = Controls(customer="ada"), Controls(customer="bob")
    assert by_customer([ada, bob]) == {"ada": ada, "bob": bob}


_NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)
_TERMS = st.builds(Term, at=st.integers(0, 2**33), until=st.none() | st.integers(0, 2**33))
RECORDS = st.builds(
    Controls,
    customer=_NAMES,
    objections=st.dictionaries(_NAMES, _TERMS, max_size=3),
    consents=st.dictionaries(
        _NAMES, st.dictionaries(_NAMES, _TERMS, min_size=1, max_size=2), max_size=2
    ),
    gifts=st.dictionaries(_NAMES, _TERMS, max_size=3),
    forgotten=st.dictionaries(_NAMES, st.integers(0, 2**33), max_size=3),
)


@given(RECORDS)
def test_a_record_is_read_as_it_was_written(told: Controls) -> None:
    assert parse_controls(dump_controls(told)) == told


@given(RECORDS)
def test_equal_controls_have_equal_bytes_whoever_told_us_first(told: Controls) -> None:
    turned = {
        kind: dict(reversed(list(value.items()))) if isinstance(value, dict) else value
        for kind, value in told
    }
    assert dump_controls(Controls(**turned)) == dump_controls(told)


@given(RECORDS, st.integers(0, 2**33))
def test_pruning_changes_nothing_that_holds(told: Controls, now: int) -> None:
    pruned = told.pruned(now)
    assert pruned.pruned(now) == pruned
    for name in told.objections:
        assert pruned.objects(name, now) == told.objects(name, now)
    for name in told.gifts:
        assert pruned.hides(name, now) == told.hides(name, now)
    ends = pruned.ends()
    assert ends is None or not pruned or ends > now


_EVENTS = st.sampled_from(["pregnancy", "infant"])
_SAID = st.one_of(
    st.tuples(st.just("declare"), _EVENTS, st.sampled_from([HAND, REGISTRY])),
    st.tuples(st.just("consent"), _EVENTS, st.sampled_from([HISTORY, "email", AGE_VERIFICATION])),
    st.tuples(st.just("withdraw"), _EVENTS, st.just("")),
    st.tuples(st.just("prune"), _EVENTS, st.just("")),
)
_TERMS_OF_DAYS = st.none() | st.integers(1, 40)
_STORIES = st.lists(st.tuples(_SAID, st.integers(0, 30), _TERMS_OF_DAYS), max_size=12)
_RULES = st.builds(
    lambda days, silence: {
        name: rule.model_copy(
            update={
                "declared_by": (HAND, REGISTRY),
                "declaration_days": days,
                "silence_days": silence,
                "age_verification": False,
            }
        )
        for name, rule in (("pregnancy", PREGNANCY), ("infant", INFANT))
    },
    st.none() | st.integers(1, 50),
    st.sampled_from([0, 5, 900]),
)


@given(_STORIES, _RULES, st.sampled_from(list(Channel)))
def test_leave_never_outlives_the_declaration_that_it_was_given_for(
    story: list[tuple[tuple[str, str, str], int, int | None]],
    rules: dict[str, LifeEventRule],
    channel: Channel,
) -> None:
    """Told once more, without controls: what was said in which order, and what that opens."""
    told, now = NOTHING_TOLD, NOW
    policy = GuardPolicy(life_events=tuple(rules.values()))
    said: dict[str, tuple[str, float]] = {}  # life event -> who declared it, and until when
    leave: dict[str, set[str]] = {"pregnancy": set(), "infant": set()}
    for (what, name, by), days, term in story:
        now += days * DAY
        until = None if term is None else now + term * DAY
        source, end = said.get(name, ("", 0))
        if what == "declare":
            told = told.with_declaration(rules[name], by, now, until)
            held = now < end
            if not (held and source == HAND and by == REGISTRY):
                leave[name] = leave[name] if held and source == by else set()
                longest = rules[name].declaration_days
                ends = [e for e in (until, longest and now + longest * DAY) if e is not None]
                said[name] = by, min(ends, default=float("inf"))
        elif what == "consent":
            told = told.pruned(now).with_consent(name, by, Term(at=now))
            leave[name] = {by} | (leave[name] if now < end else set())
        elif what == "withdraw":
            told = told.withdrawn(rules[name], now)
            said.pop(name, None)
            leave[name] = set()
        else:
            told = told.pruned(now)
        found = unlocks(policy, told, channel, now)
        for one, life_event in ((1, "pregnancy"), (2, "infant")):
            declared_now = now < said.get(life_event, ("", 0))[1]
            mail = channel.private or (channel.value in leave[life_event])
            assert not found.targets & one or (declared_now and mail)
            assert not found.history & one or (HISTORY in leave[life_event] and declared_now)
        assert unlocks(policy, told.pruned(now), channel, now) == found


@given(_STORIES, _RULES, st.integers(0, 900), st.sampled_from([0, 60, 730]))
def test_a_withdrawal_always_silences_unless_the_own_hand_said_otherwise(
    story: list[tuple[tuple[str, str, str], int, int | None]],
    rules: dict[str, LifeEventRule],
    later: int,
    stricter: int,
) -> None:
    """Whatever was told, pruned and declared by others: as long as either policy says."""
    told, now = NOTHING_TOLD, NOW
    gone: dict[str, int] = {}
    for (what, name, by), days, _ in story:
        now += days * DAY
        if what == "declare":
            told = told.with_declaration(rules[name], by, now, None)
            if by == HAND:
                gone.pop(name, None)
        elif what == "withdraw":
            told = told.withdrawn(rules[name], now)
            gone |= dict.fromkeys((name, *rules[name].silences), now)
        else:
            told = told.pruned(now)
    moment = now + later * DAY
    for name, at in gone.items():
        rule = rules[name].model_copy(update={"silence_days": stricter})
        for days in (stricter, rules[name].silence_days):
            if moment < at + days * DAY:
                assert told.pruned(moment).silenced(rule, moment)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{torn",
        b'{"surprise": 1}',
        b'{"gifts": {"tea": {"at": -1}}}',
        b'{"gifts": {"tea": {"at": 1, "until": 253402300800}}}',
        b"\xff",
    ],
)
def test_bytes_that_are_no_record_are_refused(raw: bytes) -> None:
    with pytest.raises(StoreError, match=f"a controls record of {len(raw)} bytes cannot be read"):
        parse_controls(raw)
