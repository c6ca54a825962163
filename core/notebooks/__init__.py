"""Here lives reading and writing task notebooks: headings, cells, criteria, slots, export.
May use core.domain, core.errors, core.settings; nbformat to validate, json-repair before a schema check.
Never changes what it was not asked to change: unchanged export is byte-identical.
Owned and closed by nobody: pure functions over bytes.
Tests in tests/core/notebooks.
"""
