"""The settings of this server and who has a token, read once; light, since the server needs them before any page."""

from __future__ import annotations

import streamlit as st

from core.access.tokens import Register
from core.env_file import load_env_file
from core.settings import Settings, read_settings


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """Raises BadSettings, in words for the reader."""
    load_env_file()
    return read_settings()


@st.cache_resource(show_spinner=False)
def register() -> Register:
    """Everybody who has a token."""
    return Register(settings().access.tokens)
