-- Read hunts by number. ARGV: 2 lower bound (exclusive), 3 limit, 4 prefix of the ids ('': all).
-- Returns {0} without a session, else {1, whether there are more, state, reply, state, reply, …}.
local STEP = 500
if redis.call('EXISTS', KEYS[1]) == 0 then return {0} end
local wanted, prefix = tonumber(ARGV[3]), ARGV[4]
local found, offset, more = {}, 0, 0
repeat
  local ids = redis.call('ZRANGEBYSCORE', KEYS[5], '(' .. ARGV[2], '+inf', 'LIMIT', offset, STEP)
  offset = offset + STEP
  for _, id in ipairs(ids) do
    if prefix == '' or string.sub(id, 1, #prefix) == prefix then
      if #found == wanted then
        more = 1
        break
      end
      found[#found + 1] = id
    end
  end
until more == 1 or #ids < STEP
renew()
if #found == 0 then return {1, 0} end
local states = redis.call('HMGET', KEYS[3], unpack(found))
local replies = redis.call('HMGET', KEYS[4], unpack(found))
local answer = {1, more}
for i = 1, #found do
  answer[#answer + 1] = states[i]
  answer[#answer + 1] = replies[i] or ''
end
return answer
