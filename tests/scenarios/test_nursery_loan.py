"""The nursery loan: a house with a garden is no secret, the loan for the nursery would be.

Customer 4711 has a joint account, a mortgage, a mover, a wedding photographer, a furniture store, a
garden centre, and once bought a pregnancy test. 4712 is the same customer without the pharmacy.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tactful.demo.aside import without_guard
from tests.support.examples import ONE_EACH, Stage

LOAN = "LOAN-NURSERY-01"
TELLING = {LOAN, "SAV-CHILD-01"}
CUSTOMER, TWIN = "4711", "4712"


def test_without_a_guard_the_loan_would_stand_near_the_top(bank: Stage) -> None:
    """What is held back is worth holding back: it is no straw man."""
    trained = bank.trained
    offers = without_guard(trained.config, trained.bundle).titles(CUSTOMER, "discovery", 5)
    assert "A loan for the nursery" in offers[:3]
    assert "A savings plan for your child" in offers


def test_the_loan_is_on_no_placement_and_no_channel(bank: Stage) -> None:
    shown = bank.everywhere(CUSTOMER)
    assert not shown & TELLING
    assert {"HOUSE-GARDEN-01", "MOVE-INSURE-01", "HOUSE-MORTGAGE-01"} <= shown


def test_the_family_car_stays_on_the_screen_and_out_of_the_letter_box(bank: Stage) -> None:
    assert "LEASE-FAMILY-01" in bank.shown(CUSTOMER, "discovery")
    assert "LEASE-FAMILY-01" in bank.shown(CUSTOMER, "discovery", channel="app")
    for channel in ("email", "push", "print", "post", "sms", "call"):
        assert "LEASE-FAMILY-01" not in bank.shown(CUSTOMER, "discovery", channel=channel)


@pytest.mark.parametrize("channel", ["site", "email"])
def test_the_pharmacy_changes_no_byte(bank: Stage, channel: str) -> None:
    """Answers with full reasons, and stored records, equal those of the twin."""
    placements = ONE_EACH if channel == "site" else ["discovery", "basket"]
    query = {"placements": placements, "channel": channel, "reasons": "full"}
    assert bank.body(CUSTOMER, **query) == bank.body(TWIN, **query)
    assert bank.stored(CUSTOMER)[0] == bank.stored(TWIN)[0]


def test_declared_it_may_be_offered_on_the_screen_and_not_outbound_without_consent(
    bank: Stage,
) -> None:
    with bank.told_by(CUSTOMER):
        bank.tell("PUT", f"{CUSTOMER}/declarations/pregnancy", source="preference_centre")
        for channel in ("site", "app"):
            assert set(bank.shown(CUSTOMER, "discovery", channel=channel)) >= TELLING
        for channel in ("email", "push", "print", "post", "sms", "call"):
            assert not TELLING & set(bank.shown(CUSTOMER, "discovery", channel=channel))
        bank.tell("PUT", f"{CUSTOMER}/consents/pregnancy/email")
        assert set(bank.shown(CUSTOMER, "discovery", channel="email")) >= TELLING
        bank.tell("PUT", f"{CUSTOMER}/consents/pregnancy/push")
        assert not TELLING & set(bank.shown(CUSTOMER, "discovery", channel="push"))


def test_declaring_unlocks_nothing_of_the_history(bank: Stage) -> None:
    """Both declare the same; one of them has the pharmacy in the past. Not a byte differs."""
    query = {"placements": ONE_EACH, "reasons": "full"}
    with bank.told_by(CUSTOMER, TWIN):
        for customer in (CUSTOMER, TWIN):
            bank.tell("PUT", f"{customer}/declarations/pregnancy")
        assert set(bank.shown(CUSTOMER, "discovery")) >= TELLING
        assert bank.body(CUSTOMER, **query) == bank.body(TWIN, **query)


def test_moving_and_marrying_do_not_raise_the_loan(bank: Stage) -> None:
    """No chaining: once declared, the loan's score does not know the mover or the photographer."""
    listed = bank.trained.bundle.offers.ids.index(LOAN)
    assert bank.index.chainable[listed]
    policy = bank.index.policy
    assert {"marriage", "moving"} <= set(policy.no_chaining)
    row = bank.index.rows(["PAY-MOVER"])[0]  # type: ignore[list-item]
    assert int(bank.index.evidence_of_row[row]) & int(bank.index.unchained)
    with bank.told_by(CUSTOMER):
        bank.tell("PUT", f"{CUSTOMER}/declarations/pregnancy")
        answer = bank.ask(CUSTOMER, placements=["discovery"], reasons="full")
        offers = answer["placements"]["discovery"]["offers"]
        loan = next(offer for offer in offers if offer["offer_id"] == LOAN)
        cited = {item for reason in loan["reasons"] for item in reason.get("items", ())}
        assert not cited & {"PAY-MOVER", "PAY-PHOTOGRAPHER", "PAY-PREGNANCY-TEST"}


def test_money_trouble_unlocks_no_credit_even_when_it_is_told(bank: Stage) -> None:
    """The service path sells nothing."""
    credit = {"LOAN-CONSOLIDATE-01", "LIMIT-01"}
    customer = bank.trained.table.customers[0]
    with bank.told_by(customer):
        bank.tell("PUT", f"{customer}/declarations/financial_distress", source="service_desk")
        assert not bank.everywhere(customer) & credit


def test_the_example_folder_is_all_that_a_clone_needs(bank: Stage) -> None:
    folder = Path(__file__).parents[2] / "configs" / "examples" / "bank"
    assert {p.name for p in folder.iterdir()} == {
        *("train.yaml", "guard.yaml", "offers.yaml", "habits.toml"),
        *("catalogue.csv", "transactions.csv"),
    }
    assert bank.trained.config.purchases.path == folder / "transactions.csv"
