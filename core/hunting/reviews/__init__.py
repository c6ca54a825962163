"""The trainer's work on finished hunts: selection, reviews, second reviews, reveal, turns, the notebook.
May use core.hunting.hunts, core.hunting.views and every package below core.hunting.
Never calls a model.
Owned and closed by core.runtime.
Tests in tests/core/hunting/reviews.
"""
