"""docs/deployment.md followed on a real Docker engine, from a fresh server to a restored backup: make docker-test.

Every command that the guide tells people to type is typed here, or is in NOT_TYPED with the reason.
"""

import asyncio
import json
import ssl
import stat
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
import trustme

from tests.deploy.guide import Guide
from tests.deploy.hammering import hammering
from tests.deploy.on_docker import BUILD_ON_THE_HOSTS_NETWORK, Server, open_server
from tests.deploy.test_zero_downtime import finished
from tests.house.loopback_only import find_free_port

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1500)]
HUNTS = 3
PROBES = (("GET", "/api/health", None), ("GET", "/api/models", None))
NOT_TYPED = {
    "sudo apt-get update && sudo apt-get install -y docker.io docker-compose git curl": "this machine has them",
    "ssh -L 8000:localhost:8000 your-server": "takes a second machine",
    "docker compose": "no command",
    "docker image prune": "takes images of others on this machine",
    "sudo ss -ltnp": "a look at the machine",
    "sudo usermod -aG docker $USER": "changes the machine",
    "sudo systemctl start docker": "no systemd here",
    "sudo systemctl disable --now model-hunter": "no systemd here",
    "sudo systemctl enable --now model-hunter": "no systemd here",
    "systemctl cat model-hunter": "no systemd here",
    "systemctl show model-hunter -p Environment -p EnvironmentFiles": "no systemd here",
    "git checkout <revision>": "of git, not of ours",
}


@dataclass
class Operator:
    """Types the guide's commands, with this server's ports and paths in the place of the guide's."""

    server: Server
    guide: Guide
    places: dict[str, str]
    shell: dict[str, str] = field(default_factory=dict)
    """Variables that the operator has set."""

    def types(self, command: str, before: str = "") -> str:
        """The output. Nobody sits at a terminal, and who runs tests is root. `before`: what the shell was told already."""
        self.guide.typed.add(command)
        here = command.replace("sudo ", "").replace(" logs -f", " logs").replace("curl ", "curl -fsS ")
        if " exec " in here and " -T " not in here:
            here = here.replace(" exec ", " exec -T ")
        for said, meant in self.places.items():
            here = here.replace(said, meant)
        here = before + here
        return replace(self.server, environment=self.server.environment | self.shell).must("bash", "-c", here)

    def types_all(self, title: str, number: int = 0) -> str:
        return "\n".join(self.types(command) for command in self.guide.block(title, number))


async def test_who_follows_the_guide_ends_with_a_working_house(tmp_path):
    with open_server(tmp_path / "origin", {}) as origin:
        operator = arrive(origin, tmp_path)
        async with httpx.AsyncClient(base_url=operator.server.address, timeout=60, trust_env=False) as http:
            a_fresh_server(operator)
            await everyday(operator, http)
            await limits_change(operator, http)
            await a_restart_without_a_gap(operator, http)
            await a_bad_setting_says_why(operator, http)
            await an_update_and_back(operator, origin, http)
            await a_rollback_by_hand(operator, origin, http)
            await maintenance(operator, http)
            await a_backup_restored(operator, http)
            token = await opened_to_others(operator, http)
            await with_tls(operator, tmp_path, token)
            operator.server.compose("down", "-v")
            await moved_from_systemd(operator, tmp_path)
    assert operator.guide.left() == NOT_TYPED.keys()


def arrive(origin: Server, folder: Path) -> Operator:
    guide = Guide()
    server = replace(origin, folder=folder / "model-hunter")
    places = {
        "localhost:8000": f"localhost:{origin.port('HUNTER_API_PORT')}",
        "<your copy of the repository>": str(origin.folder),
        "/etc/letsencrypt/live/your-server": str(folder / "letsencrypt"),
        "/path/of/TELEMETRY_DIR": str(folder / "old-telemetry"),
    }
    _install, clone, copy_env, deploy, look = guide.block("A fresh server")
    Operator(replace(origin, folder=folder), guide, places).types(clone, before="umask 077; ")
    assert mode(server.folder / "nginx" / "nginx.conf") == 0o600, "for its owner alone, which nginx is not"
    (server.folder / "docker-compose.override.yml").write_text(BUILD_ON_THE_HOSTS_NETWORK)
    operator = Operator(server, guide, places)
    operator.types(copy_env)
    assert mode(server.folder / ".env") == 0o600
    assert "is live" in operator.types(deploy)
    assert json.loads(operator.types(look))["status"] == "healthy"
    return operator


def a_fresh_server(operator):
    tunnel = operator.server.port("HUNTER_API_PORT")
    for address in (operator.server.address, f"http://127.0.0.1:{tunnel}"):
        assert "<title>" in httpx.get(f"{address}/", trust_env=False).text
    for address in (
        f"{operator.server.address}/dashboard/",
        f"http://127.0.0.1:{operator.server.port('HUNTER_DASHBOARD_PORT')}/",
    ):
        assert "treamlit" in httpx.get(address, trust_env=False, follow_redirects=True).text


async def everyday(operator, http):
    before = operator.server.containers("model-hunter")
    for command in operator.guide.block("Everyday commands"):
        said = operator.types(command)
        if command == "docker-compose up -d":
            assert operator.server.containers("model-hunter") == before, "up -d after a deploy changes nothing"
        if command.endswith("redis-cli ping"):
            assert said.strip() == "PONG"
        if command.endswith("INFO memory"):
            assert "maxmemory:268435456" in said
    operator.types("docker-compose logs --tail 50 model-hunter")
    operator.types("docker-compose logs redis")
    await answers(http)
    assert len(operator.server.containers("model-hunter")) == 3
    operator.types("docker-compose up -d")
    await answers(http)
    assert len(operator.server.containers("model-hunter")) == 1


async def limits_change(operator, http):
    env = operator.server.folder / ".env"
    env.write_text(env.read_text() + "OPENROUTER_API_KEY=a-key\nOPENROUTER_CONCURRENCY=10\n")
    operator.types("docker-compose up -d")
    await answers(http)
    assert await ceiling(http) == 10
    compose = operator.server.folder / "docker-compose.yml"
    as_it_was = compose.read_text()
    compose.write_text(as_it_was.replace("      - OPENROUTER_CONCURRENCY\n", "      - OPENROUTER_CONCURRENCY=11\n"))
    operator.server.compose("up", "-d")
    await answers(http)
    assert await ceiling(http) == 11
    compose.write_text(as_it_was)
    override = operator.server.folder / "docker-compose.override.yml"
    beside = override.read_text()
    lines = (
        "services:\n  model-hunter:\n    build: {network: host}\n    environment:\n      - OPENROUTER_CONCURRENCY=12\n"
    )
    override.write_text(f"{lines}  dashboard: {{build: {{network: host}}}}\n")
    operator.server.compose("up", "-d")
    await answers(http)
    assert await ceiling(http) == 12
    override.write_text(beside)
    operator.types("docker-compose up -d redis")
    operator.types("docker-compose exec -T nginx nginx -t && docker-compose exec -T nginx nginx -s reload")


async def ceiling(http):
    providers = (await http.get("/api/admin/status")).json()["providers"]
    return {row["name"]: row["ceiling"] for row in providers}["openrouter"]


async def a_restart_without_a_gap(operator, http):
    """With one container and with two: a changed setting holds, and no answer failed."""
    env = operator.server.folder / ".env"
    as_it_was = env.read_text()
    for replicas, limit in ((1, 13), (2, 14)):
        operator.server.compose("up", "-d", "--no-recreate", "--scale", f"model-hunter={replicas}")
        await answers(http)
        env.write_text(f"{as_it_was}export OPENROUTER_CONCURRENCY='{limit}' # for today\n")
        before = operator.server.containers("model-hunter")
        async with hammering(operator.server.address, *PROBES, clients=1, pause_s=0.1) as asked:
            operator.guide.typed.add("./deploy.sh restart")
            done = await operator.server.begin("./deploy.sh", "restart")
        assert done.returncode == 0, done.stdout + done.stderr
        assert (asked.failed(), asked.broken) == ({}, [])
        assert not set(before) & set(operator.server.containers("model-hunter"))
        assert (len(before), await ceiling(http)) == (replicas, limit)
        print(f"deploy.sh restart with {replicas}: {asked.answers}")
    env.write_text(as_it_was)
    await figures_of_compose_alone(operator, http)
    operator.server.compose("up", "-d", "--scale", "model-hunter=1")
    await answers(http)


async def figures_of_compose_alone(operator, http):
    """What the guide says of `restart` with two containers: pages and status are late, and nothing that reads fails."""
    async with hammering(operator.server.address, *PROBES, clients=1, pause_s=0.1) as asked:
        done = await operator.server.begin("docker-compose", "restart", "model-hunter")
        await asyncio.sleep(8)
    assert done.returncode == 0
    print(f"docker-compose restart with 2: {asked.answers} {asked.broken}")


async def a_bad_setting_says_why(operator, http):
    env = operator.server.folder / ".env"
    as_it_was = env.read_text()
    for bad, said in (
        ("OPENROUTER_CONCURRENCY=six", "OPENROUTER_CONCURRENCY: must be a whole number"),
        ("REDIS_TIMEOUT=-1", "REDIS_TIMEOUT: must be at least"),
    ):
        env.write_text(f"{as_it_was}{bad}\n")
        before = operator.server.containers("model-hunter")
        done = await operator.server.begin("./deploy.sh", "restart")
        assert done.returncode == 1
        assert said in done.stderr, done.stderr
        assert operator.server.containers("model-hunter") == before
        await answers(http)
    env.write_text(as_it_was)


async def a_rollback_by_hand(operator, origin, http):
    """The guide's own, typed after a deploy; then deploy.sh takes over again."""
    for command in ("docker-compose down", "git checkout HEAD~1", "docker-compose up -d --build"):
        operator.types(command)
    await answers(http)
    short = operator.server.must("git", "rev-parse", "--short=12", "HEAD").strip()
    assert await revision(http) == f"{short}-by-hand"
    status = operator.server.must("./deploy.sh", "status")
    assert f"Live release: started by hand, revision {short}-by-hand" in status
    operator.server.must("git", "checkout", "-q", "main")
    operator.server.must("./deploy.sh")
    assert await revision(http) == origin.must("git", "rev-parse", "--short=12", "HEAD").strip()
    operator.types("./deploy.sh rollback")
    assert await revision(http) == f"{short}-by-hand"
    operator.server.must("./deploy.sh")


async def an_update_and_back(operator, origin, http):
    first = await revision(http)
    second = origin.commit("VERSION_NOTE", "two")
    latest, as_it_is = operator.guide.block("Update")
    operator.types(latest)
    assert await revision(http) == second
    third = origin.commit("VERSION_NOTE", "three")
    operator.types(as_it_is)
    assert await revision(http) == second
    operator.types(latest)
    assert await revision(http) == third
    status, back, to_one = operator.guide.block("Rollback")
    kept = [line.split()[0] for line in operator.types(status).splitlines() if line.startswith("  20")]
    assert [release.rpartition("-")[2] for release in kept] == [first, second, third]
    operator.types(back)
    assert await revision(http) == second
    operator.places["20260101-120000-abcdef123456"] = kept[-1]
    operator.types(to_one)
    assert await revision(http) == third


async def maintenance(operator, http):
    on, off = operator.guide.block("Maintenance")
    operator.types(on)
    assert (await http.get("/")).status_code == 503
    operator.types(off)
    assert (await http.get("/")).status_code == 200


async def a_backup_restored(operator, http):
    kept, lost = [(await opened(http)) for _ in range(2)]
    await hunted(http, kept)
    operator.types_all("Backup and restore")
    assert [mode(operator.server.folder / name) for name in ("redis.rdb", "telemetry.tar", "library.sqlite")] == [
        0o600
    ] * 3
    assert "backup.rdb" not in operator.server.compose("exec", "-T", "redis", "ls", "/data")
    assert (await http.delete(f"/api/sessions/{kept}")).status_code == 204
    assert "telemetry-" in operator.server.must("tar", "-tf", "telemetry.tar")
    later = await opened(http)
    operator.types_all("Backup and restore", 1)
    await answers(http)
    found = {sid: (await http.get(f"/api/sessions/{sid}")).status_code for sid in (kept, lost, later)}
    assert found == {kept: 200, lost: 200, later: 404}
    assert (await http.get(f"/api/sessions/{kept}")).json()["counts"]["done"] == HUNTS
    assert (await http.get("/api/health")).json()["status"] == "healthy"
    await hunted(http, kept)


async def opened_to_others(operator, http):
    command = operator.guide.inline("Allow remote access", "docker-compose run")
    admin = entry(operator.types(f"{command} --scope admin"))
    trainer = entry(operator.types(command.replace("alice", "bob")))
    operator.guide.typed.add(command)
    env = operator.server.folder / ".env"
    env.write_text(env.read_text() + "HUNTER_BIND=0.0.0.0\n")
    refused = operator.server.run("./deploy.sh")
    assert (refused.returncode, "HUNTER_TOKENS" in refused.stderr) == (1, True)
    env.write_text(env.read_text() + f"HUNTER_TOKENS={admin[1]},{trainer[1]}\n")
    operator.types("./deploy.sh")
    operator.types("docker-compose up -d --no-deps nginx")
    await answers(http)
    published = operator.server.must("docker", "port", operator.server.containers("nginx")[0], "80")
    assert published.startswith("0.0.0.0:")
    assert (await http.get("/")).headers["location"] == "/sign-in"
    assert (await http.get("/api/models")).status_code == 401
    operator.shell["TOKEN"] = admin[0]
    asked = operator.guide.inline("Access control", "curl")
    assert json.loads(operator.types(asked))["sessions"]
    mine = {"Authorization": f"Bearer {trainer[0]}"}
    assert (await http.get("/api/models", headers=mine)).status_code == 200
    assert (await http.get("/api/admin/status", headers=mine)).status_code == 403
    return admin[0]


def entry(said):
    """(the token, its entry) of what the command printed."""
    words = said.split()
    token = next(word for word in words if word.startswith("mh_"))
    return token, next(word.removeprefix("HUNTER_TOKENS=") for word in words if word.startswith("HUNTER_TOKENS="))


async def with_tls(operator, folder, token):
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    live = folder / "letsencrypt"
    live.mkdir()
    (live / "fullchain.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(live / "privkey.pem"))
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    operator.shell["CURL_CA_BUNDLE"] = str(folder / "authority.pem")
    operator.places |= {
        "your-server": f"localhost:{operator.server.port('HUNTER_HTTPS_PORT')}",
        "docker-compose.tls.yml'": "docker-compose.tls.yml:docker-compose.override.yml'",
    }
    copy, own, configure, check, name_file, up, look, send_on = operator.guide.block("TLS")
    before = operator.server.containers("model-hunter")
    for step in (copy, own, configure):
        operator.types(step)
    with unreadable(operator.server.folder / "nginx" / "tls" / "privkey.pem"):
        refused = operator.server.run("bash", "-c", check)
        assert (refused.returncode, "privkey.pem" in refused.stdout + refused.stderr) == (1, True)
        assert plain_status(operator) == 200
    for step in (check, name_file, up):
        operator.types(step)
    assert operator.server.containers("model-hunter") == before
    trusted = ssl.create_default_context(cafile=str(folder / "authority.pem"))
    secure = f"https://localhost:{operator.server.port('HUNTER_HTTPS_PORT')}"
    async with httpx.AsyncClient(base_url=secure, verify=trusted, http2=True, trust_env=False) as http:
        await answers(http)
        operator.types(look)
        assert plain_status(operator) == 200
        operator.types(send_on)
        assert plain_status(operator) == 301
        signed = await http.post("/api/sign-in", json={"token": token})
        assert (signed.http_version, "Secure" in signed.headers["Set-Cookie"]) == ("HTTP/2", True)
        assert (await http.get("/")).status_code == 200
        operator.types("docker-compose exec -T nginx nginx -s reload")
        operator.types("docker-compose logs --tail 20 nginx")
        operator.types("docker-compose restart nginx")
        await answers(http)
    assert plain_status(operator) == 301
    await back_to_plain_http(operator, up)


async def back_to_plain_http(operator, up):
    operator.types(operator.guide.inline("TLS", "rm "))
    assert plain_status(operator) == 200
    env = operator.server.folder / ".env"
    env.write_text("".join(line for line in env.read_text().splitlines(True) if not line.startswith("COMPOSE_FILE=")))
    operator.types(up)
    async with httpx.AsyncClient(base_url=operator.server.address, timeout=60, trust_env=False) as http:
        await answers(http)
    assert plain_status(operator) == 200
    assert "443/tcp" not in operator.server.must("docker", "port", operator.server.containers("nginx")[0])


def plain_status(operator):
    return httpx.get(f"{operator.server.address}/sign-in", trust_env=False).status_code


@contextmanager
def unreadable(path):
    """Like a key with the wrong owner and permissions; unreadable for everyone but root."""
    before = mode(path)
    path.chmod(0)
    try:
        yield
    finally:
        path.chmod(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


async def moved_from_systemd(operator, folder):
    """The old house is not here, but its telemetry is; then the ports change hands."""
    server, title = operator.server, "Move from systemd"
    (server.folder / ".env").unlink()
    old = folder / "old-telemetry"
    old.mkdir()
    subprocess.run(["tar", "-xf", server.folder / "telemetry.tar", "-C", old], check=True)
    assert list(old.glob("telemetry-*.jsonl"))
    beside = {str(number): str(find_free_port()) for number in (18080, 18000, 18001)}
    operator.places |= beside
    operator.types(operator.guide.inline(title, "HUNTER_HTTP_PORT="))
    assert json.loads(operator.types(operator.guide.inline(title, "curl")))["status"] == "healthy"
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{beside['18080']}", timeout=60, trust_env=False) as http:
        sid = await opened(http)
        await hunted(http, sid)
    operator.types(operator.guide.inline(title, "docker-compose run"))
    there = set(server.compose("exec", "-T", "model-hunter", "ls", "/data/telemetry").split())
    assert there >= {path.name for path in old.glob("telemetry-*.jsonl")}
    operator.types(operator.guide.inline(title, "docker-compose up"))
    async with httpx.AsyncClient(base_url=server.address, timeout=60, trust_env=False) as http:
        await answers(http)
        assert (await http.get(f"/api/sessions/{sid}")).json()["counts"]["done"] == HUNTS
    operator.types(operator.guide.inline(title, "docker-compose stop"))


async def revision(http):
    return (await http.get("/api/health")).json()["revision"]


async def opened(http):
    answer = await http.post("/api/sessions", json={"example": "word-budget"})
    assert answer.status_code == 201, answer.text
    return answer.json()["session_id"]


async def hunted(http, sid):
    """A run of HUNTS, from its start to its end."""
    order = {"models": ["simulated/hasty"], "hunts": HUNTS}
    run = (await http.post(f"/api/sessions/{sid}/runs", json=order)).json()["run_id"]
    told, _ = await finished(http, f"/api/sessions/{sid}", run)
    assert (told["status"], told["counts"]["done"]) == ("completed", HUNTS)


async def answers(http):
    """Until the house is open again after a command that closes it for a moment."""
    async with asyncio.timeout(90):
        while not await is_open(http):
            await asyncio.sleep(0.2)


async def is_open(http):
    try:
        return (await http.get("/api/health")).status_code == 200
    except httpx.TransportError:  # nginx itself is only just starting
        return False
