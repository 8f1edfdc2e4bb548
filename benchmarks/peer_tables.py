"""The peers' rows as Markdown tables, and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from cases import Case
from judge import Answer, Judged
from numpy.typing import NDArray
from runs import Measured, Row, Tuned

QUESTIONS = ("all", "new")


def show(case: Case, rows: Sequence[Row], budget: float, own: str) -> None:
    """Prints one data set in one window.

    own     the name of the row that the others are compared with, if it is among them
    """
    first = rows[0].measured["both"].judged
    asked = ", ".join(f"{len(answer_of(first, q).ndcg):,} customers *{q}*" for q in QUESTIONS)
    print(f"\n## {case.data}, {case.window.name}\n\n{asked}; {budget:g} s of tuning a method\n")
    _table(
        ("method", "all NDCG", "new NDCG", "all R", "new R", "fit s", "peak MB", "trials"),
        [_one_setting(row) for row in rows],
    )
    print("\nEach question by the settings best for it alone; differences are paired\n")
    reference = next((row for row in rows if row.name == own), None)
    heads = ("method", "all NDCG", "new NDCG")
    heads += () if reference is None else (f"{own} all", f"{own} new", "its own all", "its own new")
    _table(heads, [_each_alone(row, reference) for row in rows])
    print("\nSettings for both questions\n")
    for row in rows:
        if row.tuned is not None and row.tuned.settings["both"]:
            print(f"- {row.name}: {_settings(row.tuned)}")


def write_json(path: Path, found: Sequence[tuple[Case, Sequence[Row]]]) -> None:
    """All means, standard errors, settings; one entry a row."""
    entries: list[dict[str, Any]] = []
    for case, rows in found:
        for row in rows:
            entry = {"data": case.data, "window": case.window.name, "method": row.name}
            for aim, measured in row.measured.items():
                entry[aim] = _numbers(measured)
            if row.tuned is not None:
                entry["settings"] = {k: dict(v) for k, v in row.tuned.settings.items()}
                entry["trials"], entry["tuning_seconds"] = row.tuned.trials, row.tuned.seconds
            entries.append(entry)
    path.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def answer_of(judged: Judged, question: str) -> Answer:
    """The result of `all` or `new`."""
    return judged.all if question == "all" else judged.new


def _one_setting(row: Row) -> tuple[str, ...]:
    measured = row.measured["both"]
    all_, new = measured.judged.all, measured.judged.new
    return (
        row.name,
        _with_error(all_.ndcg),
        _with_error(new.ndcg),
        _short(float(all_.recall.mean())),
        _short(float(new.recall.mean())),
        f"{measured.fit_seconds:.1f}",
        f"{measured.peak_bytes / 1e6:.0f}",
        "" if row.tuned is None else str(row.tuned.trials),
    )


def _each_alone(row: Row, reference: Row | None) -> tuple[str, ...]:
    """Both answers, then by how much `reference` is above: the row of one setting, and these."""
    alone = {q: answer_of(row.measured[q].judged, q).ndcg for q in QUESTIONS}
    cells = (row.name, *(_with_error(alone[q]) for q in QUESTIONS))
    if reference is None:
        return cells
    if row is reference:
        return (*cells, "", "", "", "")
    ours = {q: answer_of(reference.measured["both"].judged, q).ndcg for q in QUESTIONS}
    theirs = {q: answer_of(row.measured["both"].judged, q).ndcg for q in QUESTIONS}
    return (
        *cells,
        *(_with_error(ours[q] - theirs[q], sign=True) for q in QUESTIONS),
        *(_with_error(ours[q] - alone[q], sign=True) for q in QUESTIONS),
    )


def _numbers(measured: Measured) -> dict[str, Any]:
    numbers: dict[str, Any] = {
        "fit_seconds": measured.fit_seconds,
        "peak_bytes": measured.peak_bytes,
    }
    for question in QUESTIONS:
        answer = answer_of(measured.judged, question)
        numbers[question] = {
            "customers": len(answer.ndcg),
            "ndcg": float(answer.ndcg.mean()),
            "ndcg_error": _error(answer.ndcg),
            "recall": float(answer.recall.mean()),
        }
    return numbers


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for cells in (heads, ["-" * width for width in widths], *rows):
        inner = " | ".join(c.ljust(width) for c, width in zip(cells, widths, strict=True))
        print(f"| {inner} |")


def _settings(tuned: Tuned) -> str:
    def text(value: object) -> str:
        return f"{value:.3g}" if isinstance(value, float) else str(value)

    return ", ".join(f"{key} {text(value)}" for key, value in tuned.settings["both"].items())


def _with_error(values: NDArray[np.float64], *, sign: bool = False) -> str:
    return f"{_short(float(values.mean()), sign=sign)} ± {_short(_error(values))}"


def _error(values: NDArray[np.float64]) -> float:
    """Standard error of the mean."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def _short(value: float, *, sign: bool = False) -> str:
    """Four digits without the zero in front."""
    return re.sub(r"(?<!\d)0\.", ".", f"{value:{'+' if sign else ''}.4f}")
