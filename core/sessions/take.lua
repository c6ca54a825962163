-- Note the number of the newest claim on a part of a run: saves with an older one are refused from now on.
-- ARGV: 2 part, 3 number. Answers {0} no session, {4} somebody has claimed the part later, {2} noted.
if redis.call('EXISTS', KEYS[1]) == 0 then return {0} end
local taken = fenced(ARGV[2], ARGV[3])
renew()
if not taken then return {4} end
return {2}
