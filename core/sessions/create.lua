-- Keep a new session. ARGV: 2 version, 3 head, 4 notebook, 5 '1' when it is brought back.
-- Answers 1, or 0 when one of that id is there already, or 2 when what is brought back was deleted meanwhile.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if ARGV[5] == '1' and redis.call('EXISTS', KEYS[8]) == 1 then return 2 end
redis.call('UNLINK', KEYS[8], KEYS[9], unpack(KEYS, 2, 6))
redis.call('HSET', KEYS[1], 'v', ARGV[2], 'j', ARGV[3])
redis.call('SET', KEYS[2], ARGV[4])
renew()
return 1
