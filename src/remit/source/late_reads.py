"""Find where a file looks for a late-bound value inside of a text, which Python itself gives no way to notice.

`aws.region in "us-east-1 eu-west-1"` asks the text on the right, and not the value: it would answer in silence. So the
source is read for it. Only values that are spelled out are known: `aws.region`, `Data.queue.arn`, not a variable.
"""

from __future__ import annotations

import ast
import re
from typing import Final

from remit.errors import RemitError
from remit.source.python_file import imports, origin_in, outside_of_functions, parsed, walk

_IMPORTED_AWS: Final = rb"[\s,(]aws\s*(?:[,)#;\\]|as\b|[\r\n]|\Z)"
"""`aws` as it stands in an import, and not in a text such as `/aws/lambda/orders` or `aws:SourceArn`."""
_ATTRIBUTES: Final = frozenset({"region", "account", "partition", "url_suffix", "arn", "ref", "url", "name", "id"})
_READING: Final = frozenset({"startswith", "endswith", "find", "rfind", "index", "rindex", "count", "removeprefix"})
"""Methods of a text that compare it with the text that they are given."""
_HINT: Final = "decide by `project.stage`, which is known now, or in a stage's file, such as config/deploy/prod.py"


def check_late_reads(source: bytes, file: str, *, functions: bool) -> None:
    """Raise RemitError, at the line, where a late-bound value is looked for in a text.

    `functions`: the bodies of functions count as well, since they run while the project loads; those of an app's
    functions run in Lambda, where the values are known. A file that is no Python passes: whoever runs it says so.
    """
    if b"shared.resources" not in source and not re.search(_IMPORTED_AWS, source):
        return
    try:
        python_file = parsed(source, file)
    except (SyntaxError, ValueError, RecursionError):
        return  # whoever runs the file reports that
    # the names by which the file knows `aws` and the classes of shared resources
    names = {
        imported.bound
        for imported in imports(python_file.nodes)
        if imported.full_name == "remit.aws" or imported.module.startswith("shared.resources")
    }
    for node in walk(python_file.tree, ast.iter_child_nodes if functions else outside_of_functions) if names else ():
        searched_for: list[ast.expr] = []
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            searched_for = [node.left]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _READING:
            searched_for = node.args
        for operand in searched_for:
            if _is_late(operand, names):
                raise RemitError(
                    f"`{ast.unparse(operand)}` cannot be looked for in a text: only the deploy knows its value",
                    hint=_HINT,
                    origin=origin_in(file, operand),
                )


def _is_late(node: ast.expr, names: set[str]) -> bool:
    """Return whether an expression is `aws.region`, `Data.queue.arn` or `Data.queue.attribute(…)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "attribute":
        node = node.func
    elif not (isinstance(node, ast.Attribute) and node.attr in _ATTRIBUTES):
        return False
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in names
