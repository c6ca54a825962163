"""Here lives what a task, a hunt, a verdict and a session are, and the rules between them.
May use pydantic, the standard library's types, core.errors.
Never does input or output, reads a clock or draws a random number: all three are handed in.
Owned and closed by nobody: these are values and pure functions.
Tests in tests/core/domain.
"""
