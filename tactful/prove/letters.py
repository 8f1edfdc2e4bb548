"""Batch files over random purchases: nothing barred, and the same without what is locked."""

from __future__ import annotations

import numpy as np

from recommender.channel import Channel
from recommender.interactions import Interactions
from recommender.types import CustomerId, Ints
from tactful.prove.cases import Chance
from training.batch import batch

_LINES = 400
_PEOPLE = 25


def batch_files(chance: Chance) -> tuple[int, list[str]]:
    """Lines of the files that were made, and what should not be in them, in ids."""
    goods, wrong = chance.goods, []
    barred = goods.held_back(goods.rules, Channel.SITE)
    raw = _purchases(chance)
    visible = (goods.bundle.evidence[raw.item] & np.uint64(goods.rules.masked)) == 0
    ids, lines = goods.bundle.catalogue.ids, 0
    everybody = [CustomerId(f"batch-{c}") for c in range(_PEOPLE)]
    for new_only in (False, True):
        files = [
            batch(
                goods.index, part, ids, now=goods.now, customers=everybody, n=5, new_only=new_only
            ).rows()
            for part in (raw, raw.where(visible))
        ]
        lines += len(files[0])
        if files[0] != files[1]:
            wrong.append("a batch file differs with and without locked purchases")
        if shown := {offer for _, _, offer, _ in files[0]} & barred:
            wrong.append(f"a batch file offers {sorted(shown)}")
    return lines, wrong


def _purchases(chance: Chance) -> Interactions:
    """Lines of random customers over the whole catalogue; one visible line is always there."""
    goods, draw = chance.goods, chance.random
    n = len(goods.bundle.catalogue)
    known = [goods.index.item_index[item] for item in goods.visible[:1]]  # type: ignore[index]
    as_of = goods.bundle.manifest.as_of
    hidden = (goods.bundle.evidence & np.uint64(goods.rules.masked)) != 0

    def moment(item: int) -> int:
        """What is locked may be the latest of all."""
        return as_of - draw.randrange(-20 if hidden[item] else 0, 200) * 86_400

    drawn = [draw.randrange(n) for _ in range(_LINES)]
    lines = sorted(
        {(draw.randrange(_PEOPLE), moment(item), item) for item in drawn}
        | {(0, as_of, item) for item in known}
    )
    used = sorted({c for c, _, _ in lines})
    number = {c: position for position, c in enumerate(used)}
    columns: list[Ints] = [np.array(part, dtype=np.int64) for part in zip(*lines, strict=True)]
    who = np.array([number[c] for c in columns[0].tolist()], dtype=np.int32)
    return Interactions(
        customers=tuple(CustomerId(f"batch-{c}") for c in used),
        customer=who,
        item=columns[2].astype(np.int32),
        timestamp=columns[1].astype(np.int64),
        quantity=np.ones(len(lines), dtype=np.float32),
        basket=who.astype(np.int64) * 1_000_000 + columns[1] // 86_400,
    )
