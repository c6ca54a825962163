-- Remove all of a session. Answers whether it was there.
-- That it was deleted is remembered, for processes that know it from before and cannot hear of it now.
local there = redis.call('EXISTS', KEYS[1])
redis.call('UNLINK', unpack(KEYS))
redis.call('SET', KEYS[8], 1, 'PX', ARGV[1])
return there
