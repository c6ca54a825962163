-- Append events that change nothing. ARGV: 2 events kept, 3 their age in ms, 4… (type, data)
-- Answers {0} without a session, else {2, newest event id}.
if redis.call('EXISTS', KEYS[1]) == 0 then return {0} end
local last = tell(tonumber(ARGV[2]), tonumber(ARGV[3]), 4)
renew()
return {2, last}
