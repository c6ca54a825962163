#!lua
-- Begins every script of this folder.
-- KEYS: 1 head, 2 notebook, 3 hunts, 4 replies, 5 numbers, 6 tallies, 7 events, 8 gone,
-- 9 fences. ARGV[1]: the session's life in ms.

-- All keys of a session live and end together; called last, so that new keys get their life too.
local function renew()
  for i = 1, 7 do
    redis.call('PEXPIRE', KEYS[i], ARGV[1])
  end
  redis.call('PEXPIRE', KEYS[9], ARGV[1])
end

-- Whether nobody has claimed this part of a run later than with this number, which is the newest one from now on.
local function fenced(part, number)
  local newest, ours = tonumber(redis.call('HGET', KEYS[9], part) or '0'), tonumber(number)
  if newest < ours then redis.call('HSET', KEYS[9], part, number) end
  return newest <= ours
end

-- Of one session's events, besides their number: hunts with many criteria make long ones. As in history.py.
local EVENTS_BYTES = 16 * 1024 * 1024

-- Append the pairs (type, data) from ARGV[first] on. One event more than `most` is kept: the oldest only marks the
-- point before which events are gone. The newest id, or '' when nothing was told.
local function tell(most, age_ms, first)
  local last = ''
  for i = first, #ARGV, 2 do
    last = redis.call('XADD', KEYS[7], 'MAXLEN', '=', most + 1, '*', 't', ARGV[i], 'd', ARGV[i + 1])
  end
  if last ~= '' then
    local now = redis.call('TIME')
    redis.call('XTRIM', KEYS[7], 'MINID', '~', string.format('%.0f-0', now[1] * 1000 - age_ms))
    local bytes = redis.call('MEMORY', 'USAGE', KEYS[7]) -- estimated from a few of its blocks, in microseconds
    if bytes > EVENTS_BYTES then
      local length = redis.call('XLEN', KEYS[7])
      redis.call('XTRIM', KEYS[7], 'MAXLEN', '=', math.max(2, math.floor(length * 0.9 * EVENTS_BYTES / bytes)))
    end
  end
  return last
end
