"""Here lives how a program looks at a reply: small pure checks, and the grammar that reads a criterion as one.
May use the standard library's text tools.
Never guesses: a criterion that is not understood to its last word has no check.
Owned and closed by nobody: pure functions.
Tests in tests/core/simulator/checks.
"""
