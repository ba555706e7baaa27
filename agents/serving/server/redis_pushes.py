"""RPUSH through several servers: what a client sends again by another server than before must not count twice, either.

Redis remembers by which server the latest pushes came. Of one that came by another server lately, and that the list's
end still has, no more is done: who asked there cannot be asked any more, nor can a server that has died. Within one
server :mod:`.retries` decides, which knows whether that client lives.
"""

from __future__ import annotations

from collections.abc import Sequence

from gymcc.agents.serving.server.limits import LATELY, RETRY_WINDOW
from gymcc.agents.serving.server.redis_link import Link
from gymcc.agents.serving.server.retries import digest, holds

PUSHED = b"gymcc.pushed"  # a hash: digest of a push to the server's name and when, in ms of Redis's clock
REMEMBERED = 10_000  # pushes; then it is begun anew
STEP = 1000  # elements that one RPUSH of a script takes: Lua's stack is short

# Words: the push's digest, this server's name, the window in ms, how many are remembered.
MARK = """
local function elsewhere()
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local known = redis.call('HGET', KEYS[1], ARGV[1])
  if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then redis.call('DEL', KEYS[1]) end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  if not known then return false end
  local name, at = string.match(known, '^(%S+) (%d+)$')
  return name ~= ARGV[2] and now - tonumber(at) < tonumber(ARGV[3])
end
"""
ELSEWHERE = f"""{MARK}
return elsewhere() and 1 or 0
"""
PUSH = f"""{MARK}
local count = #ARGV - 4
local function holds()
  local tail = redis.call('LRANGE', KEYS[2], -count - {LATELY}, -1)
  for at = 0, #tail - count do
    local same = true
    for i = 1, count do
      if tail[at + i] ~= ARGV[4 + i] then same = false break end
    end
    if same then return true end
  end
  return false
end
if elsewhere() and holds() then return {{redis.call('LLEN', KEYS[2]), 1}} end
local length = 0
for from = 5, #ARGV, {STEP} do
  length = redis.call('RPUSH', KEYS[2], unpack(ARGV, from, math.min(from + {STEP} - 1, #ARGV)))
end
return {{length, 0}}
"""


async def push(link: Link, server: str, key: bytes, elements: Sequence[bytes]) -> tuple[int, bool]:
    """Append to a list unless it is a repetition; its length, and whether it was one."""
    mark = (digest([key, *elements]), server.encode(), round(RETRY_WINDOW * 1000), REMEMBERED)
    if not link.are_apart(key, PUSHED):
        length, repeated = await link.script(PUSH, [PUSHED, key], *mark, *elements)
        return int(length), bool(repeated)
    if await link.script(ELSEWHERE, [PUSHED], *mark):
        recent = await link.call("LRANGE", key, -len(elements) - LATELY, -1)
        if holds(recent, elements):
            return int(await link.call("LLEN", key)), True
    return int(await link.call("RPUSH", key, *elements)), False
