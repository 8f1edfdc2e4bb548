"""The guard of a training: the policy's files read, compiled, and laid over the assortment."""

from __future__ import annotations

from pathlib import Path

from recommender.catalogue import Catalogue, Offers
from recommender.errors import NotFound, PolicyError
from recommender.guard.document import CompiledGuard, PolicyDocument, compile_policy, parse_policy
from recommender.guard.layout import lay
from recommender.guard.life_event import Pack
from recommender.guard.source import PolicySource
from recommender.guard.taxonomy import builtin_pack, known_packs
from training.assortment import Assortment
from training.sections import Guard

UNGUARDED = "nothing is guarded: guard.packs is []"
PACKS = "packs"
"""The folder of packs of one's own, beside the policy."""


def compile_guard(settings: Guard) -> CompiledGuard:
    """The compiled policy that the settings name.

    Without a policy file the packs hold as they ship. With one, its own `packs` hold. An empty
    `guard.packs` guards nothing, whatever the file says: that is for experiments. Raises
    NotFound and PolicyError.
    """
    if settings.policy is None:
        return compile_policy(None, [_shipped(name) for name in settings.packs])
    source = read_policy_source(settings.policy, "check the path, or set guard.policy=null")
    if not settings.packs:
        return compile_policy(None, ())
    _check_agreed(source.document(), settings)
    return source.compile()


def read_policy_source(path: Path, remedy: str = "check the path") -> PolicySource:
    """The policy of a file, with the files beside it that it names.

    Packs of one's own lie in the folder `packs` beside it, as NAME.yaml; proxy lists lie where
    the policy says, below its folder. Raises NotFound, with `remedy`, and PolicyError.
    """
    text = _text(path, remedy)
    document = parse_policy(text, str(path))
    own = [reference for reference in document.packs if reference not in known_packs()]
    packs = {}
    for name in (reference.partition("@")[0] for reference in own):
        file = path.parent / PACKS / f"{name}.yaml"
        if file.exists():  # the source knows the place and the nearest name for one that is not
            packs[name] = _beside(file, path.parent)
    return PolicySource(
        text=text,
        name=str(path),
        packs=packs,
        proxy_lists={
            name: _beside(path.parent / name, path.parent) for name in document.proxy_lists
        },
    )


def guarded(catalogue: Catalogue, offers: Offers, guard: CompiledGuard) -> Assortment:
    """The assortment with what every item and offer is evidence or target of."""
    bits = lay(guard, catalogue, offers)
    return Assortment(
        catalogue=catalogue,
        offers=offers,
        evidence=bits.evidence,
        target=bits.target,
        soft=bits.soft,
        offer_target=bits.offer_target,
        offer_soft=bits.offer_soft,
        policy=guard.policy,
        policy_digest=guard.digest,
    )


def _check_agreed(document: PolicyDocument, settings: Guard) -> None:
    """The document's packs hold, unless the settings ask for others: then somebody errs."""
    asked = "packs" in settings.model_fields_set
    if asked and sorted(settings.packs) != sorted(document.packs):
        raise PolicyError(
            f"guard.packs names {', '.join(settings.packs)}, but {document.name} names "
            f"{', '.join(document.packs) or 'none'}",
            hint="name the packs in the policy only, and take guard.packs out of the settings",
        )


def _shipped(reference: str) -> Pack:
    try:
        return builtin_pack(reference)
    except PolicyError as error:
        raise PolicyError(
            f"guard.packs: {error.what}",
            hint=f"{error.hint}. A pack of your own needs a policy file that names it",
        ) from error


def _beside(path: Path, folder: Path) -> str:
    """The text of a file that a policy names; links that lead out of its folder are refused."""
    if not path.resolve().is_relative_to(folder.resolve()):
        raise PolicyError(
            f"{path} lies outside the policy's folder", hint="put the file itself beside the policy"
        )
    return _text(path, "put it beside the policy, or take it out of the policy")


def _text(path: Path, remedy: str) -> str:
    try:
        # Editors and spreadsheets of some systems begin UTF-8 with a byte order mark.
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}", hint=remedy) from error
    except IsADirectoryError as error:
        raise PolicyError(f"{path} is a folder", hint="name the file in it") from error
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(
            f"{path} cannot be read as text: {error}", hint="save it as UTF-8 text"
        ) from error
