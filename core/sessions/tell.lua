-- Append events that change nothing. ARGV: 2 events kept, 3 their age in ms, 4 version expected ('': any), 5… (type, data)
-- Answers {0} without a session, {1} the version is another, else {2, newest event id}.
local version = redis.call('HGET', KEYS[1], 'v')
if not version then return {0} end
if ARGV[4] ~= '' and version ~= ARGV[4] then return {1} end
local last = tell(tonumber(ARGV[2]), tonumber(ARGV[3]), 5)
renew()
return {2, last}
