-- Those of some hunts that are done. ARGV: 2… their ids. Answers {0} without a session, else {1, state, reply, …}.
local ROUND, DONE = 2000000, 1000000 -- as in Hunt.progress
if redis.call('EXISTS', KEYS[1]) == 0 then return {0} end
local answer = {1}
for i = 2, #ARGV do
  local state = redis.call('HGET', KEYS[3], ARGV[i])
  local far = state and tonumber(string.match(state, '^(%d+) '))
  if far and far % ROUND == DONE then
    answer[#answer + 1] = state
    answer[#answer + 1] = redis.call('HGET', KEYS[4], ARGV[i]) or ''
  end
end
return answer
