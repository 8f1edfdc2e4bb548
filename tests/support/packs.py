"""What a shipped pack makes of one item or one text, by the names of life events."""

from __future__ import annotations

import unicodedata
from functools import cache

from recommender.guard.document import CompiledGuard, compile_policy
from recommender.guard.matching import Matcher
from recommender.guard.taxonomy import builtin_pack
from tests.support.goods import goods, offers

PACKS = ("grocery@1", "general-retail@1", "bank@1")


@cache
def guard(reference: str) -> CompiledGuard:
    """The pack alone, compiled."""
    return compile_policy(None, [builtin_pack(reference)])


@cache
def matcher(reference: str) -> Matcher:
    """The pack alone, ready to match."""
    return Matcher(guard(reference).life_events)


def names(reference: str, bits: int) -> set[str]:
    """Ids of the life events whose bits are set."""
    ids = [event.id for event in guard(reference).life_events]
    return {name for bit, name in enumerate(ids) if bits >> bit & 1}


def evidence(reference: str, title: str, *path: str) -> set[str]:
    """What buying the item is a sign of."""
    masks = matcher(reference).masks(goods((title, path or ("Goods",), ())))
    return names(reference, int(masks.evidence[0]))


def target(reference: str, title: str, *path: str) -> set[str]:
    """What offering the item would reveal."""
    masks = matcher(reference).masks(goods((title, path or ("Goods",), ())))
    return names(reference, int(masks.target[0]))


def soft(reference: str, title: str) -> set[str]:
    """What offering the item would reveal where others may look on."""
    masks = matcher(reference).masks(goods((title, ("Goods",), ())))
    return names(reference, int(masks.soft[0]))


def said(reference: str, text: str) -> set[str]:
    """What an offer with this title would reveal."""
    masks = matcher(reference).said(offers(("O-1", text, ())))
    return names(reference, int(masks.target[0]))


def spellings(text: str) -> set[str]:
    """The same words in other spellings: case, hyphens, width, composed and taken apart."""
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    return {
        text,
        text.upper(),
        text.lower(),
        text.title(),
        text.replace(" ", "-"),
        text.replace(" ", "\u00a0"),
        unicodedata.normalize("NFD", text),
        f"{wide}, 2 x",
        f"Special: {text} (500 g)",
    }
