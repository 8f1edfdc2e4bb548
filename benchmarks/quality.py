"""Offer quality on Complete Journey, through the commands, measured by independent code.

    python benchmarks/quality.py

Learns from weeks 1 to 49 and looks at weeks 50 to 53. Items that at least 10 households bought in
training; a household, item, basket once; NDCG@10 with the ideal cut at min(10, |truth|), mean over
households with truth. *new*: bought items leave both lists and truth. Trains once with no packs
and once with the grocery pack, and compares both on truth that is not sensitive.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import journey
import numpy as np
import polars as pl
from protocol import LEAST, K
from tactful_row import tactful

from recommender.guard.containment import allowed
from recommender.types import Bools
from training.bundle_dir import read_bundle


def prepare(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Writes what the commands read; gives the pairs of training and of the truth."""
    shop = journey.shop()
    cut = shop.test.truth_from
    shop.purchases_before(cut).write_parquet(folder / "purchases.parquet")
    shop.catalogue_before(cut).write_parquet(folder / "catalogue.parquet")
    pairs = ["customer_id", "item_id"]
    known = shop.purchases_before(cut).select(pairs).unique()
    frequent = known.group_by("item_id").len().filter(pl.col("len") >= LEAST)
    training = known.join(frequent, on="item_id", how="semi")
    late = shop.lines.filter(pl.col("moment") >= cut).select(pairs).unique()
    truth = late.join(frequent, on="item_id", how="semi")
    return training, truth.join(known, on="customer_id", how="semi")


def ndcg(recommended: pl.DataFrame, truth: pl.DataFrame) -> tuple[float, float, int]:
    """NDCG@10, Recall@10 and the number of customers with truth."""
    hits = (
        recommended.filter(pl.col("rank") <= K)
        .join(truth, on=["customer_id", "item_id"])
        .group_by("customer_id")
        .agg(dcg=(1 / (pl.col("rank") + 1).log(2)).sum(), hits=pl.len())
    )
    table = truth.group_by("customer_id").len().join(hits, on="customer_id", how="left")
    ideal = np.concatenate([[0], np.cumsum(1 / np.log2(np.arange(K) + 2))])
    wanted = np.minimum(table["len"].to_numpy(), K)
    dcg = table["dcg"].fill_null(0).to_numpy()
    recall = table["hits"].fill_null(0).to_numpy() / wanted
    return float((dcg / ideal[wanted]).mean()), float(recall.mean()), len(table)


def harmless(bundle_dir: Path) -> pl.DataFrame:
    """Items that the guarded bundle neither masks nor contains."""
    bundle, _ = read_bundle(bundle_dir)
    rules = bundle.manifest.policy.rules(bundle.manifest.as_of)
    free: Bools = allowed(bundle.target | bundle.evidence, rules)
    ids = [item for item, is_free in zip(bundle.catalogue.ids, free, strict=True) if is_free]
    return pl.DataFrame({"item_id": ids})


def without(recommended: pl.DataFrame, free: pl.DataFrame) -> pl.DataFrame:
    """The lists without what is sensitive, the rest moved up."""
    kept = recommended.join(free, on="item_id", how="semi").sort("customer_id", "rank")
    return kept.with_columns(rank=pl.int_range(1, pl.len() + 1).over("customer_id"))


def main() -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        training, truth = prepare(folder)
        shared = [
            *("--set", f"purchases.path={folder}/purchases.parquet"),
            *("--set", f"catalogue.path={folder}/catalogue.parquet"),
            *("--set", "purchases.unknown_items=keep"),
        ]
        lists: dict[tuple[str, str], pl.DataFrame] = {}
        for name, packs in (("no packs", "[]"), ("grocery pack", "[grocery@1]")):
            out = folder / name.replace(" ", "-")
            took = tactful("train", *shared, "--set", f"guard.packs={packs}", "--out", str(out))
            print(f"train, {name}: {took:.1f} s")
            for which in ("all", "new"):
                to = str(folder / f"{out.name}-{which}.parquet")
                # Twice the length for *all*: sensitive offers can then be struck and refilled.
                n = "20" if which == "all" else "10"
                words = ["batch", "--bundle", str(out), "--n", n, "--out", to]
                only = ["--new-only"] if which == "new" else []
                took = tactful(*words, *only, "--purchases", f"{folder}/purchases.parquet")
                print(f"batch, {name}, {which}: {took:.1f} s")
                lists[name, which] = pl.read_parquet(to).rename({"offer_id": "item_id"})
        free = harmless(folder / "grocery-pack")
        truths = {"all": truth, "new": truth.join(training, on=truth.columns, how="anti")}
        print(f"\n{'lists':<14}{'truth':<26}{'NDCG@10':>9}{'Recall@10':>11}{'customers':>11}")
        for (name, which), recommended in lists.items():
            open_truth = truths[which].join(free, on="item_id", how="semi")
            for label, wanted in ((which, truths[which]), (f"{which}, not sensitive", open_truth)):
                score, recall, n = ndcg(recommended, wanted)
                print(f"{name:<14}{label:<26}{score:>9.4f}{recall:>11.4f}{n:>11,}")
        print("\ngrocery pack against no packs, on truth that is not sensitive:")
        for which in ("all", "new"):
            wanted = truths[which].join(free, on="item_id", how="semi")
            guarded, _, _ = ndcg(lists["grocery pack", which], wanted)
            plain, _, _ = ndcg(lists["no packs", which], wanted)
            struck, _, _ = ndcg(without(lists["no packs", which], free), wanted)
            print(
                f"  {which}: {100 * (guarded / plain - 1):+.1f} % as they are, "
                f"{100 * (guarded / struck - 1):+.1f} % with their sensitive offers struck"
            )


if __name__ == "__main__":
    main()
