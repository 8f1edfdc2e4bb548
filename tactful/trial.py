"""A changed policy tried on all customers of a shop, before it is live."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from recommender.decide import check_request
from recommender.errors import InputError
from recommender.guard.layout import lay
from recommender.index import BundleIndex
from recommender.keys import customer_tag
from recommender.request import OfferRequest
from recommender.simulate import Simulation, told
from recommender.synthetic import Example, examples
from tactful.crowd import Crowd, Question, count
from tactful.customers import Known, of_directory, of_server
from tactful.embedded import answering, connect
from tactful.grounds import Desk, Named
from training.told import Export, read_export

Advance = Callable[[int], None]
Stage = Callable[[str, int], AbstractContextManager[Advance]]


@dataclass(frozen=True)
class Asked:
    """What is to be tried.

    new, old    policies by name, as in `tactful.grounds`; `old` None: what holds where the
                customers come from
    bundle      a bundle directory; None: what is live in Redis
    controls    an export of what customers have told us; None: nobody has told anything
    customers   so many of them, spread evenly; None: all
    """

    new: str
    old: str | None
    bundle: Path | None
    controls: Path | None
    customers: int | None
    request: OfferRequest
    now: float


@dataclass(frozen=True)
class Trial:
    """What came of it.

    bundle     the version of the bundle
    controls   how many customers the export has controls of; None: there was no export
    """

    bundle: str
    old: str
    new: str
    valid_until: str | None
    expired: bool
    controls: int | None
    simulation: Simulation
    examples: tuple[Example, ...]

    def as_json(self) -> dict[str, Any]:
        """For a program to read."""
        lists = [
            {
                "customer": example.customer,
                "before": [_offer(*pair) for pair in example.before],
                "after": [_offer(*pair) for pair in example.after],
            }
            for example in self.examples
        ]
        return {
            "bundle": self.bundle,
            "old": self.old,
            "new": self.new,
            "valid_until": self.valid_until,
            "expired": self.expired,
            "controls": self.controls,
            **self.simulation.as_json(),
            "examples": lists,
        }


def run(asked: Asked, stage: Stage) -> Trial:
    """Tries a policy on all customers.

    Raises PolicyError, NotFound and BundleError for what cannot be read, InputError for a
    request that one of the policies refuses, StoreError when the server does not answer.
    """
    export = read_export(asked.controls)
    with Desk() as desk:
        known = _known(desk, asked.bundle, stage)
        live = asked.bundle is None
        new = desk.policy(asked.new, of_live_bundle=live)
        old = desk.policy(asked.old or ("live" if live else "bundle"), of_live_bundle=live)
    question = Question(_under(known, old), _under(known, new), asked.request, asked.now)
    _check(question, old, new)
    crowd = _crowd(known, export)
    crowd = crowd if asked.customers is None else crowd.sample(asked.customers)
    with stage("try it on customers", len(crowd)) as advance:
        tally = count(question, crowd, advance)
    policy = question.new.policy
    return Trial(
        bundle=known.index.bundle.version,
        old=old.title,
        new=new.title,
        valid_until=None if policy.valid_until is None else policy.valid_until.isoformat(),
        expired=policy.ends <= asked.now,
        controls=None if asked.controls is None else len(export.controls),
        simulation=told(tally, question.old, question.new, _secret(known)),
        examples=examples(question.old, question.new, asked.request, now=asked.now),
    )


def _known(desk: Desk, bundle: Path | None, stage: Stage) -> Known:
    with stage("read the customers", 1) as advance:
        if bundle is not None:
            known = of_directory(bundle)
        else:
            with answering(), connect(desk.bench.url) as client:
                known = of_server(client, desk.bench.keys)
        advance(1)
    return known


def _secret(known: Known) -> bytes:
    """What nobody knows who has not the customers themselves: the same from files and Redis."""
    table, digest = known.table, blake2b()
    tags = table.customers if known.tagged else map(customer_tag, table.customers)
    for tag, c in sorted((tag, c) for c, tag in enumerate(tags)):
        digest.update(f"{tag}\0".encode())
        digest.update(table.rows[table.indptr[c] : table.indptr[c + 1]].tobytes())
        digest.update(table.factors[c].tobytes())
    return digest.digest()


def _crowd(known: Known, export: Export) -> Crowd:
    controls = {known.name_of(customer): told for customer, told in export.controls.items()}
    return Crowd(known.table, controls, known.replenish)


def _under(known: Known, policy: Named) -> BundleIndex:
    """The bundle under a policy; PolicyError when it cannot be applied."""
    guard, bundle = policy.guard, known.index.bundle
    if guard is None:
        return known.index
    return known.index.under(guard.policy, lay(guard, bundle.catalogue, bundle.guarded_offers))


def _check(question: Question, old: Named, new: Named) -> None:
    for index, policy in ((question.old, old), (question.new, new)):
        try:
            check_request(index, question.request)
        except InputError as error:
            raise InputError(f"{error.what} ({policy.title})", hint=error.hint) from error


def _offer(offer_id: str, title: str) -> dict[str, str]:
    return {"offer_id": offer_id, "title": title}
