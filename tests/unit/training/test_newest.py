"""The visible lines of an evaluation, written and read again; and their digest."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from recommender.errors import InputError
from recommender.interactions import Interactions
from tests.support.shop import LOCKED, Prepared, intimate, population, prepared
from training.lineage import digest_of_lines, lineage_of
from training.newest import newest_file, read_newest
from training.sections import Model

CUT = 1_690_000_000


@pytest.fixture(scope="module")
def made() -> Prepared:
    return prepared([*population(), *intimate()])


def written(made: Prepared, path: Path) -> Path:
    n_items = len(made.assortment.catalogue)
    path.write_bytes(
        newest_file(made.visible, made.assortment, np.ones(n_items, dtype=np.bool_), cut=CUT)
    )
    return path


def lines(visible: Interactions, items: tuple[str, ...]) -> list[tuple[str, str, int, float]]:
    return [
        (visible.customers[c], items[i], int(t), float(q))
        for c, i, t, q in zip(
            visible.customer, visible.item, visible.timestamp, visible.quantity, strict=True
        )
    ]


def test_the_lines_come_back_as_they_were(made: Prepared, tmp_path: Path) -> None:
    found = read_newest(written(made, tmp_path / "newest.parquet"))
    assert lines(found.visible, found.items) == lines(made.visible, made.assortment.catalogue.ids)
    same = made.visible.basket[1:] == made.visible.basket[:-1]
    assert ((found.visible.basket[1:] == found.visible.basket[:-1]) == same).all()
    assert found.cut == CUT
    assert found.offered.all()


def test_nothing_masked_is_in_the_file_and_it_is_the_same_without_masked_lines(
    tmp_path: Path,
) -> None:
    with_locked = prepared([*population(), *intimate()])
    without = prepared([*population(), *(line for line in intimate() if line[1] not in LOCKED)])
    one, two = written(with_locked, tmp_path / "a"), written(without, tmp_path / "b")
    assert one.read_bytes() == two.read_bytes()
    assert not set(LOCKED) & set(pl.read_parquet(io.BytesIO(one.read_bytes()))["item_id"])
    ids = with_locked.assortment.catalogue.ids
    assert digest_of_lines(with_locked.visible, ids) == digest_of_lines(
        without.visible, without.assortment.catalogue.ids
    )


def test_known_and_cut_part_the_lines(made: Prepared, tmp_path: Path) -> None:
    known = np.zeros(len(made.assortment.catalogue), dtype=np.bool_)
    known[made.visible.item[0]] = True
    cut = int(np.median(made.visible.timestamp))
    path = tmp_path / "newest.parquet"
    path.write_bytes(newest_file(made.visible, made.assortment, known, cut=cut))
    found = read_newest(path)
    name = made.assortment.catalogue.ids[made.visible.item[0]]
    assert [item for item, k in zip(found.items, found.known, strict=True) if k] == [name]
    split = found.split()
    assert split.before.window[1] <= cut < split.after.window[0]
    assert len(split.before) + len(split.after) == len(made.visible)


@pytest.mark.parametrize("content", [None, b"", b"PAR1", "other columns", "no line"])
def test_anything_else_is_refused_by_name(
    made: Prepared, tmp_path: Path, content: bytes | str | None
) -> None:
    path = tmp_path / "newest.parquet"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        table = pl.read_parquet(io.BytesIO(written(made, path).read_bytes()))
        (table.drop("cut") if content == "other columns" else table.clear()).write_parquet(path)
    with pytest.raises(InputError, match=r"newest\.parquet"):
        read_newest(path)


def test_the_digest_counts_items_by_id_and_every_line(made: Prepared) -> None:
    ids = made.assortment.catalogue.ids
    digest = digest_of_lines(made.visible, ids)
    # The same items under other numbers.
    order = list(range(len(ids)))
    random.Random(1).shuffle(order)
    place = np.argsort(order).astype(np.int32)
    assert digest_of_lines(made.visible.renumbered(place), [ids[i] for i in order]) == digest
    more = replace(made.visible, quantity=made.visible.quantity + 1)
    assert digest_of_lines(more, ids) != digest
    less = made.visible.where(np.arange(len(made.visible)) > 0)
    assert digest_of_lines(less, ids) != digest


def test_the_number_of_threads_is_no_part_of_a_lineage(made: Prepared) -> None:
    ids = made.assortment.catalogue.ids
    one, two = (lineage_of(made.visible, ids, Model(threads=threads)) for threads in (1, 2))
    assert one == two
    assert one.n_lines == len(made.visible)
    assert one != lineage_of(made.visible, ids, Model(threads=1, seed=7))
