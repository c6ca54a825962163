-- Replace the session's head if its version is the expected one, and publish events.
-- ARGV: 2 maximum events, 3 their maximum age in ms, 4 expected version, 5 new version, 6 head, 7… (type, data)
-- Returns {0}: no session, {1}: another version, {2, newest event id}: written.
local version = redis.call('HGET', KEYS[1], 'v')
if not version then return {0} end
if version ~= ARGV[4] then return {1} end
redis.call('HSET', KEYS[1], 'v', ARGV[5], 'j', ARGV[6])
local last = publish(tonumber(ARGV[2]), tonumber(ARGV[3]), 7)
renew()
return {2, last}
