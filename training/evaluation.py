"""What an evaluation found: numbers for people, for `evaluation.json` and for the manifest."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from training.metrics import Estimate

BANDS = (0.01, 0.05, 0.20, 1.0)
"""Offers by recent buyers: the 1 % most popular, the next 4 %, the next 15 %, all others."""


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
    """One method on both questions; `new` is None where it cannot rank new items."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    all: Quality
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
        """The engine's numbers by name, for the manifest."""
        engine = self.methods[0]
        numbers = {
            f"ndcg@{self.n}_all": engine.all.ndcg.mean,
            f"recall@{self.n}_all": engine.all.recall.mean,
            "coverage_all": engine.all.coverage,
        }
        if engine.new is not None:
            numbers |= {
                f"ndcg@{self.n}_new": engine.new.ndcg.mean,
                f"recall@{self.n}_new": engine.new.recall.mean,
                "coverage_new": engine.new.coverage,
            }
        return numbers

    def columns(self) -> tuple[str, ...]:
        """Headings of `rows`."""
        measures = (f"NDCG@{self.n}", f"Recall@{self.n}", "coverage")
        return ("method", *(f"{kind} {m}" for kind in ("all", "new") for m in measures))

    def rows(self) -> list[tuple[str, ...]]:
        """A table for people: one row a method, intervals at 95 %."""
        return [(m.name, *_cells(m.all), *_cells(m.new)) for m in self.methods]


def _cells(quality: Quality | None) -> tuple[str, ...]:
    if quality is None:
        return ("-", "-", "-")
    return (_shown(quality.ndcg), _shown(quality.recall), f"{quality.coverage:.1%}")


def _shown(estimate: Estimate) -> str:
    return f"{estimate.mean:.4f} ({estimate.low:.4f}-{estimate.high:.4f})"
