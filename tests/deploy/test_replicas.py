"""Replicas behind nginx: killed, ended and started while clients ask, and nobody notices."""

import asyncio

import httpx
import pytest

from tests.deploy.hammering import hammering
from tests.deploy.replicas import ADDRESSES, open_stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
FIRST, SECOND, THIRD = ADDRESSES
IN_MID_ANSWER = 2
HEALTH = ("GET", "/api/health", None)
OPEN = ("POST", "/api/sessions", {"example": "word-budget"})


async def answering(address):
    """The instance that answers one admin status."""
    async with httpx.AsyncClient(base_url=address, timeout=20) as http:
        return (await http.get("/api/admin/status")).json()["instance"]


async def until_all_answer(address, wanted):
    seen = set()
    async with asyncio.timeout(30):
        while seen != wanted:
            seen.add(await answering(address))
            assert seen <= wanted
    return seen


async def test_a_replica_that_is_killed_costs_no_safe_request(tmp_path):
    async with open_stack(tmp_path, FIRST, SECOND) as stack:
        await until_all_answer(stack.edge.address, {"replica-1", "replica-2"})
        async with hammering(stack.edge.address, HEALTH, clients=8) as asked:
            await reached(asked, "GET", 100)
            await stack.kill(FIRST)
            await reached(asked, "GET", asked.answers["GET", 200] + 300)
        assert asked.failed() == {}
        # An answer that had begun cannot be taken back; everything else was asked of the other replica.
        assert len(asked.broken) <= IN_MID_ANSWER
        assert all("without sending complete message body" in why for why in asked.broken), asked.broken
        assert f'"upstream":"{FIRST}:{stack.port}, {SECOND}:{stack.port}"' in stack.edge.log()
        assert await answering(stack.edge.address) == "replica-2"


async def test_a_replica_that_comes_is_found_and_one_that_went_is_forgotten_without_a_reload(tmp_path):
    async with open_stack(tmp_path, FIRST) as stack:
        assert await answering(stack.edge.address) == "replica-1"
        await stack.start(SECOND)
        await until_all_answer(stack.edge.address, {"replica-1", "replica-2"})
        assert await stack.end(FIRST) == 0
        assert {await answering(stack.edge.address) for _ in range(10)} == {"replica-2"}


@pytest.mark.long  # test_zero_downtime has the same and more, under work
async def test_replicas_are_replaced_one_after_the_other_and_no_request_fails(tmp_path):
    async with open_stack(tmp_path, FIRST, SECOND) as stack:
        async with hammering(stack.edge.address, HEALTH, OPEN, clients=4) as asked:
            for old, new in ((FIRST, THIRD), (SECOND, FIRST), (THIRD, SECOND)):
                await stack.start(new)
                assert await stack.end(old) == 0
        assert (asked.failed(), asked.broken) == ({}, [])
        assert asked.answers["POST", 201] > 100
        assert all("Traceback" not in replica.said() for replica in stack.replicas.values())


async def reached(asked, method, times):
    async with asyncio.timeout(60):
        while asked.answers[method, 200] < times:
            await asyncio.sleep(0.02)
