"""Here lives how a reply is judged: the prompt for one criterion, the reading of the judge's answer, the verdicts.
May use core.providers, core.domain, core.errors, core.settings.
Never decides an outcome (core.domain.verdict.decide does) and never turns a failed call into FAIL.
Owned and closed by core.runtime; holds nothing open.
Tests in tests/core/judge.
"""
