-- Take over events that were made while Redis was away. KEYS[1]: the stream.
-- ARGV: 1 life in ms, 2 events kept, 3 the last id that was known before ('-': there is a gap after it), 4 type and 5 data of an event that asks
-- readers to reload, 6 the newest id that was given out, 7 (id, type, data), …
-- Answers 1 when the stream went on from the known id, with the same ids; 0 when others wrote meanwhile or data was
-- lost in between: then everybody before this point is told to reload, also who reads along: 'g' marks the gap.
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
  -- An empty Redis: the stream begins anew at the known id, and remembers that there was something before it.
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
