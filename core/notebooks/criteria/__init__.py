"""Reading and writing the criteria and the pass rule of a `response_reference` cell.
May use core.domain, core.notebooks.text and core.notebooks.json_positions; json-repair for proposals only.
Never accepts uncertain criteria without confirmation: they are proposed to the trainer.
Owned and closed by nobody: pure functions over text.
Tests in tests/core/notebooks/criteria.
"""
