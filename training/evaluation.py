"""What an evaluation found: numbers for people, for `evaluation.json` and for the manifest."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from training.metrics import Estimate

BANDS = (0.01, 0.05, 0.20, 1.0)
"""Offers by recent buyers: the 1 % most popular, the next 4 %, the next 15 %, all others."""


_TO_MEASURE = "hand in more purchases or measure on a longer window"


class Quality(BaseModel):
    """One method on one question.

    coverage   share of the offers that appear in at least one list
    bands      share of all places in lists that each of `BANDS` takes
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ndcg: Estimate
    recall: Estimate
    coverage: float
    bands: tuple[float, ...]


class Method(BaseModel):
    """One method on both questions.

    `new` is None where the method cannot rank new items; both are None where nobody took
    anything, so that there was nothing to measure.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    all: Quality | None
    new: Quality | None


class Evaluation(BaseModel):
    """Everything that an evaluation measured; the first method is the engine.

    n                               length of the lists
    window_from, window_until       seconds since 1970; the window begins after the former
    customers_all, customers_new    customers with anything to find
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
    left_out: float
    guarded: bool
    methods: tuple[Method, ...]

    def headline(self) -> dict[str, float]:
        """The engine's numbers by name, for the manifest; what was not measured has none."""
        engine = self.methods[0]
        numbers: dict[str, float] = {}
        for kind, quality in (("all", engine.all), ("new", engine.new)):
            if quality is not None:
                numbers |= {
                    f"ndcg@{self.n}_{kind}": quality.ndcg.mean,
                    f"recall@{self.n}_{kind}": quality.recall.mean,
                    f"coverage_{kind}": quality.coverage,
                }
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
        measures = (f"NDCG@{self.n}", f"Recall@{self.n}", "coverage")
        return ("method", *(f"{kind} {m}" for kind in ("all", "new") for m in measures))

    def rows(self) -> list[tuple[str, ...]]:
        """A table for people: one row a method, intervals at 95 %, "-" where none was measured."""
        return [(m.name, *_cells(m.all), *_cells(m.new)) for m in self.methods]


def _cells(quality: Quality | None) -> tuple[str, ...]:
    if quality is None:
        return ("-", "-", "-")
    return (_shown(quality.ndcg), _shown(quality.recall), f"{quality.coverage:.1%}")


def _shown(estimate: Estimate) -> str:
    return f"{estimate.mean:.4f} ({estimate.low:.4f}-{estimate.high:.4f})"
