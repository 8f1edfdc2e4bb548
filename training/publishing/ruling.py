"""What the gate found of a version that wants to take the live one's place, and its thresholds.

A version is refused on either question, *all* or *new*, by its NDCG against the live one's over
the same customers (`training.paired`):

    surely worse          the 95 % interval of the difference lies wholly below 0, and the mean is
                          lower by more than `NEGLIGIBLE`
    likely much worse     the mean is lower by more than `MARGIN`, and in `LIKELY` of the resamples
                          it is lower

The second catches earlier what costs much. It asks for both: of two equally good versions chance
makes one worse by a few per cent often, but seldom so consistently. Fewer than
`training.difference.FEWEST` customers are no reason: nobody can tell from them.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError

from recommender.errors import GateRefusal
from training.difference import FEWEST, Difference, Finding, change, finding, share, short
from training.paired import Comparison
from training.verdict import DECIDES, KINDS

NEGLIGIBLE = 0.005
"""Share of the live one's NDCG. With many customers any difference is sure, also one that nobody
notices; and what is refused leaves purchases live that are older by a week."""

MARGIN = 0.03
"""A mean that is lower by less is no reason: it is what a week of other purchases changes."""

LIKELY = 0.95
"""Share of resamples in which the new one must be worse for the margin to count: of two equally
good versions one in twenty is refused on a question."""

FORCE = 'go past it with: tactful activate {version} --force-reason "..."'


class Forced(BaseModel):
    """A person who went past a refusal.

    at        seconds since 1970
    against   what was live then
    refusal   what the gate had said
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: str
    at: int
    reason: str
    against: str
    refusal: str


class Ruling(BaseModel):
    """What the gate found of one version.

    champion     what was live; "" when nothing was
    at           seconds since 1970
    how          what was compared with what, in words
    comparison   the live one is A, the new one B; None where nothing was compared
    reasons      why it may not become live; empty: it may
    forced       who made it live nevertheless, oldest first
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    champion: str
    at: int
    how: str
    comparison: Comparison | None = None
    reasons: tuple[str, ...] = ()
    forced: tuple[Forced, ...] = ()

    @property
    def passed(self) -> bool:
        """True when the version may become live without force."""
        return not self.reasons

    @property
    def sentence(self) -> str:
        """What was compared with what, and the verdict."""
        return self.how if self.comparison is None else f"{self.how}. {self.comparison.verdict}"


def reasons_of(questions: Mapping[str, Mapping[str, Difference]], n: int) -> tuple[str, ...]:
    """Why a version with these differences may not become live; empty: it may.

    questions   "all", "new" -> metric -> difference, the live one's value first
    n           length of the lists
    """
    found = ((question, metrics[DECIDES]) for question, metrics in questions.items())
    return tuple(
        f"{_how_bad(difference)} {KINDS[question]}: NDCG@{n} {short(difference.b)} against "
        f"{short(difference.a)}, {change(difference)}, sure {share(1 - difference.sure)}, over "
        f"{difference.customers:,} customers"
        for question, difference in found
        if _how_bad(difference)
    )


def counted(number: int, noun: str) -> str:
    """`1 customer`, `2,000 customers`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def check_exposure(version: str, locked_exposure: int | None) -> None:
    """Raises GateRefusal when a bundle has shown what the guard holds back. No force helps."""
    if locked_exposure:
        raise GateRefusal(
            f"version {version} put {counted(locked_exposure, 'offer')} that the guard holds back "
            "into personalised places of its own evaluation; it cannot become live",
            hint="this is a defect of Tactful or of this bundle: report it, and train again with "
            "the release before; no reason forces it",
        )


def refusal(version: str, why: str) -> GateRefusal:
    """The error of a version that may not become live, unless somebody says why it must."""
    return GateRefusal(
        f"version {version} is published and does not become live: {why}",
        hint="look with `tactful compare`, mend the training, or, where there is a reason, "
        + FORCE.format(version=version),
    )


def dump_ruling(ruling: Ruling) -> bytes:
    """The ruling as compact JSON."""
    return ruling.model_dump_json().encode()


def parse_ruling(raw: bytes) -> Ruling | None:
    """Reads `dump_ruling`; None when another release wrote it otherwise."""
    try:
        return Ruling.model_validate_json(raw)
    except ValidationError:
        return None


def _how_bad(found: Difference) -> str:
    """`surely worse`, `likely much worse`, or "" for neither."""
    loss = -found.difference
    if finding(found) is Finding.WORSE and loss > NEGLIGIBLE * found.a:
        return "surely worse"
    likely = found.customers >= FEWEST and 1 - found.sure >= LIKELY
    return "likely much worse" if likely and loss > MARGIN * found.a else ""
