-- Append events. KEYS[1]: the stream. ARGV: 1 TTL in ms, 2 maximum events, 3 (type, data), …  Returns their ids.
local ids = {}
for i = 3, #ARGV, 2 do
  ids[#ids + 1] = redis.call('XADD', KEYS[1], 'MAXLEN', '=', ARGV[2] + 1, '*', 't', ARGV[i], 'd', ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return ids
