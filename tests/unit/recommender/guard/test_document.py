"""The marketer's policy: every word is acted on or refused, with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from recommender.channel import Channel
from recommender.errors import PolicyError
from recommender.guard.document import CompiledGuard, compile_policy, parse_policy
from recommender.guard.life_event import LifeEvent, Pack, Patterns, Replenish
from recommender.guard.policy import GuardPolicy, LifeEventRule, Stance, Surface
from recommender.guard.taxonomy import builtin_pack

CONFIG = Path(__file__).parents[4] / "configs" / "guard.yaml"

POLICY = """\
guard: {schema: 1, version: 7, owner: anna@shop, approved_by: dpo@shop, valid_until: 2027-03-31}
defaults:
  on_unmapped_item: allow
  min_audience_cell: 30
  max_evidence: 1
  discovery_slots: 5
  discovery_support: 0.1
packs: [grocery@1]
life_events:
  infant:
    policy: block
    evidence: {keyword: [stroller]}
no_chaining: [school, moving]
"""

INFANT = LifeEvent(
    id="infant",
    title="baby",
    stance=Stance.REPLENISH_ONLY,
    evidence=Patterns(category=("Baby foods",), keyword=("diaper",)),
    targets=Patterns(tag=("nursery",)),
    replenish=Replenish(min_purchases=3, within_days=100),
)
ADULT = LifeEvent(id="adult", stance=Stance.BLOCK, evidence=Patterns(keyword=("erotic",)))
SCHOOL = LifeEvent(id="school", stance=Stance.ALLOW, evidence=Patterns(keyword=("pencil",)))
PACK = Pack(name="corner", version=1, sources={}, life_events=(INFANT, ADULT))


def compiled(life_events: str, lists: dict[str, str] | None = None) -> CompiledGuard:
    """The corner shop's pack under a policy with these life events."""
    text = "packs: []\nlife_events:\n" + life_events
    return compile_policy(parse_policy(text, "guard.yaml"), [PACK], lists)


def test_the_settings_reach_the_policy() -> None:
    document = parse_policy(POLICY, "guard.yaml")
    pack = PACK.model_copy(update={"life_events": (INFANT, SCHOOL)})
    policy = compile_policy(document, [pack]).policy
    assert document.packs == ("grocery@1",)
    assert policy.model_dump(exclude={"life_events"}) == {
        "version": 7,
        "owner": "anna@shop",
        "approved_by": "dpo@shop",
        "valid_until": date(2027, 3, 31),
        "on_unmapped_item": "allow",
        "discovery_slots": 5,
        "discovery_support": 0.1,
        "min_audience_cell": 30,
        "max_evidence": 1,
        "no_chaining": ("school",),
    }


def test_what_a_policy_leaves_out_keeps_its_default() -> None:
    document = parse_policy(
        "guard: {owner: anna}\ndefaults: {discovery_support: .5}\npacks: []", "p"
    )
    expected = GuardPolicy(owner="anna", discovery_support=0.5)
    assert compile_policy(document, []).policy == expected
    empty = parse_policy("guard: {version: 2}\ndefaults: {discovery_slots: 3}\npacks: []", "p")
    assert compile_policy(empty, []).policy == GuardPolicy(version=2, discovery_slots=3)


def test_the_policy_that_ships_is_the_default() -> None:
    """configs/guard.yaml names the pack, allows nothing more, and does not expire."""
    document = parse_policy(CONFIG.read_text(encoding="utf-8"), "configs/guard.yaml")
    assert document.packs == ("grocery@1",)
    pack = builtin_pack("grocery@1")
    shipped, plain = compile_policy(document, [pack]), compile_policy(None, [pack])
    assert shipped.life_events == plain.life_events
    assert shipped.layers == plain.layers
    assert shipped.policy.no_chaining == plain.policy.no_chaining
    assert shipped.policy.rules(4e9) == plain.policy.rules(0.0)


def test_without_packs_nothing_is_guarded() -> None:
    """No policy at all, and a policy that names none, have no life event."""
    assert compile_policy(None, []) == CompiledGuard(GuardPolicy(), (), ())
    assert compile_policy(parse_policy("packs: []", "p"), []).policy.life_events == ()


def test_bits_follow_the_alphabet() -> None:
    """Whatever the order of packs and of their life events."""
    guard = compile_policy(None, [PACK])
    assert [event.id for event in guard.life_events] == ["adult", "infant"]
    assert guard.policy.life_events == (
        LifeEventRule(id="adult", stance=Stance.BLOCK),
        LifeEventRule(
            id="infant",
            stance=Stance.REPLENISH_ONLY,
            replenish=True,
            min_purchases=3,
            within_days=100,
        ),
    )
    backwards = PACK.model_copy(update={"life_events": (ADULT, INFANT)})
    assert compile_policy(None, [backwards]) == guard


def test_a_list_replaces_its_list_and_leaves_the_others() -> None:
    _, infant = compiled("  infant: {evidence: {keyword: [stroller]}}").life_events
    assert infant.evidence == Patterns(category=("Baby foods",), keyword=("stroller",))
    assert infant.targets == INFANT.targets
    assert infant.stance is INFANT.stance
    assert infant.replenish == INFANT.replenish


@pytest.mark.parametrize("policy", ["block", "block_unless_declared", "allow"])
def test_another_policy_closes_the_slot_that_the_pack_opened(policy: str) -> None:
    guard = compiled(f"  infant: {{policy: {policy}}}")
    assert guard.life_events[1].stance == policy
    assert not guard.policy.life_events[1].replenish


def test_the_same_policy_keeps_the_slot() -> None:
    guard = compiled("  infant: {policy: replenish_only}")
    assert guard.policy.life_events[1].replenish


def test_replenishment_can_be_changed() -> None:
    guard = compiled("  infant: {policy: block, replenish: {min_purchases: 5, within: 6 weeks}}")
    rule = guard.policy.life_events[1]
    assert (rule.replenish, rule.min_purchases, rule.within_days) == (True, 5, 42)


def test_a_life_event_of_ones_own_brings_policy_and_patterns() -> None:
    guard = compiled("  hunting: {title: game, policy: block, evidence: {keyword: [ammo]}}")
    hunting = guard.life_events[1]
    assert (hunting.id, hunting.title, hunting.evidence.keyword) == ("hunting", "game", ("ammo",))


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("  infnt: {policy: block}", "did you mean `infant`"),
        ("  infnt: {evidence: {keyword: [x]}}", "did you mean `infant`"),
        ("  hunting: {policy: block, evidence: {not_keyword: [x]}}", "matches nothing"),
    ],
)
def test_an_unknown_life_event_must_say_everything(entry: str, says: str) -> None:
    with pytest.raises(PolicyError, match=r"guard\.yaml, line 3, column 3: ") as caught:
        compiled(entry)
    assert says in str(caught.value)


def test_approved_proxies_count_and_pending_ones_do_nothing() -> None:
    approved = compiled("  infant: {proxies: {items: [b, 01], status: approved}}")
    assert approved.life_events[1].proxies == ("01", "b")
    pending = compiled("  infant: {proxies: {items: [b], list: no.csv, status: pending}}")
    assert pending.life_events[1].proxies == ()


def test_a_proxy_list_is_read_from_its_text() -> None:
    """A header, blank lines and further columns are passed over."""
    entry = "  infant: {proxies: {list: proxies.csv, items: [z], status: approved}}"
    document = parse_policy("packs: []\nlife_events:\n" + entry, "guard.yaml")
    assert document.proxy_lists == ("proxies.csv",)
    text = "item_id,support\nb,70\n\n01,51\nb,70\n"
    guard = compile_policy(document, [PACK], {"proxies.csv": text})
    assert guard.life_events[1].proxies == ("01", "b", "z")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, r"guard\.yaml, line 3, column 22: the proxy list 'p\.csv' was not handed in"),
        ("a\n" + "b" * 257, r"p\.csv, line 2: the item id has 257 characters"),
        ("a\nb\0", r"p\.csv, line 2: the item id has a control character"),
    ],
)
def test_a_bad_proxy_list_is_an_error(text: str | None, says: str) -> None:
    lists = {} if text is None else {"p.csv": text}
    with pytest.raises(PolicyError, match=says):
        compiled("  infant: {proxies: {list: p.csv, status: approved}}", lists)


def test_pending_lists_are_not_asked_for() -> None:
    text = "life_events: {infant: {proxies: {list: p.csv, status: pending}}}"
    assert parse_policy(text, "guard.yaml").proxy_lists == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("guard: {", "gaurd: {", 1, "did you mean `guard`"),
        ("owner:", "ownr:", 1, "did you mean `owner`"),
        ("version: 7", "version: seven", 1, "whole number"),
        ("version: 7", "version: -7", 1, "whole number"),
        ("owner: anna@shop", "owner: yes", 1, "words, not yes/no"),
        ("2027-03-31", "2027-02-30", 1, "write a day as 2027-03-31"),
        ("2027-03-31", "never", 1, "write a day as 2027-03-31"),
        ("on_unmapped_item: allow", "on_unmapped_item: alow", 3, "did you mean `allow`"),
        ("on_unmapped_item: allow", "on_unmapped_item: off", 3, "words, not yes/no"),
        ("on_unmapped_item", "on_unmaped_item", 3, "did you mean `on_unmapped_item`"),
        ("schema: 1", "schema: 2", 1, "written for a newer release of Tactful"),
        ("schema: 1", "schema: 0", 1, "whole number from 1"),
        ("min_audience_cell: 30", "min_audience_cell: 19", 4, "from 20 to"),
        ("max_evidence: 1", "max_evidence: 3", 5, "from 0 to 2"),
        ("discovery_slots: 5", "discovery_slots: 101", 6, "from 1 to 100"),
        ("discovery_support: 0.1", "discovery_support: 10", 7, "a share from 0 to 1"),
        ("discovery_support: 0.1", "discovery_support: nan", 7, "a share from 0 to 1"),
        ("packs: [grocery@1]", "packs: [grocery@9]", 8, "did you mean `grocery@1`"),
        ("packs: [grocery@1]", "packs: grocery@1", 8, "put it in brackets"),
        ("packs: [grocery@1]", "packs: [no]", 8, "words, not yes/no"),
        ("  infant:", "  Infant!:", 10, "cannot be the id"),
        ("policy: block", "policy: replenish", 11, "did you mean `replenish_only`"),
        ("policy: block", "policy: false", 11, "words, not yes/no"),
        ("policy: block", "polcy: block", 11, "did you mean `policy`"),
        ("packs: [grocery@1]", "packs: [mine]", 8, "NAME@VERSION"),
        ("packs: [grocery@1]", "packs: [grocery@1, grocery@1]", 8, "twice"),
        ("policy: block", "proxies: {list: ../p.csv, status: approved}", 11, "leaves the policy's"),
        ("policy: block", "proxies: {list: /etc/p.csv, status: approved}", 11, "leaves the policy"),
        ("policy: block", "proxies: {list: 'C:p.csv', status: approved}", 11, "leaves the policy"),
        ("policy: block", "proxies: {list: '..\\p.csv', status: pending}", 11, "leaves the policy"),
        ("policy: block", "proxies: {items: [a]}", 11, "has no `status`"),
        ("policy: block", "proxies: {status: approved}", 11, "names no items"),
        ("policy: block", "proxies: {items: [a], status: aproved}", 11, "did you mean `approved`"),
        ("keyword: [stroller]", "keywrd: [stroller]", 12, "did you mean `keyword`"),
        ("no_chaining: [school", "no_chaining: [{a: b}", 13, "a mapping, not a text"),
        ("packs: [grocery@1]", "packs: [grocery@1]\npacks: []", 9, "first on line 8"),
        ("owner: anna@shop", "owner: &a anna@shop", 1, "anchor or alias"),
    ],
)
def test_mistakes_are_named_with_their_place(old: str, new: str, line: int, says: str) -> None:
    """Line, column, value, and the nearest known word or how to write it."""
    assert old in POLICY
    with pytest.raises(PolicyError) as caught:
        parse_policy(POLICY.replace(old, new), "guard.yaml")
    assert caught.value.what.startswith(f"guard.yaml, line {line}, column ")
    assert says in str(caught.value)


@pytest.mark.parametrize("word", ["no", "No", "TRUE", "off"])
def test_switches_are_text_in_quotes_only(word: str) -> None:
    """In any case of letters, as YAML readers take them."""
    assert parse_policy(f"guard: {{owner: '{word}'}}\npacks: []", "p").owner == word
    with pytest.raises(PolicyError, match="words, not yes/no"):
        parse_policy(f"guard: {{owner: {word}}}\npacks: []", "p")


CHAINED = PACK.model_copy(update={"life_events": (INFANT, SCHOOL), "no_chaining": ("school",)})


@pytest.mark.parametrize(
    ("policy", "chained"),
    [
        ("packs: []", ("school",)),
        ("packs: []\nno_chaining: []", ()),
        ("packs: []\nno_chaining: [school]", ("school",)),
        ("packs: []\nno_chaining: [moving, marriage, graduation]", ()),
        ("life_events: {school: {policy: block}}", ()),
        (
            "life_events: {infant: {policy: allow}}\nno_chaining: [school, infant]",
            ("infant", "school"),
        ),
    ],
)
def test_no_chaining_is_the_packs_unless_the_policy_names_it(
    policy: str, chained: tuple[str, ...]
) -> None:
    """Sorted, known and allowed; three names are accepted where no pack knows them."""
    guard = compile_policy(parse_policy(policy, "guard.yaml"), [CHAINED])
    assert guard.policy.no_chaining == chained
    assert compile_policy(None, [CHAINED, PACK]).policy.no_chaining == ("school",)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("movin", "did you mean `moving`"),
        ("schol", "did you mean `school`"),
        ("infant", "is replenish_only, not allow"),
    ],
)
def test_no_chaining_names_known_and_allowed_life_events(name: str, says: str) -> None:
    wrong = parse_policy(f"packs: []\nno_chaining: [moving, {name}]", "guard.yaml")
    with pytest.raises(PolicyError, match=r"guard\.yaml, line 2, column 23: ") as caught:
        compile_policy(wrong, [CHAINED])
    assert says in str(caught.value)


def test_a_withdrawal_silences_known_life_events() -> None:
    guard = compiled("  infant: {on_withdrawal: {silence: 1 year, also: [adult, infant, adult]}}")
    assert guard.policy.life_events[1].silences == ("adult", "infant")
    with pytest.raises(PolicyError, match=r"guard\.yaml, line 3, column 35: .*'adlt'") as caught:
        compiled("  infant: {on_withdrawal: {also: [adlt]}}")
    assert "did you mean `adult`" in str(caught.value)


OTHER = Pack(
    name="other",
    version=1,
    sources={},
    life_events=(
        LifeEvent(
            id="infant",
            stance=Stance.BLOCK,
            evidence=Patterns(keyword=("baby",), not_keyword=("baby corn",)),
        ),
        SCHOOL,
    ),
)


def test_packs_are_joined_and_keep_their_own_patterns() -> None:
    """One layer a pack, each with every bit; the strictest word holds; any order is the same."""
    guard = compile_policy(None, [PACK, OTHER])
    assert [event.id for event in guard.life_events] == ["adult", "infant", "school"]
    assert guard.policy.life_events[1].stance is Stance.BLOCK
    assert [[event.id for event in layer] for layer in guard.layers] == [
        ["adult", "infant", "school"]
    ] * 2
    assert [layer[1].evidence.not_keyword for layer in guard.layers] == [(), ("baby corn",)]
    assert [layer[0].evidence.empty for layer in guard.layers] == [False, True]
    assert compile_policy(None, [OTHER, PACK]).policy == guard.policy


def test_a_replaced_list_replaces_it_in_all_packs() -> None:
    """And the policy's own life events have a layer of their own."""
    text = (
        "life_events:\n"
        "  infant: {policy: allow, evidence: {keyword: [cot]}}\n"
        "  hunting: {policy: block, targets: {soft: [big game]}}\n"
    )
    guard = compile_policy(parse_policy(text, "guard.yaml"), [PACK, OTHER])
    assert [event.id for event in guard.life_events] == ["adult", "hunting", "infant", "school"]
    corner, other, own = guard.layers
    assert corner[2].evidence == Patterns(category=("Baby foods",), keyword=("cot",))
    assert other[2].evidence == Patterns(keyword=("cot",), not_keyword=("baby corn",))
    assert own[2].evidence.empty
    assert own[1].targets.soft == ("big game",)
    assert guard.policy.life_events[2].stance is Stance.ALLOW
    assert guard.life_events[2].evidence.not_keyword == ("baby corn",)


def test_values_are_replaced_one_by_one() -> None:
    """A channel, a number of purchases: the others stay as the packs have them."""
    strict = INFANT.model_copy(
        update={"surfaces": {Channel.PUSH: Surface.NEVER}, "silence_days": 9}
    )
    pack = PACK.model_copy(update={"life_events": (strict,)})
    text = (
        "life_events: {infant: {surfaces: {email: allow}, replenish: {min_purchases: 9}, "
        "declared_by: [registry]}}"
    )
    (rule,) = compile_policy(parse_policy(text, "guard.yaml"), [pack]).policy.life_events
    assert rule.surfaces == {Channel.PUSH: Surface.NEVER, Channel.EMAIL: Surface.ALLOW}
    assert (rule.min_purchases, rule.within_days) == (9, 100)
    assert (rule.declared_by, rule.silence_days) == (("registry",), 9)


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_an_empty_policy_is_an_error(text: str) -> None:
    with pytest.raises(PolicyError, match="is empty"):
        parse_policy(text, "guard.yaml")


def test_a_policy_that_guards_nothing_must_say_so() -> None:
    with pytest.raises(PolicyError, match="guards nothing"):
        parse_policy("guard: {version: 1}", "guard.yaml")


def test_five_megabytes_are_refused_unread() -> None:
    with pytest.raises(PolicyError, match="longer than 1,000,000 bytes"):
        parse_policy("packs: []\n" + "# x\n" * 1_250_000, "guard.yaml")


def test_an_expired_policy_is_read_and_fails_closed_later() -> None:
    """Reading it is no error: its rules lock everything."""
    text = "guard: {valid_until: 2001-01-01}\npacks: []"
    policy = compile_policy(parse_policy(text, "guard.yaml"), [PACK]).policy
    assert policy.rules(4e9).expired


def test_more_than_63_life_events_are_refused() -> None:
    entries = (f"  e{n}: {{policy: block, evidence: {{keyword: [x]}}}}" for n in range(62))
    with pytest.raises(PolicyError, match="knows 64 life events, more than 63"):
        compiled("\n".join(entries))


@pytest.mark.parametrize(
    "text",
    [
        "guard: {schema: 2, versoin: 7}\npacks: []",
        "life_events: {infant: {newkey: 1}}\nguard: {schema: 2}",
        "news: []\nguard: {version: 1, schema: 99}",
    ],
)
def test_a_newer_format_is_named_before_the_keys_that_it_brings(text: str) -> None:
    with pytest.raises(PolicyError, match="written for a newer release of Tactful"):
        parse_policy(text, "guard.yaml")


def test_a_character_that_text_cannot_hold_has_its_place() -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy("packs: []\nlife_events: {a\x00b: {}}\n", "guard.yaml")
    assert caught.value.what.startswith("guard.yaml, line 2, column 16: not YAML: ")
    assert "\x00" not in caught.value.what


def test_a_switch_where_one_of_a_few_words_is_wanted_names_the_words() -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy("life_events: {infant: {surfaces: {site: yes}}}", "guard.yaml")
    assert "allow, consent, never" in caught.value.hint
    assert "quotes" not in caught.value.hint
