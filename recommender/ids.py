"""The rule for external ids, one for files and for HTTP."""

from __future__ import annotations

import unicodedata

from recommender.types import ID_LENGTH


def id_problem(value: str) -> str | None:
    """Says what is wrong with an external id, or None when nothing is.

    An id is 1 to 256 characters of text without control characters. Braces, colons and
    blanks are fine: keys never contain an id as written (`recommender.keys`).
    """
    if not value:
        return "is empty"
    if len(value) > ID_LENGTH:
        return f"has {len(value)} characters, more than {ID_LENGTH}"
    if not value.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs") for c in value):
        return "has a control character"
    return None
