"""Here lives snapshots, health and admin status, and the other processes of the cluster.
May use core.hunting.reviews, core.hunting.views and every package below core.hunting.
Never changes a session.
Owned and closed by core.runtime.
Tests in tests/core/hunting/status.
"""
