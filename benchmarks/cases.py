"""The data sets and windows of the peers' table, made ready in files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import journey
import retail
from protocol import Shop, Window, problem

VALIDATION, TEST = "validation.npz", "test.npz"


@dataclass(frozen=True)
class Case:
    """One data set in one window.

    file        of Online Retail; None for Complete Journey, which its package carries
    settings    what `tactful train` must be told to read it
    """

    data: str
    window: Window
    file: Path | None
    settings: tuple[str, ...]


def cases(file: Path | None, windows: str) -> list[Case]:
    """The windows of a data set, `test` or `earlier`."""
    shop = _shop(file)
    chosen = (shop.test,) if windows == "test" else shop.earlier
    return [Case(shop.name, window, file, shop.settings) for window in chosen]


def prepare(case: Case, folder: Path) -> None:
    """Writes both problems, and what the commands read."""
    shop, window = _shop(case.file), case.window
    problem(shop.lines, window.validation_from, window.truth_from).save(folder / VALIDATION)
    problem(shop.lines, window.truth_from, window.truth_until).save(folder / TEST)
    shop.purchases_before(window.truth_from).write_parquet(folder / "purchases.parquet")
    shop.catalogue_before(window.truth_from).write_parquet(folder / "catalogue.parquet")


def _shop(file: Path | None) -> Shop:
    return journey.shop() if file is None else retail.shop(file)
