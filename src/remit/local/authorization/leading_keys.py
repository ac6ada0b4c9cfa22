"""The condition keys of DynamoDB: the partition keys and the attributes that a request names, and what it selects.

Of PartiQL the emulator reads the statement; only of comparisons joined by AND anything is known.

Sources: "Using IAM policy conditions for fine-grained access control", "PartiQL select statements for DynamoDB" (Amazon
DynamoDB Developer Guide): without `=` or IN on the partition key the whole table is read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from remit.iam.request import OPEN, Open
from remit.local.emulator import emulated
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from remit.local.authorization.caller import Question

_NAME: Final = re.compile(r"#[A-Za-z0-9_]+|(?<![:#A-Za-z0-9_])[A-Za-z][A-Za-z0-9_]*")
_EQUALS: Final = re.compile(r"(?P<name>#?[A-Za-z0-9_]+)\s*=\s*(?P<value>:[A-Za-z0-9_]+)")
_WORDS: Final = frozenset({
    "ADD", "AND", "BETWEEN", "DELETE", "IN", "NOT", "OR", "REMOVE", "SET", "attribute_exists", "attribute_not_exists",
    "attribute_type", "begins_with", "contains", "if_not_exists", "list_append", "size",
})  # fmt: skip
_EXPRESSIONS: Final = (
    "ProjectionExpression", "ConditionExpression", "FilterExpression", "UpdateExpression", "KeyConditionExpression",
)  # fmt: skip


def leading_keys(question: Question) -> tuple[str, ...] | Open | None:
    """The values of the partition key that a request names, each once; None where it names none, as Scan.

    OPEN: it is not certain, as of a statement on an index, or of an item without the key.
    """
    parameters = question.need.parameters
    table, _, index = question.need.resource.partition(":table/")[2].partition("/")
    name = None if index else question.setting.stored.partition_key(table)  # an index has another partition key
    if "Statement" in parameters:
        stated = parameters.get("Parameters")
        values_of_marks = stated if isinstance(stated, list) else ()
        return OPEN if name is None else partition_values(str(parameters["Statement"]), values_of_marks, name)
    values: list[str] = []
    for item in _items(parameters):
        value = item.get(name) if name is not None else None
        if value is None and len(item) == 1 and name is None:
            value = next(iter(item.values()))
        if value is None:
            return OPEN
        values += _scalars(value)
    values += _of_condition(parameters, name)
    return tuple(dict.fromkeys(values)) or None


def full_table_scan(question: Question) -> str | Open | None:
    """Return "true" or "false": whether a SELECT of PartiQL reads a whole table; None for other actions.

    OPEN: its keys are not known. Source: "IAM security policies with PartiQL for DynamoDB".
    """
    values = leading_keys(question)
    if question.need.action != "dynamodb:PartiQLSelect":
        return None
    if isinstance(values, Open):
        return OPEN
    return "true" if values is None else "false"


def _items(parameters: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the keys and items of a request about one table, from Key, Item and Keys."""
    for name in ("Key", "Item"):
        if isinstance(parameters.get(name), dict):
            yield parameters[name]
    keys = parameters.get("Keys")
    if isinstance(keys, list):
        yield from (key for key in keys if isinstance(key, dict))


def _scalars(value: Any) -> list[str]:
    """The text of an attribute value such as {"S": "ada"}; none of a list, a set or a map."""
    kinds = value if isinstance(value, dict) else {}
    return [str(kinds[kind]) for kind in ("S", "N", "B") if kind in kinds]


def _of_condition(parameters: Mapping[str, Any], name: str | None) -> list[str]:
    """The value that a query asks its partition key to have: the first that its condition compares with `=`; else none.

    With None for the key's name the first comparison of any attribute counts.
    """
    expression = parameters.get("KeyConditionExpression")
    names = section(parameters, "ExpressionAttributeNames")
    values = section(parameters, "ExpressionAttributeValues")
    if isinstance(expression, str):
        for match in _EQUALS.finditer(expression):
            if name in (None, names.get(match["name"], match["name"])):
                return _scalars(values.get(match["value"]))
    conditions = section(parameters, "KeyConditions")
    for key, condition in conditions.items():
        if name in (None, key) and isinstance(condition, dict) and condition.get("ComparisonOperator") == "EQ":
            return [text for value in condition.get("AttributeValueList", ()) for text in _scalars(value)]
    return []


def attributes(question: Question) -> tuple[str, ...] | Open | None:
    """The attributes that a request names, at the top of an item, each once.

    None where it names none, and so means all. OPEN: it is a statement of PartiQL.
    """
    parameters = question.need.parameters
    if "Statement" in parameters:
        return OPEN
    names = section(parameters, "ExpressionAttributeNames")
    named: dict[str, None] = {}
    for item in _items(parameters):
        named.update(dict.fromkeys(item))
    for expression in (parameters.get(name) for name in _EXPRESSIONS):
        if isinstance(expression, str):
            for path in _paths(expression):
                named[str(names.get(path, path))] = None
    if isinstance(parameters.get("AttributesToGet"), list):
        named.update(dict.fromkeys(str(name) for name in parameters["AttributesToGet"]))
    for legacy in ("AttributeUpdates", "Expected", "KeyConditions", "QueryFilter", "ScanFilter"):
        named.update(dict.fromkeys(section(parameters, legacy)))
    return tuple(named) or None


def _paths(expression: str) -> Iterator[str]:
    """Yield the first names of the paths in an expression, some more than once: `a.b[0] = :x` names `a`."""
    for match in _NAME.finditer(expression):
        follows_dot = expression[: match.start()].rstrip().endswith(".")
        if match[0] not in _WORDS and match[0].upper() not in _WORDS and not follows_dot:
            yield match[0]


def select(question: Question) -> str | None:
    """Return the Select of a query or scan, as stated or by default; None for operations that have none.

    Source: "Query" (DynamoDB API Reference).
    """
    parameters = question.need.parameters
    stated = parameters.get("Select")
    if isinstance(stated, str):
        return stated
    if question.operation.name not in ("Query", "Scan"):
        return None
    if "ProjectionExpression" in parameters or "AttributesToGet" in parameters:
        return "SPECIFIC_ATTRIBUTES"
    return "ALL_PROJECTED_ATTRIBUTES" if "IndexName" in parameters else "ALL_ATTRIBUTES"


def partition_values(statement: str, parameters: Sequence[Any], key: str) -> tuple[str, ...] | Open | None:
    """The values of the partition key that a statement names; None where it names none, and so may mean all.

    `parameters` are the attribute values that stand for its question marks, in their order. Open: it is not certain.
    """
    try:
        parsed = emulated("services.dynamodb")._parse_partiql(statement, parameters)
    except ValueError:  # a statement that it will refuse
        return OPEN
    parsed = parsed.get("select", parsed)  # EXISTS(SELECT …)
    operands = list(_compared(parsed.get("where"), key))
    if parsed["op"] == "INSERT":
        operands = [parsed["item"].get(key)]
    values = [_scalars(operand) for operand in operands]
    if not all(values):
        return OPEN
    return tuple(dict.fromkeys(value for (value,) in values)) or None


def _compared(node: Any, key: str) -> Iterator[Any]:
    """Yield the values that a condition of the emulator's compares an attribute with by `=` or IN.

    None stands for a value that is not known: another attribute's, or a part that OR or NOT makes uncertain.
    """
    kind, *parts = node or ("none",)
    attribute = ("path", [key])
    if kind == "and":
        for part in parts:
            yield from _compared(part, key)
    elif kind in ("or", "not"):
        yield None
    elif kind == "in" and parts[0][:2] == attribute:
        options = parts[1][1] if parts[1][0] == "options" else [parts[1]]
        yield from (option[1] if option[0] == "lit" else None for option in options)
    elif kind == "cmp" and parts[0] == "=":
        for side, other in (parts[1:], reversed(parts[1:])):
            if side[:2] == attribute:
                yield other[1] if other[0] == "lit" else None
