"""Lua that both halves send to Redis, so that they agree on what a safe write is. No I/O."""

from __future__ import annotations

REPLACE = """
local held = redis.call('GET', KEYS[1])
if (held or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
elseif ARGV[3] == '0' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
end
return 1
"""
"""Sets KEYS[1] to ARGV[2] only while it still holds ARGV[1], what the change was computed from.

An empty ARGV[2] removes the record. Value and expiry (ARGV[3], seconds; 0: it never expires)
come in one step, so that no record is left without the one that it should have.
"""

UPDATE_POLICIES = """
local held = redis.call('GET', KEYS[1])
if (held or '') ~= ARGV[1] then return 0 end
if ARGV[3] ~= '' and redis.call('EXISTS', KEYS[3]) == 0 then return -1 end
if ARGV[4] ~= '' then redis.call('SET', KEYS[3], ARGV[4], 'NX') end
for i = 4, #KEYS do redis.call('DEL', KEYS[i]) end
redis.call('SET', KEYS[1], ARGV[2])
if ARGV[3] ~= '' then redis.call('SET', KEYS[2], ARGV[3]) end
return 1
"""
"""Sets the ledger KEYS[1] to ARGV[2] only while it still is ARGV[1], with all that goes with it.

The pointer KEYS[2] becomes ARGV[3], whose source KEYS[3] must be there (-1 when it is not); or the
source KEYS[3] becomes ARGV[4], unless it is there; KEYS[4] and on, sources of nothing, go.
"""
