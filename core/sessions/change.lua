-- Replace the session's head if nobody did meanwhile, and tell of it.
-- ARGV: 2 events kept, 3 their age in ms, 4 version expected, 5 version written, 6 head, 7… (type, data)
-- Answers: {0} no session, {1} the version is another, {2, newest event id} written.
local version = redis.call('HGET', KEYS[1], 'v')
if not version then return {0} end
if version ~= ARGV[4] then return {1} end
redis.call('HSET', KEYS[1], 'v', ARGV[5], 'j', ARGV[6])
local last = tell(tonumber(ARGV[2]), tonumber(ARGV[3]), 7)
renew()
return {2, last}
