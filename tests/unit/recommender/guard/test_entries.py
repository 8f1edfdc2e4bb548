"""Every key of an entry does what it says, in a pack and in a policy, or is refused."""

from __future__ import annotations

import time

import pytest

from recommender.channel import Channel
from recommender.errors import PolicyError
from recommender.guard.document import compile_policy, parse_policy
from recommender.guard.life_event import LifeEvent, Pack, Patterns, Replenish
from recommender.guard.policy import PREFERENCE_CENTRE, LifeEventRule, Stance, Surface
from recommender.guard.taxonomy import parse_pack

ENTRY = """\
    title: pregnancy
    policy: replenish_only
    evidence: {category: [TEST KITS], keyword: [maternity], not_keyword: [corn], item: ["01"]}
    targets: {tag: [nursery], offer: [LOAN-1], soft: [family car]}
    replenish: {slot: replenish, min_purchases: 4, within: 2 weeks}
    declared_by: [baby_registry, preference_centre, baby_registry]
    declaration_expires: 10 months
    requires: age_verification
    surfaces: {site: consent, email: allow, push: never}
    on_withdrawal: {silence: 24 months, ask_reason: never, also: [pregnancy]}
    when_declared: {personal: never, outbound_silence: 90 days}
"""
SAID = LifeEvent(
    id="pregnancy",
    title="pregnancy",
    stance=Stance.REPLENISH_ONLY,
    evidence=Patterns(
        category=("TEST KITS",), keyword=("maternity",), not_keyword=("corn",), item=("01",)
    ),
    targets=Patterns(tag=("nursery",), offer=("LOAN-1",), soft=("family car",)),
    replenish=Replenish(min_purchases=4, within_days=14),
    declared_by=("baby_registry", "preference_centre"),
    declaration_days=304,
    surfaces={
        Channel.SITE: Surface.CONSENT,
        Channel.EMAIL: Surface.ALLOW,
        Channel.PUSH: Surface.NEVER,
    },
    age_verification=True,
    silence_days=730,
    silences=("pregnancy",),
    personal=False,
    outbound_silence_days=90,
)


def of_pack(entry: str) -> LifeEvent:
    text = f"pack: {{name: p, version: 1}}\nlife_events:\n  pregnancy:\n{entry}"
    return parse_pack(text, "pack.yaml").life_events[0]


def of_policy(entry: str, *packs: Pack) -> LifeEvent:
    document = parse_policy(f"packs: []\nlife_events:\n  pregnancy:\n{entry}", "guard.yaml")
    return compile_policy(document, packs).life_events[0]


def test_packs_and_policies_speak_the_same_language() -> None:
    assert of_pack(ENTRY) == SAID
    assert of_policy(ENTRY) == SAID


def test_everything_but_patterns_reaches_the_compiled_policy() -> None:
    assert SAID.rule == LifeEventRule(
        id="pregnancy",
        stance=Stance.REPLENISH_ONLY,
        replenish=True,
        min_purchases=4,
        within_days=14,
        declared_by=("baby_registry", "preference_centre"),
        declaration_days=304,
        surfaces=SAID.surfaces,
        age_verification=True,
        silence_days=730,
        silences=("pregnancy",),
        personal=False,
        outbound_silence_days=90,
    )


def test_channels_stand_in_one_order() -> None:
    """However they were written, so that equal policies have equal bytes."""
    backwards = SAID.model_copy(update={"surfaces": dict(reversed(SAID.surfaces.items()))})
    assert backwards.rule.model_dump_json() == SAID.rule.model_dump_json()


def test_silence_is_the_preference_centre_for_as_long_as_one_likes() -> None:
    rule = of_pack("    policy: block_unless_declared\n").rule
    assert rule == LifeEventRule(id="pregnancy", stance=Stance.BLOCK_UNLESS_DECLARED)
    assert rule.declared_by == (PREFERENCE_CENTRE,)


def test_a_policy_can_let_declarations_last() -> None:
    pack = Pack(name="p", version=1, sources={}, life_events=(SAID,))
    assert of_policy("    declaration_expires: never\n", pack).declaration_days is None


def test_mappings_may_be_empty() -> None:
    """Nothing said is nothing changed."""
    pack = Pack(name="p", version=1, sources={}, life_events=(SAID,))
    empty = "".join(
        f"    {key}: {{}}\n"
        for key in (
            "evidence",
            "targets",
            "replenish",
            "surfaces",
            "on_withdrawal",
            "when_declared",
        )
    )
    assert of_policy(empty, pack) == SAID


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("declared_by: [baby_registry,", "declared_by: [Baby-Registry,", "no name of a source"),
        (
            "declared_by: [baby_registry, preference_centre, baby_registry]",
            "declared_by: []",
            "empty",
        ),
        ("declared_by: [baby_registry,", "declared_by: [no,", "words, not yes/no"),
        ("expires: 10 months", "expires: sometimes", "or: never"),
        ("expires: 10 months", "expires: 0 days", "a duration in words"),
        ("expires: 10 months", "expires: no", "words, not yes/no"),
        ("expires: 10 months", "expires: [never]", "a list, not a text"),
        (
            "requires: age_verification",
            "requires: age_verificaton",
            "did you mean `age_verification`",
        ),
        ("requires: age_verification", "requires: yes", "words, not yes/no"),
        ("site: consent", "sight: consent", "did you mean `site`"),
        ("site: consent", "site: contextual", "Known values: allow, consent, never"),
        ("site: consent", "site: off", "words, not yes/no"),
        ("silence: 24 months", "silence: 24", "a duration in words"),
        ("silence: 24 months", "silence: never", "a duration in words"),
        ("silence: 24 months", "silent: 24 months", "did you mean `silence`"),
        ("ask_reason: never", "ask_reason: always", "Known values: never"),
        ("also: [pregnancy]", "also: pregnancy", "put it in brackets"),
        ("also: [pregnancy]", "also: [pregnancies]", "did you mean `pregnancy`"),
        ("personal: never", "personal: sometimes", "Known values: never"),
        ("personal: never", "personal: false", "words, not yes/no"),
        ("outbound_silence: 90 days", "outbound_silence: 90d", "a duration in words"),
        ("slot: replenish", "slot: usuals", "Known values: replenish"),
        ("evidence: {", "evidence: {soft: [x], ", "unknown key 'soft'"),
        ("evidence: {", "evidence: {offer: [x], ", "unknown key 'offer'"),
        ("soft: [family car]", "soft: ['?']", "holds no word"),
        ("soft: [family car]", "soft: [family|car]", "patterns are words"),
        ("tag: [nursery]", "tag: ['--']", "holds no word"),
    ],
)
def test_what_is_not_acted_on_is_refused(old: str, new: str, says: str) -> None:
    """With its line, its column and how to mend it."""
    assert old in ENTRY
    line = 4 + ENTRY[: ENTRY.index(old)].count("\n")
    with pytest.raises(PolicyError) as in_pack:
        of_pack(ENTRY.replace(old, new))
    with pytest.raises(PolicyError) as in_policy:
        of_policy(ENTRY.replace(old, new))
    for name, caught in (("pack.yaml", in_pack), ("guard.yaml", in_policy)):
        assert caught.value.what.startswith(f"{name}, line {line}, column ")
        assert says in str(caught.value)


@pytest.mark.parametrize("key", ["keyword", "not_keyword"])
@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        ".*",
        "wine.*",
        "wine.+",
        r"\bbaby\b",
        "[a-z]+ beer",
        "^baby",
        "baby|infant",
        "diap*",
        "(?i)baby",
        "(baby)?",
        "a{1,3}",
        "baby$",
        "colou?r",
        "(x+x+)+y",
    ],
)
def test_patterns_are_words(pattern: str, key: str) -> None:
    """A regular expression is refused with its place, and is never run."""
    text = f"life_events:\n  pregnancy: {{evidence: {{{key}: [cot, '{pattern}']}}}}"
    start = time.perf_counter()
    with pytest.raises(PolicyError, match=r"guard\.yaml, line 2, column \d+: .*regular") as caught:
        parse_policy(text, "guard.yaml")
    assert time.perf_counter() - start < 1
    assert "patterns are words" in caught.value.hint


def test_a_long_regular_expression_is_refused_at_once() -> None:
    """One that would run for ever, as long as a policy can be."""
    pattern = "(a+)+" * 100_000 + "$"
    start = time.perf_counter()
    with pytest.raises(PolicyError, match="regular expression"):
        parse_policy(f"life_events: {{e: {{evidence: {{keyword: ['{pattern}']}}}}}}", "guard.yaml")
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    "name",
    [
        "A+D ointment",
        "COOKIES/CONES",
        "FITNESS&DIET",
        "BREAD (FRESH)",
        "18+",
        "vitamin B12+",
        "C++ in a week",
        "$5 off",
        "50% off",
        "M&M's",
        "No. 7",
        "St. John's wort",
        "VODKAS(42 UNDER PROOF)",
        "who is it?",
        "NON-ALCOHLIC WINES",
        "Bébé, l'eau",
        "赤ちゃん",
    ],
)
def test_names_of_goods_are_words(name: str) -> None:
    """With the signs that shops write them with."""
    entry = f'    policy: block\n    evidence: {{keyword: ["{name}"]}}\n'
    assert of_pack(entry).evidence.keyword == (name,)


@pytest.mark.parametrize("name", ["A|B [x]*", "^", "DIET (LOW)+"])
def test_a_category_may_be_called_anything_that_holds_a_word(name: str) -> None:
    entry = f"    policy: block\n    evidence: {{category: ['{name}']}}\n"
    if name == "^":
        with pytest.raises(PolicyError, match="holds no word"):
            of_pack(entry)
    else:
        assert of_pack(entry).evidence.category == (name,)
