"""Text as comparable words, so that spelling, width, case and number do not hide an item.

"BEERS/ALES" and "Beer & Ale" are both (beer, ale); "Children's Books" and "CHILDREN-BOOK" are both
(child, book); full-width letters, accents and soft hyphens make no difference.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Chinese and Japanese put no blanks between words: each character stands for itself, so that a
# pattern is found inside a longer text.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
_JOINED = re.compile(r"['\u2019\u02bc]s\b")
# Marks that stand over or around a letter, and those that only choose how a letter looks.
_MARKS = re.compile(
    "[\u0300-\u036f\u180b-\u180f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
    "\U000e0100-\U000e01ef]"
)
# A blank without a width, where a line may end, and fillers that look like a blank.
_BLANKS = str.maketrans(dict.fromkeys("\u200b\u115f\u1160\u3164\uffa0", " "))
_SINGULARS = {
    "children": "child",
    "childrens": "child",
    "feet": "foot",
    "knives": "knife",
    "leaves": "leaf",
    "lice": "louse",
    "loaves": "loaf",
    "men": "man",
    "mens": "man",
    "scarves": "scarf",
    "shelves": "shelf",
    "teeth": "tooth",
    "women": "woman",
    "womens": "woman",
}


def words(text: str) -> tuple[str, ...]:
    """The words of a text after NFKD, casefold and singular; `&`, `/`, `-` and blanks separate.

    Accents fall away, so do characters without a width (soft hyphens, joiners, variation
    selectors) and the `s` of a possessive; a zero-width space separates, as blanks do. Two texts
    are equal for the guard when their words are.
    """
    if not text.isascii():
        text = _plain(text)
    text = _JOINED.sub("", text.casefold())
    return tuple(singular(word) for word in _WORD.findall(text) if word != "s")


@lru_cache(maxsize=100_000)
def singular(word: str) -> str:
    """One spelling for the singular and the plural of an English word.

    The result need not be a word ("cookies" and "cookie" both give "cooky"): it only has to be
    the same for both, and different for different things.
    """
    if word in _SINGULARS:
        return _SINGULARS[word]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if len(word) > 3:
        if word.endswith("ie"):
            return word[:-2] + "y"
        if word.endswith(("xe", "che", "she", "sse", "zze", "oe")):
            return word[:-1]
    return word


def _plain(text: str) -> str:
    """Compatibility forms, accents and invisible characters folded away."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    text = text.translate(_BLANKS)
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", _MARKS.sub("", visible))
