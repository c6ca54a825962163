-- Restore a session from keys of its own. KEYS: 1 to 9 as ever, 10 to 18 the same of the copy.
-- ARGV: 2 type and 3 data of the event that makes readers of earlier events reload.
-- Returns 1, 0 if the session is there, 2 if it was deleted.
local answer = 1
if redis.call('EXISTS', KEYS[1]) == 1 then answer = 0 end
if answer == 1 and redis.call('EXISTS', KEYS[8]) == 1 then answer = 2 end
if answer == 1 then
  redis.call('UNLINK', KEYS[9], unpack(KEYS, 2, 7))
  for i = 1, 7 do
    if redis.call('EXISTS', KEYS[9 + i]) == 1 then redis.call('RENAME', KEYS[9 + i], KEYS[i]) end
  end
  local now = redis.call('TIME')
  local id = string.format('%.0f-0', now[1] * 1000 + math.floor(now[2] / 1000))
  redis.call('XADD', KEYS[7], id, 't', ARGV[2], 'd', ARGV[3], 'g', 1)
  redis.call('XSETID', KEYS[7], id, 'ENTRIESADDED', 2, 'MAXDELETEDID', '0-0')
  renew()
end
redis.call('UNLINK', unpack(KEYS, 10, 18))
return answer
