"""The first chapter: a bank, a house with a garden, and a loan that would say too much."""

from __future__ import annotations

from tactful.demo.aside import Aside
from tactful.demo.story_shop import Shop
from tactful.demo.story_teller import Teller

CUSTOMER, TWIN = "4711", "4712"
LOAN = "A loan for the nursery"
TELLING = (LOAN, "A savings plan for your child")
FAMILY_CAR = "Lease a family car"
_QUERY = {"placements": ["discovery"], "n": 6}
_EMAIL = {"placements": ["discovery"], "channel": "email", "n": 6}
_FULL = {"placements": ["discovery", "home", "basket"], "reasons": "full"}


def nursery_loan(teller: Teller, bank: Shop, aside: Aside) -> None:
    """The loan is contained, declared, offered on the screen, and kept out of the e-mail."""
    teller.chapter(
        "The nursery loan",
        f"Customer {CUSTOMER} of a bank has a joint account and a mortgage, paid a mover and a "
        "wedding photographer, and buys furniture and plants. Nothing was said about children. "
        "Once, there was a pregnancy test at the pharmacy. The wedding and the move are no "
        f"secret; the loan would be. Customer {TWIN} is the same, without the pharmacy.",
    )
    teller.request("POST", "/v1/offers", {"customer_id": CUSTOMER, **_QUERY})
    without = aside.titles(CUSTOMER, "discovery", 6)
    shown = bank.titles(CUSTOMER, _QUERY)
    teller.lists({"without a guard (aside)": without, "Tactful": shown}, TELLING)
    teller.claim(
        LOAN in without[:3] and not set(TELLING) & bank.everywhere(CUSTOMER),
        "Ranked high, and held back: the loan is on no placement and on no channel.",
    )
    teller.claim(
        FAMILY_CAR in shown and FAMILY_CAR not in bank.titles(CUSTOMER, _EMAIL),
        "A family car only hints at it: on the screen, yes; by e-mail, no.",
    )
    teller.same(
        bank.body(CUSTOMER, _FULL),
        bank.body(TWIN, _FULL),
        f"Reasons and all, {CUSTOMER} and {TWIN} get the",
    )
    _declared(teller, bank)


def _declared(teller: Teller, bank: Shop) -> None:
    teller.say("\nThen the customer says so, in the preference centre.")
    path, body = f"{CUSTOMER}/declarations/pregnancy", {"source": "preference_centre"}
    teller.request("PUT", f"/v1/customers/{path}", body)
    bank.tell("PUT", path, body)
    screen, mail = bank.titles(CUSTOMER, _QUERY), bank.titles(CUSTOMER, _EMAIL)
    consent = f"{CUSTOMER}/consents/pregnancy/email"
    teller.request("PUT", f"/v1/customers/{consent}")
    hers = bank.body(CUSTOMER, _FULL)
    bank.tell("PUT", f"{TWIN}/declarations/pregnancy", body)
    twin = bank.body(TWIN, _FULL)
    bank.tell("PUT", consent)
    agreed = bank.titles(CUSTOMER, _EMAIL)
    teller.lists(
        {"on the screen": screen, "by e-mail": mail, "by e-mail, with consent": agreed}, TELLING
    )
    teller.claim(
        set(TELLING) <= set(screen) and set(TELLING) <= set(agreed),
        "Declared, it may be offered on the screen; by e-mail only with consent that names e-mail.",
    )
    teller.claim(not set(TELLING) & set(mail), "Without that consent, not one word of it.")
    teller.same(hers, twin, f"Declaring opens no history: {TWIN} declares too, both get the")
