"""The condition keys of DynamoDB: the partition keys and the attributes that a request names, and what it selects.

Of PartiQL only statements whose condition is comparisons joined by AND are read; of others nothing is known.

Sources: "Using IAM policy conditions for fine-grained access control", "PartiQL select statements for DynamoDB" (Amazon
DynamoDB Developer Guide): without `=` or IN on the partition key the whole table is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.iam.request import OPEN, Open

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from remit.local.authorization.question import Question

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
    """The values of the partition key that a request names; None where it names none, as Scan."""
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
    """Return whether a SELECT of PartiQL reads a whole table ("IAM security policies with PartiQL for DynamoDB")."""
    values = leading_keys(question)
    if question.need.action != "dynamodb:PartiQLSelect":
        return None
    if isinstance(values, Open):
        return OPEN
    return "true" if values is None else "false"


def _items(parameters: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
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
    """The value that a query asks its partition key to have: the one that its condition compares with `=`."""
    expression = parameters.get("KeyConditionExpression")
    names = _mapping(parameters.get("ExpressionAttributeNames"))
    values = _mapping(parameters.get("ExpressionAttributeValues"))
    if isinstance(expression, str):
        for match in _EQUALS.finditer(expression):
            if name in (None, names.get(match["name"], match["name"])):
                return _scalars(values.get(match["value"]))
    conditions = _mapping(parameters.get("KeyConditions"))
    for key, condition in conditions.items():
        if name in (None, key) and isinstance(condition, dict) and condition.get("ComparisonOperator") == "EQ":
            return [text for value in condition.get("AttributeValueList", ()) for text in _scalars(value)]
    return []


def attributes(question: Question) -> tuple[str, ...] | Open | None:
    """The attributes that a request names, at the top of an item; None where it names none, and so means all."""
    parameters = question.need.parameters
    if "Statement" in parameters:
        return OPEN
    names = _mapping(parameters.get("ExpressionAttributeNames"))
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
        named.update(dict.fromkeys(_mapping(parameters.get(legacy))))
    return tuple(named) or None


def _paths(expression: str) -> Iterator[str]:
    """The first names of the paths in an expression: `a.b[0] = :x` names `a`."""
    for match in _NAME.finditer(expression):
        follows_dot = expression[: match.start()].rstrip().endswith(".")
        if match[0] not in _WORDS and match[0].upper() not in _WORDS and not follows_dot:
            yield match[0]


def select(question: Question) -> str | None:
    """Return the Select of a query or scan: as stated, or DynamoDB's default ("Query", API Reference)."""
    parameters = question.need.parameters
    stated = parameters.get("Select")
    if isinstance(stated, str):
        return stated
    if question.operation.name not in ("Query", "Scan"):
        return None
    if "ProjectionExpression" in parameters or "AttributesToGet" in parameters:
        return "SPECIFIC_ATTRIBUTES"
    return "ALL_PROJECTED_ATTRIBUTES" if "IndexName" in parameters else "ALL_ATTRIBUTES"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


_TOKEN: Final = re.compile(
    r"""(?P<text>'(?:[^']|'')*')|"(?P<quoted>[^"]+)"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*)|(?P<sign>\S)"""
)
_UNREAD: Final = frozenset({"OR", "NOT"})
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of a statement: a name, keyword or sign, or a literal, whose `word` is empty.

    `value` is the text of a literal, or of the parameter that a question mark stands for; None for anything else.
    """

    word: str
    value: str | None
    depth: int
    """In how many brackets it stands; an opening one counts itself."""

    def names(self, key: str) -> bool:
        """Return whether it is a name, or the literal that names an attribute of an item."""
        return key in (self.word, self.value)


def partition_values(statement: str, parameters: Sequence[Any], key: str) -> tuple[str, ...] | Open | None:
    """The values of the partition key that a statement names; None where it names none, and so may mean all.

    `parameters` are the attribute values that stand for its question marks, in their order. Open: it is not certain.
    """
    tokens = list(_tokens(statement, parameters))
    if tokens and tokens[0].word.upper() == "INSERT":
        operands = _inserted(tokens, key)
    else:
        start = next((position for position, token in enumerate(tokens) if token.word.upper() == "WHERE"), len(tokens))
        if any(token.word.upper() in _UNREAD for token in tokens[start:]):
            return OPEN
        operands = _compared(tokens[start:], key)
    values = [value for value in operands if value is not None]
    if len(values) < len(operands):
        return OPEN
    return tuple(dict.fromkeys(values)) or None


def _tokens(statement: str, parameters: Sequence[Any]) -> Iterator[_Token]:
    remaining = iter(parameters)
    depth = 0
    for match in _TOKEN.finditer(statement):
        word = match["quoted"] or match["word"] or match["sign"] or ""
        value = match["number"]
        if match["text"]:
            value = match["text"][1:-1].replace("''", "'")
        elif match["sign"] == "?":
            value = next(iter(_scalars(next(remaining, None))), None)
        depth += word in _OPENING
        yield _Token(word, value, depth)
        depth -= word in _CLOSING


def _inserted(tokens: Sequence[_Token], key: str) -> list[str | None]:
    """The value of an attribute of the item itself, which is `{'name': value, …}`."""
    values: list[str | None] = []
    for position in range(len(tokens) - 2):
        name, colon, value = tokens[position : position + 3]
        if name.names(key) and name.depth == 1 and colon.word == ":":
            values.append(value.value)
    return values


def _compared(tokens: Sequence[_Token], key: str) -> list[str | None]:
    """List the values that an attribute of the item itself is compared with by `=` and IN."""
    operands: list[str | None] = []
    for position in range(1, len(tokens) - 2):
        if tokens[position].word != key or tokens[position - 1].word == ".":
            continue
        comparison = tokens[position + 1].word.upper()
        if comparison == "=":
            operands.append(tokens[position + 2].value)
        elif comparison == "IN":
            operands.extend(_listed(tokens[position + 2 :]))
    return operands


def _listed(tokens: Sequence[_Token]) -> Iterator[str | None]:
    """The values in the brackets with which tokens begin."""
    outside = tokens[0].depth - 1
    for token in tokens:
        if token.word in _CLOSING and token.depth == outside + 1:
            return
        if token.word not in _OPENING and token.word != ",":
            yield token.value
