-- Read results of hunts that other processes work on. ARGV: 2… pairs of hunt id and known progress.
-- Returns {0} without a session, else {1, state, reply, …} of the hunts that got a reply, finished or got
-- second opinions since.
local ROUND, DONE, REPLY = 2000000, 1000000, 1000 -- as in Hunt.progress
if redis.call('EXISTS', KEYS[1]) == 0 then return {0} end

local function stage(far)
  if far % ROUND >= DONE then return 2 + far % ROUND - DONE end -- second opinions count on
  return far >= REPLY and 1 or 0
end

local answer = {1}
for i = 2, #ARGV, 2 do
  local state = redis.call('HGET', KEYS[3], ARGV[i])
  local far = state and tonumber(string.match(state, '^(%d+) '))
  if far and stage(far) > stage(tonumber(ARGV[i + 1])) then
    answer[#answer + 1] = state
    answer[#answer + 1] = redis.call('HGET', KEYS[4], ARGV[i]) or ''
  end
end
return answer
