"""Which version answers, and which may: the scripts that move the pointer in one step.

`activations` holds versions, newest first; its head is the live one. A rollback takes off what
it leaves behind, as an undo does, so a second rollback goes one further back.
"""

from __future__ import annotations

from typing import Any

from recommender.keys import Keys
from training.publishing.versions import Summary, parse_summary

KEPT_ACTIVATIONS = 100

_ACTIVATE = """
if redis.call('HEXISTS', KEYS[3], ARGV[1]) == 0 then return 'unknown' end
if redis.call('EXISTS', KEYS[4]) == 0 then return 'lost' end
local live = redis.call('GET', KEYS[1])
if live == ARGV[1] then return 'live' end
if (live or '') ~= ARGV[3] then return 'overtaken' end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('LPUSH', KEYS[2], ARGV[1])
redis.call('LTRIM', KEYS[2], 0, ARGV[2] - 1)
return 'live'
"""
_ROLLBACK = """
local live = redis.call('GET', KEYS[1])
for i, version in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  local there = redis.call('EXISTS', ARGV[1] .. version .. ARGV[2]) == 1
  if version ~= live and there and redis.call('HEXISTS', KEYS[3], version) == 1 then
    redis.call('SET', KEYS[1], version)
    redis.call('LTRIM', KEYS[2], i - 1, -1)
    return version
  end
end
return false
"""
_FORGET = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return 0 end
return redis.call('HDEL', KEYS[2], ARGV[1])
"""


class Pointers:
    """The pointer, the activations and the summaries under one namespace."""

    def __init__(self, client: Any, keys: Keys) -> None:
        self._redis = client
        self._keys = keys

    def activate(self, version: str, expected: str) -> str:
        """`live`, or why not.

        expected   the version that it takes the place of; "": none

        `unknown` (no summary), `lost` (a summary without keys), `overtaken` (another is live).
        """
        keys = self._keys
        touched = (keys.live, keys.activations, keys.versions, keys.manifest(version))
        return _text(self._redis.eval(_ACTIVATE, 4, *touched, version, KEPT_ACTIVATIONS, expected))

    def rollback(self) -> str:
        """The version that answers from now on; "" when there was none to go back to."""
        keys = self._keys
        before, after = keys.manifest("\0").split("\0")
        touched = (keys.live, keys.activations, keys.versions)
        return _text(self._redis.eval(_ROLLBACK, 3, *touched, before, after))

    def forget(self, version: str) -> bool:
        """Takes a summary away, so that nobody can activate the version; False for the live one."""
        return bool(self._redis.eval(_FORGET, 2, self._keys.live, self._keys.versions, version))

    def live(self) -> str:
        """The version that answers; "" when there is none."""
        return _text(self._redis.get(self._keys.live))

    def previous(self, live: str, published: dict[str, Summary]) -> str:
        """The version that a rollback would go to; "" when there is none."""
        names = map(_text, self._redis.lrange(self._keys.activations, 0, -1))
        return next((v for v in names if v != live and v in published), "")

    def activated(self) -> set[str]:
        """Versions that are or were live, as far back as `activations` reaches."""
        return set(map(_text, self._redis.lrange(self._keys.activations, 0, -1)))

    def summaries(self) -> dict[str, Summary]:
        """Version -> summary of everything that is published."""
        raw = self._redis.hgetall(self._keys.versions)
        return {_text(version): parse_summary(value) for version, value in raw.items()}


def _text(raw: bytes | None) -> str:
    return raw.decode() if raw is not None else ""
