"""The packs over 92,000 products of a real grocer: what they catch, and what they leave alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from recommender.types import Bits
from tactful.demo.journey import write_shop
from tests.support.goods import Item, goods
from tests.support.packs import PACKS, guard, matcher

# Shelves that are a whole department's everyday business: never a sign, whatever the words.
EVERYDAY = (
    *("FLORAL BALLOONS", "FLORAL- HARD GOODS", "FLORAL-FRESH CUT", "FLORAL-FLOWERING PLANTS"),
    *("ROSES", "GREETING CARDS/WRAP/PARTY SPLY", "SMOKED MEATS", "SOFT DRINKS", "CORN"),
    *("SALAD MIX", "BEANS - CANNED GLASS & MW", "CHEESE", "PET CARE SUPPLIES", "DOG FOODS"),
    *("MOLASSES/SYRUP/PANCAKE MIXS", "EASTER", "VALENTINE", "FUEL"),
)
# Evidence of these is bought everywhere; of no other life event is more than one product in fifty.
COMMON = {"alcohol": 0.05, "infant": 0.05, "acute_otc": 0.03, "children": 0.03}


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    folder: Path = tmp_path_factory.mktemp("journey")
    table = pl.read_parquet(write_shop(folder).catalogue)
    rows = zip(table["title"], table["category"], strict=True)
    return [(title or "", tuple(path), ()) for title, path in rows]


@pytest.fixture(scope="module")
def masked(journey: list[Item]) -> Mapping[str, tuple[Bits, Bits]]:
    """Pack -> (evidence, target) of every product."""
    catalogue = goods(*journey)
    found = {reference: matcher(reference).masks(catalogue) for reference in PACKS}
    return {name: (masks.evidence, masks.target) for name, masks in found.items()}


def test_the_shares_of_a_real_catalogue_are_sane(
    masked: Mapping[str, tuple[Bits, Bits]],
) -> None:
    for reference, columns in masked.items():
        for bit, event in enumerate(guard(reference).life_events):
            for column in columns:
                share = float(np.mean(column >> np.uint64(bit) & np.uint64(1)))
                assert share <= COMMON.get(event.id, 0.02), (reference, event.id, share)


def test_everyday_shelves_are_left_alone(
    journey: list[Item], masked: Mapping[str, tuple[Bits, Bits]]
) -> None:
    """At most one product in a hundred of such a shelf, by the name of its own type."""
    for reference, (evidence, _) in masked.items():
        protected = evidence & np.uint64(guard(reference).policy.sensitive)
        of_shelf: dict[str, list[bool]] = defaultdict(list)
        for (_, path, _), bits in zip(journey, protected, strict=True):
            if path:
                of_shelf[path[1]].append(bool(bits))
        for shelf in EVERYDAY:
            assert np.mean(of_shelf[shelf]) <= 0.01, (reference, shelf)


@pytest.mark.parametrize(
    ("life_event", "shelf"),
    [
        ("infant", "BABY FOODS"),
        ("infant", "BABYFOOD"),
        ("infant", "BABY HBC"),
        ("infant", "DIAPERS & DISPOSABLES"),
        ("infant", "INFANT FORMULA"),
        ("infant", "INFANT CARE PRODUCTS"),
        ("menstrual", "FEMININE HYGIENE"),
        ("chronic", "HOME HEALTH CARE"),
        ("chronic", "RESTRICTED DIET"),
        ("acute_otc", "COLD AND FLU"),
        ("acute_otc", "ANALGESICS"),
        ("acute_otc", "FIRST AID PRODUCTS"),
        ("acute_otc", "ANTACIDS"),
        ("embarrassing", "LAXATIVES"),
        ("incontinence", "ADULT INCONTINENCE"),
        ("weight", "DIETARY AID PRODUCTS"),
        ("weight", "FITNESS&DIET"),
        ("alcohol", "BEERS/ALES"),
        ("alcohol", "LIQUOR"),
        ("alcohol", "DOMESTIC WINE"),
        ("alcohol", "IMPORTED WINE"),
        ("alcohol", "MISC WINE"),
        ("tobacco", "CIGARETTES"),
        ("tobacco", "TOBACCO OTHER"),
        ("tobacco", "CIGARS"),
        ("quitting", "SMOKING CESSATIONS"),
        ("ethnicity", "ETHNIC PERSONAL CARE"),
        ("ethnicity", "LONG DISTANCE CALLING CARDS"),
    ],
)
@pytest.mark.parametrize("reference", ["grocery@1", "general-retail@1"])
def test_shelves_of_the_table_are_evidence_to_the_last_product(
    reference: str,
    life_event: str,
    shelf: str,
    journey: list[Item],
    masked: Mapping[str, tuple[Bits, Bits]],
) -> None:
    evidence, target = masked[reference]
    bit = np.uint64(guard(reference).policy.bit(life_event))
    on_shelf = np.array([shelf in path for _, path, _ in journey])
    assert on_shelf.any()
    assert (evidence[on_shelf] & bit != 0).all()
    assert (target[on_shelf] & bit != 0).all()


@pytest.mark.parametrize("kind", ["PREGNANCY TEST KITS", "DENTURE CLEANSERS", "SLEEPING AIDS"])
@pytest.mark.parametrize("reference", ["grocery@1", "general-retail@1"])
def test_types_of_the_table_are_evidence_on_every_shelf(
    reference: str, kind: str, journey: list[Item], masked: Mapping[str, tuple[Bits, Bits]]
) -> None:
    of_kind = {
        "PREGNANCY TEST KITS": "pregnancy",
        "DENTURE CLEANSERS": "ageing",
        "SLEEPING AIDS": "mental",
    }
    bit = np.uint64(guard(reference).policy.bit(of_kind[kind]))
    of_type = np.array([kind in path for _, path, _ in journey])
    assert of_type.any()
    assert (masked[reference][0][of_type] & bit != 0).all()
