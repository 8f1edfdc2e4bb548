"""The whole proof: a service of its own, every guarantee tried on it, and the verdicts."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from threadpoolctl import threadpool_limits

from recommender.errors import StoreError
from recommender.guard.document import CompiledGuard
from recommender.guard.source import PolicySource
from recommender.times import iso_utc
from tactful.prove.again import bounded
from tactful.prove.cases import Chance
from tactful.prove.doubt import STEPS as DOUBTS
from tactful.prove.doubt import DoubtTrial, closed
from tactful.prove.goods import Goods, counts, goods_of
from tactful.prove.guarantees import GUARANTEES
from tactful.prove.links import STEPS as LINKS
from tactful.prove.links import shared
from tactful.prove.noes import NoTrial, monotone
from tactful.prove.replays import again
from tactful.prove.shown import ShownTrial, shown
from tactful.prove.stage import Stage, private_server, service_on
from tactful.prove.twice import blind_training
from tactful.prove.twins import TwinTrial, blind
from tactful.prove.verdict import Proof, Subject, Verdict
from training.config import TrainConfig
from training.progress import Progress
from training.publish import Publisher

_FEWER = 4
"""Guarantees that need many requests a case get one case in so many."""


@dataclass(frozen=True)
class Trial:
    """What is to be proved.

    policy     None: the policy that the bundle was trained with
    config     whose purchases are trained twice (G4); None: they are not
    examples   random cases a guarantee
    now        seconds since 1970
    """

    bundle: Path
    policy: PolicySource | None
    config: TrainConfig | None
    examples: int
    seed: int
    now: float


def prove(trial: Trial, progress: Progress) -> Proof:
    """Tries every guarantee.

    Raises NotFound and BundleError for a bundle, PolicyError for a policy, InputError for
    purchases that cannot be used, and StoreError when the service under proof breaks down.
    """
    started = time.monotonic()
    guard = None if trial.policy is None else trial.policy.compile()
    goods = goods_of(trial.bundle, guard, trial.now)
    with ExitStack() as stack:
        stack.enter_context(threadpool_limits(limits=1, user_api="blas"))
        url, folder = stack.enter_context(private_server())
        verdicts = _served(trial, goods, url, folder, progress)
        verdicts.append(blind_training(goods, trial.config, folder, progress))
    order = list(GUARANTEES)
    return Proof(
        subject=_subject(trial, goods, guard),
        verdicts=tuple(sorted(verdicts, key=lambda found: order.index(found.guarantee))),
        seconds=round(time.monotonic() - started, 1),
    )


def _served(
    trial: Trial, goods: Goods, url: str, folder: Path, progress: Progress
) -> list[Verdict]:
    """Everything that is tried on the running service, and the lists of the bundle."""
    with ExitStack() as stack:
        with progress.stage("start a service", 1):
            stage = stack.enter_context(service_on(url, folder))
            _publish(stage, trial, goods)
        verdicts = _tried(trial, goods, stage, progress)
        doubts = Chance(goods, trial.seed + 4)
        few = max(trial.examples // 10, 1)
        with progress.stage("G7 break things", DOUBTS) as advance:
            in_doubt = DoubtTrial(stage, goods, doubts, few, folder)
            verdicts.append(closed(in_doubt, trial.policy, advance))
    with progress.stage("G11 count links", LINKS) as advance:
        verdicts.append(shared(goods, advance))
    return verdicts


def _tried(trial: Trial, goods: Goods, stage: Stage, progress: Progress) -> list[Verdict]:
    n, some = trial.examples, max(trial.examples // _FEWER, 1)
    seeds = iter(range(trial.seed, trial.seed + 4))
    verdicts: list[Verdict] = []
    with progress.stage("G1 G8 pairs of customers", n) as advance:
        verdicts += blind(TwinTrial(stage, goods), Chance(goods, next(seeds)), n, advance)
    with progress.stage("G2 G3 G9 what is shown", n) as advance:
        verdicts += shown(ShownTrial(stage, goods), Chance(goods, next(seeds)), n, advance)
    with progress.stage("G5 own items again", some) as advance:
        verdicts.append(bounded(stage, goods, Chance(goods, next(seeds)), some, advance))
    chance = Chance(goods, next(seeds))
    with progress.stage("G6 objections", some) as advance:
        verdicts.append(monotone(NoTrial(stage, goods), chance, some, advance))
    with progress.stage("G10 replays", 2 * some) as advance:
        verdicts.append(again(stage, chance, some, advance))
    return verdicts


def _publish(stage: Stage, trial: Trial, goods: Goods) -> None:
    """The policy first, so that no answer is ever given under another one."""
    stage.follow(trial.policy)
    publisher = Publisher(stage.redis, stage.keys, lambda: goods.now)
    publisher.publish(trial.bundle)
    publisher.activate(goods.bundle.version)
    stage.until(lambda: _answers(stage, goods.bundle.version))


def _answers(stage: Stage, version: str) -> bool:
    """Whether the service answers with a version; StoreError when it refuses it."""
    said = stage.ready()
    refused = [reason for reason in said["reasons"] if "refused" in reason]
    if refused:
        raise StoreError(
            f"the service under proof refuses the bundle: {refused[0]}",
            hint="`tactful publish` it to a server of your own to see more in its log",
        )
    return said["version"] == version and not said["reasons"]


def _subject(trial: Trial, goods: Goods, guard: CompiledGuard | None) -> Subject:
    policy, manifest = goods.policy, goods.own.bundle.manifest
    compiled = blake2b(policy.model_dump_json().encode(), digest_size=16).hexdigest()
    return Subject(
        release=f"Tactful {version('tactful')}",
        at=iso_utc(trial.now),
        seed=trial.seed,
        examples=trial.examples,
        bundle=manifest.version,
        bundle_digest=manifest.digest,
        policy=str(policy.version),
        policy_digest=compiled if trial.policy is None else trial.policy.digest,
        owner=policy.owner,
        approved_by=policy.approved_by,
        valid_until="" if policy.valid_until is None else policy.valid_until.isoformat(),
        from_bundle=guard is None,
        items=counts(goods),
    )
