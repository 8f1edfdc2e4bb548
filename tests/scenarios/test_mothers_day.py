"""Mother's Day: who does not want to be reminded, is not: by no item, no title, no banner."""

from __future__ import annotations

from typing import Any

from tests.support.examples import Stage

FLOWERS: dict[str, Any] = {"filters": {"categories": ["Flowers and cards"]}, "n": 20}
THEMED = {"MUM-BOUQUET", "MUM-CARD", "MUM-TULIPS", "MUM-ROSES"}


def titles(grocer: Stage, customer: str) -> str:
    """Every text that a page or an e-mail could print, joined."""
    found = []
    for channel in ("site", "app", "email"):
        places = ["home", "discovery"] if channel != "email" else ["discovery", "basket"]
        wanted = [{"name": p, "n": 10 if p == "discovery" else 100} for p in places]
        answer = grocer.ask(customer, placements=wanted, channel=channel, reasons="full")
        found.append(str(answer))
    return "\n".join(found)


def test_the_theme_is_open_to_everybody_until_somebody_objects(grocer: Stage) -> None:
    assert set(grocer.shown("mona", n=100)) >= THEMED
    assert "Mother's Day" in titles(grocer, "mona")


def test_after_an_objection_there_is_no_item_no_subject_and_no_banner(grocer: Stage) -> None:
    with grocer.told_by("mona"):
        grocer.tell("PUT", "mona/objections/family_occasions")
        assert not grocer.everywhere("mona") & THEMED
        assert "Mother" not in titles(grocer, "mona")
        assert {"TULIPS", "ROSES", "THANKYOU"} <= set(grocer.shown("mona", **FLOWERS))


def test_the_slots_are_filled_again_and_nothing_says_that_something_is_missing(
    grocer: Stage,
) -> None:
    before = grocer.ask("mona", n=10, reasons="full")
    with grocer.told_by("mona"):
        grocer.tell("PUT", "mona/objections/family_occasions")
        after = grocer.ask("mona", n=10, reasons="full")
        assert len(after["placements"]["home"]["offers"]) == 10
        assert {k: v for k, v in after.items() if k != "placements"} == {
            k: v for k, v in before.items() if k != "placements"
        }


def test_the_objection_is_hers_alone_and_can_be_taken_back(grocer: Stage) -> None:
    before = grocer.shown("mona", n=100)
    with grocer.told_by("mona"):
        grocer.tell("PUT", "mona/objections/family_occasions")
        assert "MUM-ROSES" in grocer.shown(None, n=100)
        grocer.tell("DELETE", "mona/objections/family_occasions")
        assert grocer.shown("mona", n=100) == before
