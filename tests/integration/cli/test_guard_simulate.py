"""`tactful guard simulate`: a policy tried on all customers of files, or of what is live."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from recommender.bundle import CustomerTable
from recommender.keys import Keys, customer_tag
from recommender.types import SECONDS_A_DAY
from tactful.customers import of_directory, of_server
from tactful.embedded import connect, embedded_server
from tests.support.command import Run
from training.replenishing import FILE
from training.told import export_footer, export_header

HEAD = "guard: {version: 5, owner: anna@shop, approved_by: dpo@shop}\npacks: [grocery@1]\n"
SHELVES = "life_events: {tea: {policy: block, targets: {category: [Tea, Soap, Paper]}}}\n"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "guard.yaml"
    path.write_text(HEAD + SHELVES)
    return path


def told(tactful: Run, *arguments: str | Path) -> Any:
    done = tactful("guard", "simulate", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_policy_is_tried_on_the_customers_of_a_bundle_and_told_in_cells(
    tactful: Run, bundles: tuple[Path, Path], policy: Path
) -> None:
    done = tactful("guard", "simulate", policy, "--bundle", bundles[1])
    assert done.returncode == 0, done.stderr
    for words in (
        "from the bundle's own policy to",
        "for 40 customers",
        "whose list changes",
        "none",
        "rounded to a multiple of 20",
        "an invented customer who declared tea and consented to site",
        "as if no customer had declared",
    ):
        assert words in done.stdout
    assert "try it on customers" in done.stderr
    found = told(tactful, policy, "--bundle", bundles[1])
    assert found["changed"]["at_least"] in {20, 40}
    assert found["shorter"] == {"at_least": 0, "below": 40}
    assert [event["id"] for event in found["life_events"]] == ["tea"]
    assert found["controls"] is None
    assert found["request"] == {"placements": ["home"], "n": 10, "channel": "site"}
    gone = {offer["offer_id"] for example in found["examples"] for offer in example["after"]}
    assert not any(offer.startswith(("tea", "soap", "paper")) for offer in gone)


def test_the_same_policy_changes_nothing_and_says_so(
    tactful: Run, bundles: tuple[Path, Path], policy: Path
) -> None:
    done = tactful("guard", "simulate", policy, "--against", policy, "--bundle", bundles[1])
    assert "nothing changes, for any customer" in done.stdout


def test_what_is_live_gives_the_same_counts_as_its_files(
    tactful: Run, bundles: tuple[Path, Path], policy: Path
) -> None:
    tactful("publish", bundles[1])
    live = told(tactful, policy, "--placement", "discovery", "--placement", "usuals", "--n", "5")
    files = told(
        *(tactful, policy, "--bundle", bundles[1], "--placement", "discovery"),
        *("--placement", "usuals", "--n", "5"),
    )
    assert live.pop("old") == "the live bundle's own policy"
    assert files.pop("old") == "the bundle's own policy"
    assert live == files


@pytest.fixture
def reminding(bundles: tuple[Path, Path], tmp_path: Path) -> Path:
    """A bundle beside which lies that everybody buys nappies."""
    copy = tmp_path / "reminding"
    shutil.copytree(bundles[1], copy)
    now = int(time.time())
    bought = [[now - days * SECONDS_A_DAY, "diaper-1"] for days in (40, 3)]
    customers = of_directory(copy).table.customers
    lines = [json.dumps({"customer": customer, "purchases": bought}) for customer in customers]
    (copy / FILE).write_text("\n".join(lines) + "\n")
    return copy


def test_redis_gives_every_customer_that_the_files_have(
    tactful: Run, reminding: Path, state: Path
) -> None:
    tactful("publish", reminding)
    files = of_directory(reminding)
    with embedded_server(state) as url, connect(url) as client:
        live = of_server(client, Keys())
    names = {customer_tag(customer): customer for customer in files.table.customers}
    assert {names[tag] for tag in live.table.customers} == set(files.table.customers)
    for c, tag in enumerate(live.table.customers):
        same(live.table, c, files.table, files.table.customers.index(names[tag]))
    assert live.name_of(files.table.customers[0]) in live.table.customers
    assert len(files.replenish) == 40
    assert {names[tag]: found for tag, found in live.replenish.items()} == files.replenish


def test_the_slot_replenish_is_tried_with_what_customers_may_be_reminded_of(
    tactful: Run, reminding: Path, policy: Path
) -> None:
    policy.write_text(HEAD + "life_events: {infant: {policy: block}}\n")
    found = told(tactful, policy, "--bundle", reminding, "--placement", "replenish")
    for count in (found["changed"], found["shorter"]):
        assert count["at_least"] in {20, 40}
    assert [(e["offer"], e["life_event"]) for e in found["held"]] == [("diaper-1", "infant")]


def same(one: CustomerTable, c: int, other: CustomerTable, d: int) -> None:
    for name in ("rows", "baskets", "age_days", "own", "confidence"):
        assert getattr(one.view(c), name).tolist() == getattr(other.view(d), name).tolist()
    assert one.factors[c].tolist() == other.factors[d].tolist()


def test_controls_count_where_an_export_is_given(
    tactful: Run, bundles: tuple[Path, Path], policy: Path, tmp_path: Path
) -> None:
    policy.write_text(HEAD + SHELVES.replace("block", "block_unless_declared"))
    declared = {"tea": {"at": 1_600_000_000, "source": "preference_centre"}}
    customers = of_directory(bundles[1]).table.customers
    export = tmp_path / "controls.jsonl"
    lines = [json.dumps({"customer": c, "declarations": declared}) for c in customers]
    whole = [export_header(1_700_000_000), *lines, export_footer(len(lines))]
    export.write_text("\n".join(whole) + "\n")
    with_them = told(tactful, policy, "--bundle", bundles[1], "--controls", export)
    assert with_them["controls"] == 40
    assert with_them["changed"] == {"at_least": 0, "below": 40}
    assert told(tactful, policy, "--bundle", bundles[1])["changed"]["at_least"] >= 20
    tactful("publish", bundles[1])
    assert told(tactful, policy, "--controls", export)["changed"]["at_least"] == 0


def test_a_sample_is_of_a_hundred_customers_or_more(
    tactful: Run, bundles: tuple[Path, Path], policy: Path
) -> None:
    """Else the price of one customer's list shows."""
    for few in ("1", "99"):
        refused = tactful(
            *("guard", "simulate", policy, "--bundle", bundles[1], "--customers", few, "--json")
        )
        assert refused.returncode == 2
        assert "--customers" in refused.stderr
        assert "100" in refused.stderr
    found = told(tactful, policy, "--bundle", bundles[1], "--customers", "100")
    assert found["customers"] == 40


def test_the_same_question_is_answered_alike(
    tactful: Run, bundles: tuple[Path, Path], policy: Path
) -> None:
    first, again = (told(tactful, policy, "--bundle", bundles[1]) for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--placement", "basket"), "depends on a basket"),
        (("--placement", "front"), "is not known"),
        (("--placement", "home", "--channel", "email"), "cannot go out by email"),
        (("--placement", "discovery", "--n", "50"), "the policy allows 10"),
        (("--against", "live"), "no policy was ever published"),
        (("--against", "missing.yaml"), "there is no file missing.yaml"),
        (("--controls", "missing.jsonl"), "there is no file missing.jsonl"),
    ],
)
def test_what_cannot_be_tried_is_bad_input(
    tactful: Run,
    bundles: tuple[Path, Path],
    policy: Path,
    options: tuple[str, ...],
    said: str,
) -> None:
    done = tactful("guard", "simulate", policy, "--bundle", bundles[1], *options)
    assert done.returncode == 2
    assert said in done.stderr


def test_without_a_bundle_and_without_anything_live_there_is_nobody_to_try_it_on(
    tactful: Run, policy: Path
) -> None:
    done = tactful("guard", "simulate", policy)
    assert done.returncode == 2
    assert "--bundle" in done.stderr


def test_a_live_version_whose_keys_have_left_redis_is_a_server_problem(
    tactful: Run, bundles: tuple[Path, Path], policy: Path, state: Path
) -> None:
    tactful("publish", bundles[1])
    with embedded_server(state) as url, connect(url) as client:
        client.delete(Keys().manifest(of_directory(bundles[1]).index.bundle.version))
        done = tactful("guard", "simulate", policy, "--against", policy)
    assert done.returncode == 1
    assert "have left Redis" in done.stderr


def test_an_expired_policy_is_tried_as_what_it_is(
    tactful: Run, bundles: tuple[Path, Path], policy: Path
) -> None:
    policy.write_text(HEAD.replace("version: 5", "version: 5, valid_until: 2020-01-01") + SHELVES)
    done = tactful("guard", "simulate", policy, "--bundle", bundles[1])
    assert "the policy ended on 2020-01-01" in done.stdout
