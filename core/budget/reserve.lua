-- Reserve an amount for every subject, or for none; or only look.
-- KEYS: for each subject its totals (hash: spent, reserved, unknown) and its open reservations (sorted set by expiry).
-- ARGV: now in ms, expiry in ms, amount ("-" only looks), token, life of the keys in s; then for each subject its limit
--       and what this process has seen spent: an emptied Redis must not forget it.
-- Returns the index of the subject whose limit is reached, or 0, then spent, reserved and unknown of each subject.
local now, expiry, amount, token, life = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local count, refused, rows = #KEYS / 2, 0, {}

local function number(totals, field)
  return tonumber(redis.call('HGET', totals, field) or '0')
end

for i = 1, count do
  local totals, open = KEYS[2 * i - 1], KEYS[2 * i]
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', open, '-inf', now)) do
    if string.sub(member, 1, 5) ~= 'done:' then -- a mark of settle.lua
      local lapsed = string.match(member, ':(%d+)$')
      redis.call('HINCRBY', totals, 'spent', lapsed)
      redis.call('HINCRBY', totals, 'reserved', lapsed == '0' and '0' or '-' .. lapsed) -- "-0" is no integer
    end
    redis.call('ZREM', open, member)
  end
  local seen = ARGV[5 + 2 * i]
  if number(totals, 'spent') < tonumber(seen) then
    redis.call('HSET', totals, 'spent', seen)
  end
  if refused == 0 and number(totals, 'spent') + number(totals, 'reserved') >= tonumber(ARGV[4 + 2 * i]) then
    refused = i
  end
end

for i = 1, count do
  local totals, open = KEYS[2 * i - 1], KEYS[2 * i]
  if refused == 0 and amount ~= '-' then
    redis.call('ZADD', open, expiry, token)
    redis.call('HINCRBY', totals, 'reserved', amount)
  end
  redis.call('EXPIRE', totals, life)
  redis.call('EXPIRE', open, life)
  rows[3 * i - 2] = number(totals, 'spent')
  rows[3 * i - 1] = number(totals, 'reserved')
  rows[3 * i] = number(totals, 'unknown')
end
return {refused, unpack(rows)}
