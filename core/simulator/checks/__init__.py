"""How a program checks a reply: pure checks, and the grammar that finds the check of a criterion.
May use the standard library's text tools.
Never guesses: a criterion that is not understood to its last word has no check.
Owned and closed by nobody: pure functions.
Tests in tests/core/simulator/checks.
"""
