"""A docker that only remembers: what tests of deploy.sh put on PATH as `docker` and `docker-compose`.

Its world is a JSON file (`FAKE_DOCKER`): images by tag, containers in order, every call that was made, and what is to
fail. Run as a program it answers one call; imported, it shows tests the world.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

PLACE = "FAKE_DOCKER"
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


def answer(world: World, words: list[str]) -> int:
    for department in (compose, images, containers):
        code = department(world, words)
        if code is not None:
            return code
    print(f"fake docker does not know: {words}", file=sys.stderr)
    return 2


def compose(world: World, words: list[str]) -> int | None:
    match words:
        case ["exec", name, "cat", "/app/REVISION"] if shown := world.one(name):
            print(shown["image"])
            return 0
        case (
            ["info" | "version" | "config"] | ["rm", "-f", "model-hunter", "dashboard", "nginx"] | ["exec" | "stop", *_]
        ):
            return 0
        case ["logs", *_]:
            print(world.says * 2)
            return 0
        case ["build", *_]:
            for name in ("api", "dashboard"):
                world.images[f"model-hunter-{name}:{os.environ['HUNTER_TAG']}"] = os.environ["HUNTER_REVISION"]
            return 0
        case ["ps", "-q", service]:
            print("\n".join(one["id"] for one in world.of(service)))
            return 0
        case ["ps"]:
            return 0
        case ["up", "-d", *rest]:
            return up(world, rest)
    return None


def images(world: World, words: list[str]) -> int | None:
    match words:
        case ["image", "inspect", *form, tag]:
            if form and tag in world.images:
                print(world.images[tag])
            return 0 if tag in world.images else 1
        case ["tag", old, new]:
            by_id = old if old in world.images.values() else ""
            if not by_id and old not in world.images:
                return 1
            world.images[new] = by_id or world.images[old]
            return 0
        case ["rmi", *tags]:
            for tag in tags:
                del world.images[tag]
            return 0
    return None


def containers(world: World, words: list[str]) -> int | None:
    match words:
        case ["inspect", "-f", form, name] if shown := world.one(name):
            status = "exited" if shown["health"] == "broken" else "running"
            whole = f"{status} {shown['health']} 0"
            known = {"{{.State.Status}}": status, "{{.State.ExitCode}}": "0", "{{.Image}}": shown["image"]}
            print(known.get(form, whole))
            return 0
        case ["update", "--restart=no", name] if world.one(name):
            return 0
        case ["inspect", name]:
            return 0 if world.one(name) else 1
        case ["rm", *rest]:
            world.containers = [one for one in world.containers if one["id"] not in rest]
            return 0
    return None


def up(world: World, rest: list[str]) -> int:
    scales = {word.split("=")[0]: int(word.split("=")[1]) for word in rest if "=" in word}
    for service in [word for word in rest if word in SERVICES]:
        while len(world.of(service)) < scales.get(service, 1):
            world.start(service)
    return 0


def main() -> int:
    world = World(Path(os.environ[PLACE]))
    words = sys.argv[1:]
    if Path(sys.argv[0]).name == "docker" and words[:1] == ["compose"]:
        if os.environ.get("FAKE_COMPOSE") == "old":
            return 1
        words = words[1:]
    call = " ".join(words)
    world.calls.append(call)
    world.save()
    if world.fail and call.startswith(world.fail):
        return 1
    if world.fail_once and call.startswith(world.fail_once):
        world.fail_once = ""
        world.save()
        return 1
    if world.hang and call.startswith(world.hang):
        (world.path.parent / "hangs").touch()
        signal.signal(signal.SIGINT, lambda *_: sys.exit(130))  # as docker does, even where it was told to ignore it
        until = time.monotonic() + 60
        while not (world.path.parent / "goes-on").exists() and time.monotonic() < until:
            time.sleep(0.02)  # until the test lets it, or ends it
    code = answer(world, words)
    world.save()
    return code


if __name__ == "__main__":
    sys.exit(main())
