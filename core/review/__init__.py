"""Here lives what the trainer decides about hunts: the selection, the review desk, agreement with the judge, insights.
May use core.domain, core.errors, the standard library.
Never stores, calls a model or draws chance: hunts, reviews and the desk's secret are handed in.
Owned and closed by nobody: these are pure functions; core.hunting.reviews.review_desk keeps what they decide.
Tests in tests/core/review.
"""
