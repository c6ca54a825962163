-- The parts of one job and their owners, by Redis TIME. Every claim has a fencing number that only grows: a request
-- with an older number than the part's last claim has no effect (decision record 0070).
-- KEYS: 1 parts (hash: "d:<part>" done, "c:<part>" = "<end ms> <process>", "f:<part>" fencing number of its last claim, "fence"
--       the last number issued, "stop", "lead" = process, "name" of this record, "seen" the last call in ms,
--       "born" start of settling, in ms)
-- ARGV: 1 command  2 process  3 lease ms  4 lifetime ms  5 number of parts, or -1  6 deadline (ms of Redis TIME), or 0
--       7 quiet ms  8 settle ms  9 '1' when the job is not new  10 ms since the process started
--       11... part, fencing number (0: claimed without Redis) of every part that the caller owns
-- command: next · renew · done · release · stop
local key, what, me = KEYS[1], ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local void_after = tonumber(ARGV[6])
-- the caller has given up by now; `done` and `stop` remain valid
if void_after > 0 and now > void_after and what ~= 'done' and what ~= 'stop' then return {-3, now} end
local ends = string.format('%d %s', now + tonumber(ARGV[3]), me)

-- When Redis lost the job, or was unreachable for long, its workers report first: while the job settles, expired
-- claims stay valid and no part is given out.
local name = redis.call('HGET', key, 'name')
local seen = tonumber(redis.call('HGET', key, 'seen') or '0')
local born = tonumber(redis.call('HGET', key, 'born') or '0')
if not name then
  if redis.call('EXISTS', key) == 0 and ARGV[9] == '1' then born = now end
  name = string.format('%.0f', time[1] * 1000000 + time[2])
elseif now - seen > tonumber(ARGV[7]) and tonumber(ARGV[10]) > now - seen then
  born = now
end
redis.call('HSET', key, 'name', name, 'seen', now, 'born', born)
local settling = now - born < tonumber(ARGV[8])

local function owner(part)
  local claim = redis.call('HGET', key, 'c:' .. part)
  if not claim then return nil end
  local until_ms, process = string.match(claim, '^(%d+) (.*)$')
  if tonumber(until_ms) <= now and not settling then return nil end
  return process
end

local function last_fence(part) return tonumber(redis.call('HGET', key, 'f:' .. part) or '0') end

local fences = {}
local function claim(part, fence)
  local newest = tonumber(redis.call('HGET', key, 'fence') or '0')
  if fence == 0 then fence = math.max(newest + 1, now) end
  if fence > newest then redis.call('HSET', key, 'fence', string.format('%.0f', fence)) end
  redis.call('HSET', key, 'c:' .. part, ends, 'f:' .. part, string.format('%.0f', fence))
  fences[#fences + 1] = tonumber(part)
  fences[#fences + 1] = fence
end

local mine, lost = {}, {}
for i = 11, #ARGV, 2 do
  local part, fence = ARGV[i], tonumber(ARGV[i + 1])
  local overtaken = fence > 0 and last_fence(part) > fence
  mine[part] = true
  if what == 'done' then
    if not overtaken then
      redis.call('HSET', key, 'd:' .. part, 1)
      redis.call('HDEL', key, 'c:' .. part)
    end
  elseif what == 'release' then
    if not overtaken and owner(part) == me then redis.call('HDEL', key, 'c:' .. part) end
  elseif what == 'renew' or what == 'next' then
    local who = owner(part)
    if overtaken or (who ~= nil and who ~= me) or redis.call('HEXISTS', key, 'd:' .. part) == 1 then
      lost[#lost + 1] = tonumber(part)
    else
      claim(part, fence)
    end
  end
end
if what == 'stop' then redis.call('HSET', key, 'stop', 1) end

-- the lead continues alone when Redis is unavailable: a process that owns a part, else the next caller
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
  elseif settling then
    given = -2
  elseif free >= 0 then
    given = free
  elseif #finished == parts and not mine[tostring(parts)] then
    local who = owner(parts)
    if who == nil or who == me then given = parts end
  end
  if given >= 0 then claim(given, 0) end
end
redis.call('PEXPIRE', key, ARGV[4])
local stop = redis.call('HEXISTS', key, 'stop')
return {given, now, stop, lead == me and 1 or 0, lost, taken, finished, name, fences}
