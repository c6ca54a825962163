-- The head, and the tallies when ARGV[3] is '1'. ARGV: 2 the version that is known already ('0': none).
-- Answers {} without a session, else {version, head or '' when it is known, tallies}.
local version = redis.call('HGET', KEYS[1], 'v')
if not version then return {} end
local text = ''
if version ~= ARGV[2] then text = redis.call('HGET', KEYS[1], 'j') end
local tallies = {}
if ARGV[3] == '1' then tallies = redis.call('HGETALL', KEYS[6]) end
renew()
return {version, text, tallies}
