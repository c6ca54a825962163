#!lua
-- Prepended to every script of this folder.
-- KEYS: 1 head, 2 notebook, 3 hunts, 4 replies, 5 numbers, 6 tallies, 7 events, 8 gone,
-- 9 fences. ARGV[1]: the session's TTL in ms.

-- All keys of a session expire together; called last, so that new keys get the TTL too.
local function renew()
  for i = 1, 7 do
    redis.call('PEXPIRE', KEYS[i], ARGV[1])
  end
  redis.call('PEXPIRE', KEYS[9], ARGV[1])
end

-- Record a claim on a part of a run. Returns whether it is the newest one.
local function fenced(part, number)
  local newest, ours = tonumber(redis.call('HGET', KEYS[9], part) or '0'), tonumber(number)
  if newest < ours then redis.call('HSET', KEYS[9], part, number) end
  return newest <= ours
end

-- Maximum size of one session's events, in addition to their number: hunts with many criteria make large events. The
-- same value is in history.py.
local EVENTS_BYTES = 16 * 1024 * 1024

-- Append the pairs (type, data) from ARGV[first] to ARGV[final]. The stream keeps one event more than `most`: the oldest
-- one only marks the point before which events were trimmed. Returns the newest id, '' without events.
local function append(most, first, final)
  local last = ''
  for i = first, final, 2 do
    last = redis.call('XADD', KEYS[7], 'MAXLEN', '=', most + 1, '*', 't', ARGV[i], 'd', ARGV[i + 1])
  end
  return last
end

-- Trim the stream to its maximum age and size, after events were appended.
local function trim(age_ms)
  local now = redis.call('TIME')
  redis.call('XTRIM', KEYS[7], 'MINID', '~', string.format('%.0f-0', now[1] * 1000 - age_ms))
  local bytes = redis.call('MEMORY', 'USAGE', KEYS[7]) -- sampled, takes microseconds
  if bytes > EVENTS_BYTES then
    local length = redis.call('XLEN', KEYS[7])
    redis.call('XTRIM', KEYS[7], 'MAXLEN', '=', math.max(2, math.floor(length * 0.9 * EVENTS_BYTES / bytes)))
  end
end

-- Publish the pairs (type, data) from ARGV[first] on. Returns the newest id, '' without events.
local function publish(most, age_ms, first)
  local last = append(most, first, #ARGV)
  if last ~= '' then trim(age_ms) end
  return last
end
