"""Pictures of the hunting page: start, task, picker, hunting, done, a hunt; in light, in dark and on a telephone.

python -m tools.page_pictures http://127.0.0.1:8000 /tmp/pictures

The page must be running, with the simulated provider: each screen loads an example and hunts it with two models.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Error, Page, sync_playwright

FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars")
WAIT_MS = 90_000
EXAMPLE = "Cake"
MODELS = ("hasty", "careful")
HUNTS = "16"


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
    """Pictures of every act on every screen, as `page-<act>-<screen>.png`; returns their paths.

    Raises NoChromium, and Playwright's Error when an act does not come within 90 s.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise NoChromium("No chromium found: apt-get install chromium.")
    out_dir.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            return [path for screen in SCREENS for path in _take_screen(browser, base_url, out_dir, screen)]
        finally:
            browser.close()


def _take_screen(browser: Browser, base_url: str, out_dir: Path, screen: Screen) -> Iterator[Path]:
    viewport = {"width": screen.width, "height": screen.height}
    context = browser.new_context(viewport=viewport, color_scheme=screen.colours, base_url=base_url)  # type: ignore[arg-type]
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    for name, go in ACTS.items():
        go(page)
        path = out_dir / f"page-{name}-{screen.name}.png"
        page.screenshot(path=path, animations="disabled")
        yield path
    context.close()


def _start(page: Page) -> None:
    page.goto("/")
    page.locator("start-view .example").first.wait_for()


def _task(page: Page) -> None:
    page.locator("start-view .example", has_text=EXAMPLE).click()
    page.get_by_role("button", name="Check the reference").click()
    page.locator("check-panel[data-state=passed]").wait_for()


def _picker(page: Page) -> None:
    page.get_by_role("button", name="Choose models").click()
    for item in page.locator("model-picker [aria-label=Simulated] li").all():
        item.get_by_role("checkbox").set_checked(item.locator(".mono").inner_text() in MODELS)


def _hunting(page: Page) -> None:
    page.locator("model-picker").get_by_role("button", name="Close").click()
    page.locator("hunt-plan .usual").get_by_role("button", name=HUNTS, exact=True).click()
    page.locator("hunt-plan .start").click()
    page.locator("hunt-table").scroll_into_view_if_needed()
    page.locator("hunt-table .row[data-standing=held], hunt-table .row[data-standing=broke]").nth(2).wait_for()


def _done(page: Page) -> None:
    page.locator("run-list .run[data-status=completed]").wait_for()
    page.evaluate("scrollTo(0, 0)")


def _hunt(page: Page) -> None:
    broke = page.locator("hunt-table .row[data-standing=broke] a").first
    broke.scroll_into_view_if_needed()
    broke.click()
    page.frame_locator("hunt-panel iframe").locator("body > *").first.wait_for()


ACTS: dict[str, Callable[[Page], None]] = {
    "start": _start, "task": _task, "picker": _picker, "hunting": _hunting, "done": _done, "hunt": _hunt,
}  # fmt: skip
"""Each begins where the one before it has ended."""


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        paths = take(sys.argv[1], Path(sys.argv[2]))
    except (NoChromium, Error) as problem:
        print(problem, file=sys.stderr)
        return 1
    print("\n".join(str(path) for path in paths))
    return 0


if __name__ == "__main__":
    sys.exit(main())
