"""Lua that both halves send to Redis, so that they agree on what a safe write is. No I/O."""

from __future__ import annotations

REPLACE = """
local held = redis.call('GET', KEYS[1])
if (held or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""
"""Sets KEYS[1] to ARGV[2] only while it still holds ARGV[1], what the change was computed from.

Value and expiry (ARGV[3], seconds) come in one step, so that no record is left without one.
"""
