"""The guard of a training: the policy's files read, compiled, and laid over the assortment."""

from __future__ import annotations

from pathlib import Path

from recommender.catalogue import Catalogue, Offers
from recommender.errors import NotFound, PolicyError
from recommender.guard.document import CompiledGuard, PolicyDocument, compile_policy, parse_policy
from recommender.guard.matching import Matcher
from recommender.guard.taxonomy import builtin_pack
from training.assortment import Assortment
from training.sections import Guard

UNGUARDED = "nothing is guarded: guard.packs is []"


def compile_guard(settings: Guard) -> CompiledGuard:
    """The compiled policy that the settings name.

    Without a policy file the packs hold as they ship. With one, its own `packs` hold. An empty
    `guard.packs` guards nothing, whatever the file says: that is for experiments. Raises
    NotFound and PolicyError.
    """
    document = None
    if settings.policy is not None:
        document = parse_policy(_text(settings.policy), str(settings.policy))
    if not settings.packs:
        return compile_policy(None, ())
    packs = settings.packs if document is None else _agreed(document, settings)
    proxy_lists = {}
    if document is not None and settings.policy is not None:
        folder = settings.policy.parent
        proxy_lists = {name: _text(folder / name) for name in document.proxy_lists}
    return compile_policy(document, [builtin_pack(name) for name in packs], proxy_lists)


def guarded(catalogue: Catalogue, offers: Offers, guard: CompiledGuard) -> Assortment:
    """The assortment with what every item and offer is evidence or target of."""
    matcher = Matcher(guard.life_events)
    masks = matcher.masks(catalogue)
    return Assortment(
        catalogue=catalogue,
        offers=offers,
        evidence=masks.evidence,
        target=masks.target,
        offer_target=matcher.offer_bits(offers, masks.target),
        policy=guard.policy,
    )


def _agreed(document: PolicyDocument, settings: Guard) -> tuple[str, ...]:
    """The document's packs, unless the settings ask for others: then somebody errs."""
    asked = "packs" in settings.model_fields_set
    if asked and sorted(settings.packs) != sorted(document.packs):
        raise PolicyError(
            f"guard.packs names {', '.join(settings.packs)}, but {document.name} names "
            f"{', '.join(document.packs) or 'none'}",
            hint="name the packs in the policy only, and take guard.packs out of the settings",
        )
    return document.packs


def _text(path: Path) -> str:
    try:
        # Editors and spreadsheets of some systems begin UTF-8 with a byte order mark.
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NotFound(
            f"there is no file {path}", hint="check the path, or set guard.policy=null"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(
            f"{path} cannot be read as text: {error}", hint="save it as UTF-8 text"
        ) from error
