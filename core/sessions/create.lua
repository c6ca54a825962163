-- Keep a new session. ARGV: 2 version, 3 head, 4 notebook. Answers 1, or 0 when one of that id is there already.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('UNLINK', unpack(KEYS, 2, 6))
redis.call('HSET', KEYS[1], 'v', ARGV[2], 'j', ARGV[3])
redis.call('SET', KEYS[2], ARGV[4])
renew()
return 1
