"""What a policy is tried on, and policies by the names that people give them.

configs/guard.yaml    a file
live                  the policy that holds: published, or else the live bundle's own
bundle                the one that the bundle was trained under
7                     a version that was drafted or published
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from recommender.bundle import FactorBundle
from recommender.candidacy import own_policy
from recommender.catalogue import Catalogue, Offers
from recommender.errors import NotFound
from recommender.guard.change import Laid, PolicyChange, compare
from recommender.guard.document import CompiledGuard
from recommender.guard.layout import lay
from recommender.guard.source import PolicySource
from tactful.preview import assortment
from tactful.workplace import Bench, workbench
from training.bundle_dir import read_bundle
from training.config import TrainConfig
from training.guarding import read_policy_source

LIVE, BUNDLE = "live", "bundle"


@dataclass(frozen=True)
class Named:
    """A policy and what it is called; `source` None: a bundle's own, whose text nobody kept."""

    title: str
    source: PolicySource | None

    @cached_property
    def guard(self) -> CompiledGuard | None:
        """Ready for use; PolicyError when it cannot be applied."""
        return None if self.source is None else self.source.compile()


class Desk:
    """Policies by name; the server is asked only where a name needs it."""

    def __init__(self) -> None:
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    @cached_property
    def bench(self) -> Bench:
        """The server of the settings, from now on until the desk is closed."""
        return self._open.enter_context(workbench())

    def policy(self, name: str, *, of_live_bundle: bool) -> Named:
        """A policy by its name, as the module describes.

        of_live_bundle   whether "a bundle's own" is the live bundle's

        Raises NotFound for what does not exist, PolicyError for a file that is no policy.
        """
        if name == BUNDLE:
            return Named("the bundle's own policy", None)
        if name == LIVE:
            return self._live(of_live_bundle=of_live_bundle)
        if name.isdecimal():
            return Named(f"version {name}", self.bench.publisher.policies.source(int(name)))
        return Named(name, read_policy_source(Path(name)))

    def _live(self, *, of_live_bundle: bool) -> Named:
        policies = self.bench.publisher.policies
        source, number = policies.live_source(), policies.ledger().live
        if source is not None:
            return Named(f"the live policy, version {number}", source)
        if not of_live_bundle:
            raise NotFound(
                "no policy was ever published, so what holds is the live bundle's own",
                hint="name a file or a version instead of `live`, or `bundle` for the policy that "
                "the named bundle was trained under",
            )
        return Named("the live bundle's own policy", None)


@dataclass(frozen=True, eq=False)
class Ground:
    """A shop's items and offers, and the policy of the bundle that they come from, if any.

    live   whether that is the live bundle
    """

    title: str
    catalogue: Catalogue
    offers: Offers
    own: Laid | None = None
    live: bool = False

    @classmethod
    def of_bundle(cls, bundle: FactorBundle, title: str, *, live: bool) -> Ground:
        """The items and offers of a bundle."""
        own = own_policy(bundle).laid
        return cls(title, bundle.catalogue, bundle.guarded_offers, own, live)

    @classmethod
    def of_config(cls, config: TrainConfig) -> Ground:
        """The items and offers of files. Raises what reading them raises."""
        shop = assortment(config, PolicySource(text="packs: []").compile())
        return cls(str(config.catalogue.path), shop.catalogue, shop.offers)

    def laid(self, policy: Named) -> Laid:
        """A policy over these items; PolicyError when it cannot be applied."""
        if policy.guard is None:
            if self.own is None:
                raise NotFound(
                    f"{policy.title} cannot be laid over {self.title}: its text was not kept",
                    hint="leave --catalogue and --config out, or name the policy's file",
                )
            return self.own
        return Laid(policy.guard.policy, lay(policy.guard, self.catalogue, self.offers))

    def change(self, old: Named, new: Named) -> PolicyChange:
        """What `new` changes for customers when it follows `old`, from now on."""
        return compare(
            self.laid(old),
            self.laid(new),
            now=time.time(),
            item_ids=self.catalogue.ids,
            offer_ids=self.offers.ids,
        )


def ground(desk: Desk, bundle: Path | None, config: TrainConfig) -> Ground:
    """A bundle directory, the config's catalogue, or the live bundle, whichever is named first."""
    if bundle is not None:
        return Ground.of_bundle(read_bundle(bundle)[0], str(bundle), live=False)
    if config.catalogue.path is not None:
        return Ground.of_config(config)
    live = desk.bench.publisher.policies.live().bundle
    return Ground.of_bundle(live, f"the live bundle {live.version}", live=True)
