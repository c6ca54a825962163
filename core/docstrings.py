"""The strings after the fields of a class, which describe them in JSON schemas.

They are read when a schema is built: pydantic's own reading (`use_attribute_docstrings`) runs at import, and took a
tenth of a process's start.
"""

from __future__ import annotations

import ast
from functools import cache
from inspect import cleandoc, getsource
from itertools import pairwise
from textwrap import dedent

OURS = ("api", "core")


@cache
def field_docstrings(cls: type) -> dict[str, str]:
    """Return the strings after the fields of a class of ours and its bases. A typed dictionary has its bases in
    `__orig_bases__`."""
    if cls.__module__.partition(".")[0] not in OURS:
        return {}
    found: dict[str, str] = {}
    for base in getattr(cls, "__orig_bases__", cls.__bases__):
        found |= field_docstrings(base) if isinstance(base, type) else {}
    body = ast.parse(dedent(getsource(cls))).body[0]
    for node, after in pairwise(getattr(body, "body", ())):
        match node, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = cleandoc(text)
    return found
