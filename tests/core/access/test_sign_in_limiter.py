"""Who is wrong again and again waits for seconds; nobody waits for long, and memory is bounded."""

from core.access import sign_in_limiter as module
from core.access.sign_in_limiter import (
    FIRST_WAIT_S,
    FREE_ATTEMPTS,
    MAX_ADDRESSES,
    MAX_WAIT_S,
    RESET_AFTER_S,
    SignInLimiter,
)

HERE, THERE = "203.0.113.7", "198.51.100.9"


def tried(limiter, address, times, now_s=1000.0):
    for _ in range(times):
        limiter.record_failure(address, now_s)


def test_a_few_wrong_tries_are_free_and_then_each_makes_the_wait_longer_up_to_a_bound():
    limiter, waits = SignInLimiter(), []
    for _ in range(20):
        waits.append(limiter.wait_s(HERE, 1000.0))
        limiter.record_failure(HERE, 1000.0)
    assert waits[: FREE_ATTEMPTS + 3] == [0.0] * FREE_ATTEMPTS + [FIRST_WAIT_S, 2 * FIRST_WAIT_S, 4 * FIRST_WAIT_S]
    assert waits[-1] == MAX_WAIT_S
    assert limiter.wait_s(HERE, 1000.0 + MAX_WAIT_S) == 0.0
    assert limiter.wait_s(THERE, 1000.0) == 0.0


def test_a_right_token_and_time_make_tries_forgotten():
    limiter = SignInLimiter()
    tried(limiter, HERE, 10)
    limiter.record_success(HERE)
    assert limiter.wait_s(HERE, 1000.0) == 0.0
    tried(limiter, HERE, 10)
    tried(limiter, HERE, 1, 1001.0 + RESET_AFTER_S)
    assert limiter.wait_s(HERE, 1001.0 + RESET_AFTER_S) == 0.0


def test_addresses_of_one_network_count_together_and_odd_ones_do_no_harm():
    limiter = SignInLimiter()
    for n in range(10):
        limiter.record_failure(f"2001:db8:0:1::{n:x}", 1000.0)
    assert limiter.wait_s("2001:db8:0:1:ffff::1", 1000.0) > 0
    assert limiter.wait_s("2001:db8:0:2::1", 1000.0) == 0.0
    tried(limiter, "::ffff:203.0.113.7", 10)
    assert limiter.wait_s(HERE, 1000.0) > 0
    for odd in ("", "<local>", "x" * 100_000, "2001:db8::%eth0", "\0"):
        tried(limiter, odd, 10)
        assert limiter.wait_s(odd, 1000.0) > 0
    assert max(map(len, limiter._by_address)) <= 45


def test_memory_is_bounded_and_a_flood_is_not_logged_line_by_line():
    limiter = SignInLimiter()
    worth = [
        limiter.record_failure(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", 1000.0) for n in range(MAX_ADDRESSES + 500)
    ]
    assert len(limiter._by_address) == MAX_ADDRESSES
    assert sum(worth) == module.MAX_PER_MINUTE
    assert limiter.record_failure(HERE, 1061.0)
