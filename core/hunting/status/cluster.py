"""Lists the processes that share a Redis. Each one sends a heartbeat; a process without one expires.

The heartbeat also renews the secret that all processes share, so that an idempotency key maps to the same session
everywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import structlog

from core.errors import RedisAway
from core.redis.client import RedisClients, with_deadline
from core.redis.keys import INSTANCES, SECRET, instance_key
from core.settings import HuntingSettings
from core.status import InstanceStatus, LimitConflict, Totals
from core.supervise import running

log = structlog.get_logger(__name__)


def totals(instances: tuple[InstanceStatus, ...]) -> Totals:
    names = [name for name in Totals.model_fields if name != "instances"]
    sums = {name: sum(getattr(one, name) for one in instances) for name in names}
    return Totals(instances=len(instances), **sums)


def limit_conflicts(instances: Iterable[InstanceStatus]) -> tuple[LimitConflict, ...]:
    by_account: dict[str, dict[str, int]] = {}
    for one in instances:
        for account, limit in one.limits.items():
            by_account.setdefault(account, {})[one.instance] = limit
    return tuple(
        LimitConflict(account=account, limits=limits)
        for account, limits in sorted(by_account.items())
        if len(set(limits.values())) > 1
    )


class Cluster:
    """The processes that share a Redis; without Redis, this one alone."""

    def __init__(
        self, process: str, secret: bytes, redis: RedisClients | None, settings: HuntingSettings, timeout_s: float
    ) -> None:
        """`secret`: used until Redis has one, or always if it is configured. `timeout_s`: timeout of Redis commands."""
        self.secret = secret
        self._process = process
        self._redis = redis
        self._settings = settings
        self._timeout_s = timeout_s
        self._own = bool(settings.idempotency_secret)
        self._others: tuple[InstanceStatus, ...] = ()
        self._conflicts: tuple[LimitConflict, ...] = ()

    def instances(self, here: InstanceStatus) -> tuple[InstanceStatus, ...]:
        """Return this process's current status and the last known status of the others, by name."""
        return tuple(sorted((here, *self._others), key=lambda one: one.instance))

    async def share_secret(self) -> None:
        """Load the shared secret, or store ours if there is none. Raises RedisAway."""
        if self._redis is None or self._own:
            return
        async with with_deadline(self._timeout_s):
            await self._redis.commands.set(SECRET, self.secret.hex(), nx=True)
            shared = await self._redis.commands.get(SECRET)
        if shared is not None:
            self.secret = bytes.fromhex(_text(shared))

    async def keep(self, here: Callable[[], InstanceStatus]) -> None:
        """Send a heartbeat at every interval, until cancelled by the owner."""
        while True:
            try:
                own = here()
                await self._publish(own)
                self._warn_of_conflicts(own)
            except RedisAway as error:
                self._others = ()
                log.debug("cluster.unavailable", reason=error.message)
            await asyncio.sleep(self._settings.heartbeat_s)

    async def leave(self) -> None:
        """Remove this process from the cluster at once, instead of after `instance_ttl_s`."""
        if self._redis is not None:
            async with with_deadline(self._timeout_s):
                await self._redis.commands.delete(instance_key(self._process))
                await self._redis.commands.zrem(INSTANCES, self._process)

    def _warn_of_conflicts(self, here: InstanceStatus) -> None:
        """Warn once per conflict. A deploy that changes a limit causes one while old and new processes overlap."""
        conflicts = limit_conflicts(self.instances(here))
        for conflict in conflicts:
            if conflict not in self._conflicts:
                log.warning("cluster.limit_conflict", account=conflict.account, limits=conflict.limits)
        self._conflicts = conflicts

    async def _publish(self, here: InstanceStatus) -> None:
        """Publish our status, renew the shared secret and read what the others published."""
        if self._redis is None:
            return
        redis, life_ms = self._redis.commands, int(self._settings.instance_ttl_s * 1000)
        async with with_deadline(self._timeout_s):
            async with redis.pipeline(transaction=False) as pipe:
                pipe.set(instance_key(self._process), here.model_dump_json(), px=life_ms)
                pipe.zadd(INSTANCES, {self._process: here.last_seen.timestamp()})
                pipe.zrange(INSTANCES, 0, -1)
                if not self._own:
                    pipe.set(SECRET, self.secret.hex(), nx=True)
                    pipe.get(SECRET)
                _, _, found, *secret = await pipe.execute()
            if secret and secret[-1] is not None:
                self.secret = bytes.fromhex(_text(secret[-1]))
            names = [name for name in map(_text, found) if name != self._process]
            stored = await redis.mget([instance_key(name) for name in names]) if names else []
            if gone := [name for name, text in zip(names, stored, strict=True) if text is None]:
                await redis.zrem(INSTANCES, *gone)
        self._others = tuple(one for text in stored if text and (one := _read(text)) is not None)


def _text(value: object) -> str:
    """Decode a Redis value. The clients return bytes, but are typed as returning anything."""
    return value.decode() if isinstance(value, bytes) else str(value)


def _read(text: bytes | str) -> InstanceStatus | None:
    """Parse a status; None, with a warning, if a process of another version wrote it in another format."""
    try:
        return InstanceStatus.model_validate_json(text, extra="ignore")
    except ValueError as error:
        log.warning("cluster.unreadable_status", reason=str(error)[:200])
        return None


@asynccontextmanager
async def open_cluster(
    cluster: Cluster, here: Callable[[], InstanceStatus], on_bug: Callable[[BaseException], None]
) -> AsyncIterator[None]:
    """Send heartbeats until the block ends."""
    try:
        async with running(on_bug, cluster_heartbeat=lambda: cluster.keep(here)):
            yield
    finally:
        with contextlib.suppress(RedisAway):  # the entry expires on its own
            await cluster.leave()
