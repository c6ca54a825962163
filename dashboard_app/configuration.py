"""Settings and access tokens, read once per process. Light, since the server needs them before any page."""

from __future__ import annotations

import logging

import streamlit as st

from core.access.tokens import Register
from core.env_file import load_env_file
from core.settings import Settings, read_settings, settings_warnings

_log = logging.getLogger(__name__)


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """Raises BadSettings with a message for people."""
    load_env_file()
    read = read_settings()
    for warning in settings_warnings(read):
        _log.warning(warning.text)
    return read


@st.cache_resource(show_spinner=False)
def register() -> Register:
    """The holders of access tokens."""
    return Register(settings().access.tokens)
