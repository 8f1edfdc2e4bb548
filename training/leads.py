"""The engine beside each simple method, customer by customer: what may be told as a gain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from recommender.types import Doubles
from training.difference import Difference
from training.paired import paired_columns
from training.segments import SEGMENTS


class Lead(BaseModel):
    """A simple method (a) and the engine (b) on the same customers, where anything is offered.

    ndcg        over all of them
    segments    name of a segment to the difference in precision, of which the report tells as
                offers taken; what nobody is in is absent
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ndcg: Difference
    segments: dict[str, Difference]


def leads(
    engine: Doubles,
    others: Sequence[Doubles],
    segments: Sequence[str],
    *,
    resamples: int,
    seed: int,
) -> tuple[Lead, ...]:
    """One a method, all from the same resampled customers.

    engine, others   (m, 2) NDCG and precision of each customer, m > 0
    segments         (m,) what each customer belongs to
    """
    if not others:
        return ()
    ndcg = _against(engine[:, 0], [other[:, 0] for other in others], resamples, seed)
    whose = np.array(segments)
    by_segment = {
        name: _against(
            engine[whose == name, 1],
            [other[whose == name, 1] for other in others],
            resamples,
            seed,
        )
        for name in SEGMENTS
        if name in segments
    }
    return tuple(
        Lead(ndcg=found, segments={name: told[k] for name, told in by_segment.items()})
        for k, found in enumerate(ndcg)
    )


def _against(
    engine: Doubles, others: Sequence[Doubles], resamples: int, seed: int
) -> list[Difference]:
    """The engine against each of the others; (m,) each."""
    a = np.column_stack(others)
    return paired_columns(a, np.repeat(engine[:, None], len(others), 1), resamples, seed)
