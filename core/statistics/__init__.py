"""The numbers that may be shown: intervals, corrected rates, forecasts, agreement (docs/statistics.md).
May use the standard library; scipy.special inside functions only, because its import takes a second and 44 MB.
Never reads hunts, stores data or draws a random number without a seed from the caller.
Owned and closed by nobody: these are pure functions of counts. It is below the domain, whose stop rules use it.
Tests in tests/core/statistics.
"""
