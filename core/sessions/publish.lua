-- Publish events without a change. ARGV: 2 maximum events, 3 their maximum age in ms, 4 expected version ('': any),
--   5… (type, data)
-- Returns {0}: no session, {1}: another version, {2, newest event id}: published.
local version = redis.call('HGET', KEYS[1], 'v')
if not version then return {0} end
if ARGV[4] ~= '' and version ~= ARGV[4] then return {1} end
local last = publish(tonumber(ARGV[2]), tonumber(ARGV[3]), 5)
renew()
return {2, last}
