-- Read events after an id. KEYS[1]: the stream. ARGV: 1 milliseconds and 2 sequence of the id, 3 limit.
-- Returns {0} if events after it were trimmed, else {1, entry, …}. A reader before the oldest entry missed events,
-- unless nothing was ever trimmed.
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
if not first then return {1} end
local ms, sequence = string.match(first[1], '(%d+)-(%d+)')
ms, sequence = tonumber(ms), tonumber(sequence)
local after_ms, after_sequence = tonumber(ARGV[1]), tonumber(ARGV[2])
if after_ms < ms or (after_ms == ms and after_sequence < sequence) then
  local info, number = redis.call('XINFO', 'STREAM', KEYS[1]), {}
  for i = 1, #info, 2 do number[info[i]] = info[i + 1] end
  if number['entries-added'] > number['length'] then return {0} end
end
return {1, unpack(redis.call('XRANGE', KEYS[1], '(' .. ARGV[1] .. '-' .. ARGV[2], '+', 'COUNT', ARGV[3]))}
