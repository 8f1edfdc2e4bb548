"""What lint says of long policies, and of short words that lift much."""

from __future__ import annotations

from cProfile import Profile

from recommender.catalogue import Catalogue
from recommender.guard.finding import Finding
from recommender.guard.lint import lint
from recommender.guard.reach import MOST_ALIKE
from recommender.guard.source import PolicySource
from tests.support.goods import titled

HEAD = "guard: {owner: anna@shop, approved_by: dpo@shop}\n"
PACK = """\
pack: {name: mine, version: 1}
life_events:
  infant: {policy: block, evidence: {keyword: [baby]}}
  school: {policy: allow, evidence: {keyword: [pencil]}}
"""
SHOP = titled("Baby wipes", "Pencil", *(f"Bread {n}" for n in range(8)))


def found(text: str, catalogue: Catalogue | None = None) -> tuple[Finding, ...]:
    source = PolicySource(text=HEAD + text, packs={"mine": PACK})
    return lint(source, now=0.0, catalogue=catalogue)


def test_of_what_is_wrong_everywhere_a_hundred_are_told_and_the_rest_are_counted() -> None:
    """One finding a pattern would drown what else is wrong, and take as long as there are many."""
    keywords = ", ".join(f"gone{n}" for n in range(MOST_ALIKE + 7))
    text = f"packs: [mine@1]\nlife_events: {{infant: {{evidence: {{keyword: [{keywords}]}}}}}}"
    findings = [f for f in found(text, SHOP) if "nothing" in f.what and "gone" in f.what]
    assert len(findings) == MOST_ALIKE + 1
    assert findings[-1].what == (
        "and 7 more patterns match nothing, "
        "from 'gone100' in life_events.infant.evidence.keyword on"
    )
    column = text.splitlines()[1].index("gone100") + 1
    assert findings[-1].where == f"guard.yaml, line 3, column {column}"


def test_of_what_its_own_negatives_take_back_a_hundred_are_told_as_well() -> None:
    words = ", ".join(f"fresh corn{n}x" for n in range(MOST_ALIKE + 3))
    negatives = ", ".join(f"corn{n}x" for n in range(MOST_ALIKE + 3))
    entry = f"evidence: {{keyword: [{words}], not_keyword: [{negatives}]}}"
    findings = found(f"packs: [mine@1]\nlife_events: {{infant: {{{entry}}}}}", SHOP)
    lost = [finding.what for finding in findings if "never count" in finding.what]
    assert len(lost) == MOST_ALIKE + 1
    assert lost[-1] == (
        "and 3 more patterns never count, from 'fresh corn100x' in "
        "life_events.infant.evidence.keyword on"
    )


def test_a_policy_of_many_patterns_is_checked_in_the_time_that_reading_it_takes() -> None:
    """Measured in steps, not in seconds: twice the patterns, about twice the work."""
    steps = [_steps(n) for n in (500, 1000)]
    assert steps[1] < 2.5 * steps[0]


def _steps(patterns: int) -> int:
    words = ", ".join(f"gone{n}" for n in range(patterns))
    negatives = ", ".join(f"never{n}" for n in range(patterns))
    entry = f"evidence: {{keyword: [{words}], not_keyword: [{negatives}]}}"
    items = f"proxies: {{items: [{words}], status: approved}}"
    text = f"packs: [mine@1]\nlife_events: {{infant: {{{entry}, {items}}}}}"
    profile = Profile()
    profile.runcall(found, text, SHOP)
    return sum(entry.callcount for entry in profile.getstats())


def test_what_the_packs_hold_back_is_not_allowed_without_a_word() -> None:
    text = "packs: [mine@1]\nlife_events: {infant: {policy: allow}, school: {policy: allow}}"
    (finding,) = found(text, SHOP)
    assert finding.what.startswith("infant is allowed, where the packs say block: ")
    assert finding.where == "guard.yaml, line 3, column 24"
    assert finding.level == "warning"


def test_an_empty_no_chaining_says_what_the_packs_had_kept_apart() -> None:
    chained = PACK + "no_chaining: [school]\n"
    source = PolicySource(text=HEAD + "packs: [mine@1]\nno_chaining: []", packs={"mine": chained})
    (finding,) = lint(source, now=0.0)
    assert finding.what.startswith("no_chaining is empty, where the packs name school: ")
    assert finding.where == "guard.yaml, line 3, column 1"
    assert found("packs: [mine@1]\nno_chaining: []") == ()
