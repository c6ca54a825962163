"""The review logic: selection, review desk, agreement with the judge and between people, audit, judge cards, insights.
May use core.domain, core.errors, core.statistics, core.telemetry (counts), the standard library.
Never stores data, calls a model or draws a random number: hunts, reviews and the desk's secret are passed in.
Owned and closed by nobody: these are pure functions; core.hunting.reviews.review_service stores their results.
Tests in tests/core/review.
"""
