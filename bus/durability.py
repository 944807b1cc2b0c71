"""Whether Redis is set up so that a crash loses nothing. Proved by kill -9 (docs: durability)."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.exceptions import ResponseError

_WANTED = {
    "appendonly": ("yes", "events live in memory only and are lost when Redis stops"),
    "appendfsync": ("always", "the last second of accepted events is lost when the machine stops"),
    "maxmemory-policy": ("noeviction", "Redis may throw away accepted events when memory runs short"),
}


async def problems(redis: Redis, *, replicas: int) -> list[str]:
    """What is wrong, in words, each with the line that mends it; empty when all is well."""
    return [*await _settings(redis), *await _replication(redis, replicas)]


async def _settings(redis: Redis) -> list[str]:
    try:
        found = await redis.config_get(*_WANTED)
    except ResponseError as error:  # managed Redis: CONFIG is forbidden or renamed
        wanted = ", ".join(f"{key} {value}" for key, (value, _) in _WANTED.items())
        return [f"Redis does not show its settings ({error}): make sure at your provider that it has {wanted}"]
    return [
        f"Redis has {key} {found.get(key)}: {why}. Mend it: CONFIG SET {key} {wanted}, and the same in redis.conf"
        for key, (wanted, why) in _WANTED.items()
        if found.get(key) != wanted
    ]


async def _replication(redis: Redis, replicas: int) -> list[str]:
    info = await redis.info()
    found = []
    if int(str(info["redis_version"]).split(".")[0]) < 7:
        found.append(f"Redis {info['redis_version']} is too old: install Redis 7 or newer, or Valkey")
    if info["role"] != "master":
        found.append("REDIS_URL names a replica, which takes no events: set it to the master, or use Sentinel")
    attached = int(info.get("connected_slaves", 0))
    if attached < replicas:
        found.append(f"{replicas} replicas must confirm each event and {attached} are attached: nothing is accepted")
    if attached > 0 and replicas == 0:
        found.append(
            f"{attached} replicas are attached, but none confirms: a failover may lose events that were accepted. "
            "Mend it: wait for one replica (replicas = 1)"
        )
    return found
