-- SPDX-License-Identifier: EUPL-1.2
-- The whole post in one script, which Redis runs alone: a signal, notices to all who know the child,
-- and an entry of a log with the SHA-1 of the one before. ARGV: a random number, which says the child
-- and the party; how many children are known; of how many posts in a hundred one of them is.
local number = tonumber(ARGV[1])
local children = tonumber(ARGV[2])
local party = number % 64
local child = 'new:' .. ARGV[1]
if math.floor(number / 64) % 100 < tonumber(ARGV[3]) then
    child = tostring((number * 7919) % children)
end
local id = redis.call('INCR', 'signals')
local others = redis.call('SMEMBERS', 'child:' .. child)
redis.call('HSET', 'signal:' .. id, 'child', child, 'party', party, 'professional', 'bench',
    'reported', number)
redis.call('SADD', 'child:' .. child, party .. ':' .. id)
if #others > 0 then
    others[#others + 1] = party .. ':' .. id
    for _, other in ipairs(others) do
        redis.call('RPUSH', 'inbox:' .. string.match(other, '^%d+'), other .. ':' .. id)
    end
end
local entry = party .. ':post:' .. child .. ':' .. #others
local hash = redis.sha1hex((redis.call('GET', 'head') or '') .. entry)
redis.call('SET', 'head', hash)
redis.call('RPUSH', 'log', hash .. ':' .. entry)
return #others
