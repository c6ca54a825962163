"""Here lives downloads of notebooks by URL, and the addresses they may come from.
May use core.access, core.errors, core.settings.
Never reaches addresses inside the network.
Owned and closed by core.runtime.
Tests in tests/core/fetching.
"""
