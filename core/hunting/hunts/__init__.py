"""A single hunt: the call, the judging, batched saves of verdicts, rules of blind sessions, queries.
May use every package below core.hunting.
Never starts another hunt.
Owned and closed by the caller that starts a hunt.
Tests in tests/core/hunting/hunts.
"""
