-- Delete a session. Returns whether it existed.
-- A tombstone keeps processes that have a copy and are cut off from Redis from restoring it.
local there = redis.call('EXISTS', KEYS[1])
redis.call('UNLINK', unpack(KEYS))
redis.call('SET', KEYS[8], 1, 'PX', ARGV[1])
return there
