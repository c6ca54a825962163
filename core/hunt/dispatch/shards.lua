-- The parts of one job and who works on them, by Redis TIME.
-- KEYS: 1 parts (hash: "d:<part>" done, "c:<part>" = "<end ms> <process>", "stop", "lead" = process)
-- ARGV: 1 what  2 process  3 lease ms  4 lifetime ms  5 number of parts, or -1  6... parts that are the caller's
-- what: next · renew · done · release · stop
local key, what, me = KEYS[1], ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = string.format('%d %s', now + tonumber(ARGV[3]), me)

local function owner(part)
  local claim = redis.call('HGET', key, 'c:' .. part)
  if not claim then return nil end
  local until_ms, process = string.match(claim, '^(%d+) (.*)$')
  if tonumber(until_ms) <= now then return nil end
  return process
end

local mine, lost = {}, {}
for i = 6, #ARGV do
  local part = ARGV[i]
  mine[part] = true
  if what == 'done' then
    redis.call('HSET', key, 'd:' .. part, 1)
    redis.call('HDEL', key, 'c:' .. part)
  elseif what == 'release' then
    if owner(part) == me then redis.call('HDEL', key, 'c:' .. part) end
  elseif what == 'renew' or what == 'next' then
    local who = owner(part)
    if who == nil or who == me then
      redis.call('HSET', key, 'c:' .. part, ends)
    else
      lost[#lost + 1] = tonumber(part)
    end
  end
end
if what == 'stop' then redis.call('HSET', key, 'stop', 1) end

-- the lead goes on alone when Redis goes away: one who is at work, or whoever asks when nobody is
local parts = tonumber(ARGV[5])
local taken, finished, free = {}, {}, -1
local lead = redis.call('HGET', key, 'lead')
local lead_lives = lead == me
for part = 0, parts - 1 do
  if redis.call('HEXISTS', key, 'd:' .. part) == 1 then
    finished[#finished + 1] = part
  else
    local who = owner(part)
    if who == lead then lead_lives = true end
    if who ~= nil and who ~= me then
      taken[#taken + 1] = part
    elseif free < 0 and not mine[tostring(part)] then
      free = part
    end
  end
end
local ended = redis.call('HEXISTS', key, 'd:' .. parts) == 1
local given = -2
if what == 'next' then
  if not lead_lives then
    redis.call('HSET', key, 'lead', me)
    lead = me
  end
  if ended then
    given = -1
  elseif free >= 0 then
    given = free
  elseif #finished == parts and not mine[tostring(parts)] then
    local who = owner(parts)
    if who == nil or who == me then given = parts end
  end
  if given >= 0 then redis.call('HSET', key, 'c:' .. given, ends) end
end
if redis.call('EXISTS', key) == 1 then redis.call('PEXPIRE', key, ARGV[4]) end
return {given, redis.call('HEXISTS', key, 'stop'), lead == me and 1 or 0, lost, taken, finished}
