"""The engine's result customer by customer: what two bundles are compared by.

`outcomes.parquet` has one row a window, question and customer, and before them one row a window
that says what holds for all of it. Every window has its own rows, so that files of several
windows are one table.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from recommender.errors import InputError
from recommender.types import CustomerId, Doubles

FILE = "outcomes.parquet"
"""What the file is called in a bundle directory; outside the digest."""

METRICS = ("ndcg", "recall", "mrr", "hit")
"""One value a customer, 0 to 1, of the first n places; `training.metrics` defines them."""

QUESTIONS = ("all", "new")
"""Anything may be offered; only what the customer had never bought."""

_WINDOW = ("n", "window_from", "window_until")
_SCHEMA = {
    "n": pl.Int64,
    "window_from": pl.Int64,
    "window_until": pl.Int64,
    "locked_exposure": pl.Int64,
    "question": pl.String,
    "customer_id": pl.String,
    "segment": pl.String,
    **dict.fromkeys(METRICS, pl.Float64),
}


@dataclass(frozen=True, eq=False)
class Answers:
    """What one question found.

    customers   with anything to find, ascending
    segments    "new", "light" or "heavy", one a customer (`training.segments`)
    values      metric to (m,) float64, for every one of `METRICS`
    """

    customers: tuple[CustomerId, ...]
    segments: tuple[str, ...]
    values: Mapping[str, Doubles]

    def __len__(self) -> int:
        return len(self.customers)


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The engine's result in one window.

    n                 length of the lists
    window_from, window_until   seconds since 1970; the window begins after the former
    answers           question to what it found, for every one of `QUESTIONS`
    locked_exposure   personalised places, in all lists, that hold a target of a life event which
                      is locked for that customer: must be 0. Counted from the items that offers
                      promote, apart from the locks that should have held them back
    """

    n: int
    window_from: int
    window_until: int
    answers: Mapping[str, Answers]
    locked_exposure: int


def outcomes_file(windows: Sequence[Outcomes]) -> bytes:
    """The outcomes of some windows as Parquet, in the order given."""
    tables = [table for window in windows for table in _tables(window)]
    buffer = io.BytesIO()
    pl.concat([pl.DataFrame(schema=_SCHEMA), *tables]).write_parquet(buffer)
    return buffer.getvalue()


def read_outcomes(path: Path) -> tuple[Outcomes, ...]:
    """What `outcomes_file` wrote, in the order written.

    Raises InputError when there is no such file, or when it is none.
    """
    try:
        table = pl.read_parquet(path.read_bytes())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _no_outcomes(path, "it is missing, or no Parquet file") from error
    if dict(table.schema) != _SCHEMA:
        raise _no_outcomes(path, f"its columns are {', '.join(table.columns)}")
    parts = table.partition_by(*_WINDOW, maintain_order=True)
    return tuple(_outcomes(path, part) for part in parts)


def _tables(window: Outcomes) -> list[pl.DataFrame]:
    """The row of the window, and a table a question."""
    whole = {
        "n": window.n,
        "window_from": window.window_from,
        "window_until": window.window_until,
    }
    tables = [pl.DataFrame({**whole, "locked_exposure": window.locked_exposure})]
    for question in QUESTIONS:
        found = window.answers[question]
        columns = {
            "customer_id": list(found.customers),
            "segment": list(found.segments),
            **{metric: found.values[metric] for metric in METRICS},
        }
        constant = [pl.lit(value).alias(name) for name, value in whole.items()]
        tables.append(
            pl.DataFrame(columns).with_columns(*constant, pl.lit(question).alias("question"))
        )
    return [_completed(table) for table in tables]


def _completed(table: pl.DataFrame) -> pl.DataFrame:
    """The table with every column of the file, empty where it says nothing."""
    return table.select(
        (pl.col(name) if name in table.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in _SCHEMA.items()
    )


def _outcomes(path: Path, part: pl.DataFrame) -> Outcomes:
    whole = part.filter(pl.col("question").is_null())
    if len(whole) != 1 or whole["locked_exposure"].null_count():
        raise _no_outcomes(path, "a window in it is not described by one row")
    n, window_from, window_until, locked = whole.row(0)[:4]
    return Outcomes(
        n=n,
        window_from=window_from,
        window_until=window_until,
        answers={
            question: _answers(path, part.filter(pl.col("question") == question))
            for question in QUESTIONS
        },
        locked_exposure=locked,
    )


def _answers(path: Path, rows: pl.DataFrame) -> Answers:
    if rows.select("customer_id", "segment", *METRICS).null_count().sum_horizontal()[0]:
        raise _no_outcomes(path, "a customer's row in it is not complete")
    customers = tuple(map(CustomerId, rows["customer_id"]))
    values = {metric: rows[metric].to_numpy().astype(np.float64) for metric in METRICS}
    measured = all(bool(np.all((v >= 0) & (v <= 1))) for v in values.values())
    if list(customers) != sorted(set(customers)) or not measured:
        raise _no_outcomes(path, "its customers are not in order, or a value is not in 0 to 1")
    return Answers(customers, tuple(rows["segment"]), values)


def _no_outcomes(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} holds no outcomes: {why}",
        hint="name a bundle directory whose training measured quality, or train it anew",
    )
