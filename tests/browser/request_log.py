"""Sees everything that goes wrong in a browser context, and every request that leaves it."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request, WebError

REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP violation: ${event.violatedDirective} ${event.blockedURI}`));
"""
REFUSED = "Failed to load resource"


class RequestLog:
    """`faults`: errors of the page, of its console, of its policy; dialogs; requests to elsewhere."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.faults: list[str] = []
        self.requests: list[str] = []
        self._allow_rejections = False

    def attach(self, context: BrowserContext) -> None:
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("weberror", self._error)
        context.on("console", self._console)
        context.on("dialog", self._dialog)
        context.on("request", self._request)
        context.on("page", self._page)

    def allow_rejections(self) -> None:
        """The browser itself writes failed requests to the console; a test that causes them says so."""
        self._allow_rejections = True

    def sent(self, method: str, ending: str) -> int:
        """How many requests of that method went to addresses with that ending."""
        return sum(one.startswith(f"{method} ") and one.endswith(ending) for one in self.requests)

    def problems(self) -> list[str]:
        elsewhere = [one for one in self.requests if not self._is_ours(one.split(" ", 1)[1])]
        refused = [fault for fault in self.faults if REFUSED in fault]
        return [fault for fault in self.faults if not (self._allow_rejections and fault in refused)] + elsewhere

    def _is_ours(self, url: str) -> bool:
        return url.startswith((f"{self.origin}/", "data:", "blob:", "about:srcdoc"))

    def _error(self, error: WebError) -> None:
        self.faults.append(f"page error: {error.error}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning", "assert"}:
            self.faults.append(f"console {message.type}: {message.text} {message.location.get('url', '')}")

    def _dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        self.requests.append(f"{request.method} {request.url}")

    def _page(self, page: Page) -> None:
        page.on("crash", lambda _page: self.faults.append("the page crashed"))
