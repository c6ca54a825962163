"""A docker that only remembers: tests of deploy.sh put it on PATH as `docker` and `docker-compose`.

Its world is a JSON file: images by tag, containers in order, every call that was made, and what is to fail. The program
on PATH (`CLIENT`) is a few lines of bash that ask a thread of the test, because one deploy makes fifty calls.
"""

from __future__ import annotations

import json
import socketserver
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

CLIENT = """\
#!/bin/bash
ask() { # whether it has hung, and its words
    exec 3<>/dev/tcp/127.0.0.1/{port}
    printf '%s\\0' $(($# + 4)) "${0##*/}" "${FAKE_COMPOSE-}" "${HUNTER_TAG-}" "${HUNTER_REVISION-}" "$@" >&3
    IFS= read -r code <&3
    IFS= read -r -d '' said <&3
}
ask no "$@"
if [ "$code" = hang ]; then
    {python} -SEc '{hang}' {folder} || exit
    ask yes "$@"
fi
printf '%s' "$said"
exit "$code"
"""
HANG = """\
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, lambda *_: sys.exit(130))  # as docker does, even where it is ignored
folder = Path(sys.argv[1])
(folder / "hangs").touch()
until = time.monotonic() + 60
while not (folder / "goes-on").exists() and time.monotonic() < until:
    time.sleep(0.02)  # until the test lets it, or ends it
"""
SERVICES = ("redis", "model-hunter", "dashboard", "nginx")


class World:
    def __init__(self, path: Path) -> None:
        self.path = path
        told = json.loads(path.read_text()) if path.exists() else {}
        self.images: dict[str, str] = told.get("images", {})
        self.containers: list[dict[str, str]] = told.get("containers", [])
        self.calls: list[str] = told.get("calls", [])
        self.fail: str = told.get("fail", "")
        self.fail_once: str = told.get("fail_once", "")
        self.hang: str = told.get("hang", "")
        self.health: str = told.get("health", "healthy")
        self.bad: str = told.get("bad", "")
        """The revision that says, through nginx, that it is another."""
        self.says: str = told.get("says", "")
        """What containers say, at each of two starts."""
        self.made: int = told.get("made", 0)

    def save(self) -> None:
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps({k: v for k, v in vars(self).items() if k != "path"}))
        new.replace(self.path)

    def of(self, service: str) -> list[dict[str, str]]:
        return [one for one in self.containers if one["service"] == service]

    def one(self, name: str) -> dict[str, str] | None:
        return next((one for one in self.containers if one["id"] == name), None)

    def start(self, service: str) -> None:
        self.made += 1
        image = self.images.get(f"model-hunter-{'api' if service == 'model-hunter' else service}:current", service)
        self.containers.append({"id": f"c{self.made:03}", "service": service, "image": image, "health": self.health})


Answer = tuple[int, str]
"""The exit code, and what goes to standard output."""


def answer(world: World, words: list[str], variables: Mapping[str, str]) -> Answer:
    for found in (compose(world, words, variables), images(world, words), containers(world, words)):
        if found is not None:
            return found
    return 2, f"fake docker does not know: {words}\n"


def compose(world: World, words: list[str], variables: Mapping[str, str]) -> Answer | None:
    match words:
        case ["exec", name, "cat", "/app/REVISION"] if shown := world.one(name):
            return 0, f"{shown['image']}\n"
        case (
            ["info" | "version" | "config"] | ["rm", "-f", "model-hunter", "dashboard", "nginx"] | ["exec" | "stop", *_]
        ):
            return 0, ""
        case ["logs", *_]:
            return 0, f"{world.says * 2}\n"
        case ["build", *_]:
            for name in ("api", "dashboard"):
                world.images[f"model-hunter-{name}:{variables['HUNTER_TAG']}"] = variables["HUNTER_REVISION"]
            return 0, ""
        case ["ps", "-q", service]:
            return 0, "\n".join(one["id"] for one in world.of(service)) + "\n"
        case ["ps"]:
            return 0, ""
        case ["up", "-d", *rest]:
            return up(world, rest)
    return None


def images(world: World, words: list[str]) -> Answer | None:
    match words:
        case ["image", "inspect", *form, tag]:
            image = world.images.get(tag)
            return (1, "") if image is None else (0, f"{image}\n" if form else "")
        case ["tag", old, new]:
            by_id = old if old in world.images.values() else ""
            if not by_id and old not in world.images:
                return 1, ""
            world.images[new] = by_id or world.images[old]
            return 0, ""
        case ["rmi", *tags]:
            for tag in tags:
                del world.images[tag]
            return 0, ""
    return None


def containers(world: World, words: list[str]) -> Answer | None:
    match words:
        case ["inspect", "-f", form, name] if shown := world.one(name):
            status = "exited" if shown["health"] == "broken" else "running"
            whole = f"{status} {shown['health']} 0"
            known = {"{{.State.Status}}": status, "{{.State.ExitCode}}": "0", "{{.Image}}": shown["image"]}
            return 0, f"{known.get(form, whole)}\n"
        case ["update", "--restart=no", name] if world.one(name):
            return 0, ""
        case ["inspect", name]:
            return (0 if world.one(name) else 1), ""
        case ["rm", *rest]:
            world.containers = [one for one in world.containers if one["id"] not in rest]
            return 0, ""
    return None


def up(world: World, rest: list[str]) -> Answer:
    scales = {word.split("=")[0]: int(word.split("=")[1]) for word in rest if "=" in word}
    for service in [word for word in rest if word in SERVICES]:
        while len(world.of(service)) < scales.get(service, 1):
            world.start(service)
    return 0, ""


def answer_call(
    world: World, program: str, words: list[str], variables: Mapping[str, str], *, hung: bool
) -> Answer | None:
    """None: the call hangs, and is repeated with `hung` when it may end."""
    if program == "docker" and words[:1] == ["compose"]:
        if variables["FAKE_COMPOSE"] == "old":
            return 1, ""
        words = words[1:]
    call = " ".join(words)
    if not hung:
        world.calls.append(call)
        if world.fail and call.startswith(world.fail):
            return 1, ""
        if world.fail_once and call.startswith(world.fail_once):
            world.fail_once = ""
            return 1, ""
        if world.hang and call.startswith(world.hang):
            return None
    return answer(world, words, variables)


@contextmanager
def engine(folder: Path) -> Iterator[str]:
    """Answer calls from the world in `folder`. Yields the program to put on PATH."""
    lock = threading.Lock()

    class Call(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            fields = [self._field() for _ in range(int(self._field()))]
            program, old, tag, revision, hung, *words = fields
            variables = {"FAKE_COMPOSE": old, "HUNTER_TAG": tag, "HUNTER_REVISION": revision}
            with lock:
                world = World(folder / "world.json")
                said = answer_call(world, program, words, variables, hung=hung == "yes")
                world.save()
            code, text = ("hang", "") if said is None else said
            self.wfile.write(f"{code}\n{text}".encode())

        def _field(self) -> str:
            read = bytearray()
            while (byte := self.rfile.read(1)) not in {b"\0", b""}:
                read += byte
            return read.decode()

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Call)) as port:
        shown = {"port": str(port), "python": sys.executable, "hang": HANG, "folder": f"'{folder}'"}
        program = CLIENT
        for name, value in shown.items():
            program = program.replace(f"{{{name}}}", value)
        yield program


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[int]:
    """Serve in a thread. Yields the port."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="server", daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
