-- Replace a reservation with the real cost.
-- KEYS: totals and open reservations of each subject, as in reserve.lua.
-- ARGV: token, amount, cost, 1 if the cost is unknown, life of the keys in s, 1 if this is repeated and the reservation
--       was here, and until when (ms) a mark keeps a repetition from adding twice, 0 if the reservation is known here.
-- A reservation that is not there was lost or has lapsed: then the cost is added, which may count too much, never too
-- little. A repeated call adds it only with the reservation: otherwise the first one did, although its answer was lost.
-- Returns spent, reserved and unknown of each subject.
local token, amount, cost, unknown, life = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local released = amount == '0' and '0' or '-' .. amount -- "-0" is no integer
local repeated, marked_until, mark, rows = ARGV[6] == '1', ARGV[7], 'done:' .. token, {}
for i = 1, #KEYS / 2 do
  local totals, open = KEYS[2 * i - 1], KEYS[2 * i]
  local found = redis.call('ZREM', open, token) == 1
  local adds = found or not (repeated or redis.call('ZSCORE', open, mark))
  if marked_until ~= '0' then
    redis.call('ZADD', open, marked_until, mark)
  end
  rows[3 * i - 2] = redis.call('HINCRBY', totals, 'spent', adds and cost or 0)
  rows[3 * i - 1] = redis.call('HINCRBY', totals, 'reserved', found and released or 0)
  rows[3 * i] = redis.call('HINCRBY', totals, 'unknown', adds and unknown or 0)
  redis.call('EXPIRE', totals, life)
  redis.call('EXPIRE', open, life)
end
return rows
