"""Target's daughter: lotion, zinc and cotton told a shop what a girl had not told her father.

`tara` and `tara-without` made the same purchases; `tara` also bought the three, again and again.
They are approved proxies of a pregnancy: evidence, though each by itself is harmless.
"""

from __future__ import annotations

import pytest

from tactful.demo.aside import without_guard
from tests.support.examples import ONE_EACH, Stage

PROXIES = {"LOTION", "ZINC", "COTTON"}


def test_without_a_guard_her_screen_would_say_it(grocer: Stage) -> None:
    trained = grocer.trained
    aside = without_guard(trained.config, trained.bundle)
    told = {"Pregnancy test", "Baby wipes", "Newborn nappies", "Night nappies"}
    assert told & set(aside.titles("tara", "discovery", 10))
    assert not told & set(aside.titles("tara-without", "discovery", 10))


@pytest.mark.parametrize("channel", ["site", "email", "print"])
def test_answers_are_the_same_bytes_with_and_without_the_proxies(
    grocer: Stage, channel: str
) -> None:
    placements = ONE_EACH if channel == "site" else ["discovery", "basket"]
    query = {"placements": placements, "channel": channel, "reasons": "full"}
    assert grocer.body("tara", **query) == grocer.body("tara-without", **query)


def test_what_is_stored_is_the_same_bytes(grocer: Stage) -> None:
    assert grocer.stored("tara") == grocer.stored("tara-without")
    assert grocer.stored("tara")[0]


def test_a_proxy_is_hidden_and_not_forbidden(grocer: Stage) -> None:
    """Lotion says nothing by being offered: whoever pages through toiletries may meet it."""
    bundle = grocer.index.bundle
    for item in PROXIES:
        at = bundle.catalogue.ids.index(item)
        assert bundle.evidence[at]
        assert not bundle.target[at]
