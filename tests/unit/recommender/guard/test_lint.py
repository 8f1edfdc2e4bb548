"""What lint says of a policy, without and with the shop's catalogue."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recommender.catalogue import Catalogue, Offers
from recommender.guard.lint import Finding, lint
from recommender.guard.source import PolicySource
from tests.support.goods import goods, offers, titled

NOW = datetime(2027, 3, 1, tzinfo=UTC).timestamp()
HEAD = "guard: {owner: anna@shop, approved_by: dpo@shop}\n"
CONFIG = Path(__file__).parents[4] / "configs" / "guard.yaml"
PACK = """\
pack: {name: mine, version: 1}
life_events:
  infant: {policy: block, evidence: {keyword: [baby], not_keyword: [baby corn]}}
  school: {policy: allow, evidence: {keyword: [pencil]}}
  wine: {policy: block, evidence: {category: [Wine]}, targets: {soft: [wine rack]}}
"""
SHOP = titled(*(f"Bread {n}" for n in range(96)), "Baby wipes", "Baby corn", "Pencil", "Wine rack")


def found(
    text: str,
    catalogue: Catalogue | None = None,
    shown: Offers | None = None,
    **lists: str,
) -> tuple[Finding, ...]:
    files = {f"{name}.csv": content for name, content in lists.items()}
    source = PolicySource(text=HEAD + text, packs={"mine": PACK}, proxy_lists=files)
    return lint(source, now=NOW, catalogue=catalogue, offers=shown)


def one(text: str, catalogue: Catalogue | None = None, **lists: str) -> Finding:
    (finding,) = found(text, catalogue, None, **lists)
    return finding


def place(text: str, word: str) -> str:
    """Where a word stands that is in the policy once."""
    before, _, after = (HEAD + text).partition(word)
    assert word not in after
    lines = before.splitlines() if not before.endswith("\n") else [*before.splitlines(), ""]
    return f"guard.yaml, line {len(lines)}, column {len(lines[-1]) + 1}"


def test_a_sound_policy_has_no_findings() -> None:
    """Nor has the one that ships."""
    assert found("packs: [mine@1]", SHOP) == ()
    assert lint(PolicySource(text=CONFIG.read_text(encoding="utf-8")), now=NOW) == ()


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("packs: [mine@1]\npakcs: []", "guard.yaml, line 3, column 1", "unknown key 'pakcs'"),
        ("packs: [mine@9]", "guard.yaml, line 2, column 9", "the policy names 'mine@9'"),
        ("packs: [", "guard.yaml, line 2, column 9", "not YAML"),
        ("life_events: {nobody: {policy: block}}", "guard.yaml, line 2, column 15", "in no pack"),
    ],
)
def test_what_cannot_be_compiled_is_one_error_with_its_place(
    text: str, where: str, what: str
) -> None:
    finding = one(text, SHOP)
    assert (finding.level, finding.where) == ("error", where)
    assert finding.what.startswith(what) or what in finding.what
    assert finding.hint


def test_an_error_without_a_place_says_so() -> None:
    (finding,) = lint(PolicySource(text=""), now=NOW)
    assert (finding.level, finding.where, finding.what) == ("error", "", "guard.yaml is empty")


@pytest.mark.parametrize(
    ("until", "says"),
    [
        ("2027-02-28", "the policy ended on 2027-02-28"),
        ("2027-03-01", "the policy ends on 2027-03-01"),
        ("2027-03-30", "the policy ends on 2027-03-30"),
        ("2027-03-31", None),
    ],
)
def test_a_policy_that_ended_or_ends_within_thirty_days_is_told(
    until: str, says: str | None
) -> None:
    """A day counts to its end."""
    head = f"guard: {{owner: a, approved_by: b, valid_until: {until}}}\npacks: []"
    findings = lint(PolicySource(text=head), now=NOW)
    assert [f.what.partition(":")[0].partition(",")[0] for f in findings] == (
        [says] if says else []
    )
    assert {f.where for f in findings} <= {"guard.yaml, line 1, column 35"}
    # What has ended can never be published.
    assert [f.level for f in findings] == [
        "error" if "ended" in f.what else "warning" for f in findings
    ]


def test_people_are_missed() -> None:
    findings = lint(PolicySource(text="packs: []"), now=NOW)
    assert [f.what for f in findings] == [
        "the policy has no owner",
        "the policy has no approved_by",
    ]
    assert {f.level for f in findings} == {"warning"}


def test_pending_proxies_do_nothing() -> None:
    finding = one(
        "packs: [mine@1]\nlife_events: {infant: {proxies: {items: [gone], status: pending}}}", SHOP
    )
    assert finding.what == "the proxies of infant are pending: they do nothing"
    assert finding.where == "guard.yaml, line 3, column 49"


def test_files_that_the_policy_does_not_use_are_told() -> None:
    findings = found("packs: []", a="x\n")
    assert [f.what.partition(" is handed in")[0] for f in findings] == ["a.csv", "packs/mine.yaml"]
    assert {f.level for f in findings} == {"error"}


@pytest.mark.parametrize(
    ("life_event", "entry", "keys"),
    [
        (
            "school",
            "declared_by: [registry], surfaces: {email: allow}",
            ["declared_by", "surfaces"],
        ),
        ("school", "declaration_expires: never", ["declaration_expires"]),
        ("school", "requires: age_verification", []),
        ("school", "replenish: {min_purchases: 3}", ["replenish"]),
        ("school", "policy: block, surfaces: {email: allow}", ["surfaces"]),
        ("infant", "surfaces: {email: allow}", ["surfaces"]),
        ("infant", "policy: replenish_only, surfaces: {email: allow}", []),
        ("infant", "declared_by: [registry]", []),
    ],
)
def test_words_without_an_effect_are_told(life_event: str, entry: str, keys: list[str]) -> None:
    findings = found(f"packs: [mine@1]\nlife_events: {{{life_event}: {{{entry}}}}}")
    told = [f.what.partition(f" of {life_event} has no effect")[0] for f in findings]
    assert told == keys
    assert all(f.where.startswith("guard.yaml, line 3, column ") for f in findings)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("surfaces: {email: never}", "surfaces of infant, which the packs give, has"),
        (
            "surfaces: {email: never}, declared_by: [registry], declaration_expires: 9 months",
            "declared_by, declaration_expires and surfaces of infant, which the packs give, have",
        ),
        ("requires: age_verification", "infant is allowed, where the packs say"),
    ],
)
def test_what_the_packs_say_and_allowing_undoes_is_told(said: str, told: str) -> None:
    """A verified age goes on being required, so only the allowing itself is told."""
    pack = PACK.replace("{policy: block, evi", f"{{policy: block_unless_declared, {said}, evi", 1)
    text = f"{HEAD}packs: [mine@1]\nlife_events: {{infant: {{policy: allow}}}}"
    findings = lint(PolicySource(text=text, packs={"mine": pack}), now=NOW)
    (finding,) = findings
    assert finding.what.startswith(told)
    assert finding.where == "guard.yaml, line 3, column 24"


def own(lists: str) -> str:
    return f"packs: [mine@1]\nlife_events: {{infant: {{{lists}}}}}"


@pytest.mark.parametrize(
    ("lists", "pattern"),
    [
        ("evidence: {keyword: [baby, crb]}", "'crb' in life_events.infant.evidence.keyword"),
        ("evidence: {category: [Crib]}", "'Crib' in life_events.infant.evidence.category"),
        ("evidence: {item: [i0, i100]}", "'i100' in life_events.infant.evidence.item"),
        ("targets: {tag: [crib]}", "'crib' in life_events.infant.targets.tag"),
        ("targets: {soft: [van]}", "'van' in life_events.infant.targets.soft"),
        (
            "targets: {keyword: [wipes], not_keyword: [rose]}",
            "'rose' in life_events.infant.targets.not_keyword",
        ),
    ],
)
def test_a_dead_pattern_of_ones_own_is_told_with_its_place(lists: str, pattern: str) -> None:
    finding = one(own(lists), SHOP)
    assert finding.what == f"{pattern} matches nothing"
    assert finding.where == place(own(lists), pattern.split("'")[1])
    assert not finding.needs_reason


def test_more_patterns_than_bits_are_counted() -> None:
    """Those that live are not told."""
    words = ", ".join(f"dead {n}" for n in range(90))
    findings = found(own(f"evidence: {{keyword: [{words}, wipes]}}"), SHOP)
    assert len(findings) == 90


def test_offers_are_looked_for_where_they_are_known() -> None:
    text = own("targets: {offer: [LOAN, LON]}")
    assert found(text, SHOP) == ()
    (finding,) = found(text, SHOP, offers(("LOAN", "A loan", ())))
    assert finding.what == "'LON' in life_events.infant.targets.offer matches nothing"


def test_life_events_of_packs_that_match_nothing_are_told_together() -> None:
    """An offer that says one is a match."""
    sold = titled("Bread", "Milk", "Tea")
    finding = one("packs: [mine@1]", sold)
    assert finding.what == ("3 life events of the packs match nothing here: infant, school, wine")
    (finding,) = found(
        "packs: [mine@1]", sold, offers(("o", "Baby week", ()), ("p", "Wine rack", ()))
    )
    assert finding.what == "1 life events of the packs match nothing here: school"


def test_a_pattern_that_matches_the_whole_catalogue_needs_a_reason() -> None:
    """So does its life event; errors and warnings name the counts."""
    sold = goods(*((f"Bread {n}", ("Food",), ()) for n in range(4)))
    text = (
        "packs: [mine@1]\n"
        'life_events: {food: {policy: block, evidence: {category: [Food, "Bread"]}}}'
    )
    pattern, event = [finding for finding in found(text, sold) if finding.needs_reason]
    assert pattern.what == "'Food' in life_events.food.evidence.category matches 4 of 4 items"
    assert event.what == "the life event food matches 4 of 4 items"
    assert event.where == place(text, "food")


def test_half_the_catalogue_is_too_much_and_less_is_not() -> None:
    sold = titled("Bread a", "Bread b", "Milk", "Tea")
    text = "packs: []\nlife_events: {food: {policy: block, evidence: {keyword: [%s]}}}"
    assert any(f.needs_reason for f in found(text % "bread", sold))
    assert not any(f.needs_reason for f in found(text % "milk", sold))


def test_a_keyword_that_its_own_negative_takes_back_never_counts() -> None:
    text = own("evidence: {keyword: [baby, fresh baby corn]}")
    finding = one(text, titled("Baby", *"abcd", "Pencil", "Wine rack", "Fresh baby corn"))
    assert finding.what == (
        "'fresh baby corn' in life_events.infant.evidence.keyword never counts: "
        "a not_keyword of infant.evidence takes it back"
    )
    assert finding.where == place(text, "fresh")


def test_a_keyword_that_counts_in_one_pack_counts() -> None:
    """The negative of another pack does not reach it."""
    other = "pack: {name: other, version: 1}\nlife_events: {infant: {policy: block}}"
    source = PolicySource(
        text=HEAD + own("evidence: {keyword: [baby corn]}").replace("mine@1", "mine@1, other@1"),
        packs={"mine": PACK, "other": other},
    )
    assert lint(source, now=NOW, catalogue=SHOP) == ()


def test_items_of_two_life_events_of_another_stance_are_told() -> None:
    """Where the marketer's own evidence does it; not where the packs do, nor with one stance."""
    sold = titled(*"abcdefgh", "Baby pencil", "Baby wine", "Wine rack")
    assert found("packs: [mine@1]", sold) == ()
    finding = one(own("evidence: {keyword: [baby]}"), sold)
    assert finding.what == (
        "1 items are evidence of infant (block) and of school (allow): 'Baby pencil'"
    )
    assert finding.where == "guard.yaml, line 3, column 24"
    swapped = "packs: [mine@1]\nlife_events: {school: {evidence: {item: [i8, i9]}}}"
    finding = one(swapped, sold)
    assert finding.what.endswith("infant (block) and of school (allow): 'Baby pencil', 'Baby wine'")
    assert finding.where == "guard.yaml, line 3, column 24"


def test_an_item_without_a_title_is_named_by_its_id() -> None:
    sold = goods(*((title, (), ()) for title in "abcdefgh"), ("", (), ("pencil",)))
    text = own("evidence: {item: [i8], keyword: [b]}")
    assert any("'i8'" in f.what for f in found(text, sold))


def test_proxies_that_the_catalogue_lacks_are_an_error_with_their_lines() -> None:
    lines = "item_id,why\ni1,lotion\ngone,x\ni2\ngone2\ngone3\ngone4\n"
    text = own("proxies: {list: p.csv, items: [i3, lost], status: approved}")
    first, second = found(text, SHOP, p=lines)
    assert first.level == "error"
    assert first.what == (
        "5 proxies of infant are not in the catalogue: 'lost' (guard.yaml, line 3, column 59), "
        "'gone' (p.csv, line 3), 'gone2' (p.csv, line 5)"
    )
    assert first.where == "guard.yaml, line 3, column 24"
    assert second.what == "the proxies of infant are 8% of the catalogue"


def test_three_in_a_hundred_may_be_proxies() -> None:
    text = own("proxies: {list: p.csv, status: approved}")
    assert found(text, SHOP, p="i1\ni2\ni3\n") == ()
    assert one(text, SHOP, p="i1\ni2\ni3\ni4\n").level == "warning"


def test_errors_come_first() -> None:
    text = own("targets: {tag: [x]}, proxies: {items: [gone], status: approved}")
    assert [f.level for f in found(text, SHOP)] == ["error", "warning"]


def test_a_shop_without_items_has_nothing_to_look_at() -> None:
    assert found(own("evidence: {keyword: [dead]}"), titled()) == ()


def test_a_list_that_cannot_be_read_is_an_error() -> None:
    finding = one(own("proxies: {list: p.csv, status: approved}"), SHOP, p='a\n"b\n')
    assert (finding.level, finding.where) == ("error", "p.csv, line 2")


def test_findings_go_to_programs_as_they_are() -> None:
    finding = one("packs: [mine@1]\npakcs: []")
    assert json.loads(json.dumps(asdict(finding)))["needs_reason"] is False
