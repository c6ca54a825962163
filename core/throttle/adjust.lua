-- Changes an account's limit unless another process changed it first, and wakes all processes.
-- KEYS: 1 limit (hash: now, version, json)  ARGV: 1 expected version  2 now  3 json  4 channel  5 account
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if version == tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'now', ARGV[2], 'version', version + 1, 'json', ARGV[3])
  redis.call('PUBLISH', ARGV[4], ARGV[5] .. ' *')
end
return redis.call('HGET', KEYS[1], 'json')
