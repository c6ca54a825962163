-- One process reports its permits and demand for one account; the answer is the permits it may hold from now on.
-- KEYS: 1 leases (zset: process -> end, ms of Redis TIME)  2 held (hash: process -> permits)
--       3 wants (hash: process -> JSON {session -> calls})
--       4 told (hash: process -> last answer, "#" process -> its last report's number, "=" process -> its ceiling)
--       5 turns (hash: session -> start of its turn, ms)  6 limit (hash, see adjust.lua)  7 processes (zset)
--       8 born (string: start of the settle time in which permits do not grow, ms)
-- ARGV: 1 account  2 process  3 lease ms  4 settle ms  5 ceiling  6 "1" if this process had lost Redis
--       7 held  8 JSON {session -> calls}  9 turn ms  10 channel  11 first limit, or "-": the ceiling is the limit
--       12 number of this report: a report delayed in a hung connection must not override a later one
-- A process gives up permits before it reports, so the report is accurate; this script never revokes a permit.
local leases, held_key, wants_key, told_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local turns_key, limit_key, processes, born_key = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local account, me = ARGV[1], ARGV[2]
local lease_ms, settle_ms, ceiling = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- the permits of dead processes expire
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now)) do
  redis.call('ZREM', leases, dead)
  redis.call('HDEL', held_key, dead)
  redis.call('HDEL', wants_key, dead)
  redis.call('HDEL', told_key, dead)
  redis.call('HDEL', told_key, '#' .. dead, '=' .. dead)
end
local number = tonumber(ARGV[12])
if number <= tonumber(redis.call('HGET', told_key, '#' .. me) or '0') then return {} end
redis.call('ZREMRANGEBYSCORE', processes, '-inf', now)
if redis.call('ZADD', processes, now + lease_ms, me) == 1 then -- all others count it before they lose Redis
  redis.call('PUBLISH', ARGV[10], '* *')
end

-- after Redis was emptied, or when a process reconnects, all processes report before permits grow
local born = tonumber(redis.call('GET', born_key) or '0')
if born == 0 or (ARGV[6] == '1' and now - born > settle_ms) then
  born = now
  redis.call('SET', born_key, born)
end

local mine = cjson.decode(ARGV[8])
local i_hold = tonumber(ARGV[7])
if i_hold == 0 and next(mine) == nil then
  redis.call('ZREM', leases, me)
  redis.call('HDEL', held_key, me)
  redis.call('HDEL', wants_key, me)
else
  redis.call('ZADD', leases, now + lease_ms, me)
  redis.call('HSET', held_key, me, i_hold)
  redis.call('HSET', wants_key, me, ARGV[8])
end

redis.call('HSET', told_key, '=' .. me, ceiling)
local limit = ceiling
if ARGV[11] ~= '-' then
  limit = math.min(ceiling, tonumber(redis.call('HGET', limit_key, 'now') or ARGV[11]))
end

-- demand of every session, over all processes
local held, used = {}, 0
local flat = redis.call('HGETALL', held_key)
for i = 1, #flat, 2 do
  held[flat[i]] = tonumber(flat[i + 1])
  used = used + held[flat[i]]
  -- if the settings of the processes differ, the smallest ceiling of those that use the account applies
  limit = math.min(limit, tonumber(redis.call('HGET', told_key, '=' .. flat[i]) or ceiling))
end
local total, places, names = {}, {}, {}
local wanted, crowd = 0, 0
flat = redis.call('HGETALL', wants_key)
for i = 1, #flat, 2 do
  for session, calls in pairs(cjson.decode(flat[i + 1])) do
    if total[session] == nil then
      total[session] = 0
      places[session] = {}
      names[#names + 1] = session
    end
    total[session] = total[session] + calls
    wanted = wanted + calls
    if flat[i] ~= me then crowd = 1 end
    local at = places[session]
    at[#at + 1] = {flat[i], calls}
  end
end

-- max-min fair division of `amount` among `wishes`; the remainder goes in order
local function shared(amount, wishes)
  local given, left = {}, amount
  local open = #wishes
  for i = 1, #wishes do given[i] = 0 end
  while open > 0 and left > 0 do
    local each = math.floor(left / open)
    if each == 0 then
      for i = 1, #wishes do
        if left > 0 and given[i] < wishes[i] then
          given[i] = given[i] + 1
          left = left - 1
        end
      end
      break
    end
    open = 0
    for i = 1, #wishes do
      local more = math.min(each, wishes[i] - given[i])
      given[i] = given[i] + more
      left = left - more
      if given[i] < wishes[i] then open = open + 1 end
    end
  end
  return given
end

-- order of sessions: those within their turn, then least recently served
local since = {}
flat = redis.call('HGETALL', turns_key)
for i = 1, #flat, 2 do
  if total[flat[i]] then since[flat[i]] = tonumber(flat[i + 1]) else redis.call('HDEL', turns_key, flat[i]) end
end
local turn_ms = tonumber(ARGV[9])
local function rank(session)
  local at = since[session] or 0
  if now - at < turn_ms then return -1 end
  return at
end
table.sort(names, function(a, b)
  local ra, rb = rank(a), rank(b)
  if ra ~= rb then return ra < rb end
  return a < b
end)

-- calls in the background ('~' before the session) share what the others leave
local function background(session) return string.sub(session, 1, 1) == '~' end
local wishes, shares, left = {}, {}, limit
for i, session in ipairs(names) do wishes[i] = total[session] end
for _, later in ipairs({false, true}) do
  local some, at = {}, {}
  for i, session in ipairs(names) do
    if background(session) == later then
      some[#some + 1] = wishes[i]
      at[#at + 1] = i
    end
  end
  for k, given in ipairs(shared(left, some)) do shares[at[k]] = given end
  for _, i in ipairs(at) do left = left - shares[i] end
end
local target, my_targets = {}, {}
for i, session in ipairs(names) do
  if shares[i] > 0 and shares[i] < wishes[i] and now - (since[session] or 0) >= turn_ms then
    redis.call('HSET', turns_key, session, now)
  end
  local at = places[session]
  table.sort(at, function(a, b) return a[1] < b[1] end)
  local calls = {}
  for k, place in ipairs(at) do calls[k] = place[2] end
  for k, given in ipairs(shared(shares[i], calls)) do
    local process = at[k][1]
    target[process] = (target[process] or 0) + given
    if process == me then
      my_targets[#my_targets + 1] = session
      my_targets[#my_targets + 1] = given
    end
  end
end

-- grow while permits are free
local my_target = target[me] or 0
local settled = now - born >= settle_ms
local free = limit - used
if settled and i_hold < my_target and free > 0 then
  local more = math.min(my_target - i_hold, free)
  i_hold = i_hold + more
  free = free - more
  held[me] = i_hold
  redis.call('HSET', held_key, me, i_hold)
end

-- does another process hold less than its share?
local lacking = {}
for process, share in pairs(target) do
  if (held[process] or 0) < share then lacking[#lacking + 1] = process end
end
local others = 0
for _, process in ipairs(lacking) do if process ~= me then others = 1 end end
if used > limit then others = 1 end
redis.call('HSET', told_key, me, my_target .. '/' .. others, '#' .. me, number)

-- wake the processes that may take free permits, or else those that should release some
local wake = {}
if settled and free > 0 then
  for _, process in ipairs(lacking) do if process ~= me then wake[#wake + 1] = process end end
elseif free < 0 or #lacking > 0 then
  for process, holds in pairs(held) do
    local share = target[process] or 0
    if process ~= me and holds > share and redis.call('HGET', told_key, process) ~= share .. '/1' then
      wake[#wake + 1] = process
    end
  end
end
if #wake > 0 then redis.call('PUBLISH', ARGV[10], account .. ' ' .. table.concat(wake, ' ')) end

local ttl = math.max(lease_ms * 6, 60000)
for k = 1, 5 do redis.call('PEXPIRE', KEYS[k], ttl) end
-- whether other processes may need idle permits of this one
local contended = (crowd == 1 and wanted > limit) and 1 or 0
local why = redis.call('HGET', limit_key, 'json') or ''
-- whether the number of processes is complete: idle ones report only some times per lease
local counted = now - born >= lease_ms and 1 or 0
return {i_hold, my_target, others, contended, counted, limit, why, redis.call('ZCARD', processes), my_targets}
