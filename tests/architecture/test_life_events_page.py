"""docs/life-events.md is what the packs say. UPDATE_DOCS=1 writes it anew."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from recommender.channel import Channel
from recommender.guard.life_event import LifeEvent, Patterns
from recommender.guard.policy import Surface
from recommender.guard.taxonomy import Pack, builtin_pack, known_packs

PAGE = Path(__file__).parents[2] / "docs" / "life-events.md"
PACKS: tuple[Pack, ...] = tuple(builtin_pack(reference) for reference in known_packs())
EVENTS: dict[str, dict[str, LifeEvent]] = {
    name: {pack.name: event for pack in PACKS for event in pack.life_events if event.id == name}
    for name in sorted({event.id for pack in PACKS for event in pack.life_events})
}
SOURCES = {letter: text for pack in PACKS for letter, text in pack.sources.items()}
SHOWN = 4
"""Examples from the head of a list; half as many, the German ones, come from its tail."""
DAYS_A_MONTH = 365 / 12


def code(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def duration(days: int) -> str:
    """As the packs write it: months where they come out even."""
    months = round(days / DAYS_A_MONTH)
    if days > 90 and round(months * DAYS_A_MONTH) == days:
        return f"{months} months"
    return "1 day" if days == 1 else f"{days} days"


def same(events: dict[str, LifeEvent], say: str, texts: dict[str, str]) -> Iterator[str]:
    """One line where the packs agree, otherwise one for each word, with the packs that say it."""
    for text in dict.fromkeys(texts.values()):
        if not text:
            continue
        packs = [name for name in events if texts.get(name) == text]
        of = "" if len(packs) == len(PACKS) else f" ({', '.join(packs)})"
        yield f"- {say}{of}: {text}"


def kept(event: LifeEvent) -> str:
    return duration(event.declaration_days) if event.declaration_days else ""


def cool_off(event: LifeEvent) -> str:
    told = []
    if event.silence_days:
        with_it = f", with it {code(event.silences)}" if event.silences else ""
        told.append(f"{duration(event.silence_days)} of silence after it is withdrawn{with_it}")
    if event.outbound_silence_days:
        told.append(f"nothing outbound for {duration(event.outbound_silence_days)} once declared")
    return "; ".join(told)


def surfaces(event: LifeEvent) -> str:
    if not event.surfaces:
        return ""
    outbound = [channel for channel in Channel if not channel.private]
    never = [c.value for c in outbound if event.rule.surface(c) is Surface.NEVER]
    if len(never) == len(outbound):
        return "site and app only, never outbound"
    return f"never {', '.join(never)}; elsewhere outbound with a consent" if never else ""


def slot(event: LifeEvent) -> str:
    if event.replenish is None:
        return ""
    own = event.replenish
    age = ", once the age is verified" if event.age_verification else ""
    return f"own goods after {own.min_purchases} purchases in {own.within_days} days{age}"


def declared(event: LifeEvent) -> str:
    return code(event.declared_by) if event.declared_by else ""


def default(event: LifeEvent) -> str:
    return f"`{event.stance.value}`"


def examples(patterns: Patterns) -> str:
    told = [code(patterns.category[:SHOWN])] if patterns.category else []
    words = patterns.keyword
    if words:
        tail = words[max(SHOWN, len(words) - SHOWN // 2) :]
        told.append(code((*words[:SHOWN], *tail)))
    if patterns.soft:
        told.append(f"outbound also {code(patterns.soft[: SHOWN // 2])}")
    if patterns.not_keyword:
        told.append(f"not {code(patterns.not_keyword[: SHOWN - 1])}")
    return "; ".join(told)


SAID: tuple[tuple[str, Callable[[LifeEvent], str]], ...] = (
    ("default", default),
    ("declared by", declared),
    ("a declaration holds", kept),
    ("cool-off", cool_off),
    ("where it may stand", surfaces),
    ("slot `replenish`", slot),
)


def section(name: str) -> Iterator[str]:
    events = EVENTS[name]
    first = next(iter(events.values()))
    yield f"### `{name}`: {first.title}"
    yield ""
    cited = [f"{SOURCES[letter]} ({letter})" for letter in first.sources]
    yield f"- sources: {'; '.join(cited)}"
    for say, word in SAID:
        yield from same(events, say, {pack: word(event) for pack, event in events.items()})
    if not first.personal:
        yield "- whoever declares it is answered like a visitor"
    for pack, event in events.items():
        if text := examples(event.evidence):
            yield f"- evidence, {pack}: {text}"
        if text := examples(event.targets):
            yield f"- targets, {pack}: {text}"
    yield ""


def overview() -> Iterator[str]:
    yield "| life event | what | sources | default | a declaration holds |"
    yield "|---|---|---|---|---|"
    for name, events in EVENTS.items():
        first = next(iter(events.values()))
        stances = {pack: event.stance.value for pack, event in events.items()}
        usual = max(dict.fromkeys(stances.values()), key=list(stances.values()).count)
        others = [f"{pack}: `{word}`" for pack, word in stances.items() if word != usual]
        if len(others) > 1:
            others, usual = [], " / ".join(dict.fromkeys(stances.values()))
        shown = f"`{usual}`" + (f" ({', '.join(others)})" if others else "")
        link = f"[`{name}`](#{name}-{anchor(first.title)})"
        cells = (link, first.title, " ".join(first.sources), shown, kept(first) or "-")
        yield f"| {' | '.join(cells)} |"


def anchor(title: str) -> str:
    """The tail of the address that a heading gets."""
    plain = "".join(c for c in title.casefold() if c.isalnum() or c in " -_")
    return plain.replace(" ", "-")


def blocks() -> dict[str, str]:
    letters = "\n".join(f"| {letter} | {text} |" for letter, text in SOURCES.items())
    return {
        "overview": "\n".join(overview()),
        "sources": f"| letter | source |\n|---|---|\n{letters}",
        "life events": "\n".join(line for name in EVENTS for line in section(name)).rstrip(),
    }


@pytest.mark.parametrize("name", sorted(blocks()))
def test_the_page_says_what_the_packs_say(name: str) -> None:
    expected, text = blocks()[name], PAGE.read_text()
    begin, end = f"<!-- generated: {name} -->\n", "\n<!-- end -->"
    assert begin in text
    before, _, rest = text.partition(begin)
    held, found, after = rest.partition(end)
    assert found
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(f"{before}{begin}{expected}{end}{after}")
        return
    assert held == expected, "UPDATE_DOCS=1 python -m pytest tests/architecture mends this page"


def test_the_packs_agree_on_names_and_sources() -> None:
    """So that one page can speak for all of them."""
    for name, events in EVENTS.items():
        assert len({event.title for event in events.values()}) == 1, name
        assert len({event.sources for event in events.values()}) == 1, name
    assert all(pack.sources == SOURCES for pack in PACKS)


def test_the_handbook_leads_to_the_page() -> None:
    assert "(life-events.md)" in (PAGE.parent / "guard.md").read_text()
