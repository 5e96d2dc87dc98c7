"""What Redis does in one step, in its own language: all keys are of one tenant, share a hash tag, and so a slot."""

__all__ = ["PURGE", "PUT", "REWRAP", "UNLINK"]

_NOW = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
"""

# KEYS: the tenant's sessions, the scope's index by expiry, a subject's links if there is one, entries.
# ARGV: the session, milliseconds to keep (0: for ever), most entries, the first entry's place in KEYS, and of each
# entry its id and its bytes.
PUT = f"""{_NOW}
local sessions, index, first = KEYS[1], KEYS[2], tonumber(ARGV[4])
local session, ttl, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local new, size = 0, redis.call('ZCARD', index) - redis.call('ZCOUNT', index, '-inf', now)
for at = first, #KEYS do new = new + 1 - redis.call('EXISTS', KEYS[at]) end
if new > 0 and size + new > most then return redis.error_reply('FULL') end
local stands = {{}}
for at = first, #KEYS do
    local id, sealed = ARGV[5 + 2 * (at - first)], ARGV[6 + 2 * (at - first)]
    local known = redis.call('GET', KEYS[at])
    if ttl > 0 then
        redis.call('SET', KEYS[at], known or sealed, 'PX', ttl)
        redis.call('ZADD', index, now + ttl, id)
    elseif not known then
        redis.call('SET', KEYS[at], sealed)
        redis.call('ZADD', index, '+inf', id)
    end
    if first > 3 then redis.call('SADD', KEYS[3], KEYS[at]) end
    stands[#stands + 1] = known or sealed
end
redis.call('SADD', sessions, session)
redis.call('ZREMRANGEBYSCORE', index, '-inf', now) -- last: behind a first write, Redis no longer heeds its maxmemory
return stands
"""
REWRAP = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end"
PURGE = f"""{_NOW}
local gone = redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[1]) end
return gone
"""
UNLINK = """
for at = 2, #KEYS do
    if redis.call('EXISTS', KEYS[at]) == 0 then redis.call('SREM', KEYS[1], KEYS[at]) end
end
"""
