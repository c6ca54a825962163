"""The session snapshot, health and admin status, and the list of processes in the cluster.
May use core.hunting.reviews, core.hunting.views and every package below core.hunting.
Never changes a session.
Owned and closed by core.runtime.
Tests in tests/core/hunting/status.
"""
