"""Windows of truth, one before the other, counted back from the latest visible purchase.

    |--------- before ---------|-- third --|-- second --|-- newest --|

Each begins where the one before it ends, whatever was bought on the days between.
"""

from __future__ import annotations

from dataclasses import dataclass

from recommender.interactions import Interactions
from recommender.types import SECONDS_A_WEEK
from training.split import Split, TooShortError, split_off


@dataclass(frozen=True, eq=False)
class Windows:
    """Those that a history is long enough for.

    splits   newest first: the lines before each window, and those in it
    short    why there is none before the last of them; None: as many were found as were wanted
    """

    splits: tuple[Split, ...]
    short: TooShortError | None


def windows_of(visible: Interactions, weeks: int, most: int) -> Windows:
    """At most so many windows of `weeks` weeks each.

    A window needs as long a history before it as it is long itself, and somebody who bought both
    before it and in it. Where one does not have that, no earlier one is looked for.
    """
    as_of = visible.window[1]
    splits: list[Split] = []
    for number in range(most):
        until = as_of - number * weeks * SECONDS_A_WEEK
        try:
            splits.append(split_off(visible, weeks, name=_name(number), until=until))
        except TooShortError as short:
            return Windows(tuple(splits), short)
    return Windows(tuple(splits), None)


def _name(number: int) -> str:
    return "test" if number == 0 else f"earlier ({number + 1})"
