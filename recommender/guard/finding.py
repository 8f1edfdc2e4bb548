"""What a check of a policy found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from recommender.errors import PolicyError

_PLACE = re.compile(r"(?P<where>.+?, line \d+(?:, column \d+)?): (?P<what>.+)", re.DOTALL)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a policy, or that its author should know.

    level          `error`: it cannot be published; `warning`: it can
    what, hint     what was found, and how to mend it
    where          "guard.yaml, line 12, column 5"; "" when it has no one place
    needs_reason   publishing it all the same needs a written reason
    """

    level: Literal["error", "warning"]
    what: str
    hint: str
    where: str = ""
    needs_reason: bool = False


def of_error(error: PolicyError) -> Finding:
    """An error of reading or compiling, as a finding."""
    found = _PLACE.fullmatch(error.what)
    if found is None:
        return Finding("error", error.what, error.hint)
    return Finding("error", found["what"], error.hint, found["where"])
