"""Parsing and writing task notebooks: headings, cells, criteria, slots, export.
May use core.domain, core.errors, core.settings, core.distribution; nbformat to validate, json-repair before that.
Never changes unedited parts: an export without changes is byte-identical.
Owned and closed by nobody: pure functions over bytes.
Tests in tests/core/notebooks.
"""
