"""Checks access at every run of a page and its fragments: the websocket stays open for hours, and a pass may expire
meanwhile. The sign-in itself runs before Streamlit (sign_in.py)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import streamlit as st

from core.access.cookies import COOKIE, read_cookie
from core.access.origins import is_known_host, is_of_another_page
from core.access.tokens import Holder, Scope
from dashboard_app.configuration import register, settings
from dashboard_app.format import plain

EVERYWHERE = "0.0.0.0"  # noqa: S104 - Streamlit's default address
WATCH = (Path(__file__).parent / "watch.html").read_text(encoding="utf-8")


def is_allowed() -> bool:
    """Whether views may be shown; otherwise shows the reason. Raises BadSettings if the port is open without tokens."""
    settings().reject_open_access(str(st.get_option("server.address") or EVERYWHERE), "DASHBOARD_HOST")
    if not _is_own_page():
        return False
    admin = _admin()
    _watch(admin)
    if admin is None and not register().open_to_all:
        st.info("**Your sign-in has expired.** Reload the page to sign in again.")
        return False
    return True


def refresh_while_allowed(show: Callable[[], None], every_s: float) -> None:
    """Run `show` now and every `every_s` seconds, as a fragment. Rerun the page when the sign-in has run out."""

    def show_if_allowed() -> None:
        if _admin() is None and not register().open_to_all:
            st.rerun()
        show()

    st.fragment(show_if_allowed, run_every=every_s)()


def _is_own_page() -> bool:
    """Whether the request comes from the dashboard's own page, under an allowed host name; otherwise shows an error.
    Streamlit's own check accepts any port of localhost, with its cookies, and any host name (decision record 0056)."""
    host, origin = st.context.headers.get("Host", ""), st.context.headers.get("Origin")
    if register().open_to_all and not is_known_host(host, settings().access.hosts):
        name = plain(host[:100])
        st.error(f"**Host name not allowed: {name}.** Use localhost, or add the name to HUNTER_HOSTS.")
        return False
    # The header is safe to trust from anyone: it can only make more origins fail the check.
    if is_of_another_page(host, origin, secure=st.context.headers.get("X-Forwarded-Proto", "") == "https"):
        st.error("**Another site's page can't open the dashboard.** A proxy must pass on the browser's Host header.")
        return False
    return True


def _admin() -> Holder | None:
    """The admin whose valid pass the browser sent when it opened the websocket."""
    found = read_cookie(st.context.cookies.get(COOKIE, ""), register(), datetime.now(UTC).timestamp())
    return found.holder if found and found.holder.scope is Scope.ADMIN else None


def _watch(admin: Holder | None) -> None:
    """The name, "Sign out", and the script that reloads the page when the sign-in changes. Also needed without tokens,
    since a restart may add some."""
    name = admin.name if admin else ""
    with st.sidebar:
        if admin:
            st.caption(f"Signed in as {plain(name)}.")
        page = WATCH.replace("{{who}}", escape(name)).replace("{{sign_out}}", "" if admin else "hidden")
        st.html(page, unsafe_allow_javascript=True)
