"""Why an item matches a life event: the patterns of the policy, in its own words.

The literal twin of `recommender.guard.matching`, for one item at a time and for people to read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recommender.catalogue import Catalogue
from recommender.guard.life_event import LifeEvent, Patterns
from recommender.guard.words import words


def because(entries: Sequence[LifeEvent], catalogue: Catalogue, item: int) -> tuple[str, ...]:
    """What makes an item match: `category Diapers`, `keyword baby food`, each once.

    entries   one life event, as each layer of the policy has it
    item      position in the catalogue
    """
    found = [why for entry in entries for why in _of_entry(entry, catalogue, item)]
    return tuple(dict.fromkeys(found))


def _of_entry(entry: LifeEvent, catalogue: Catalogue, item: int) -> Iterator[str]:
    yield from _of_patterns(entry.evidence, catalogue, item)
    yield from _of_patterns(entry.targets, catalogue, item)
    if str(catalogue.ids[item]) in entry.proxies:
        yield "approved proxy"


def _of_patterns(patterns: Patterns, catalogue: Catalogue, item: int) -> Iterator[str]:
    path, tags, id_ = catalogue.paths[item], catalogue.tags[item], str(catalogue.ids[item])
    if id_ in patterns.item:
        yield f"item {id_}"
    for kind, texts in (("category", path), ("tag", tags)):
        said = {words(text) for text in texts}
        yield from (f"{kind} {p}" for p in getattr(patterns, kind) if words(p) in said)
    spoken = [words(text) for text in (catalogue.titles[item], *path, *tags)]
    if any(_says(text, phrase) for phrase in patterns.not_keyword for text in spoken):
        return
    for kind in ("keyword", "soft"):
        for phrase in getattr(patterns, kind):
            if any(_says(text, phrase) for text in spoken):
                yield f"{kind} {phrase}"


def _says(text: tuple[str, ...], phrase: str) -> bool:
    sought = words(phrase)
    spans = range(len(text) - len(sought) + 1)
    return any(text[at : at + len(sought)] == sought for at in spans)
