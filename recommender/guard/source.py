"""A policy with everything that it names: the unit that is drafted, approved, published."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property

from pydantic import BaseModel, ConfigDict, model_validator

from recommender.errors import PolicyError
from recommender.guard.document import CompiledGuard, PolicyDocument, compile_policy, parse_policy
from recommender.guard.filenames import names_a_pack, stays_below
from recommender.guard.life_event import Pack
from recommender.guard.marked import suggestion
from recommender.guard.taxonomy import MOST_BYTES, builtin_pack, known_packs, parse_pack

MOST_BYTES_OF_ALL = 5_000_000
"""Longest policy, packs and proxy lists together."""


class PolicySource(BaseModel):
    """The text of a policy, of packs of one's own, and of proxy lists.

    text          the policy, YAML
    name          what errors call it
    packs         packs of one's own, YAML by name; a name that ships cannot be taken
    proxy_lists   texts by the file names that the policy writes

    Raises PolicyError on more than 1 MB of policy, or 5 MB of everything, and on the name of a
    pack or a list that leads out of the policy's folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    name: str = "guard.yaml"
    packs: dict[str, str] = {}
    proxy_lists: dict[str, str] = {}

    @model_validator(mode="after")
    def _bounded(self) -> PolicySource:
        _check_size(self.text, self.name, MOST_BYTES)
        everything = (self.text, *self.packs.values(), *self.proxy_lists.values())
        _check_size("".join(everything), f"{self.name} with its packs and lists", MOST_BYTES_OF_ALL)
        _check_names(self)
        shipped = {reference.partition("@")[0] for reference in known_packs()}
        for name in sorted(shipped & self.packs.keys()):
            raise PolicyError(
                f"{self.name}: a pack of your own is called {name!r}, as one that ships",
                hint="give it another name; the policy can change what a shipped pack says",
            )
        return self

    @property
    def digest(self) -> str:
        """BLAKE2b-128 of all texts, hex; the policy's name is not part of it."""
        content = self.model_dump(exclude={"name"})
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def document(self) -> PolicyDocument:
        """The policy as written, read once; PolicyError says where and why it cannot be read."""
        return self._document

    @cached_property
    def _document(self) -> PolicyDocument:
        return parse_policy(self.text, self.name)

    def unused(self) -> tuple[str, ...]:
        """Files that are handed in and that the policy does not name. Raises PolicyError."""
        document = self.document()
        events = (event.proxies for event in document.life_events)
        lists = {proxies.list for proxies in events if proxies is not None}
        packs = {reference.partition("@")[0] for reference in document.packs}
        files = {f"packs/{name}.yaml" for name in self.packs.keys() - packs}
        return tuple(sorted(files | (self.proxy_lists.keys() - lists)))

    def check_used(self) -> None:
        """Raises PolicyError where a file is handed in that the policy does not name."""
        for file in self.unused():
            raise PolicyError(
                f"{self.name}: {file!r} is handed in, and the policy does not use it",
                hint="leave it out, or name it in the policy",
            )

    def without_unused(self) -> PolicySource:
        """The same without files that the policy does not name any more. Raises PolicyError."""
        unused = self.unused()
        packs = {n: t for n, t in self.packs.items() if f"packs/{n}.yaml" not in unused}
        lists = {n: t for n, t in self.proxy_lists.items() if n not in unused}
        return self.model_validate(
            {"text": self.text, "name": self.name, "packs": packs, "proxy_lists": lists}
        )

    def packs_alone(self) -> CompiledGuard:
        """What the packs say, without a word of the policy's own. Raises PolicyError."""
        document = self.document()
        return compile_policy(None, [self._pack(document, name) for name in document.packs])

    def compile(self) -> CompiledGuard:
        """The policy ready for use. Raises PolicyError."""
        document = self.document()
        packs = [self._pack(document, reference) for reference in document.packs]
        return compile_policy(document, packs, self.proxy_lists)

    def _pack(self, document: PolicyDocument, reference: str) -> Pack:
        if reference in known_packs():
            return builtin_pack(reference)
        name = reference.partition("@")[0]
        place = document.source.place_of(("packs",), reference)
        if name not in self.packs:
            raise PolicyError(
                f"{place}: unknown pack {reference!r}",
                hint=f"{suggestion(reference, self._known, 'packs')}. A pack of your own is the "
                f"file packs/{name}.yaml beside the policy",
            )
        pack = parse_pack(self.packs[name], f"packs/{name}.yaml")
        if pack.reference != reference:
            raise PolicyError(
                f"{place}: the policy names {reference!r}, but packs/{name}.yaml holds "
                f"{pack.reference!r}",
                hint="write the same name and version in both",
            )
        return pack

    @property
    def _known(self) -> Mapping[str, None]:
        return dict.fromkeys((*known_packs(), *self.packs))


def _check_names(source: PolicySource) -> None:
    for name in source.packs:
        if not names_a_pack(name):
            short = name.partition("@")[0]
            versioned = names_a_pack(short) and short != name
            raise PolicyError(
                f"{source.name}: {name!r} cannot be the name of a pack of your own",
                hint=f"hand it in as {short!r}: the version stands in the pack, and in the policy"
                if versioned
                else "use small letters, digits and dashes, starting with a letter: my-shop",
            )
    for name in source.proxy_lists:
        if not stays_below(name):
            raise PolicyError(
                f"{source.name}: {name!r} cannot be the name of a proxy list",
                hint="name a file below the policy's folder, as the policy does: "
                "proxies/pregnancy.csv",
            )


def _check_size(text: str, name: str, most: int) -> None:
    if len(text) > most or len(text.encode(errors="replace")) > most:
        raise PolicyError(
            f"{name} is longer than {most:,} bytes",
            hint="move lists of items into a proxy list, and keep only items that are sold",
        )


def everything_known() -> CompiledGuard:
    """All packs that ship, joined: what is guarded when nobody knows what should be."""
    return compile_policy(None, [builtin_pack(reference) for reference in known_packs()])
