"""Why does this customer get what they get? In plain words, from what serving has stored.

The doctor reads what a worker would read, decides what a worker would decide, and says what that
rests on. It never says whether an unknown customer is unknown or has only what may not be used: it
counts under the rules that the decision was made under.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from recommender.codec import bundle_arrays, decode_bundle, parse_manifest
from recommender.decide import decide
from recommender.errors import InputError, PolicyError
from recommender.explain import Explainer
from recommender.ids import id_problem
from recommender.index import BundleIndex
from recommender.keys import Keys
from recommender.request import BUILT_IN, Decision, OfferRequest
from recommender.times import iso_utc
from recommender.types import SECONDS_A_DAY
from serving.counted import Usable
from serving.customers import Records, Stored
from serving.live import LiveBundle
from serving.metrics import Metrics
from serving.store import Store
from tactful.doctor.installation import STALE_DAYS

SHOWN = 5
_PATIENCE = 5.0
_PLACEMENT = "home"


@dataclass(frozen=True)
class Story:
    """What the doctor found out about one customer.

    visible_items   items of the history that decisions may use
    events          purchases and returns since the bundle was trained, that decisions may use
    fallback        True when the customer gets popular offers
    sentences       the explanation, for a person
    offers          (offer id, title, reason) of the first offers of the placement `home`
    """

    customer: str
    version: str | None
    visible_items: int
    events: int
    fallback: bool
    sentences: tuple[str, ...]
    offers: tuple[tuple[str, str, str], ...] = ()


async def examine(url: str, keys: Keys, customer: str, now: float) -> Story:
    """Reads a customer as a worker does, and decides.

    Raises InputError for what can be no id, StoreError when the server does not answer,
    BundleError when the live version is damaged.
    """
    problem = id_problem(customer)
    if problem is not None:
        raise InputError(f"the customer id {problem}", hint="give it as the purchases have it")
    store = Store(url, keys, timeout=_PATIENCE)
    try:
        version, policy = await store.pointers()
        if version is None:
            nothing = "Nothing is published, so every request is refused until something is."
            return Story(customer, None, 0, 0, True, (nothing, "Run: tactful publish BUNDLE_DIR"))
        bundle, closed = await _bundle(store, version, policy)
        raw = await store.read_patiently(
            [
                keys.learned(version, customer),
                keys.events(customer),
                keys.controls(customer),
                keys.replenish(customer),
            ]
        )
    finally:
        await store.close()
    told = _tell(bundle, customer, Stored(*raw), now)
    return replace(told, sentences=(*closed, *told.sentences))


async def _bundle(store: Store, version: str, policy: str) -> tuple[LiveBundle, list[str]]:
    """The live version under the policy that holds, and what is wrong with that policy."""
    manifest = parse_manifest(await store.manifest(version))
    arrays = await store.arrays(version, bundle_arrays(manifest))
    own = LiveBundle.of(BundleIndex(decode_bundle(manifest, arrays)))
    if not policy:
        return own, []
    try:
        return own.under(policy, await store.policy_source(policy)), []
    except PolicyError as error:
        # As the workers do: they hold back everything, and go on answering.
        told = f"Policy {policy} cannot be applied, so much is held back: {error.what}."
        return own.closed(policy), [told]


def _tell(bundle: LiveBundle, customer: str, stored: Stored, now: float) -> Story:
    records = Records(Metrics())
    state = records.state(bundle, stored)
    decision = decide(bundle.index, state, OfferRequest((BUILT_IN[_PLACEMENT],)), now)
    usable = Usable(bundle, state, decision.rules, now)
    trained = usable.learned(records.learned(bundle, stored.learned)[0])
    fresh = len(usable.events(records.live(stored.live).events))
    sentences = [
        *_knowledge(trained, fresh),
        *_answer(decision),
        *_age(bundle, now),
    ]
    return Story(
        customer=customer,
        version=bundle.version,
        visible_items=len(decision.known.view),
        events=fresh,
        fallback=decision.fallback,
        sentences=tuple(sentences),
        offers=_offers(bundle, decision),
    )


def _knowledge(trained: int, fresh: int) -> list[str]:
    told = []
    if trained:
        told.append(f"The live version knows {_count(trained, 'item')} that may be used.")
    else:
        told.append(
            "The live version knows nothing of this customer that may be used. Perhaps the id is "
            "spelled differently in the purchases, perhaps the customer is new, perhaps nothing "
            "may be used: on purpose, what is stored does not tell which."
        )
    if fresh:
        told.append(f"Since it was trained, {_count(fresh, 'event')} came in and count already.")
    return told


def _answer(decision: Decision) -> list[str]:
    told = []
    if decision.rules.expired:
        told.append(
            "The guard's policy has expired, so everything that it knows is held back until a "
            "renewed one is published."
        )
    if decision.fallback:
        told.append("So this customer gets popular offers, marked `fallback`.")
    else:
        told.append("So this customer gets personal offers.")
    if not any(answer.picks for answer in decision.placements):
        told.append("But no offer is left to show: are all expired, or all protected?")
    return told


def _age(bundle: LiveBundle, now: float) -> list[str]:
    days = (now - bundle.as_of) / SECONDS_A_DAY
    if days <= STALE_DAYS:
        return []
    until = iso_utc(bundle.as_of)
    return [
        f"The bundle is stale: it knows purchases until {until}, {days:,.0f} days ago.",
        "Later purchases count only if they came in as events.",
    ]


def _offers(bundle: LiveBundle, decision: Decision) -> tuple[tuple[str, str, str], ...]:
    explainer = Explainer(bundle.index, decision)
    shown = []
    for pick in decision.placements[0].picks[:SHOWN]:
        reasons = explainer.reasons(pick)
        why = reasons[0].text if reasons else ""
        shown.append((bundle.index.offer_id(pick.offer), bundle.index.offer_title(pick.offer), why))
    return tuple(shown)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
