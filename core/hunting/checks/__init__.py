"""The reference check, and rejudging of replies.
May use core.hunting.hunts, core.hunting.runs, core.hunting.views and every package below core.hunting.
Never calls a target model.
Owned and closed by core.runtime, which drains it first.
Tests in tests/core/hunting/checks.
"""
