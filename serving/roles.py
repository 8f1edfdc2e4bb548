"""Who may do what: people, their roles, and the tokens by which they are known.

The file of tokens holds no token, only the SHA-256 of each, so that reading it gives nobody a role:

    - name: anna@shop
      roles: [marketer]
      sha256: 4c0f...                    # `tactful token anna@shop --role marketer` prints both
"""

from __future__ import annotations

import hmac
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import structlog
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from starlette.requests import Request

from recommender.errors import ConfigError, Forbidden, InputError, Unauthorized
from recommender.guard.ledger import same_person

BEARER = HTTPBearer(
    auto_error=False, description="A token that `tactful token` made for a person with the role"
)
"""Documents the login of a route: `Security(BEARER)`. `require` is what checks it."""
_HINT = "`tactful token NAME --role ROLE` prints an entry to paste"

log = structlog.get_logger(__name__)


class Role(StrEnum):
    """What a person may do beyond what the shop's own systems may."""

    MARKETER = "marketer"
    """Drafts, simulates and publishes policies; reads counts."""
    APPROVER = "approver"
    """Approves what loosens a policy; never the own draft."""
    PRIVACY = "privacy"
    """Reads the trace of a decision, and counts."""


@dataclass(frozen=True)
class Person:
    """Somebody who is known by a token."""

    name: str
    roles: frozenset[Role]


class _Entry(BaseModel):
    """One token of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._@+-]{1,100}$")]
    roles: Annotated[list[Annotated[Role, Field(strict=False)]], Field(min_length=1)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


_ENTRIES: TypeAdapter[list[_Entry]] = TypeAdapter(list[_Entry])


class Tokens:
    """The tokens that were given out, by their hashes."""

    def __init__(self, people: Sequence[tuple[str, Person]] = ()) -> None:
        """`people`: SHA-256 of a token, in hexadecimal, and whose it is."""
        self._people = tuple(people)

    def __len__(self) -> int:
        return len(self._people)

    def person(self, token: str) -> Person | None:
        """Whose token it is; every hash is compared, in constant time."""
        given = token_hash(token)
        found = None
        for known, person in self._people:
            if hmac.compare_digest(given, known):
                found = person
        return found


def token_hash(token: str) -> str:
    """SHA-256 in hexadecimal: what the file holds of a token."""
    # Tokens are 256 random bits, not passwords: there is nothing to guess that a slow hash saves.
    return sha256(token.encode()).hexdigest()


def require(request: Request, *roles: Role) -> Person:
    """The person who asks, if any of `roles` is theirs.

    Raises Unauthorized for a missing or unknown token, and Forbidden when the person has none of
    the roles, or when the service has no file of tokens at all.
    """
    tokens: Tokens = request.app.state.services.tokens
    if not len(tokens):
        raise Forbidden(
            "this call needs a role, and the service knows no people",
            hint=f"name a tokens file in TACTFUL_TOKENS; {_HINT}",
        )
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized(
            "this call needs a token", hint="send the header `Authorization: Bearer TOKEN`"
        )
    person = tokens.person(token.strip())
    if person is None:
        raise Unauthorized("nobody was given this token", hint=f"use another one; {_HINT}")
    if not person.roles.intersection(roles):
        raise Forbidden(
            f"{person.name} has not the role {' or '.join(role.value for role in roles)}",
            hint="ask somebody who has it, or add it in the file that TACTFUL_TOKENS names",
        )
    return person


def load_tokens(path: Path | None) -> Tokens:
    """The tokens of a file; none without a file.

    Raises ConfigError that names the file, the entry and what is wrong. No value of `sha256` is
    repeated in it: it may be a token that was pasted by mistake.
    """
    if path is None:
        return Tokens()
    entries = _validated(_parsed(path), path)
    hashes = [entry.sha256 for entry in entries]
    for number, found in enumerate(hashes):
        if found in hashes[:number]:
            raise ConfigError(
                f"{path}: entry {number} has the hash of entry {hashes.index(found)}",
                hint=f"give everybody a token of their own; {_HINT}",
            )
    _check_people([entry.name for entry in entries], path)
    return Tokens([(entry.sha256, Person(entry.name, frozenset(entry.roles))) for entry in entries])


def _check_people(names: Sequence[str], path: Path) -> None:
    """One person is written one way: two spellings would approve each other."""
    for number, name in enumerate(names):
        for before, other in enumerate(names[:number]):
            if name != other and same_person(name, other):
                raise ConfigError(
                    f"{path}: entry {number} names {name!r}, who is {other!r} of entry {before}",
                    hint="write one person the same way everywhere, and two people differently",
                )


def token_entry(name: str, roles: Sequence[str], token: str) -> dict[str, Any]:
    """The file's entry for a token; InputError for a name or a role that the file refuses."""
    entry = {"name": name, "roles": list(dict.fromkeys(roles)), "sha256": token_hash(token)}
    what = _wrong([entry])
    if what is not None:
        raise InputError(what[1], hint=what[2])
    return entry


def warn_of_readers(path: Path | None) -> None:
    """Says in the log when everybody on the machine may read the file of tokens."""
    if path is not None and path.stat().st_mode & stat.S_IROTH:
        log.warning("tokens_readable_by_all", path=str(path), hint=f"chmod o= {path}")


def _parsed(path: Path) -> Any:
    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: the tokens file cannot be read ({type(error).__name__})",
            hint="set TACTFUL_TOKENS to a readable file, or leave it out",
        ) from error
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f", line {mark.line + 1}"
        raise ConfigError(f"{path}{where}: this is not YAML", hint=_HINT) from error
    return [] if content is None else content


def _validated(content: Any, path: Path) -> list[_Entry]:
    wrong = _wrong(content)
    if wrong is not None:
        where, what, hint = wrong
        raise ConfigError(f"{path}: {where}: {what}", hint=hint)
    return _ENTRIES.validate_python(content)


def _wrong(content: Any) -> tuple[str, str, str] | None:
    """Where the first mistake is, what it is, and how to mend it; None when there is none."""
    if not isinstance(content, list):
        return "the file", "this is no list of people", _HINT
    try:
        _ENTRIES.validate_python(content)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    else:
        return None
    number, *inside = problem["loc"]
    key = str(inside[0]) if inside else ""
    where = f"entry {number}.{key}".rstrip(".")
    what, hint = problem["msg"], _HINT
    if problem["type"] == "missing":
        what = "this is missing"
    elif problem["type"] == "enum":
        given = str(content[int(number)]["roles"][int(inside[1])])
        known = [role.value for role in Role]
        near = get_close_matches(given, known, n=1)
        what = f"there is no role {given!r}"
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    elif key == "sha256":
        what = "this is no SHA-256 (64 digits of 0-9 and a-f)"
        hint = f"the token itself does not belong into the file; {_HINT}"
    elif key == "name":
        what = "a name has 1 to 100 letters without accents, digits and . _ - @ +"
        hint = "as in anna@shop; what only looks like another name would pass as a second person"
    return where, what, hint
