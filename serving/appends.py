"""Lua that appends entries to a stream and trims it. No I/O.

KEYS[1]   the stream
ARGV      about how many entries it keeps, then the entries
"""

from __future__ import annotations

# One command for many entries: packing a command is most of what an entry costs the client.
APPEND = """
for i = 2, #ARGV do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'json', ARGV[i])
end
"""

# The same under ids that tell no more than the hour. An id may not go back, so the entries follow
# whatever was the last one; counted by hand, since `hour-*` is newer than the servers we work with.
APPEND_BY_HOUR = """
local now = tonumber(redis.call('TIME')[1])
local at, count = (now - now % 3600) * 1000, 0
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      local last, order = string.match(info[i + 1], '(%d+)-(%d+)')
      if tonumber(last) >= at then at, count = tonumber(last), tonumber(order) + 1 end
    end
  end
end
for i = 2, #ARGV do
  local id = string.format('%.0f-%.0f', at, count + i - 2)
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], id, 'json', ARGV[i])
end
"""
