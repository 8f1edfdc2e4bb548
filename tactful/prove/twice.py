"""G4: a shop's purchases trained twice, with and without everything that is locked."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from recommender.errors import StorageError
from recommender.interactions import Columns
from tactful.prove.goods import Goods
from tactful.prove.verdict import Outcome, Verdict, held, not_run
from training.config import TrainConfig
from training.guarding import compile_guard, guarded
from training.pipeline import train
from training.progress import Progress, Silent
from training.reading.files import find_files
from training.reading.shop import Shop, read_shop

_NO_PURCHASES = "no purchases were handed in; --config train.yaml does"


def blind_training(
    goods: Goods, config: TrainConfig | None, folder: Path, progress: Progress
) -> Verdict:
    """The verdict on G4; raises what training raises."""
    if config is None or config.purchases.path is None:
        return not_run("G4", _NO_PURCHASES)
    locked, lines = _locked(config, goods.now)
    if not lines:
        return not_run("G4", "no purchase that was handed in is locked evidence")
    reduced = _without(config, locked, folder / "visible")
    with progress.stage("train with everything", 1):
        whole = train(config, folder / "whole", now=goods.now, progress=progress)
    with progress.stage("train without the locked", 1):
        part = train(reduced, folder / "part", now=goods.now, progress=progress)
    done = (
        f"the purchases were trained twice: all of them, and without the {lines:,} of locked "
        "items; manifest, models, learned records and replenishment aside, byte for byte"
    )
    if whole.manifest.digest != part.manifest.digest:
        arrays = whole.manifest.arrays | part.manifest.arrays
        differ = [
            name
            for name in sorted(arrays)
            if whole.manifest.arrays.get(name) != part.manifest.arrays.get(name)
        ]
        result = "the two bundles differ"
        return Verdict("G4", Outcome.FAILED, done, 2, result, f"arrays: {', '.join(differ)}")
    same = "it is" if whole.manifest.digest == goods.bundle.manifest.digest else "it is not"
    result = f"both bundles have the digest {whole.manifest.digest[:16]}… ({same} the one on trial)"
    return held("G4", done, 2, result)


def _locked(config: TrainConfig, now: float) -> tuple[set[str], int]:
    """Items that may not be used under the settings' policy, and lines of them."""
    guard = compile_guard(config.guard)
    shop: Shop = read_shop(config, now=now, rejected_to=None, progress=Silent())
    shelf = guarded(shop.catalogue, shop.offers, guard)
    masked = guard.policy.rules(now).masked
    hidden = [bool(int(bits) & masked) for bits in shelf.evidence.tolist()]
    ids = {str(item) for item, hide in zip(shop.catalogue.ids, hidden, strict=True) if hide}
    lines = sum(hidden[item] for item in shop.interactions.item.tolist())
    return ids, lines


def _without(config: TrainConfig, locked: set[str], folder: Path) -> TrainConfig:
    """The settings with purchases that lack the locked lines, in files of their own."""
    assert config.purchases.path is not None
    column = getattr(config.purchases.columns, Columns.ITEM)
    barred = pl.Series(sorted(locked), dtype=pl.String)
    try:
        folder.mkdir(parents=True)
        for number, path in enumerate(find_files(config.purchases.path, "purchases").files):
            is_csv = path.name.lower().endswith((".csv", ".csv.gz"))
            table = pl.read_csv(path, infer_schema=False) if is_csv else pl.read_parquet(path)
            item = pl.col(column).cast(pl.String).str.strip_chars()
            kept = table.filter(~item.is_in(barred.implode()))
            if is_csv:
                kept.write_csv(folder / f"{number:06}.csv")
            else:
                kept.write_parquet(folder / f"{number:06}.parquet")
    except OSError as error:
        raise StorageError(
            f"the visible purchases cannot be written to {folder}: {error.strerror or error}",
            hint="free room in the folder for temporary files, or set TMPDIR",
        ) from error
    purchases = config.purchases.model_copy(update={"path": folder})
    return config.model_copy(update={"purchases": purchases})
