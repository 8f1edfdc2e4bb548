"""Names of files that come with a policy: below its folder, on every machine."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from unicodedata import category

LONGEST_FILE = 255
"""Longest name of a file that comes with a policy, in characters."""

_PACK = re.compile(r"[a-z][a-z0-9-]{0,62}")


def stays_below(name: str) -> bool:
    """Whether a name leads to a file below the folder that it is read from.

    Refused are absolute paths, `..`, drive letters, backslashes, and characters that nobody sees.
    """
    path = PurePosixPath(name)
    return (
        bool(path.name)
        and len(name) <= LONGEST_FILE
        and not path.is_absolute()
        and ".." not in path.parts
        and not any(char in "\\:" or category(char)[0] == "C" for char in name)
    )


def names_a_pack(name: str) -> bool:
    """Whether a word can be the name of a pack: what stands before the @ of NAME@VERSION."""
    return _PACK.fullmatch(name) is not None
