"""The contract of the session store, for every implementation (and core.sessions.redis_copy)."""

import asyncio

import pytest

from core.domain.chat import Reply, Usage
from core.domain.confirmation import Confirmation
from core.domain.events import EventDraft, EventType
from core.domain.hunt import CacheUse, HuntStatus, Judging
from core.domain.run import Counts, Tally
from core.domain.session import Selection
from core.domain.verdict import Outcome
from core.errors import Busy, Conflict, NotFound
from core.eventlog.base import TooFarBehind
from core.sessions.base import Claim, Saved
from core.sessions.codec import mark
from tests.backends import opened
from tests.builders import NOW, a_finished_hunt, a_hunt, a_run, a_session

DRAFT = EventDraft(EventType.SESSION, "{}")


@pytest.fixture(params=["memory", "redis"])
async def kept(request):
    async with opened(request, max_sessions=3) as backend:
        yield backend


async def test_an_unknown_session_is_not_found(kept):
    for use in (kept.store.read, kept.store.counts, kept.store.notebook, kept.store.delete, kept.store.hunts):
        with pytest.raises(NotFound) as missing:
            await use("s_nobody")
        assert missing.value.code == "no_session"


async def test_a_created_session_is_read_back(kept):
    session = a_session()
    await kept.store.create(session, b"notebook")
    assert await kept.store.read("s_one") == session
    assert await kept.store.notebook("s_one") == b"notebook"
    assert await kept.store.count() == 1


async def test_a_change_increments_the_version_and_publishes_its_events_atomically(kept):
    await kept.store.create(a_session(), b"")
    changed = await kept.store.change(
        "s_one", lambda s: s.model_copy(update={"name": "new.ipynb"}), events=lambda s: (DRAFT,)
    )
    assert (changed.version, changed.name) == (2, "new.ipynb")
    assert [e.type for e in await kept.log.read("s_one", "0-0", 10)] == [EventType.SESSION]


async def test_a_change_without_effect_publishes_nothing(kept):
    await kept.store.create(a_session(), b"")
    same = await kept.store.change("s_one", lambda s: s, events=lambda s: (DRAFT,))
    assert same.version == 1
    assert await kept.log.read("s_one", "0-0", 10) == ()


async def test_an_edit_of_an_old_version_conflicts_and_reports_the_current_one(kept):
    await kept.store.create(a_session(), b"")
    await kept.store.change("s_one", lambda s: s.model_copy(update={"name": "b"}), expected_version=1)
    with pytest.raises(Conflict) as conflict:
        await kept.store.change("s_one", lambda s: s.model_copy(update={"name": "c"}), expected_version=1)
    assert conflict.value.details == {"version": 2}


async def test_a_change_that_raises_writes_nothing(kept):
    def fail(_session):
        raise Conflict("no")

    await kept.store.create(a_session(), b"")
    with pytest.raises(Conflict):
        await kept.store.change("s_one", fail)
    assert (await kept.store.read("s_one")).version == 1


async def test_a_finished_hunt_is_never_overwritten(kept):
    await kept.store.create(a_session(runs=(a_run(),)), b"")
    await kept.store.save_hunt("s_one", a_hunt(status=HuntStatus.CALLING), (DRAFT,))
    await kept.store.save_hunt("s_one", a_finished_hunt(), (DRAFT,))
    await kept.store.save_hunt("s_one", a_hunt(status=HuntStatus.CALLING), (DRAFT,))
    assert await kept.store.hunt("s_one", "r_one.1") == a_finished_hunt()
    assert len(await kept.log.read("s_one", "0-0", 10)) == 2


async def test_pages_list_hunts_by_number_regardless_of_save_order(kept):
    await kept.store.create(a_session(), b"")
    for number in (3, 1, 5, 2, 4):
        await kept.store.save_hunt("s_one", a_hunt(number))
    first = await kept.store.hunts("s_one", limit=2)
    assert ([h.number for h in first.hunts], first.next) == ([1, 2], 2)
    rest = await kept.store.hunts("s_one", after=2, limit=10)
    assert ([h.number for h in rest.hunts], rest.next) == ([3, 4, 5], None)
    assert (await kept.store.hunts("s_one", run_id="r_other")).hunts == ()


async def test_counts_follow_the_hunts(kept):
    await kept.store.create(a_session(runs=(a_run(hunts=3),)), b"")
    assert await kept.store.counts("s_one") == {"r_one": Counts(total=3, queued=3)}
    await kept.store.save_hunt("s_one", a_finished_hunt())
    counts = (await kept.store.counts("s_one"))["r_one"]
    assert (counts.queued, counts.broke) == (2, 1)


async def test_a_session_expires_completely_two_hours_after_its_last_use(kept):
    await kept.store.create(a_session(), b"")
    await kept.store.publish("s_one", (DRAFT,))
    await kept.pass_time(7199)
    await kept.store.read("s_one")
    await kept.pass_time(7199)
    await kept.store.read("s_one")
    await kept.pass_time(7200)
    with pytest.raises(NotFound):
        await kept.store.read("s_one")
    assert await kept.log.last_id("s_one") == "0-0"
    assert await kept.store.count() == 0


@pytest.mark.parametrize("kept", ["memory"], indirect=True)
async def test_sessions_above_the_maximum_are_refused_until_others_expire(kept):
    for n in range(3):
        await kept.store.create(a_session(session_id=f"s_{n}"), b"")
    with pytest.raises(Busy):
        await kept.store.create(a_session(session_id="s_more"), b"")
    await kept.pass_time(7201)
    await kept.store.create(a_session(session_id="s_more"), b"")
    assert await kept.store.count() == 1


@pytest.mark.parametrize("kept", ["memory"], indirect=True)
async def test_one_owner_cannot_use_all_sessions(kept):
    for n in range(2):
        await kept.store.create(a_session(session_id=f"s_{n}", owner="alice"), b"")
    with pytest.raises(Busy) as refused:
        await kept.store.create(a_session(session_id="s_more", owner="alice"), b"")
    assert (refused.value.code, "alice already has 2 open sessions" in refused.value.message) == ("share_used_up", True)
    await kept.store.create(a_session(session_id="s_bob", owner="bob"), b"")
    await kept.store.delete("s_0")
    await kept.store.create(a_session(session_id="s_more", owner="alice"), b"")
    await kept.pass_time(7201)
    for n in range(2):
        await kept.store.create(a_session(session_id=f"s_later_{n}", owner="alice"), b"")


@pytest.mark.parametrize("kept", ["memory"], indirect=True)
async def test_sessions_without_an_owner_have_no_share(kept):
    for n in range(3):
        await kept.store.create(a_session(session_id=f"s_{n}"), b"")
    assert await kept.store.count() == 3


async def test_a_deleted_session_is_gone_with_its_events(kept):
    await kept.store.create(a_session(), b"")
    await kept.store.publish("s_one", (DRAFT,))
    await kept.store.delete("s_one")
    with pytest.raises(NotFound):
        await kept.store.read("s_one")
    assert await kept.log.last_id("s_one") == "0-0"


async def test_a_copy_of_a_session_is_restored_after_it_has_expired(kept):
    session = a_session(runs=(a_run(hunts=3),), version=7)
    hunts = (a_finished_hunt(), a_hunt(2, status=HuntStatus.JUDGING, reply=Reply(text="r", cost_usd=0.5)))
    await kept.store.create(session, b"notebook")
    for hunt in hunts:
        await kept.store.save_hunt("s_one", hunt, (DRAFT,))
    counts, copy = await kept.store.counts("s_one"), await kept.second.copy("s_one")
    assert (copy.session, copy.notebook, sorted(copy.hunts, key=lambda h: h.number)) == (session, b"notebook", [*hunts])
    await kept.pass_time(7201)
    assert await kept.second.restore(copy)
    assert await kept.store.read("s_one") == session
    assert await kept.store.notebook("s_one") == b"notebook"
    assert (await kept.store.hunts("s_one")).hunts == hunts
    assert await kept.store.counts("s_one") == counts
    assert await kept.store.count() == 1
    changed = await kept.store.change("s_one", lambda s: s.model_copy(update={"name": "later"}))
    assert changed.version == 8


async def test_readers_of_events_from_before_a_restoration_reload(kept):
    await kept.store.create(a_session(), b"")
    await kept.store.publish("s_one", (DRAFT,))
    copy, earlier = await kept.store.copy("s_one"), await kept.log.last_id("s_one")
    await kept.pass_time(7201)
    await kept.store.restore(copy)
    with pytest.raises(TooFarBehind):
        await kept.log.read("s_one", earlier, 10)
    newest = await kept.log.last_id("s_one")
    await kept.store.publish("s_one", (DRAFT,))
    assert len(await kept.log.read("s_one", newest, 10)) == 1


async def test_only_one_of_several_restorations_wins_and_none_replaces_a_live_session(kept):
    await kept.store.create(a_session(), b"")
    copy = await kept.store.copy("s_one")
    await kept.pass_time(7201)
    won = await asyncio.gather(*(store.restore(copy) for store in (kept.store, kept.second) * 3))
    assert sum(won) == 1
    await kept.store.change("s_one", lambda s: s.model_copy(update={"name": "newer"}))
    assert not await kept.second.restore(copy)
    assert (await kept.second.read("s_one")).name == "newer"


@pytest.mark.parametrize("kept", ["redis"], indirect=True)
async def test_a_session_that_was_deleted_is_not_restored(kept):
    await kept.store.create(a_session(), b"")
    copy = await kept.store.copy("s_one")
    await kept.store.delete("s_one")
    with pytest.raises(NotFound):
        await kept.second.restore(copy)
    with pytest.raises(NotFound):
        await kept.store.copy("s_one")
    assert [key async for key in kept.redis.scan_iter("*restoring*")] == []


async def test_a_duplicate_session_id_is_refused(kept):
    await kept.store.create(a_session(), b"first")
    with pytest.raises(Conflict) as refused:
        await kept.store.create(a_session(name="other"), b"second")
    assert refused.value.code == "session_exists"
    assert await kept.store.notebook("s_one") == b"first"


async def test_concurrent_writers_lose_no_change(kept):
    await kept.store.create(a_session(), b"")

    async def add(n: int, store) -> None:
        for _ in range(5):
            await store.change("s_one", lambda s: s.model_copy(update={"attempts_before": s.attempts_before + n}))

    await asyncio.gather(add(1, kept.store), add(100, kept.second), add(10_000, kept.store))
    session = await kept.store.read("s_one")
    assert (session.attempts_before, session.version) == (50_505, 16)
    assert await kept.second.read("s_one") == session


async def test_a_state_with_less_progress_never_replaces_one_with_more(kept):
    await kept.store.create(a_session(runs=(a_run(),)), b"")
    judging = a_finished_hunt().model_copy(update={"status": HuntStatus.JUDGING, "outcome": None})
    await kept.store.save_hunt("s_one", judging, (DRAFT,))
    for older in (judging.model_copy(update={"verdicts": judging.verdicts[:1]}), a_hunt(status=HuntStatus.CALLING)):
        await kept.second.save_hunt("s_one", older, (DRAFT,))
    assert await kept.store.hunt("s_one", "r_one.1") == judging
    assert len(await kept.log.read("s_one", "0-0", 10)) == 1
    counts = (await kept.store.counts("s_one"))["r_one"]
    assert (counts.judging, counts.replies, counts.queued) == (1, 1, 3)


async def test_counts_do_not_depend_on_the_order_of_states(kept):
    await kept.store.create(a_session(runs=(a_run(hunts=9), a_run(run_id="r_two", hunts=2, first_number=10))), b"")
    ended = [a_finished_hunt(1), a_finished_hunt(2, Outcome.HELD), a_hunt(3, status=HuntStatus.DONE, outcome="error")]
    unknown = a_finished_hunt(4, reply=Reply(text="Costs unknown."))
    for hunt in (*ended, unknown):
        started = hunt.model_copy(update={"status": HuntStatus.CALLING, "outcome": None, "reply": None, "verdicts": ()})
        judging = hunt.model_copy(update={"status": HuntStatus.JUDGING, "outcome": None, "verdicts": hunt.verdicts[:2]})
        for state in (started, judging, hunt):
            await kept.store.save_hunt("s_one", state)
    counts = await kept.store.counts("s_one")
    found = counts["r_one"]
    assert (found.broke, found.held, found.error, found.queued, found.judging) == (2, 1, 1, 5, 0)
    assert (found.replies, found.unknown_costs) == (3, 1)
    assert (found.cost_usd, found.judge_cost_usd) == (pytest.approx(0.029), pytest.approx(0.009))
    assert (found.target_cost_usd, found.target_unknown_costs) == (pytest.approx(0.02), 1)
    assert counts["r_two"] == Counts(total=2, queued=2)


async def test_text_that_utf8_cannot_encode_is_stored_exactly(kept):
    await kept.store.create(a_session(name="half \ud800 pair \u2028 \x00"), b"\x00\xff")
    hunt = a_finished_hunt(reply=Reply(text='\udfff {"a": 1}\n{'))
    await kept.store.save_hunt("s_one", hunt)
    assert (await kept.second.read("s_one")).name == "half \ud800 pair \u2028 \x00"
    assert await kept.second.hunt("s_one", "r_one.1") == hunt
    assert await kept.second.notebook("s_one") == b"\x00\xff"


async def test_pages_contain_all_hunts_of_a_long_session(kept):
    await kept.store.create(a_session(), b"")
    await asyncio.gather(*(kept.store.save_hunt("s_one", a_hunt(n)) for n in range(1, 451)))
    numbers, after = [], 0
    while after is not None:
        page = await kept.store.hunts("s_one", after=after, limit=200)
        numbers += [hunt.number for hunt in page.hunts]
        after = page.next
    assert numbers == list(range(1, 451))


def judged_again(hunt, **changes):
    """The hunt at the next round of judging."""
    earlier = Judging(at=NOW, judge_model="simulated/judge", outcome=hunt.outcome, verdicts=hunt.verdicts)
    begun = {"status": HuntStatus.JUDGING, "outcome": None, "verdicts": (), "judged": (*hunt.judged, earlier)}
    return hunt.model_copy(update=begun | changes)


async def test_another_round_of_judging_replaces_a_finished_hunt_and_updates_the_counts(kept):
    await kept.store.create(a_session(runs=(a_run(2),)), b"")
    broke = a_finished_hunt()
    again = judged_again(broke)
    held = again.model_copy(update={"status": HuntStatus.DONE, "outcome": Outcome.HELD, "verdicts": broke.verdicts})
    for state in (broke, again, broke, held, again, broke):
        await kept.store.save_hunt("s_one", state)
    assert await kept.store.hunt("s_one", "r_one.1") == held
    counts = (await kept.store.counts("s_one"))["r_one"]
    assert (counts.broke, counts.held, counts.judging, counts.queued, counts.replies) == (0, 1, 0, 1, 1)
    assert counts.judge_cost_usd == pytest.approx(0.006)


async def test_cached_tokens_are_counted_for_targets_and_judges_apart(kept):
    await kept.store.create(a_session(runs=(a_run(3),)), b"")
    plain = a_finished_hunt(1)
    usage = Usage(input_tokens=1000, cached_tokens=400)
    reply = plain.reply.model_copy(update={"usage": usage, "cache_saved_usd": 0.25})
    judged = tuple(
        v.model_copy(update={"usage": Usage(input_tokens=10, cached_tokens=n), "cache_saved_usd": 0.5 if n else None})
        for n, v in enumerate(plain.verdicts)
    )
    cached = plain.model_copy(update={"reply": reply, "verdicts": judged})
    again = judged_again(cached)
    held = again.model_copy(update={"status": HuntStatus.DONE, "outcome": Outcome.HELD, "verdicts": judged[:1]})
    for state in (cached, a_finished_hunt(2), again, held):
        await kept.store.save_hunt("s_one", state)
    counts = (await kept.store.counts("s_one"))["r_one"]
    count = len(judged)
    saved = pytest.approx(0.5 * (count - 1))
    assert counts.target_cache == CacheUse(input_tokens=1000, cached_tokens=400, saved_usd=0.25)
    assert counts.judge_cache.input_tokens == 10 * (count + 1)
    assert (counts.judge_cache.cached_tokens, counts.judge_cache.saved_usd) == (sum(range(count)), saved)
    assert counts.without_judge().judge_cache == CacheUse()


async def test_counts_of_an_earlier_release_are_continued(kept, monkeypatch):
    """Its marks end before the costs of the target calls."""
    await kept.store.create(a_session(runs=(a_run(3),)), b"")
    with monkeypatch.context() as earlier:
        earlier.setattr("core.sessions.save_batches.mark", lambda hunt: " ".join(mark(hunt).split()[:7]))
        for number in (1, 2):
            await kept.store.save_hunt("s_one", a_finished_hunt(number))
    again = judged_again(a_finished_hunt(1))
    done = again.model_copy(update={"status": HuntStatus.DONE, "outcome": Outcome.HELD})
    for state in (again, done, a_finished_hunt(3)):
        await kept.store.save_hunt("s_one", state)
    counts = (await kept.store.counts("s_one"))["r_one"]
    assert (counts.broke, counts.held, counts.judging, counts.replies) == (2, 1, 0, 3)
    assert counts.cost_usd == pytest.approx(0.039)
    assert counts.target_cost_usd in (pytest.approx(0.02), pytest.approx(0.03))  # in Redis without the second hunt's


async def test_pages_of_hunts_exclude_trials(kept):
    await kept.store.create(a_session(), b"")
    for number, hunt_id in ((-1, "r_a.1"), (-2, "r_b.1"), (1, "r_one.1")):
        await kept.store.save_hunt("s_one", a_hunt(number, hunt_id=hunt_id, run_id=hunt_id.partition(".")[0]))
    assert [h.number for h in (await kept.store.hunts("s_one")).hunts] == [1]
    assert [h.number for h in (await kept.store.hunts("s_one", after=-3)).hunts] == [-2, -1, 1]
    assert (await kept.store.hunt("s_one", "r_b.1")).trial


async def test_a_summary_does_not_renew_the_session(kept):
    chosen = Selection(hunt_ids=("r_one.2", "r_one.1"))
    await kept.store.create(a_session(runs=(a_run(2),), selection=chosen), b"")
    for number in (1, 2):
        await kept.store.save_hunt("s_one", a_finished_hunt(number))
    seen = await kept.store.summary("s_one")
    assert seen.session == await kept.store.read("s_one")
    assert (seen.counts, [h.number for h in seen.on_desk]) == (await kept.store.counts("s_one"), [2, 1])
    await kept.pass_time(7199)
    await kept.store.summary("s_one")
    await kept.pass_time(2)
    for use in (kept.store.summary, kept.store.read):
        with pytest.raises(NotFound):
            await use("s_one")


async def test_open_sessions_of_the_same_task_are_counted(kept):
    one, other = (a_session(session_id=f"s_{n}", mark="of a task") for n in "ab")
    await kept.store.create(one, b"")
    await kept.store.create(a_session(session_id="s_c", mark="of another"), b"")
    assert await kept.store.count_duplicates(one) == 0
    await kept.store.create(other, b"")
    assert (await kept.store.count_duplicates(one), await kept.second.count_duplicates(other)) == (1, 1)
    await kept.store.delete("s_b")
    assert await kept.store.count_duplicates(one) == 0
    assert await kept.store.count_duplicates(a_session()) == 0


async def test_events_for_an_old_version_are_not_published(kept):
    await kept.store.create(a_session(), b"")
    assert await kept.store.publish("s_one", (DRAFT,), version=1)
    await kept.second.change("s_one", lambda s: s.model_copy(update={"name": "new.ipynb"}))
    assert not await kept.store.publish("s_one", (DRAFT,), version=1)
    assert len(await kept.log.read("s_one", "0-0", 10)) == 1


async def test_saves_with_an_older_claim_are_refused_and_change_nothing(kept):
    await kept.store.create(a_session(runs=(a_run(),)), b"")
    older, newer, other = Claim("r_one.0", 7), Claim("r_one.0", 8), Claim("r_one.1", 1)
    calling = a_hunt(1, status=HuntStatus.CALLING)
    assert await kept.store.accept_claim("s_one", older)
    assert await kept.store.save_hunt("s_one", calling, claim=older) is Saved.KEPT
    assert await kept.second.accept_claim("s_one", newer)
    assert not await kept.store.accept_claim("s_one", older)
    before = await kept.log.last_id("s_one")
    for late in (calling, a_finished_hunt(1)):
        assert await kept.store.save_hunt("s_one", late, (DRAFT,), claim=older) is Saved.REFUSED
    assert await kept.store.hunt("s_one", "r_one.1") == calling
    assert await kept.log.last_id("s_one") == before
    assert await kept.store.save_hunt("s_one", a_hunt(2), claim=other) is Saved.KEPT
    assert await kept.store.save_hunt("s_one", a_finished_hunt(1), claim=newer) is Saved.KEPT
    assert await kept.store.save_hunt("s_one", calling, claim=newer) is Saved.PASSED_OVER
    assert await kept.store.save_hunt("s_one", a_finished_hunt(1), claim=newer) is Saved.PASSED_OVER


async def test_a_save_with_a_newer_claim_makes_older_claims_invalid(kept):
    await kept.store.create(a_session(runs=(a_run(),)), b"")
    assert await kept.store.save_hunt("s_one", a_hunt(1), claim=Claim("r_one.0", 9)) is Saved.KEPT
    assert await kept.second.save_hunt("s_one", a_hunt(2), claim=Claim("r_one.0", 8)) is Saved.REFUSED
    with pytest.raises(NotFound):
        await kept.store.hunt("s_one", "r_one.2")


async def test_a_claim_on_a_missing_session_is_not_found(kept):
    with pytest.raises(NotFound):
        await kept.store.accept_claim("s_none", Claim("r_one.0", 1))


async def test_hunts_of_an_adaptive_run_are_counted_by_target_and_share(kept):
    await kept.store.create(a_session(runs=(a_run(5, models=("told/a", "told/b"), allocation="adaptive"),)), b"")
    uniform = a_finished_hunt(1, model="told/a", share="uniform")
    confirmed = {"share": "adaptive", "model": "told/b", "confirmation": Confirmation.CONFIRMED}
    drawn = a_hunt(2, model="told/b", share="adaptive")
    again = judged_again(a_finished_hunt(3, model="told/b", share="adaptive"))
    held = again.model_copy(update={"status": HuntStatus.DONE, "outcome": Outcome.HELD})
    for state in (uniform, drawn, a_finished_hunt(2, **confirmed), again, held, a_hunt(4, model="", share="adaptive")):
        await kept.store.save_hunt("s_one", state)
    tally = Tally()
    for hunt in (await kept.store.hunts("s_one")).hunts:
        tally.replace(None, hunt)
    counts, expected = (await kept.store.counts("s_one"))["r_one"], tally.counts(5)
    assert (counts.rated_broke, counts.rated_decided, counts.rated_finished, counts.rated_confirmed) == (1, 1, 1, 0)
    assert (counts.broke, counts.decided, counts.break_rate) == (2, 3, 1.0)
    numbers = {name: one.model_dump(exclude={"cost_usd"}) for name, one in counts.by_target.items()}
    assert numbers == {name: one.model_dump(exclude={"cost_usd"}) for name, one in expected.by_target.items()}
    assert {one.finished: one.cost_usd for one in counts.by_target.values()} == pytest.approx({1: 0.01, 2: 0.02})
