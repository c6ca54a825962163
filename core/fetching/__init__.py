"""Downloads of notebooks by URL, from allowed hosts.
May use core.access, core.errors, core.settings.
Never connects to private addresses.
Owned and closed by core.runtime.
Tests in tests/core/fetching.
"""
