"""Judging a reply: the prompt for one criterion, parsing the judge's answer, verdicts.
May use core.providers, core.domain, core.errors, core.settings.
Never decides an outcome (core.domain.verdict.decide does) and never turns a failed call into FAIL.
Owned and closed by core.runtime; holds no resources.
Tests in tests/core/judge.
"""
