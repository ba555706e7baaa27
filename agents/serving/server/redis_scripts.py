"""Scripts that Redis runs, each an atomic operation on values as :mod:`.records` has them."""

from __future__ import annotations

from gymcc.agents.serving.server.records import DIGITS, MAGIC, START

LITERAL = "".join(rf"\{byte:03}" for byte in MAGIC)  # as Lua writes any bytes
KIND = rf"""
local function letter(head)
  if string.sub(head, 1, {len(MAGIC)}) == '{LITERAL}' then
    return string.sub(head, {START}, {START})
  end
  return 'X'
end
local function kind(key)
  local found = redis.call('TYPE', key).ok
  if found == 'string' then return letter(redis.call('GETRANGE', key, 0, {START - 1})) end
  return found
end
"""
GET = rf"""{KIND}
local found = {{}}
for i, key in ipairs(KEYS) do
  local is = kind(key)
  if is == 'none' then found[i] = false
  elseif is == 'hash' then found[i] = {{is, redis.call('HGETALL', key)}}
  elseif is == 'list' then found[i] = {{is, redis.call('LRANGE', key, 0, -1)}}
  elseif is == 'M' then
    local size = tonumber(redis.call('GETRANGE', key, {START}, {START + DIGITS - 1}), 16)
    found[i] = redis.call('GETRANGE', key, 0, {START + DIGITS - 1} + size)
  elseif #is == 1 then found[i] = redis.call('GET', key)
  else found[i] = {{is, {{}}}}
  end
end
return found
"""
PUT = rf"""{KIND}
for i, key in ipairs(KEYS) do
  local value, life, is = ARGV[2 * i - 1], ARGV[2 * i], kind(key)
  if is ~= 'none' and is ~= letter(string.sub(value, 1, {START})) then
    return redis.error_reply('WRONGTYPE Operation against a key holding the wrong kind of value')
  end
  if life == '0' then redis.call('SET', key, value) else redis.call('SET', key, value, 'PX', life) end
end
return redis.status_reply('OK')
"""
