"""The error tree.

    TactfulError                 exit code, HTTP status, what, hint
    ├── InputError               2 / 422   purchases, catalogue, offers, requests
    │   ├── ConfigError          2 / 422   train.yaml, placements.yaml, settings
    │   ├── PolicyError          2 / 422   guard packs, the marketer's policy
    │   ├── Unauthorized         2 / 401   no token, or one that nobody was given
    │   └── Forbidden            2 / 403   this person may not do this, another one may
    ├── NotFound                 2 / 404   an item, a version or a file that is not there
    ├── BundleError              2 / 503   truncated, altered, of another schema
    ├── GateRefusal              3 / 409   the bundle is worse than the live one, or not measured
    ├── ConflictError            1 / 409   someone else is doing the same thing right now
    ├── StorageError             1 / 507   the disk is full, a file cannot be written
    ├── StoreError               1 / 503   the Redis server is unreachable or answered nonsense
    │   └── StoreRefusal         1 / 503   it answers, but refuses this one command
    └── ContainmentBreach        1 / 500   the last lock found what the mask should have held back

Every error says what is wrong and where, and its `hint` says how to mend it.
"""

from __future__ import annotations


class TactfulError(Exception):
    """Base of every error that Tactful raises on purpose.

    `what` names the problem and the place; `hint` names the remedy.
    """

    exit_code = 1
    http_status = 500

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}\n  how to mend it: {self.hint}" if self.hint else self.what


class InputError(TactfulError):
    """Something that was handed to Tactful breaks a documented rule."""

    exit_code = 2
    http_status = 422


class ConfigError(InputError):
    """A configuration file or setting has an unknown key or an impossible value."""


class PolicyError(InputError):
    """A guard pack or a guard policy cannot be applied as written."""


class Unauthorized(InputError):
    """Nobody knows who is asking: a token is missing, or it is none of those given out."""

    http_status = 401


class Forbidden(InputError):
    """The person who asks may not do this; a person with another role, or another person, may."""

    http_status = 403


class NotFound(TactfulError):
    """A named item, version or file does not exist."""

    exit_code = 2
    http_status = 404


class BundleError(TactfulError):
    """A bundle is incomplete, altered, or of a schema that this release cannot read."""

    exit_code = 2
    http_status = 503


class GateRefusal(TactfulError):
    """A bundle may not become live: it is worse than the live one, or nobody can tell.

    An exit code of its own: a nightly training tells it apart from bad input and from trouble.
    """

    exit_code = 3
    http_status = 409


class ConflictError(TactfulError):
    """Another process is doing the same thing at this moment."""

    http_status = 409


class StorageError(TactfulError):
    """A file could not be written; what was there before is untouched."""

    http_status = 507


class StoreError(TactfulError):
    """The Redis server cannot be reached or does not hold what it should."""

    http_status = 503


class StoreRefusal(StoreError):
    """The Redis server answers, but refuses this one command: it is full, or read-only."""


class ContainmentBreach(TactfulError):
    """A target of a protected life event reached the last lock. A defect: report it."""
