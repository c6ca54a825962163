-- Add events that were published while Redis was down. KEYS[1]: the stream.
-- ARGV: 1 TTL in ms, 2 maximum events, 3 the last known id ('-': events after it are missing), 4 type and 5 data of the
-- event that makes readers reload, 6 the newest issued id, 7 (id, type, data), …
-- Returns 1 if the stream continued from the known id, with the same ids. Returns 0 if another process wrote in the
-- meantime or data was lost: then all readers before this point must reload, including live ones: 'g' marks the gap.
local key, most = KEYS[1], ARGV[2] + 1

local function newest()
  local entry = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  return entry and entry[1]
end

local function after(id)
  local ms, sequence = string.match(id, '(%d+)-(%d+)')
  return string.format('%s-%.0f', ms, sequence + 1)
end

local function later(a, b)
  local a_ms, a_sequence = string.match(a, '(%d+)-(%d+)')
  local b_ms, b_sequence = string.match(b, '(%d+)-(%d+)')
  if tonumber(a_ms) ~= tonumber(b_ms) then return tonumber(a_ms) > tonumber(b_ms) end
  return tonumber(a_sequence) > tonumber(b_sequence)
end

local last, seamless = newest(), 1
if ARGV[3] == '-' or (last and last ~= ARGV[3]) then
  seamless = 0
elseif not last and ARGV[3] ~= '0-0' then
  -- An empty Redis: restart the stream at the known id, and record that events before it existed.
  redis.call('XADD', key, ARGV[3], 't', ARGV[4], 'd', ARGV[5], 'g', 1)
  redis.call('XSETID', key, ARGV[3], 'ENTRIESADDED', 2, 'MAXDELETEDID', '0-0')
end

if seamless == 1 then
  for i = 7, #ARGV, 3 do
    redis.call('XADD', key, 'MAXLEN', '=', most, ARGV[i], 't', ARGV[i + 1], 'd', ARGV[i + 2])
  end
else
  local now = redis.call('TIME')
  local id = string.format('%.0f-0', now[1] * 1000)
  if last and not later(id, last) then id = after(last) end
  if not later(id, ARGV[6]) then id = after(ARGV[6]) end
  redis.call('XADD', key, id, 't', ARGV[4], 'd', ARGV[5], 'g', 1)
  redis.call('XTRIM', key, 'MINID', '=', id)
  redis.call('XSETID', key, id, 'ENTRIESADDED', 2, 'MAXDELETEDID', '0-0')
end
redis.call('PEXPIRE', key, ARGV[1])
return {seamless, newest() or '0-0'}
