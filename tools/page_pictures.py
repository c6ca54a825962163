"""Pictures of the hunting page: every state of it (tools/page_states.py) in light, in dark and on a telephone.

python -m tools.page_pictures http://127.0.0.1:8000 /tmp/pictures
python -m tools.page_pictures http://127.0.0.1:8000 docs/pictures/hunting-page.png    the one in the README

The page must be running, with the simulated provider: each screen loads an example and hunts it with two models.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Error, sync_playwright

from tools.page_states import STATES

FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars")
WAIT_MS = 90_000


@dataclass(frozen=True)
class Screen:
    name: str
    width: int
    height: int
    colours: Literal["light", "dark"]


SCREENS = (
    Screen("light", 1440, 900, "light"),
    Screen("dark", 1440, 900, "dark"),
    Screen("narrow", 390, 844, "light"),
)


class NoChromium(Exception):
    """There is no browser on this machine to take pictures with."""


def take(base_url: str, out_dir: Path) -> list[Path]:
    """Pictures of every state on every screen, as `page-<state>-<screen>.png`; returns their paths.

    Raises NoChromium, and Playwright's Error when a state does not come within 90 s.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    with _a_browser() as browser:
        return [path for screen in SCREENS for path in _take_screen(browser, base_url, out_dir, screen)]


def find_chromium() -> str:
    """Raises NoChromium."""
    for name in ("chromium-headless-shell", "chromium", "chromium-browser"):
        if found := shutil.which(name):
            return found
    raise NoChromium("No chromium found: apt-get install chromium-headless-shell.")


@contextmanager
def _a_browser() -> Iterator[Browser]:
    chromium = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def _take_screen(browser: Browser, base_url: str, out_dir: Path, screen: Screen) -> Iterator[Path]:
    viewport = {"width": screen.width, "height": screen.height}
    context = browser.new_context(viewport=viewport, color_scheme=screen.colours, base_url=base_url)  # type: ignore[arg-type]
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    for name, go in STATES.items():
        go(page)
        path = out_dir / f"page-{name}-{screen.name}.png"
        page.screenshot(path=path, animations="disabled")
        yield path
    context.close()


def for_the_readme(base_url: str, out: Path) -> Path:
    """The page with one finished and one active run, in an open session, where verdicts are shown immediately."""
    with _a_browser() as browser:
        context = browser.new_context(
            viewport={"width": 1280, "height": 1240}, device_scale_factor=1.5, color_scheme="light", base_url=base_url
        )
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        for name in ("01-start", "04-fresh"):
            STATES[name](page)
        with page.expect_response("**/settings"):
            page.locator("#session-blind").uncheck()
        for name in ("05-task", "06-checked", "07-picker", "08-hunting", "09-hunted", "13-selected"):
            STATES[name](page)
        page.get_by_role("button", name="Dismiss").click()
        page.locator("hunt-plan .common").get_by_role("button", name="64", exact=True).click()
        page.locator("hunt-plan .start").click()
        page.locator("run-list .run[data-status=running] .part.held").wait_for()
        page.evaluate("document.activeElement.blur()")
        page.screenshot(path=out, animations="disabled")
    return out


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        out = Path(sys.argv[2])
        paths = [for_the_readme(sys.argv[1], out)] if out.suffix == ".png" else take(sys.argv[1], out)
    except (NoChromium, Error) as problem:
        print(problem, file=sys.stderr)
        return 1
    print("\n".join(str(path) for path in paths))
    return 0


if __name__ == "__main__":
    sys.exit(main())
