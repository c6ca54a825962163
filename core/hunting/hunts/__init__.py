"""Here lives a single hunt: the call, the judging, saving its verdicts, rules of blind sessions, queries.
May use every package below core.hunting.
Never starts another hunt.
Owned and closed by whoever starts a hunt.
Tests in tests/core/hunting/hunts.
"""
