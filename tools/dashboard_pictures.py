"""Pictures of the dashboard: each view in light, in dark and on a telephone. The dashboard must be running.

python -m tools.dashboard_pictures http://127.0.0.1:8001 /tmp/pictures
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, sync_playwright

from tools.page_pictures import NoChromium, Screen, find_chromium

FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars")
WAIT_MS = 30_000
SETTLE_MS, MAX_SAMPLES = 700, 10
DRAWN = """() => document.querySelector('[data-testid=stApp][data-test-script-state=notRunning]')
    && !document.querySelector('[data-testid=stSkeleton], [data-stale=true]')
    && [...document.querySelectorAll('[data-testid=stVegaLiteChart]')].every(
        chart => [...chart.querySelectorAll('svg, canvas')].some(one => one.getBoundingClientRect().height > 40))"""
"""Charts draw themselves after the page says that it is done, and again once they have room."""
A_HUNT = re.compile(r"hunt\?hunt=[\w.-]+")
"""The address behind `open` in a table of hunts, as the table tells it to screen readers."""
MAX_HEIGHT_PX = 6_000


@dataclass(frozen=True)
class View:
    name: str
    path: str
    says: str
    """A text that is on the page once it has loaded, even if there is nothing to show."""


EMPTY = r"|No hunts yet|No hunts match"
VIEWS = (
    View("live", "", r"Calls in the last minutes|The API is not answering"),
    View("alarms", "alarms", r"No alarm|Every rule and its current value"),
    View("overview", "overview?period=all", r"Break rate by model" + EMPTY),
    View("breaks", "breaks?period=all", r"By number of criteria" + EMPTY),
    View("criteria", "criteria?period=all", r"Difficulty of each criterion|No task has" + EMPTY),
    View("judge", "judge?period=all", r"Same reply, other verdict" + EMPTY),
    View("costs", "costs?period=all", r"Cost per hunt and per break" + EMPTY),
    View("providers", "providers?period=all", r"Hunts lost by cause" + EMPTY),
    View("activity", "activity?period=all", r"By hour and weekday" + EMPTY),
    View("team", "team?team-period=90d", r"What waits for whom"),
    View("sessions", "sessions?period=all", r"sessions.csv|One row per loaded task" + EMPTY),
    View("find", "find?period=all&outcome=broke", r"hunts? found" + EMPTY),
    View("hunt", "hunt", r"No hunt selected|Verdicts|No hunts yet"),
)
SCREENS = (
    Screen("light", 1440, 900, "light"),
    Screen("dark", 1440, 900, "dark"),
    Screen("narrow", 390, 844, "light"),
)


def take(base_url: str, out_dir: Path) -> list[Path]:
    """Pictures of every view on every screen, as `dashboard-<view>-<screen>.png`; returns their paths.

    Raises NoChromium, and Playwright's Error when a view does not come within 30 s.
    """
    chromium = find_chromium()
    out_dir.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            return list(_take_all(browser, base_url.rstrip("/"), out_dir))
        finally:
            browser.close()


def _take_all(browser: Browser, base_url: str, out_dir: Path) -> Iterator[Path]:
    for screen in SCREENS:
        context = browser.new_context(
            viewport={"width": screen.width, "height": screen.height}, color_scheme=screen.colours
        )
        page = context.new_page()
        a_hunt = ""
        for view in VIEWS:
            page.set_viewport_size({"width": screen.width, "height": screen.height})
            page.goto(f"{base_url}/{a_hunt if view.name == 'hunt' and a_hunt else view.path}")
            _wait_for(page, view, screen.width)
            path = out_dir / f"dashboard-{view.name}-{screen.name}.png"
            page.screenshot(path=path)
            yield path
            if view.name == "find" and (found := A_HUNT.search(page.content())):
                a_hunt = found[0]
        context.close()


def _wait_for(page: Page, view: View, width: int) -> None:
    """Until the view has drawn itself in a window as tall as everything: Streamlit scrolls inside the page."""
    page.get_by_text(re.compile(view.says)).first.wait_for(timeout=WAIT_MS)
    before = 0
    for _ in range(MAX_SAMPLES):  # parts come one after the other, and charts change their height once they have room
        page.wait_for_function(DRAWN, timeout=WAIT_MS)
        page.wait_for_timeout(SETTLE_MS)
        height = int(page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight"))
        if height == before:
            return
        before = height
        page.set_viewport_size({"width": width, "height": min(MAX_HEIGHT_PX, height + 20)})


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
