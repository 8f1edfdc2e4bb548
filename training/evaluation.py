"""What an evaluation found: numbers for people, for `evaluation.json` and for the manifest."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from training.leads import Lead
from training.metrics import Estimate

BANDS = (0.01, 0.05, 0.20, 1.0)
"""Offers by recent buyers: the 1 % most popular, the next 4 %, the next 15 %, all others."""


_TO_MEASURE = "hand in more purchases or measure on a longer window"


class Ranking(BaseModel):
    """How well the lists of some customers rank; each number is defined in `training.metrics`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    customers: int
    ndcg: Estimate
    recall: Estimate
    mrr: Estimate
    hit: Estimate
    precision: Estimate


class ColdItems(BaseModel):
    """How offers fare that hardly anybody has bought yet.

    customers   who took any of them
    ndcg        of the whole lists, with nothing but such offers as truth; None without customers
    shown       share of all places in lists that they take
    taken       share of all that was taken
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    customers: int
    ndcg: Estimate | None
    shown: float
    taken: float


class Quality(Ranking):
    """One method on one question; what is no ranking is defined in `training.reach`.

    coverage   share of the offers that appear in at least one list
    gini       of how often each offer is shown: 0 all equally often, near 1 a few take everything
    bands      share of all places in lists that each of `BANDS` takes
    novelty    bits of surprise of what is shown
    diversity  of the categories in a list; None where no list has two offers with a category
    popularity_shown, popularity_taken   share of the customers who have what is shown, and what
               was then taken: more shown than taken is popularity bias
    segments   name of a segment (`training.segments`) to its customers' ranking; what nobody is
               in is absent
    cold       offers that hardly anybody has bought yet
    """

    coverage: float
    gini: float
    bands: tuple[float, ...]
    novelty: Estimate
    diversity: Estimate | None
    popularity_shown: float
    popularity_taken: float
    segments: dict[str, Ranking]
    cold: ColdItems


class Method(BaseModel):
    """One method on all questions.

    `new` and `session` are None where the method cannot rank new items; each is None where
    nobody took anything, so that there was nothing to measure. `lead` is the engine's, beside
    this method on anything; the engine has none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    all: Quality | None
    new: Quality | None
    session: Ranking | None = None
    lead: Lead | None = None


class Evaluation(BaseModel):
    """Everything that an evaluation measured; the first method is the engine.

    n                               length of the lists
    window_from, window_until       seconds since 1970; the window begins after the former
    customers_all, customers_new    customers with anything to find
    customers_session               visitors of whom only a session is known, see `evaluate`
    few_baskets, many_baskets       new customers have at most `few`, heavy ones more than `many`
    cold_support                    fewer customers than this have an item that counts as cold
    left_out                        share of what was taken that no personalised slot may hold
                                    under the guard; it counts neither for nor against a method
    guarded                         True when the policy protects any life event
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    window_from: int
    window_until: int
    customers_all: int
    customers_new: int
    customers_session: int = 0
    few_baskets: int = 1
    many_baskets: int = 1
    cold_support: int = 1
    left_out: float
    guarded: bool
    methods: tuple[Method, ...]

    def headline(self) -> dict[str, float]:
        """The engine's numbers by name, for the manifest; what was not measured has none."""
        engine = self.methods[0]
        numbers: dict[str, float] = {}
        for kind, found in (("all", engine.all), ("new", engine.new), ("session", engine.session)):
            if found is None:
                continue
            for name in ("ndcg", "recall", "mrr", "hit"):
                numbers[f"{name}@{self.n}_{kind}"] = getattr(found, name).mean
            if isinstance(found, Quality):
                numbers[f"coverage_{kind}"] = found.coverage
        return numbers

    def notes(self) -> tuple[str, ...]:
        """What could not be measured, in words."""
        if self.customers_new:
            return ()
        missing = (
            "took anything new to them; offers of new items were not measured"
            if self.customers_all
            else "took anything that may be offered; quality was not measured"
        )
        return (f"in the test window no known customer {missing}. To mend it: {_TO_MEASURE}",)

    def columns(self) -> tuple[str, ...]:
        """Headings of `rows`."""
        at = f"@{self.n}"
        measures = (f"NDCG{at}", f"Recall{at}", f"MRR{at}", f"hit{at}", "coverage")
        return ("method", *(f"{kind} {m}" for kind in ("all", "new") for m in measures))

    def rows(self) -> list[tuple[str, ...]]:
        """A table for people: one row a method, intervals at 95 %, "-" where none was measured."""
        return [(m.name, *_cells(m.all), *_cells(m.new)) for m in self.methods]


def _cells(quality: Quality | None) -> tuple[str, ...]:
    if quality is None:
        return ("-",) * 5
    means = (quality.ndcg, quality.recall, quality.mrr, quality.hit)
    return (*map(_shown, means), f"{quality.coverage:.1%}")


def _shown(estimate: Estimate) -> str:
    return f"{estimate.mean:.4f} ({estimate.low:.4f}-{estimate.high:.4f})"
