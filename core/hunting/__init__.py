"""The hunt: from the call to the outcome, runs, job dispatch, and the operations offered to a trainer.
May use judge, review, notebooks, providers, sessions, eventlog, telemetry, throttle, domain.
Never handles HTTP requests and never builds what it uses of other packages: core.runtime passes it to opening.py.
Owned and closed by core.runtime; the Runner owns and drains the tasks of running hunts.
Tests in tests/core/hunting.
"""
