"""How many items each of many patterns matches alone, in one pass over a catalogue."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from recommender.catalogue import Catalogue

_Words = tuple[str, ...]
_WHOLE = ("category", "tag")


def counts(
    patterns: Sequence[tuple[str, str]],
    catalogue: Catalogue,
    read: Callable[[str], _Words],
) -> list[int]:
    """Items that each pattern matches, as `recommender.guard.matching` would with no other.

    patterns   kind and text: `category` and `tag` match a whole name, every other kind is a
               sequence of words anywhere in a title, a category or a tag
    read       the words of a text

    The time does not grow with the product of patterns and items.
    """
    whole: dict[tuple[str, _Words], list[int]] = defaultdict(list)
    parts: dict[_Words, list[int]] = defaultdict(list)
    for number, (kind, text) in enumerate(patterns):
        said = read(text)
        (whole[kind, said] if kind in _WHOLE else parts[said]).append(number)
    lengths = sorted({len(said) for said in parts})

    def spoken(text: str) -> Iterator[int]:
        said = read(text)
        for length in lengths:
            for at in range(len(said) - length + 1):
                yield from parts.get(said[at : at + length], ())

    def named(kind: str, texts: tuple[str, ...]) -> Iterator[int]:
        for text in texts:
            yield from whole.get((kind, read(text)), ())
            yield from spoken(text)

    found: Counter[int] = Counter()
    items = zip(catalogue.titles, catalogue.paths, catalogue.tags, strict=True)
    for (title, path, tags), times in Counter(items).items():
        hit = {*spoken(title), *named("category", path), *named("tag", tags)}
        found.update(dict.fromkeys(hit, times))
    return [found[number] for number in range(len(patterns))]
