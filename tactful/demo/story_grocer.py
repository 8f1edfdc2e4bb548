"""The chapters of the grocer: what is not looked at, and what customers decide for themselves."""

from __future__ import annotations

import time
from typing import Any

from recommender.channel import Channel
from recommender.types import SECONDS_A_DAY
from tactful.demo.aside import Aside
from tactful.demo.story_shop import Shop
from tactful.demo.story_teller import Teller

_HOME = {"placements": ["home"], "n": 6}
_FULL = {"placements": ["home", "discovery", "basket"], "reasons": "full"}
_CALL = {"placements": ["discovery"], "channel": "call", "n": 6}
_FURNISH = {"placements": ["home"], "filters": {"categories": ["Home"]}, "n": 6}
_FLOWERS = {"placements": ["home"], "filters": {"categories": ["Flowers and cards"]}, "n": 6}
_DRINKS = ("Red wine", "White wine", "Lager beer", "Alcohol-free beer", "Non-alcoholic wine")
_REHAB = "The sober year: a rehab diary"


def easylife(teller: Teller, grocer: Shop, aside: Aside) -> None:
    """A jar opener is no arthritis."""
    teller.chapter(
        "Easylife",
        "Ida bought a jar opener and two dinner trays. A company once read that as arthritis, "
        "called 145,400 people to sell glucosamine, and was fined in 2022. Her twin made every "
        "other purchase with her, and not these three.",
    )
    teller.request("POST", "/v1/offers", {"customer_id": "ida", **_CALL})
    hers, twin = grocer.titles("ida", _CALL), grocer.titles("ida-without", _CALL)
    telling = ("Glucosamine capsules", "Compression stockings", "Jar opener", "Dinner tray")
    without = aside.titles("ida", "discovery", 6)
    teller.lists({"without a guard (aside)": without, "Ida": hers, "her twin": twin}, telling)
    teller.claim(
        not set(telling) & grocer.everywhere("ida"),
        "Nobody calls her about joints, and no page and no letter does.",
    )
    teller.same(
        grocer.body("ida", _FULL), grocer.body("ida-without", _FULL), "Ida and her twin get the"
    )
    teller.same(
        grocer.stored("ida"),
        grocer.stored("ida-without"),
        "In Redis too, they are the",
    )


def targets_daughter(teller: Teller, grocer: Shop, aside: Aside) -> None:
    """Proxies that a person approved are evidence."""
    teller.chapter(
        "Target's daughter",
        "Tara buys unscented lotion, zinc and cotton pads, again and again. Each is harmless; "
        "together they once told a father of his daughter's pregnancy. A person at this grocer "
        "has reviewed the three and approved them as proxies.",
    )
    query = {"placements": ["discovery"], "n": 10}
    teller.request("POST", "/v1/offers", {"customer_id": "tara", **query})
    without, hers = aside.titles("tara", "discovery", 10), grocer.titles("tara", query)
    telling = ("Pregnancy test", "Baby wipes", "Newborn nappies", "Night nappies")
    teller.lists({"without a guard (aside)": without, "Tactful": hers}, telling)
    teller.claim(
        bool(set(telling) & set(without)) and not set(telling) & set(hers),
        "Her screen says nothing that she has not said.",
    )
    teller.same(
        grocer.body("tara", _FULL),
        grocer.body("tara-without", _FULL),
        "With and without the three, the",
    )


def registry(teller: Teller, grocer: Shop) -> None:
    """Declared at the registry, withdrawn in week 9."""
    teller.chapter(
        "Registry",
        "Rosa opens a baby registry, which declares her pregnancy. In the ninth week, which is a "
        "second later here, she takes it back. Nobody asks why. Then the registry sends its "
        "declaration once more, as such systems do.",
    )
    path, body = "rosa/declarations/pregnancy", {"source": "baby_registry"}
    before = grocer.titles("rosa", _FURNISH)
    teller.request("PUT", f"/v1/customers/{path}", body)
    grocer.tell("PUT", path, body)
    during = grocer.titles("rosa", _FURNISH)
    messages = [
        grocer.titles("rosa", {"placements": ["basket"], "channel": channel.value, "n": 100})
        for channel in Channel
        if not channel.private
    ]
    teller.request("DELETE", f"/v1/customers/{path}")
    record = grocer.tell("DELETE", path)
    grocer.tell("PUT", path, body)
    after = grocer.titles("rosa", _FURNISH)
    teller.lists(
        {"before": before, "declared, on the screen": during, "withdrawn": after}, ("Wooden crib",)
    )
    teller.claim("Wooden crib" in during, "Declared, the crib is offered on private surfaces.")
    teller.claim(
        not any("Wooden crib" in titles for titles in messages),
        "It is in no e-mail, letter, push message or call.",
    )
    until = record["withdrawals"]["pregnancy"]["until"]
    silent = ", ".join(sorted(record["withdrawals"]))
    teller.claim(before == after, "Withdrawn, it is gone from the next answer on.")
    teller.claim(
        "?" not in str(record), f"Silent until {until[:10]}, 24 months, no survey: {silent}."
    )


def replenishment(teller: Teller, grocer: Shop) -> None:
    """Three orders of nappies change one slot."""
    teller.chapter(
        "Replenishment",
        "Nils orders nappies three times. He will need them again, and the slot `replenish` is "
        "made for that: on private surfaces, from his own orders alone. Nothing else may learn "
        "of it.",
    )
    slot = {"placements": ["replenish"], "n": 6}
    before, others = grocer.titles("nils", slot), grocer.body("nils", _FULL)
    now = int(time.time())
    orders = [_order(number, now - days * SECONDS_A_DAY) for number, days in enumerate((40, 21, 3))]
    teller.request("POST", "/v1/events", "three orders of NAPPIES-1 within 40 days")
    grocer.service.call("POST", "/v1/events", {"events": orders})
    after = grocer.titles("nils", slot)
    home = grocer.titles("nils", _HOME)
    teller.lists({"replenish before": before, "replenish after": after, "home": home})
    teller.claim((before, after) == ([], ["Newborn nappies"]), "The slot has changed.")
    teller.same(others, grocer.body("nils", _FULL), "Every other placement, before and after: the")


def mothers_day(teller: Teller, grocer: Shop) -> None:
    """A muted theme is gone from items and titles."""
    teller.chapter(
        "Mother's Day",
        "Mona bought a bouquet for Mother's Day in May. This year she does not want to be "
        "reminded, and says so with one click. The reason is hers.",
    )
    path = "mona/objections/family_occasions"
    before = grocer.titles("mona", _FLOWERS)
    teller.request("PUT", f"/v1/customers/{path}")
    grocer.tell("PUT", path)
    after = grocer.titles("mona", _FLOWERS)
    telling = [title for title in before if "Mother's Day" in title]
    teller.lists({"before": before, "after": after}, telling)
    teller.claim(bool(telling), "The theme is open to everybody.")
    teller.claim(
        not any("Mother" in title for title in grocer.everywhere("mona")) and "Tulips" in after,
        "Muted, no item, no subject and no banner has it; flowers stay.",
    )


def sober(teller: Teller, grocer: Shop) -> None:
    """What stopped is no reason to win anybody back."""
    teller.chapter(
        "Sober",
        "Sven bought wine until spring, and alcohol-free beer since. A clever shop would win him "
        "back, or sell him a rehab diary. His twin never bought either.",
    )
    teller.request("POST", "/v1/offers", {"customer_id": "sven", **_HOME})
    his, twin = grocer.titles("sven", _HOME), grocer.titles("sven-without", _HOME)
    teller.lists({"Sven": his, "his twin": twin})
    teller.claim(
        not {*_DRINKS, _REHAB} & grocer.everywhere("sven"),
        "No wine, no rehab, no alcohol-free substitute, anywhere.",
    )
    teller.same(
        grocer.body("sven", _FULL),
        grocer.body("sven-without", _FULL),
        "That it stopped is not known, so nobody wins him back: the",
    )


def cold_start(teller: Teller, grocer: Shop) -> None:
    """Nothing visible is nothing known."""
    teller.chapter(
        "Cold start by masking",
        "Cora bought only what nobody may look at: a pregnancy test, nappies, cold medicine, "
        "wine, cigarettes. To Tactful she is a new customer, and gets what new customers get.",
    )
    teller.request("POST", "/v1/offers", {"customer_id": "cora", **_HOME})
    cora, new = grocer.titles("cora", _HOME), grocer.titles("somebody-new", _HOME)
    teller.lists({"Cora": cora, "a new customer": new})
    teller.same(grocer.body("cora", _FULL), grocer.body("somebody-new", _FULL), "Both get the")
    teller.claim(grocer.stored("cora") == b"", "Redis keeps nothing of her at all.")


def _order(number: int, at: int) -> dict[str, Any]:
    return {
        "event_id": f"nappies-{number}",
        "customer_id": "nils",
        "kind": "purchase",
        "item_id": "NAPPIES-1",
        "timestamp": at,
    }
