"""A run: starting it, executing it, stopping it, its cost estimate, its events.
May use core.hunting.hunts, core.hunting.views, core.hunting.dispatch and every package below core.hunting.
Never decides whether a reply is a break.
Owned and closed by core.runtime; the runner owns the tasks of its parts, and these the tasks of their hunts.
Tests in tests/core/hunting/runs.
"""
