-- Read one hunt (ARGV[2]: its id), or the notebook (''). Returns {0} without a session, else {1, …}.
if redis.call('EXISTS', KEYS[1]) == 0 then return {0} end
renew()
if ARGV[2] == '' then return {1, redis.call('GET', KEYS[2]) or ''} end
return {1, redis.call('HGET', KEYS[3], ARGV[2]) or '', redis.call('HGET', KEYS[4], ARGV[2]) or ''}
