"""What an operator may set, by environment variables that start with `TACTFUL_`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from recommender.errors import ConfigError
from recommender.guard.replenish import RECORD_SECONDS
from recommender.types import SECONDS_A_DAY

PREFIX = "TACTFUL_"
NOT_OF_THE_SERVICE = ("STATE", "DEBUG")
"""Names after the prefix that the command reads, and the service does not."""
SCHEMES = ("redis", "rediss", "unix")


class Settings(BaseSettings):
    """Every setting of the service. `load_settings` makes one and explains what is wrong."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    redis_url: str = Field(
        default="",
        repr=False,
        description="redis://, rediss:// or unix:// address of the server, with its database; "
        "empty: `tactful serve` starts and owns an embedded server",
    )
    namespace: str = Field(default="tactful", description="what every key in Redis starts with")
    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65_535, description="port to listen on; 0: any free")
    workers: int = Field(default=1, ge=1, le=256, description="worker processes")
    redis_timeout: float = Field(
        default=0.2,
        gt=0,
        le=10,
        description="seconds that an answer waits for Redis before it is given from memory",
    )
    poll_interval: float = Field(
        default=0.25,
        gt=0,
        le=60,
        description="seconds between looks at the live version, and between probes in an outage",
    )
    placements: Path | None = Field(
        default=None, description="YAML file of the shop's own placements"
    )
    tokens: Path | None = Field(
        default=None,
        description="YAML file of people, their roles and hashes of their tokens; without it every "
        "call that needs a role is refused",
    )
    body_limit: int = Field(
        default=1_000_000, ge=1_000, le=100_000_000, description="largest request body in bytes"
    )
    event_ttl: int = Field(
        default=90 * SECONDS_A_DAY,
        ge=60,
        description="seconds that a customer's purchases since the last training are kept",
    )
    replenish_ttl: int = Field(
        default=RECORD_SECONDS,
        ge=60,
        description="seconds that purchases for the placement `replenish` are kept",
    )
    most_live_events: int = Field(
        default=200,
        ge=1,
        le=10_000,
        description="purchases and returns kept a customer, the newest ones",
    )
    raw_events_kept: int = Field(
        default=1_000_000, ge=1, description="about how many events the raw stream holds"
    )
    decisions_kept: int = Field(
        default=100_000, ge=1, description="about how many decisions the log holds"
    )
    replay_ttl: int = Field(
        default=30 * SECONDS_A_DAY,
        ge=60,
        description="most seconds that a replay's further records are kept: what a customer told "
        "us, and what filled `replenish`; a full log keeps them about as long as its entries",
    )
    audit_per_second: float = Field(
        default=5.0,
        ge=0,
        le=1_000,
        description="decisions a second and worker that are looked at for what the guard held "
        "back; 0: none",
    )
    suppressed_kept: int = Field(
        default=200_000,
        ge=1,
        description="about how many decisions the log of what was held back holds",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least important log line that is written"
    )

    @field_validator("redis_url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        """Checks the form here, so that a typing mistake is an error at start."""
        if not url:
            return url
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES:
            raise ValueError(f"starts with none of {', '.join(s + '://' for s in SCHEMES)}")
        database = parts.path.strip("/")
        if parts.scheme == "unix":
            if not database:
                raise ValueError("names no socket, as in unix:///run/redis.sock?db=1")
        elif not parts.hostname or (parts.port is not None and not parts.port):
            raise ValueError("names no host, as in redis://127.0.0.1:6379/0")
        elif database and not database.isdecimal():
            raise ValueError("has no database number after the last slash, as in /0")
        return url

    @field_validator("namespace")
    @classmethod
    def _a_plain_word(cls, namespace: str) -> str:
        """A brace or a colon would move a customer's keys to other nodes, or into other keys."""
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", namespace):
            raise ValueError("is not 1 to 64 letters, digits, dots, dashes or underscores")
        return namespace

    def as_environment(self) -> dict[str, str]:
        """The variables that make another process read the same settings."""
        values = self.model_dump(exclude_none=True)
        return {PREFIX + name.upper(): str(value) for name, value in values.items()}


def load_settings(**values: object) -> Settings:
    """Settings from `values` and, where these are silent, from the environment.

    Raises ConfigError that names each setting which cannot be used, and each variable of the
    environment which begins like a setting and is none. No value is repeated in it: an address
    may hold a password.
    """
    _refuse_unknown(os.environ)
    try:
        return Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = [
            f"{'.'.join(str(part) for part in problem['loc'])}: {_reason(problem['msg'])}"
            for problem in error.errors(include_url=False, include_input=False)
        ]
    raise ConfigError(
        "the settings cannot be used: " + "; ".join(problems),
        hint=f"set {PREFIX}<NAME> in the environment, or the option of `tactful serve`",
    )


def _refuse_unknown(environment: Iterable[str]) -> None:
    """A misspelt variable would otherwise be ignored, and a default taken in silence."""
    names = [*Settings.model_fields, *NOT_OF_THE_SERVICE]
    known = sorted(PREFIX + name.upper() for name in names)
    unknown = sorted(
        name
        for name in environment
        if name.upper().startswith(PREFIX) and name.upper() not in known
    )
    if not unknown:
        return
    near = [match for name in unknown for match in get_close_matches(name.upper(), known, n=1)]
    meant = f"did you mean {', '.join(dict.fromkeys(near))}? " if near else ""
    raise ConfigError(
        f"the environment sets {', '.join(unknown)}, which is no setting",
        hint=f"{meant}unset what is not meant for Tactful; known are {', '.join(known)}",
    )


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ")
