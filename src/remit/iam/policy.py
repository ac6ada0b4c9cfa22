"""The nouns of IAM: what a policy document says, parsed once at the door and rendered once at the end.

Source of the grammar: "Grammar of the IAM JSON policy language" (IAM User Guide).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from remit.did_you_mean import did_you_mean
from remit.errors import Path, RemitError, described, spelled
from remit.iam import tokens
from remit.iam.operators import check_operator

VERSION: Final = "2012-10-17"
OLD_VERSION: Final = "2008-10-17"
DEPTH: Final = 32  # IAM documents nest 5 deep at most; deeper is a generator's loop

_DOCUMENT_KEYS: Final = ("Version", "Id", "Statement")
_STATEMENT_KEYS: Final = (
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
)  # fmt: skip
_LONGEST: Final = 100_000  # characters of an action; a whole policy has 32,768 at most
_ACTIONS: Final = frozenset({"Action", "NotAction"})
_STATEMENT_STEPS: Final = 2  # Statement, and its index
_PRINCIPAL_KINDS: Final = ("AWS", "Service", "Federated", "CanonicalUser")


@dataclass(frozen=True, slots=True)
class Globs:
    """Patterns of which one must match; with `negated` (NotAction, NotResource) none may."""

    patterns: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Principals:
    """The principals of a statement: pairs of a kind and a value.

    The kind is AWS, Service, Federated or CanonicalUser, or "*" for everyone.
    """

    patterns: tuple[tuple[str, str], ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key. `operator` is bare: quantifier and IfExists stand beside it.

    A block of keys that CloudFormation puts in at the deploy is one condition, whose key and value are its reference.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: str = ""
    if_exists: bool = False

    @property
    def spelled(self) -> str:
        """The operator as a document spells it: `ForAnyValue:StringLikeIfExists`."""
        prefix = f"{self.quantifier}:" if self.quantifier else ""
        return f"{prefix}{self.operator}{'IfExists' if self.if_exists else ''}"

    @property
    def path(self) -> tuple[str, str, str]:
        """Where it stands in its statement."""
        return "Condition", self.spelled, self.key

    @property
    def late(self) -> bool:
        """True if its keys are known at the deploy only."""
        return self.key.startswith("${")

    @property
    def decided_by(self) -> str:
        """The key of a request that it hangs on; where that is known at the deploy only, the condition as a whole."""
        return f"{self.spelled} {self.key}" if self.late else self.key

    @property
    def words(self) -> str:
        """As people read it: `StringEquals aws:SourceAccount = 111122223333`."""
        return self.decided_by if self.late else f"{self.spelled} {self.key} = {', '.join(self.values) or 'no value'}"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `resources` is None only in documents that have none (trust policies)."""

    effect: str
    actions: Globs
    resources: Globs | None = None
    principals: Principals | None = None
    conditions: tuple[Condition, ...] = ()
    sid: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document. `version` decides whether IAM's variables are variables (2012-10-17) or text."""

    statements: tuple[Statement, ...]
    version: str = VERSION
    id: str = ""


def allow(*actions: str, on: str | tuple[str, ...] = "*", when: tuple[Condition, ...] = (), sid: str = "") -> Statement:
    """An Allow statement: actions on a resource ARN, or several."""
    resources: tuple[str, ...] = (on,) if isinstance(on, str) else on
    return Statement("Allow", Globs(tuple(actions)), Globs(resources), conditions=when, sid=sid)


def parse(document: object) -> Policy:
    """Read a policy document (a dict, as json.loads gives it); without Version it is one of 2008-10-17, as in IAM.

    RemitError (2), with the path of what is wrong.
    """
    _check_shape(document, (), 0, ())
    if not isinstance(document, dict):
        hint = (
            "a list is the form of `config.lambda_.iam.policy`, not of a document"
            if isinstance(document, list)
            else None
        )
        raise _wrong((), f"must be a dict, got {described(document)}", hint=hint)
    _check_keys(document, _DOCUMENT_KEYS, ())
    if "Statement" not in document:
        raise _wrong((), "has no 'Statement'", hint='wrap it: {"Version": "2012-10-17", "Statement": [...]}')
    version = tokens.plain(document.get("Version", OLD_VERSION))
    if version not in (VERSION, OLD_VERSION):
        hint = f"it is the language's version, not a date: use '{VERSION}'"
        raise _wrong(("Version",), f"{version!r} does not exist", hint=hint)
    raw = document["Statement"]
    if isinstance(raw, dict):
        statements: tuple[Statement, ...] = (parse_statement(raw),)
    elif isinstance(raw, list):
        statements = tuple(parse_statement(item, ("Statement", index)) for index, item in enumerate(raw))
    else:
        raise _wrong(("Statement",), f"must be a dict or a list of dicts, got {described(raw)}")
    identifier = tokens.plain(tokens.textual(document.get("Id", "")))
    if not isinstance(identifier, str):
        raise _wrong(("Id",), f"must be a string, got {described(identifier)}")
    return Policy(statements, version, identifier)


def parse_statement(raw: object, path: Path = ("Statement",), *, operators: bool = True) -> Statement:
    """Read one statement that stands at `path` of its document. Without `operators`, any condition operator goes.

    RemitError (2), with the path of the mistake, for whatever IAM refuses in its form.
    """
    _check_shape(raw, path, 0, ())
    if not isinstance(raw, dict):
        raise _wrong(path, f"must be a dict, got {described(raw)}")
    _check_keys(raw, _STATEMENT_KEYS, path)
    if "Effect" not in raw:
        raise _wrong(path, "has no 'Effect'", hint="add 'Effect': 'Allow' (remit never guesses an Effect)")
    effect = tokens.plain(raw["Effect"])
    if not isinstance(effect, str):
        raise _wrong((*path, "Effect"), f"must be a string, got {described(effect)}", hint="write 'Effect': 'Allow'")
    if effect not in ("Allow", "Deny"):
        raise _wrong(
            (*path, "Effect"),
            f"{effect!r} is not valid: only 'Allow' and 'Deny' exist",
            hint=did_you_mean(effect, ("Allow", "Deny")) or "did you mean `Allow`?",
        )
    actions = _globs(raw, "Action", path)
    if actions is None:
        raise _wrong(path, "has no 'Action' and no 'NotAction'", hint="add 'Action': 'service:Operation'")
    return Statement(
        effect=effect,
        actions=actions,
        resources=_globs(raw, "Resource", path),
        principals=_principals(raw, path),
        conditions=_conditions(raw["Condition"], (*path, "Condition"), operators=operators)
        if "Condition" in raw
        else (),
        sid=_sid(raw.get("Sid", ""), path),
    )


def render(policy: Policy) -> dict[str, Any]:
    """The document as IAM spells it; late-bound parts stay text (see `tokens`)."""
    document: dict[str, Any] = {"Version": policy.version}
    if policy.id:
        document["Id"] = policy.id
    document["Statement"] = [render_statement(statement) for statement in policy.statements]
    return document


def render_statement(statement: Statement) -> dict[str, Any]:
    """One statement as IAM spells it: one value as a string, several as a list."""
    rendered: dict[str, Any] = {"Sid": statement.sid} if statement.sid else {}
    rendered["Effect"] = statement.effect
    if statement.principals is not None:
        by_kind: dict[str, list[str]] = {}
        for kind, value in statement.principals.patterns:
            by_kind.setdefault(kind, []).append(value)
        principals = {kind: one_or_list(tuple(values)) for kind, values in by_kind.items()}
        element = "NotPrincipal" if statement.principals.negated else "Principal"
        rendered[element] = "*" if principals == {"*": "*"} else principals
    rendered["NotAction" if statement.actions.negated else "Action"] = one_or_list(statement.actions.patterns)
    if statement.resources is not None:
        rendered["NotResource" if statement.resources.negated else "Resource"] = one_or_list(
            statement.resources.patterns
        )
    if statement.conditions:
        block: dict[str, Any] = {}
        for condition in statement.conditions:
            if condition.late:
                block[condition.spelled] = condition.key
            else:
                block.setdefault(condition.spelled, {})[condition.key] = one_or_list(condition.values)
        rendered["Condition"] = block
    return rendered


def one_or_list(values: tuple[str, ...]) -> str | list[str]:
    """Values as a document has them: a single one without a list."""
    return values[0] if len(values) == 1 else list(values)


def _globs(raw: dict[str, Any], element: str, path: Path) -> Globs | None:
    """The patterns of an element or of its negation; None where a statement has neither.

    RemitError (2): it has both.
    """
    negative = f"Not{element}"
    if element in raw and negative in raw:
        raise _wrong(path, f"has both '{element}' and '{negative}'", hint="IAM allows exactly one of them")
    for name, negated in ((element, False), (negative, True)):
        if name in raw:
            return Globs(_strings(raw[name], (*path, name)), negated)
    return None


def _strings(value: object, path: Path) -> tuple[str, ...]:
    """One string or a list of them, without exact repetitions.

    RemitError (2): an empty list, or an item that is no text.
    """
    items = value if isinstance(value, list | tuple) else [value]
    if not items:
        raise _wrong(path, "is an empty list", hint="IAM refuses it; often a loop or a variable that gave nothing")
    return tuple(
        dict.fromkeys(_string(item, path, index if items is value else None) for index, item in enumerate(items))
    )


def _string(value: Any, path: Path, index: int | None = None) -> str:
    """A text of a document, with late-bound text for an intrinsic function. RemitError: it is none, or empty."""
    if type(value) is not str:  # nearly all are, and there are many
        value = tokens.plain(value)
    if isinstance(value, str) and len(value) <= _LONGEST and value.strip():
        return tokens.with_dynamic(value) if "{{" in value else value
    if tokens.is_intrinsic(value):
        return tokens.with_dynamic(tokens.from_intrinsic(value))
    path = path if index is None else (*path, index)
    if value is None:
        raise _wrong(
            path,
            "is None",
            hint="usually os.environ.get() of a variable that is not set: set it or drop the item",
        )
    if isinstance(value, list):
        raise _wrong(path, "is a list inside a list", hint="unpack it: [*reads, *writes]")
    if not isinstance(value, str):
        account = isinstance(value, int) and not isinstance(value, bool) and path[-1] == "AWS"
        hint = f"put it in quotes: '{value:>012}'" if account else None
        raise _wrong(path, f"must be a string or a list of strings, got {described(value)}", hint=hint)
    if not value.strip():
        raise _wrong(path, "is an empty string")
    if not _ACTIONS.isdisjoint(path):  # it is matched with every action that there is
        raise _wrong(
            path,
            f"is a string of {len(value):,} characters: no name in AWS is so long",
            hint="a loop or a file that was put in by mistake?",
        )
    return tokens.with_dynamic(value)


def _principals(raw: dict[str, Any], path: Path) -> Principals | None:
    """The principals of a statement; None where it has none.

    RemitError (2): it has both forms, another kind of principal, or none in a dict. A text by an intrinsic function
    counts as everyone (`*`).
    """
    if "Principal" in raw and "NotPrincipal" in raw:
        raise _wrong(path, "has both 'Principal' and 'NotPrincipal'", hint="IAM allows exactly one of them")
    for name, negated in (("Principal", False), ("NotPrincipal", True)):
        if name not in raw:
            continue
        value = tokens.plain(raw[name])
        if value == "*" or (tokens.is_intrinsic(value) and "Fn::Transform" not in value):  # what a text must be
            return Principals((("*", "*"),), negated)
        if not isinstance(value, dict):
            hint = None
            if isinstance(value, str):
                kind = "Service" if value.endswith((".amazonaws.com", ".amazonaws.com.cn")) else "AWS"
                hint = f'write {{"{kind}": "{value}"}}'
            raise _wrong(
                (*path, name), f"must be '*' or a dict such as {{'AWS': ...}}, got {described(value)}", hint=hint
            )
        _check_keys(value, _PRINCIPAL_KINDS, (*path, name))
        pairs = [(kind, text) for kind in value for text in _strings(value[kind], (*path, name, kind))]
        if not pairs:
            raise _wrong((*path, name), "is empty")
        return Principals(tuple(pairs), negated)
    return None


def _conditions(raw: object, path: Path, *, operators: bool) -> tuple[Condition, ...]:
    """The conditions of a block, one for each operator and key.

    RemitError (2): a block or an operator of the wrong form or without keys, or, with `operators`, an operator that
    does not exist.
    """
    if not isinstance(raw, dict) or tokens.is_intrinsic(raw):
        got = f"a text by {next(iter(raw))}" if isinstance(raw, dict) else described(raw)
        raise _wrong(
            path,
            f"must be a dict of operators, got {got}",
            hint="write {'StringEquals': {'aws:SourceAccount': '…'}}",
        )
    conditions: list[Condition] = []
    for name, block in raw.items():
        if not isinstance(block, dict):
            raise _wrong((*path, name), f"must be a dict of condition keys, got {described(block)}")
        if not block:
            raise _wrong((*path, name), "is empty: it would always be true", hint="add a key or remove it")
        if operators and "${" in name:
            raise _wrong((*path, name), "is not an operator: CloudFormation fills in values, never keys")
        quantifier, _, operator_text = name.rpartition(":")
        if_exists = operator_text.endswith("IfExists")
        operator = operator_text.removesuffix("IfExists")
        if operators:
            try:
                check_operator(operator, quantifier, if_exists=if_exists)
            except RemitError as error:
                message = f"{spelled((*path, name))}: {error.message}"
                raise RemitError(message, hint=error.hint, path=(*path, name)) from None
        if tokens.is_intrinsic(block):
            text = tokens.from_intrinsic(block)
            conditions.append(Condition(operator, text, (text,), quantifier, if_exists))
            continue
        for key, values in block.items():
            # IAM takes an empty list: no value of a request equals any of it.
            items = values if isinstance(values, list | tuple) else [values]
            texts = dict.fromkeys(_scalar(item, (*path, name, key)) for item in items)
            conditions.append(Condition(operator, key, tuple(texts), quantifier, if_exists))
    return tuple(conditions)


def _scalar(value: object, path: Path) -> str:
    """A value of a condition as text.

    RemitError (2): it is no text, number or boolean, or a number that JSON does not have.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _wrong(path, f"is {value}: that is not valid JSON")
        return repr(value)
    if isinstance(value, str):
        return tokens.with_dynamic(tokens.plain(value))  # an empty string is a legal value to compare with
    return _string(value, path)


def _sid(value: object, path: Path) -> str:
    """The Sid of a statement as text. RemitError (2): it is none."""
    text = tokens.textual(value)
    if not isinstance(text, str):
        raise _wrong((*path, "Sid"), f"must be a string, got {described(text)}")
    return str.__str__(text)


def _wrong(path: Path, problem: str, *, hint: str | None = None) -> RemitError:
    """The mistake of what stands at a path, which the message begins with."""
    return RemitError(f"{_called(path)} {problem}", hint=hint, path=path)


def _called(path: Path) -> str:
    """A path as messages have it; `policy document` for the whole."""
    return spelled(path) or "policy document"


def _check_keys(raw: dict[Any, Any], valid_keys: tuple[str, ...], path: Path) -> None:
    """Refuse a dict with keys that its place in a document does not have: RemitError (2) that names all of them."""
    unknown = [key for key in raw if key not in valid_keys]
    if not unknown:
        return
    case_variants = [
        valid_key for key in unknown for valid_key in valid_keys if str(key).casefold() == valid_key.casefold()
    ]
    unknown_keys = ", ".join(repr(key) for key in unknown)
    hint = did_you_mean(str(unknown[0]), valid_keys)
    if case_variants:
        hint = f"did you mean {', '.join(f'`{key}`' for key in case_variants)}? IAM's element names are case-sensitive"
    message = f"{_called(path)} has unknown {'key' if len(unknown) == 1 else 'keys'} {unknown_keys}"
    raise RemitError(message, hint=hint, path=(*path, str(unknown[0])))


_TEXTS: Final = {str}


def only_texts(values: list[Any]) -> bool:
    """Return whether a list holds texts alone, as most lists of a policy do; quicker than asking one by one."""
    return set(map(type, values)) == _TEXTS


def _check_shape(value: object, path: Path, depth: int, inside: tuple[int, ...]) -> None:
    """Refuse with RemitError (2) what nests too deep, contains itself or has a key that is no text.

    It comes before anything walks the document.
    """
    if id(value) in inside:
        raise _wrong(path, "contains itself")
    if depth > DEPTH:
        raise _wrong(path[:_STATEMENT_STEPS], f"nests deeper than {DEPTH}", hint="flatten it")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise _wrong(path, f"has a key that is not a string: {key!r}")
            if isinstance(item, dict | list):
                _check_shape(item, (*path, key), depth + 1, (*inside, id(value)))
    elif isinstance(value, list) and not only_texts(value):
        for index, item in enumerate(value):
            if isinstance(item, dict | list):
                _check_shape(item, (*path, index), depth + 1, (*inside, id(value)))
