-- Read how far a session is, without renewing it. Returns {} without one, else {version, hunt id, progress, …}.
local version = redis.call('HGET', KEYS[1], 'v')
if not version then return {} end
local answer = {version}
local hunts = redis.call('HGETALL', KEYS[3])
for i = 1, #hunts, 2 do
  answer[#answer + 1] = hunts[i]
  answer[#answer + 1] = string.match(hunts[i + 1], '^(%d+) ')
end
return answer
