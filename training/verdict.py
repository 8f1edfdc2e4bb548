"""What a comparison comes to, in a sentence.

NDCG decides: it looks at the order of a list too. What is told as a gain is sure at 95 %: the
interval of the difference lies wholly on one side of 0, and `difference.FEWEST` customers or more
are behind it.
"""

from __future__ import annotations

from collections.abc import Mapping

from training.difference import Difference, Finding, change, finding, share, short, too_few

DECIDES = "ndcg"
KINDS = {"all": "for anything", "new": "for new items"}


def verdict_on(
    questions: Mapping[str, Mapping[str, Difference]], n: int, a: str = "A", b: str = "B"
) -> str:
    """A sentence over all questions; `a` and `b` name the two.

    questions   "all", "new" -> metric -> difference; one of them may be absent
    """
    parts = [
        _part(KINDS[question], metrics[DECIDES], n, a, b) for question, metrics in questions.items()
    ]
    parts += [
        f"{kind} there was nothing to measure"
        for question, kind in KINDS.items()
        if question not in questions
    ]
    told = "; ".join(parts)
    return f"{told[0].upper()}{told[1:]}."


def _part(kind: str, found: Difference, n: int, a: str, b: str) -> str:
    sides = f"NDCG@{n} {short(found.b)} against {short(found.a)}"
    match finding(found):
        case Finding.BETTER:
            return f"{b} is better {kind}: {sides}, {change(found)}, sure {share(found.sure)}"
        case Finding.WORSE:
            return f"{b} is worse {kind}: {sides}, {change(found)}, sure {share(1 - found.sure)}"
        case Finding.EQUAL:
            return f"{kind} {a} and {b} are equal for every customer: NDCG@{n} {short(found.a)}"
        case Finding.OPEN:
            if few := too_few(found):
                return f"{kind} there are {few}: {sides}"
            return f"{kind} {a} and {b} cannot be told apart: {sides}, {change(found)}"
