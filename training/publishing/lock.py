"""The publish lock: one publish or collection at a time, and everybody can see whose.

A key that expires by itself, set if it is not there, renewed while its owner works, and released
by its owner only.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from recommender.errors import ConflictError
from recommender.times import iso_utc

Renew = Callable[[], None]
"""Renews the lock; ConflictError when it was lost."""

LOCK_SECONDS = 60

_RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


@contextmanager
def publish_lock(
    client: Any, key: str, now: float, gone_away: tuple[type[Exception], ...]
) -> Iterator[Renew]:
    """Holds the lock; ConflictError says who has it.

    now         seconds since 1970, for those who are told
    gone_away   what the client raises when the server is no longer there
    """
    mine = {
        "token": secrets.token_hex(8),
        "who": f"process {os.getpid()} on {socket.gethostname()}",
        "since": iso_utc(now),
    }
    token = json.dumps(mine, sort_keys=True).encode()
    if not client.set(key, token, nx=True, ex=LOCK_SECONDS):
        raise _busy(client.get(key))

    def renew() -> None:
        if not client.eval(_RENEW, 1, key, token, LOCK_SECONDS):
            raise _busy(client.get(key))

    try:
        yield renew
    finally:
        # A server that went away releases the lock by itself, a minute later.
        with suppress(*gone_away):
            client.eval(_RELEASE, 1, key, token)


def _busy(holder: bytes | None) -> ConflictError:
    who = "somebody else"
    if holder:
        with suppress(ValueError, KeyError, TypeError):
            described = json.loads(holder)
            who = f"{described['who']} (since {described['since']})"
    return ConflictError(
        f"another publish or collection runs: {who}",
        hint=f"wait for it; a publisher that died is forgotten after {LOCK_SECONDS} seconds",
    )
