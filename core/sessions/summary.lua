-- Read a session's summary without renewing it. ARGV: 2… ids of hunts to include.
-- Returns {} without a session, else {head, tallies, state, reply, state, reply, …}.
local text = redis.call('HGET', KEYS[1], 'j')
if not text then return {} end
local answer = {text, redis.call('HGETALL', KEYS[6])}
for i = 2, #ARGV do
  answer[#answer + 1] = redis.call('HGET', KEYS[3], ARGV[i]) or ''
  answer[#answer + 1] = redis.call('HGET', KEYS[4], ARGV[i]) or ''
end
return answer
