"""Who may look, asked again at every run of a page and its fragments: the websocket that brings them stays open for
hours, and a pass may run out meanwhile. The sign-in itself comes before Streamlit (sign_in.py)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import streamlit as st

from core.access.origins import is_known_host, is_of_another_page
from core.access.passes import COOKIE, read_pass
from core.access.tokens import Holder, Scope
from dashboard_app.configuration import register, settings
from dashboard_app.words import plain

EVERYWHERE = "0.0.0.0"  # noqa: S104 - where Streamlit listens when nobody says where
WATCH = (Path(__file__).parent / "watch.html").read_text(encoding="utf-8")


def may_look() -> bool:
    """Whether views may be shown; otherwise the page says why not. Raises BadSettings when strangers would see it."""
    settings().refuse_strangers(str(st.get_option("server.address") or EVERYWHERE), "DASHBOARD_HOST")
    if not _asked_by_our_page():
        return False
    looker = _looker()
    _watch(looker)
    if looker is None and not register().open_to_all:
        st.info("**The sign-in has run out.** Reload the page to sign in again.")
        return False
    return True


def while_it_may(show: Callable[[], None], every_s: float) -> None:
    """`show` now and every so often, as a fragment; when the sign-in has run out, the page is asked for again."""

    def shown() -> None:
        if _looker() is None and not register().open_to_all:
            st.rerun()
        show()

    st.fragment(shown, run_every=every_s)()


def _asked_by_our_page() -> bool:
    """Whether our own page asks, under a name that we answer to; otherwise it is said. Streamlit's own look lets any
    port of localhost in, with the cookie of who is signed in, and any name that leads here (decision record 0056)."""
    host, origin = st.context.headers.get("Host", ""), st.context.headers.get("Origin")
    if register().open_to_all and not is_known_host(host, settings().access.hosts):
        name = plain(host[:100])
        st.error(f"**The dashboard does not answer to the name {name}.** Use localhost, or put it into HUNTER_HOSTS.")
        return False
    # Whoever sends this header only has more origins refused: no need to know whether a proxy of ours does.
    if is_of_another_page(host, origin, secure=st.context.headers.get("X-Forwarded-Proto", "") == "https"):
        st.error("**Another site's page cannot look in here.** A proxy has to hand on the Host that the browser sent.")
        return False
    return True


def _looker() -> Holder | None:
    """The admin whose pass the browser had when it opened the websocket, as long as it is good."""
    found = read_pass(st.context.cookies.get(COOKIE, ""), register(), datetime.now(UTC).timestamp())
    return found.holder if found and found.holder.scope is Scope.ADMIN else None


def _watch(looker: Holder | None) -> None:
    """Who looks, a way out, and the script by which the page goes when that changes: also where nobody has to sign in
    yet, since tokens may come with the next start."""
    name = looker.name if looker else ""
    with st.sidebar:
        if looker:
            st.caption(f"Signed in as {plain(name)}.")
        page = WATCH.replace("{{who}}", escape(name)).replace("{{sign_out}}", "" if looker else "hidden")
        st.html(page, unsafe_allow_javascript=True)
