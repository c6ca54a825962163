-- Record the newest claim on a part of a run: saves with an older one are refused from now on.
-- ARGV: 2 part, 3 number. Returns {0}: no session, {4}: the part has a newer claim, {2}: recorded.
if redis.call('EXISTS', KEYS[1]) == 0 then return {0} end
local taken = fenced(ARGV[2], ARGV[3])
renew()
if not taken then return {4} end
return {2}
