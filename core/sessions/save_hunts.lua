-- Save states of hunts, in order, and publish their events.
-- ARGV: 2 maximum events, 3 their maximum age in ms, then for each state: hunt id, number, mark, state, reply or '',
--   claimed part of the run ('': none), the claim's number, number of the following event texts, (type, data)…
-- A mark is `progress run state cost judge_cost replies unknown_costs target_cost target_unknown_costs`; costs in 1e-12
-- dollars, '-' when unknown. Earlier releases wrote marks without the last two. Where providers report cached tokens,
-- there follow `input_tokens cached_tokens saved_cost` of the target and of the judge. With second opinions, there follow
-- `confirmed contested opinions_asked votes_asked`. In an adaptive run, last, `share target`.
-- Returns {0}: no session, else {1, newest event id, result of each state…}. Results: 1: the stored state is newer,
--   2: saved, 3: the reply is missing, 4: the part has a newer claim.
local MARK = '^(%d+) (%S+) (%S+) (%S+) (%S+) (%d+) (%d+) ?([%d-]*) ?(%d*)'
  .. ' ?(%d*) ?(%d*) ?([%d-]*) ?(%d*) ?(%d*) ?([%d-]*)'
  .. ' ?(%d*) ?(%d*) ?(%d*) ?(%d*) ?(%a*) ?([%w_]*)'
local SECOND = {'confirmed', 'contested', 'opinions_asked', 'votes_asked'}
local FINISHED = {broke = true, held = true, undetermined = true, error = true}
local ROUND, DONE = 2000000, 1000000 -- as in Hunt.progress: judging again begins a new round

-- Changes of the tallies, written once for all states: most of them cancel out.
local sums = {}
local function add(run, name, amount)
  local field = run .. ' ' .. name
  sums[field] = (sums[field] or 0) + tonumber(amount)
end

local function add_cost(run, name, cost, sign)
  if cost ~= '-' then
    add(run, name .. '_n', sign .. '1')
    if cost ~= '0' then add(run, name, sign .. cost) end
  end
end

local function add_cache(run, name, input, cached, saved, sign)
  if input ~= '' and input ~= '0' then
    add(run, name .. '_input', sign .. input)
    if cached ~= '0' then add(run, name .. '_cached', sign .. cached) end
    add_cost(run, name .. '_saved', saved, sign)
  end
end

local function add_target(run, mark, sign)
  local state, share, target = mark[3], mark[20], mark[21]
  if share == '' or not FINISHED[state] then return end
  local confirmed = mark[16] ~= '' and mark[16] ~= '0'
  add(run, target .. '.finished', sign .. '1')
  if state == 'broke' then add(run, target .. '.broke', sign .. '1') end
  if confirmed then add(run, target .. '.confirmed', sign .. '1') end
  if mark[17] ~= '' and mark[17] ~= '0' then add(run, target .. '.contested', sign .. '1') end
  add_cost(run, target .. '.cost', mark[8], sign)
  if share == 'adaptive' then
    add(run, 'adaptive_finished', sign .. '1')
    if state == 'broke' or state == 'held' then add(run, 'adaptive_' .. state, sign .. '1') end
    if confirmed then add(run, 'adaptive_confirmed', sign .. '1') end
  end
end

local function tally(mark, sign)
  local run = mark[2]
  add(run, mark[3], sign .. '1')
  add_cost(run, 'cost', mark[4], sign)
  add_cost(run, 'judge', mark[5], sign)
  if mark[6] ~= '0' then add(run, 'replies', sign .. mark[6]) end
  if mark[7] ~= '0' then add(run, 'unknown', sign .. mark[7]) end
  if mark[8] ~= '' then
    add_cost(run, 'target', mark[8], sign)
    if mark[9] ~= '0' then add(run, 'target_unknown', sign .. mark[9]) end
  end
  add_cache(run, 'target', mark[10], mark[11], mark[12], sign)
  add_cache(run, 'judge', mark[13], mark[14], mark[15], sign)
  for i, name in ipairs(SECOND) do
    local amount = mark[15 + i]
    if amount ~= '' and amount ~= '0' then add(run, name, sign .. amount) end
  end
  add_target(run, mark, sign)
end

-- Save the state whose arguments begin at `i`. Returns its result.
local function save(i)
  local id, number, mark, state, reply = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  if ARGV[i + 5] ~= '' and not fenced(ARGV[i + 5], ARGV[i + 6]) then return 4 end
  local now = {string.match(mark, MARK)}
  local before = redis.call('HGET', KEYS[3], id)
  local was = before and {string.match(before, MARK)}
  local far = was and tonumber(was[1])
  if was and (far > tonumber(now[1]) or (far == tonumber(now[1]) and far % ROUND >= DONE)) then return 1 end
  if now[6] ~= '0' and reply == '' and redis.call('HEXISTS', KEYS[4], id) == 0 then return 3 end

  redis.call('HSET', KEYS[3], id, mark .. '\n' .. state)
  if reply ~= '' then redis.call('HSET', KEYS[4], id, reply) end
  if not was then redis.call('ZADD', KEYS[5], number, id) end
  if not was or string.match(before, '^%d+([^\n]*)') ~= string.match(mark, '^%d+(.*)$') then
    if was then tally(was, '-') end
    tally(now, '')
  end
  return 2
end

if redis.call('EXISTS', KEYS[1]) == 0 then return {0} end
local answer, last, i = {1, ''}, '', 4
while i <= #ARGV do
  local events = tonumber(ARGV[i + 7])
  local result = save(i)
  answer[#answer + 1] = result
  if result == 2 and events > 0 then last = append(tonumber(ARGV[2]), i + 8, i + 7 + events) end
  i = i + 8 + events
end
for field, amount in pairs(sums) do
  if amount ~= 0 then redis.call('HINCRBY', KEYS[6], field, string.format('%.0f', amount)) end
end
if last ~= '' then trim(tonumber(ARGV[3])) end
renew()
answer[2] = last
return answer
