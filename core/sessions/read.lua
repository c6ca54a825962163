-- Read the head, and the tallies if ARGV[3] is '1'. ARGV: 2 the cached version ('0': none).
-- Returns {} without a session, else {version, head ('' if the cached version is current), tallies}.
local version = redis.call('HGET', KEYS[1], 'v')
if not version then return {} end
local text = ''
if version ~= ARGV[2] then text = redis.call('HGET', KEYS[1], 'j') end
local tallies = {}
if ARGV[3] == '1' then tallies = redis.call('HGETALL', KEYS[6]) end
renew()
return {version, text, tallies}
