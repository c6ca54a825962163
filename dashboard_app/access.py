"""Who may look: admins, where HUNTER_TOKENS asks for a sign-in. Looked at at every run of a page and its fragments.

The cookie of the hunting page counts here too: cookies do not know ports, and nginx serves both under one name. Who has
none gets a form; what it lets in is kept for this visit and gone with a reload.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from math import ceil

import streamlit as st

from core.access.origins import client_address, is_known_host, is_of_another_page
from core.access.passes import COOKIE, new_pass, read_pass
from core.access.tokens import Holder, Scope
from dashboard_app import data
from dashboard_app.words import plain

SEEN = "signed_in_with"
"""In the visit's state: a pass, which runs out and dies with its token like any other."""
EVERYWHERE = "0.0.0.0"  # noqa: S104 - where Streamlit listens when nobody says where


def may_look() -> bool:
    """Whether views may be shown; otherwise the page asks who looks. Raises BadSettings when strangers would see it."""
    data.settings().refuse_strangers(str(st.get_option("server.address") or EVERYWHERE), "DASHBOARD_HOST")
    if not _asked_by_our_page():
        return False
    if not data.register().open_to_all:
        looker = _looker()
        if looker is None or looker.scope is not Scope.ADMIN:
            _ask(looker)
            return False
        _tell_who(looker)
    return True


def while_it_may(show: Callable[[], None], every_s: float) -> None:
    """`show` now and every so often, as a fragment; when the sign-in has run out, the page is asked for again."""

    def shown() -> None:
        looker = _looker()
        if not data.register().open_to_all and (looker is None or looker.scope is not Scope.ADMIN):
            st.rerun()
        show()

    st.fragment(shown, run_every=every_s)()


def _asked_by_our_page() -> bool:
    """Whether our own page asks, under a name that we answer to; otherwise it is said. Streamlit's own look lets any
    port of localhost in, with the cookie of who is signed in, and any name that leads here (decision record 0056)."""
    host, origin = st.context.headers.get("Host", ""), st.context.headers.get("Origin")
    if data.register().open_to_all and not is_known_host(host, data.settings().hunter_hosts):
        name = plain(host[:100])
        st.error(f"**The dashboard does not answer to the name {name}.** Use localhost, or put it into HUNTER_HOSTS.")
        return False
    # Streamlit does not say who the peer is: only nginx reaches it from elsewhere than this machine.
    if is_of_another_page(host, origin, secure=st.context.headers.get("X-Forwarded-Proto", "") == "https"):
        st.error("**Another site's page cannot look in here.** A proxy has to hand on the Host that the browser sent.")
        return False
    return True


def _looker() -> Holder | None:
    now_s = datetime.now(UTC).timestamp()
    for shown in (st.session_state.get(SEEN, ""), st.context.cookies.get(COOKIE, "")):
        known = read_pass(shown, data.register(), now_s)
        if known is not None:
            return known.holder
    return None


def _ask(looker: Holder | None) -> None:
    st.header("Sign in", anchor=False)
    if looker is not None:
        st.warning(f"**You are signed in as {plain(looker.name)}, a trainer.** The dashboard is for admins.")
    else:
        st.caption("The dashboard is for admins. Who has signed in on the hunting page need not do it again: reload.")
    with st.form("sign_in", width=420):
        token = st.text_input("Your token", type="password", autocomplete="current-password")
        if st.form_submit_button("Sign in", type="primary"):
            _try(token.strip())


def _try(token: str) -> None:
    address, now_s = client_address(st.context.ip_address, st.context.headers.get("X-Real-IP")), time.monotonic()
    if wait_s := data.brake().wait_s(address, now_s):
        st.error(f"Too many wrong tokens came from this address. Try again in {ceil(wait_s)} s.")
        return
    holder = data.register().by_token(token)
    if holder is None:
        data.brake().note_wrong(address, now_s)
        st.error("This token is not known here. Copy all of it; it begins with mh_.")
    elif holder.scope is not Scope.ADMIN:
        st.error(f"This is the token of {plain(holder.name)}, a trainer. The dashboard is for admins.")
    else:
        st.session_state[SEEN] = new_pass(holder, datetime.now(UTC).timestamp(), data.settings().sign_in_s)
        st.rerun()


def _tell_who(looker: Holder) -> None:
    with st.sidebar:
        st.caption(f"Signed in as {plain(looker.name)}.")
        if SEEN in st.session_state and st.button("Sign out"):
            del st.session_state[SEEN]
            st.rerun()
