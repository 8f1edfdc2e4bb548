"""The last chapters: what happens when records cannot be read, and when the shop trains again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import orjson
from rich.status import Status

from recommender.errors import StoreError
from tactful.demo.retrained import without_locked
from tactful.demo.story_shop import Learned, Shop, Spinner
from tactful.demo.story_teller import Teller
from training.pipeline import train

_QUERY = {"placements": ["home"], "n": 6}
_FURNISH = {"placements": ["home"], "filters": {"categories": ["Home"]}, "n": 6}
_CRIB = "Wooden crib"
_GONE_SECONDS = 30.0
_LOOK_SECONDS = 0.1


def outage(teller: Teller, grocer: Shop, stop_redis: Callable[[], None]) -> None:
    """Unreadable controls, then no Redis at all."""
    teller.chapter(
        "Outage",
        "Another branch of the grocer, with a Redis of its own. Rosa has declared her pregnancy "
        "there. Then her record is damaged: nobody can read what she consented or objected to. "
        "And then Redis goes away altogether.",
    )
    path, body = "rosa/declarations/pregnancy", {"source": "baby_registry"}
    teller.request("PUT", f"/v1/customers/{path}", body)
    grocer.tell("PUT", path, body)
    declared = grocer.titles("rosa", _FURNISH)
    grocer.damage_controls("rosa")
    damaged = grocer.titles("rosa", _FURNISH)
    stop_redis()
    _wait_until_degraded(grocer)
    gone = grocer.titles("rosa", _FURNISH)
    teller.lists(
        {"all is well": declared, "controls unreadable": damaged, "no Redis": gone}, (_CRIB,)
    )
    teller.claim(
        _CRIB in declared and damaged != [] and gone != [], "Every call was answered with 200."
    )
    teller.claim(
        _CRIB not in {*damaged, *gone},
        "What cannot be read is locked: nothing is unlocked, nothing personal is used.",
    )


def retrain(teller: Teller, grocer: Learned, folder: Path, status: Status) -> None:
    """The same bundle with and without what is locked."""
    teller.chapter(
        "Retrain",
        "What was learned from purchases stays in a model, unless it was never learned. So the "
        "grocer trains again, on a file from which every locked purchase was taken out.",
    )
    less = without_locked(grocer.config, folder / "without-locked.csv", time.time())
    progress = Spinner(status, "training the grocer again")
    again = train(less.config, folder / "again", now=time.time(), progress=progress).manifest
    first = grocer.result.manifest
    teller.lists(
        {
            "": ["all purchases", f"{less.locked:,} locked ones less"],
            "version": [first.version, again.version],
            "digest": [f"{first.digest[:24]}...", f"{again.digest[:24]}..."],
        }
    )
    teller.claim(
        first.digest == again.digest,
        "To the last byte it is the same bundle: whatever was locked had never been learned.",
    )


def _wait_until_degraded(grocer: Shop) -> None:
    deadline = time.monotonic() + _GONE_SECONDS
    while not orjson.loads(grocer.body("rosa", _QUERY))["degraded"]:
        if time.monotonic() > deadline:
            raise StoreError(
                "the story's own Redis does not end", hint="end other programs that use it"
            )
        time.sleep(_LOOK_SECONDS)
