"""What deploy.sh decides, told by a docker that only remembers: the old release serves whatever goes wrong."""

import os
import signal
import stat
import subprocess
import time

import pytest

from tests.deploy.deploying import open_server
from tests.house.tree import ROOT


@pytest.fixture
def server(tmp_path):
    with open_server(tmp_path) as server:
        yield server


def deployed(server, revision, *words, **variables):
    (server.folder / "revision").write_text(f"{revision}\n")
    done = server.run("deploy", *words, **variables)
    assert done.returncode == 0, done.stderr + done.stdout
    return server.current()


def at(server, what, deadline_s=20.0):
    """Waits until the fake docker hangs in the call that was asked for."""
    deadline = time.monotonic() + deadline_s
    while not (server.folder / "hangs").exists():
        assert time.monotonic() < deadline, f"never came to {what}"
        time.sleep(0.02)


def test_the_script_is_well_formed_and_explains_itself(server):
    assert subprocess.run(["bash", "-n", str(ROOT / "deploy.sh")], check=False).returncode == 0
    told = server.run("help")
    assert (told.returncode, told.stderr) == (0, "")
    for verb in ("deploy", "rollback", "status", "logs", "maintenance on|off"):
        assert verb in told.stdout
    assert server.run("dance").returncode == 1
    assert os.access(ROOT / "deploy.sh", os.X_OK)


def test_a_first_deploy_starts_everything(server):
    release = deployed(server, "rev1", HUNTER_REPLICAS="2")
    assert server.revisions() == ["rev1", "rev1"]
    assert server.revisions("dashboard") == ["rev1"]
    assert [len(server.world.of(service)) for service in ("redis", "nginx")] == [1, 1]
    assert server.releases() == [release]


def test_new_containers_are_healthy_before_the_old_are_asked_to_end(server):
    deployed(server, "rev1", HUNTER_REPLICAS="2")
    redis = server.world.of("redis")
    before = len(server.world.calls)
    deployed(server, "rev2")
    calls = server.world.calls[before:]
    beside = next(i for i, call in enumerate(calls) if "--scale model-hunter=4" in call)
    stop = next(i for i, call in enumerate(calls) if call.startswith("stop -t 45"))
    assert "--no-recreate" in calls[beside]
    assert beside < max(i for i, call in enumerate(calls) if "State.Health" in call) < stop
    assert beside < calls.index("exec -T nginx nginx -s reload") < stop
    assert server.revisions() == ["rev2", "rev2"]
    assert server.world.of("redis") == redis


@pytest.mark.parametrize("compose", ["old", "new"])
def test_it_works_with_either_compose(server, compose):
    deployed(server, "rev1", FAKE_COMPOSE=compose)
    assert server.revisions() == ["rev1"]


@pytest.mark.parametrize(
    "fail",
    [
        "build",
        "up -d --no-recreate --no-deps",
        "up -d --no-recreate redis",
        "tag model-hunter-dashboard:2026",
        "exec -T nginx nginx -t",
        "exec c",
    ],
)
def test_whatever_fails_before_the_switch_the_old_release_serves_and_the_exit_code_says_so(server, fail):
    first = deployed(server, "rev1")
    serving = server.world.of("model-hunter"), server.world.of("dashboard")
    (server.folder / "revision").write_text("rev2\n")
    server.change(fail=fail)
    done = server.run("deploy")
    assert done.returncode == 1
    assert (server.world.of("model-hunter"), server.world.of("dashboard")) == serving
    assert server.current() == first
    server.change(fail="")
    assert server.world.images["model-hunter-api:current"] == "rev1"
    assert server.world.images["model-hunter-dashboard:current"] == "rev1"
    deployed(server, "rev3")
    assert server.revisions() == ["rev3"]


def test_an_image_that_does_not_become_healthy_is_taken_away_again(server):
    deployed(server, "rev1")
    serving = server.world.of("model-hunter")
    (server.folder / "revision").write_text("rev2\n")
    server.change(health="unhealthy")
    done = server.run("deploy")
    assert done.returncode == 1
    assert "did not become healthy" in done.stderr
    assert server.world.of("model-hunter") == serving
    assert not any(call.startswith("stop") for call in server.world.calls[-30:])


def test_a_release_that_fails_after_the_switch_is_rolled_back(server):
    first = deployed(server, "rev1")
    (server.folder / "revision").write_text("rev2\n")
    server.change(bad="rev2")
    done = server.run("deploy")
    assert done.returncode == 1
    assert "a revision other than rev2" in done.stderr
    assert (server.current(), server.revisions(), server.revisions("dashboard")) == (first, ["rev1"], ["rev1"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_beside_the_old_it_puts_everything_back(server, number):
    deployed(server, "rev1")
    serving = server.world.of("model-hunter"), server.world.of("dashboard")
    server.change(hang="exec -T nginx nginx -t")
    with server.start("deploy") as running:
        at(server, "the check of nginx")
        assert len(server.world.of("model-hunter")) == 2
        os.killpg(running.pid, number)
        assert running.wait(20) == 130
    assert (server.world.of("model-hunter"), server.world.of("dashboard")) == serving
    assert not (server.folder / ".deploy" / "change").exists()


def test_after_a_kill_in_the_beside_phase_the_next_call_cleans_up(server):
    deployed(server, "rev1")
    server.change(hang="exec -T nginx nginx -t")
    with server.start("deploy") as running:
        at(server, "the check of nginx")
        os.killpg(running.pid, signal.SIGKILL)
        running.wait(20)
    server.change(hang="")
    deployed(server, "rev3")
    assert server.revisions() == ["rev3"]
    assert server.revisions("dashboard") == ["rev3"]


def test_killed_while_the_old_are_ending_the_next_call_finishes_it(server):
    first = deployed(server, "rev1")
    (server.folder / "revision").write_text("rev2\n")
    server.change(hang="stop -t")
    with server.start("deploy") as running:
        at(server, "the end of the old")
        os.killpg(running.pid, signal.SIGTERM)  # finished, not undone: nothing happens
        assert running.poll() is None
        os.killpg(running.pid, signal.SIGKILL)
        running.wait(20)
    server.change(hang="")
    (server.folder / "goes-on").touch()
    done = server.run("rollback")
    assert done.returncode == 0, done.stderr
    assert (server.current(), server.revisions()) == (first, ["rev1"])


def test_interrupted_while_the_old_are_ending_it_finishes(server):
    deployed(server, "rev1")
    (server.folder / "revision").write_text("rev2\n")
    server.change(hang="stop -t")
    with server.start("deploy") as running:
        at(server, "the end of the old")
        os.killpg(running.pid, signal.SIGINT)  # a docker in the same session would end here
        (server.folder / "goes-on").touch()
        assert running.wait(20) == 0
    assert (server.revisions(), server.revisions("dashboard")) == (["rev2"], ["rev2"])
    assert not (server.folder / ".deploy" / "change").exists()


def test_an_interrupted_or_failed_build_leaves_no_images(server):
    deployed(server, "rev1")
    images = dict(server.world.images)
    server.change(hang="build")
    with server.start("deploy") as running:
        at(server, "the build")
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(20) == 130
        assert "nothing was changed" in running.stderr.read()
    server.change(hang="", health="unhealthy")
    assert server.run("deploy").returncode == 1
    assert server.world.images == images


def test_a_port_in_use_is_reported_before_anything_is_built(server):
    server.change(containers=[])  # nginx is not there: whoever answers on its port is somebody else
    done = server.run("deploy")
    port = server.environment["HUNTER_API_PORT"]
    assert (done.returncode, f"port {port} is in use" in done.stderr) == (1, True)
    assert "HUNTER_API_PORT in .env" in done.stderr
    assert not [call for call in server.world.calls if call.startswith("build")]


def test_two_at_once_are_refused(server):
    server.change(hang="build")
    with server.start("deploy") as running:
        at(server, "the build")
        second = server.run("deploy")
        assert second.returncode == 1
        assert "another deploy" in second.stderr
        os.killpg(running.pid, signal.SIGKILL)
        running.wait(20)
    server.change(hang="")
    deployed(server, "rev1")  # the lock went with the process


def test_rollback_goes_back_step_by_step_without_building_and_keeps_redis(server):
    first, second, third = (deployed(server, f"rev{n}") for n in (1, 2, 3))
    redis, builds = server.world.of("redis"), [c for c in server.world.calls if c.startswith("build")]
    for wanted, revision in ((second, "rev2"), (first, "rev1")):
        assert server.run("rollback").returncode == 0
        assert (server.current(), server.revisions()) == (wanted, [revision])
    nothing = server.run("rollback")
    assert (nothing.returncode, "no earlier release has different code" in nothing.stderr) == (1, True)
    assert server.run("rollback", third).returncode == 0
    assert server.revisions() == ["rev3"]
    assert server.world.of("redis") == redis
    assert [c for c in server.world.calls if c.startswith("build")] == builds


def test_releases_of_the_same_code_count_as_one(server):
    first, _, again = (deployed(server, revision) for revision in ("rev1", "rev2", "rev2"))
    assert server.releases() == [first, again]
    assert server.run("rollback").returncode == 0
    assert (server.current(), server.revisions()) == (first, ["rev1"])
    changed = [deployed(server, "rev2-changed") for _ in range(2)]
    assert server.releases() == [again, *changed], "what was changed by hand may be other code each time"


def test_a_release_that_was_bad_is_not_gone_back_to(server):
    first = deployed(server, "rev1")
    (server.folder / "revision").write_text("rev2\n")
    server.change(bad="rev2")
    assert server.run("deploy").returncode == 1
    assert server.releases() == [first]
    assert "rev2" not in server.world.images.values()
    deployed(server, "rev3")
    assert server.run("rollback").returncode == 0
    assert server.current() == first


def test_three_releases_are_kept_and_the_images_of_older_ones_go(server):
    releases = [deployed(server, f"rev{n}") for n in range(5)]
    assert server.releases() == releases[-3:]
    tags = {tag.split(":")[1] for tag in server.world.images}
    assert tags == {*releases[-3:], "current"}


def test_what_was_started_by_hand_can_be_gone_back_to(server):
    world = server.world
    world.images |= {"model-hunter-api:current": "mine", "model-hunter-dashboard:current": "mine"}
    for service in ("redis", "model-hunter", "dashboard"):
        world.start(service)
    world.save()
    deployed(server, "rev1")
    assert server.run("rollback").returncode == 0
    assert (server.current().endswith("-by-hand"), server.revisions()) == (True, ["mine"])


def by_hand(server, code):
    """docker-compose down, git checkout, docker-compose up -d --build: what it leaves."""
    world = server.world
    world.images |= {"model-hunter-api:current": code, "model-hunter-dashboard:current": code}
    world.containers = world.of("nginx")
    for service in ("redis", "model-hunter", "dashboard"):
        world.start(service)
    world.save()


def test_after_a_rollback_by_hand_the_status_names_what_runs(server):
    first, second = (deployed(server, f"rev{n}") for n in (1, 2))
    by_hand(server, "rev1-by-hand")
    shown = server.run("status")
    assert (shown.returncode, "Live release: started by hand, revision rev1-by-hand" in shown.stdout) == (0, True)
    by_hand(server, "rev1")  # the very image of the first release
    assert f"Live release: {first}\n" in server.run("status").stdout
    server.change(containers=server.world.of("nginx"))
    assert "Live release: none" in server.run("status").stdout
    assert server.current() == second


@pytest.mark.parametrize(
    ("started", "wanted"),
    [
        ("rev3-by-hand", "rev2"),
        ("rev2-by-hand", "rev1"),
        ("rev2.5-by-hand", "rev2"),
        ("rev4-by-hand", "rev3"),
        ("rev1-by-hand", ""),
    ],
)
def test_a_rollback_after_one_by_hand_continues_to_older_code(server, started, wanted):
    were_deployed(server, "rev1", "rev2", "rev3")
    by_hand(server, started)
    done = server.run("rollback")
    assert (done.returncode, server.revisions()) == ((0, [wanted]) if wanted else (1, [started])), done.stderr
    assert wanted or "no earlier release has different code" in done.stderr


def were_deployed(server, *revisions):
    """What deploys of them left, without their work."""
    world, state = server.world, server.folder / ".deploy"
    names = [f"20251231-00000{n}-{revision}" for n, revision in enumerate(revisions)]
    world.images |= {f"model-hunter-{of}:{name}": name[16:] for name in names for of in ("api", "dashboard")}
    world.save()
    state.mkdir()
    (state / "releases").write_text("".join(f"{name} {name[16:]}\n" for name in names))
    (state / "current").write_text(f"{names[-1]}\n")


def test_after_a_rollback_by_hand_a_deploy_can_be_taken_back_to_it(server):
    were_deployed(server, "rev1", "rev2", "rev3")
    by_hand(server, "rev2-by-hand")
    deployed(server, "rev3")
    assert server.run("rollback").returncode == 0
    assert server.revisions() == ["rev2-by-hand"]


def test_a_bad_deploy_over_a_stack_started_by_hand_leaves_that_stack(server):
    deployed(server, "rev2")
    by_hand(server, "rev1-by-hand")
    serving = server.world.of("model-hunter"), server.world.of("dashboard")
    (server.folder / "revision").write_text("rev3\n")
    server.change(health="unhealthy")
    assert server.run("deploy").returncode == 1
    assert (server.world.of("model-hunter"), server.world.of("dashboard")) == serving
    assert server.world.images["model-hunter-api:current"] == "rev1-by-hand", "up -d starts this and nothing else"
    server.change(health="healthy")
    deployed(server, "rev3")
    assert server.run("rollback").returncode == 0
    assert server.revisions() == ["rev1-by-hand"]
    assert "-by-hand\n" in server.run("status").stdout


@pytest.mark.parametrize("refused", ["", "update"])
def test_a_container_that_cannot_start_says_why(server, refused):
    deployed(server, "rev1")
    (server.folder / "revision").write_text("rev2\n")
    reason = 'OPENROUTER_CONCURRENCY: "six" is not a whole number.'
    server.change(health="broken", says=f"{reason}\n", fail_once=refused)
    done = server.run("deploy")
    assert (done.returncode, done.stderr.count(reason)) == (1, 1), "once, though it was started twice"
    assert done.stderr.index(reason) < done.stderr.index("did not start; its log is above")
    calls = [call.split(" ")[0] for call in server.world.calls]
    assert calls.index("update") < calls.index("logs"), "looked at in the middle of a start it has said nothing yet"


def test_restart_replaces_the_containers_beside_each_other_and_builds_nothing(server):
    release = deployed(server, "rev1", HUNTER_REPLICAS="2")
    before, calls = server.world.containers, len(server.world.calls)
    done = server.run("restart")
    assert done.returncode == 0, done.stderr
    assert (server.current(), server.releases(), server.revisions()) == (release, [release], ["rev1", "rev1"])
    ids = {one["id"] for one in before if one["service"] in {"model-hunter", "dashboard"}}
    assert ids & {one["id"] for one in server.world.containers} == set()
    said = server.world.calls[calls:]
    assert not [call for call in said if call.startswith("build")]
    assert next(i for i, c in enumerate(said) if "--scale" in c) < next(
        i for i, c in enumerate(said) if c.startswith("stop")
    )


def test_a_restart_with_a_bad_setting_leaves_the_old_containers(server):
    assert server.run("restart").returncode == 1, "nothing was started yet"
    deployed(server, "rev1")
    serving = server.world.containers
    server.change(health="broken", says="CALL_TIMEOUT: no number\n")
    done = server.run("restart")
    assert (done.returncode, "CALL_TIMEOUT: no number" in done.stderr) == (1, True)
    assert server.world.containers == serving
    assert "model-hunter-api:current" in server.world.images


def test_files_of_nginx_become_readable_and_its_keys_do_not(server):
    for name, mode in (("nginx.conf", 0o600), ("place/main.conf", 0o600), ("tls/privkey.pem", 0o400)):
        path = server.folder / "nginx" / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        path.chmod(mode)
        path.parent.chmod(0o700)
    deployed(server, "rev1")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (server.folder / "nginx").rglob("*")}
    assert modes == {"nginx.conf": 0o604, "place": 0o705, "main.conf": 0o604, "tls": 0o705, "privkey.pem": 0o400,
                     "switch": modes["switch"]}  # fmt: skip


def test_an_open_house_without_tokens_is_refused(server):
    (server.folder / ".env").write_text('HUNTER_BIND="0.0.0.0"\n')
    refused = server.run("deploy")
    assert refused.returncode == 1
    assert "HUNTER_TOKENS" in refused.stderr
    assert server.world.of("model-hunter") == []
    (server.folder / ".env").write_text("HUNTER_BIND=0.0.0.0\nHUNTER_TOKENS=ann:trainer:abc\n")
    deployed(server, "rev1")


def test_an_unused_name_in_env_is_reported(server):
    (server.folder / "docker-compose.override.yml").write_text("services: {x: {environment: {LAB_KEY: }}}\n")
    good = "# OTHER=1\nOPENROUTER_CONCURRENCY=10\n\nCOMPOSE_FILE=x\nHUNTER_NAMES_WAIT=0\nLAB_KEY=x\n"
    (server.folder / ".env").write_text(good)
    assert "Unused variables" not in server.run().stderr
    (server.folder / ".env").write_text(f"{good}OPENROUTER_CONCURENCY=10\n  alarm_budget = 3\nREDIS_URL=redis://x\n")
    done = server.run()
    assert done.returncode == 0
    assert "Unused variables in .env: OPENROUTER_CONCURENCY REDIS_URL alarm_budget" in done.stderr


def test_maintenance_is_proven_through_nginx(server):
    deployed(server, "rev1")
    switch = server.folder / "nginx" / "switch" / "maintenance"
    assert server.run("maintenance", "on").returncode == 0
    assert switch.exists()
    status = server.run("status")
    assert (status.returncode, "Maintenance: on" in status.stdout) == (0, True)
    assert server.run("maintenance", "off").returncode == 0
    assert not switch.exists()
    deaf = server.run("maintenance", "on", HUNTER_API_PORT="9")
    assert (deaf.returncode, "nginx does not return 503" in deaf.stderr) == (1, True)
    assert server.run("maintenance").returncode == 1


def test_status_says_when_it_is_not_well(server):
    nothing = server.run("status")
    assert (nothing.returncode, "Health through nginx: 502" in nothing.stdout) == (1, True)
    release = deployed(server, "rev1")
    well = server.run("status")
    assert (well.returncode, f"Live release: {release}" in well.stdout) == (0, True)
    server.change(containers=[one | {"health": "unhealthy"} for one in server.world.containers])
    ill = server.run("status")
    assert (ill.returncode, "running unhealthy 0" in ill.stdout) == (1, True)
