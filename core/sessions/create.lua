-- Create a session. ARGV: 2 version, 3 head, 4 notebook, 5 '1' to restore a session that Redis lost.
-- Returns 1, 0 if the id already exists, 2 if the session to restore was deleted.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if ARGV[5] == '1' and redis.call('EXISTS', KEYS[8]) == 1 then return 2 end
redis.call('UNLINK', KEYS[8], KEYS[9], unpack(KEYS, 2, 6))
redis.call('HSET', KEYS[1], 'v', ARGV[2], 'j', ARGV[3])
redis.call('SET', KEYS[2], ARGV[4])
renew()
return 1
