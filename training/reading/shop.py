"""A shop's files, read together: what training begins with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from recommender.catalogue import Catalogue, Offers
from recommender.errors import InputError
from recommender.interactions import Columns, Interactions
from training.config import TrainConfig
from training.progress import Progress, Silent
from training.reading import catalogue as catalogue_file
from training.reading import purchases as purchases_file
from training.reading.catalogue import RawCatalogue
from training.reading.netting import Netted, net
from training.reading.offers import read_offers
from training.reading.problems import Problems
from training.reading.purchases import RawPurchases, read_purchases, to_lines
from training.reading.report import ReadReport
from training.sections import CatalogueFile, OffersFile


@dataclass(frozen=True, eq=False)
class Shop:
    """Purchases, items and offers that refer to one another.

    `interactions.item` and `offers.items` point into `catalogue`. These are the raw histories:
    only `recommender.guard.view` may look at them.
    """

    interactions: Interactions
    catalogue: Catalogue
    offers: Offers
    report: ReadReport


def read_shop(
    config: TrainConfig,
    *,
    now: float,
    rejected_to: Path | None = None,
    progress: Progress | None = None,
) -> Shop:
    """Reads, checks and nets everything that the config names.

    now           seconds since 1970; purchases may lie one day ahead of it
    rejected_to   where a lenient reading writes the rows that it sets aside (Parquet)
    progress      shows one stage a table, of as many steps as rows, and one for the netting

    Raises InputError (exit code 2) for rows that break a rule unless `config.lenient`; NotFound,
    InputError and ConfigError for files and columns; StorageError when `rejected_to` cannot be
    written.
    """
    problems, shown = Problems(config.lenient), progress or Silent()
    listed = catalogue_file.read_catalogue(config, problems, progress=shown)
    known = None if listed is None else pl.Series(listed.catalogue.ids, dtype=pl.String)
    raw = read_purchases(config, problems, known=known, now=now, progress=shown)
    _settle(problems, raw, listed, rejected_to)
    items = raw.lines[Columns.ITEM].unique()
    catalogue = catalogue_file.with_unlisted(None if listed is None else listed.catalogue, items)
    netted = _netted(raw, catalogue, shown)
    offers = read_offers(
        config.offers.path,
        catalogue,
        timezone=config.purchases.timezone,
        separator=config.catalogue.separator,
    )
    report = _with_catalogue(_report(raw, netted, problems, rejected_to), config, catalogue, listed)
    report = replace(report, offers=len(offers.offers), offers_left_out=offers.left_out)
    return Shop(netted.interactions, catalogue, offers.offers, report)


def read_history(
    config: TrainConfig,
    *,
    now: float,
    rejected_to: Path | None = None,
    progress: Progress | None = None,
) -> Shop:
    """Purchases alone, for a bundle that brings its own catalogue and offers.

    Those of the config are left aside: every purchased item is an unlisted one. The report
    says nothing of items and offers: the bundle knows which are listed and offered. Otherwise
    as `read_shop`.
    """
    alone = config.model_copy(update={"catalogue": CatalogueFile(), "offers": OffersFile()})
    shop = read_shop(alone, now=now, rejected_to=rejected_to, progress=progress)
    report = replace(shop.report, items=0, unlisted=0, offers=0, offers_left_out=0)
    return replace(shop, report=report)


def _netted(raw: RawPurchases, catalogue: Catalogue, progress: Progress) -> Netted:
    with progress.stage("sort and net purchases", 2) as advance:
        lines = to_lines(raw.lines, pl.Series(catalogue.ids, dtype=pl.String))
        advance(1)
        netted = net(lines)
        advance(1)
    return netted


def _settle(
    problems: Problems, raw: RawPurchases, listed: RawCatalogue | None, rejected_to: Path | None
) -> None:
    """Refuses or sets aside the rows that break a rule."""
    rows_read = {purchases_file.TABLE: raw.lines_read}
    if listed is not None:
        rows_read[catalogue_file.TABLE] = listed.rows_read
    problems.raise_if_strict(rows_read)
    if problems.lenient and rejected_to is not None:
        problems.write(rejected_to)
    if not raw.lines.height:
        place = "" if rejected_to is None else f"; {rejected_to} names the rules they break"
        raise InputError(
            f"none of the {raw.lines_read:,} lines of {raw.folder.files[0]} can be used{place}",
            hint="map the columns under purchases.columns",
        )


def _report(
    raw: RawPurchases, netted: Netted, problems: Problems, rejected_to: Path | None
) -> ReadReport:
    """The report as far as the purchases go."""
    interactions = netted.interactions
    counts = sorted(problems.counts.items())
    return ReadReport(
        files=tuple(map(str, raw.folder.files)),
        lines_read=raw.lines_read,
        kept=len(interactions),
        customers=len(interactions.customers),
        baskets=len(np.unique(interactions.basket)),
        window=interactions.window,
        rejected_lines=problems.of_table(purchases_file.TABLE),
        duplicates=raw.duplicates,
        returns=netted.returns,
        unmatched=netted.unmatched,
        cancelled=netted.cancelled,
        gifts=netted.gifts,
        merged=netted.merged,
        rejected={f"{table}: {rule}": n for (table, rule), n in counts},
        rejected_to="" if rejected_to is None else str(rejected_to),
        ignored=raw.folder.ignored,
        unused=raw.unused,
    )


def _with_catalogue(
    report: ReadReport, config: TrainConfig, catalogue: Catalogue, listed: RawCatalogue | None
) -> ReadReport:
    unlisted = int((~catalogue.listed).sum())
    report = replace(report, items=len(catalogue), unlisted=unlisted)
    if listed is None:
        return report
    return replace(
        report,
        catalogue_files=tuple(map(str, listed.folder.files)),
        catalogue_rows=listed.rows_read,
        ignored=tuple(dict.fromkeys((*report.ignored, *listed.folder.ignored))),
        unused=_unused(config, report.unused, listed.unused),
    )


def _unused(
    config: TrainConfig, of_purchases: tuple[str, ...], of_catalogue: tuple[str, ...]
) -> tuple[str, ...]:
    """Columns that nobody used; a file that serves as both is judged once."""
    if config.catalogue.path == config.purchases.path:
        return tuple(name for name in of_purchases if name in of_catalogue)
    return tuple(dict.fromkeys((*of_purchases, *of_catalogue)))
