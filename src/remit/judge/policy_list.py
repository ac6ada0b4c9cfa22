"""From what people write in a policy list ("logs", "sqs:SendMessage", statements, documents) to Grants."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Final, NamedTuple

from remit.app import Grant, Reason
from remit.catalogue.actions import service
from remit.catalogue.managed_policies import is_of_aws, managed_policy
from remit.declare.asked import AskedGrant
from remit.declare.unread import Unread
from remit.errors import Mistakes, Origin, Path, RemitError, Span, described, spelled
from remit.iam import policy as iam
from remit.iam import tokens
from remit.iam.placeholders import placeholder
from remit.project.lambda_environment import placeholder_error, placeholder_in
from remit.project.settings import Items
from remit.resources.names import logical
from remit.source import places
from remit.triggers.trigger import BaseTrigger

_SNAKE: Final = {
    "effect": "Effect", "action": "Action", "actions": "Action", "not_action": "NotAction",
    "resource": "Resource", "resources": "Resource", "not_resource": "NotResource", "condition": "Condition",
    "sid": "Sid", "statement": "Statement", "version": "Version", "id": "Id",
    "policy_document": "PolicyDocument", "policy_name": "PolicyName",
    "principal": "Principal", "not_principal": "NotPrincipal",
}  # fmt: skip
_SERVICE: Final = r"[A-Za-z0-9-]+"
_ACTION: Final = r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+"
_FORGOTTEN: Final = r"(?<!\$)\{\s*(?:aws|project)\.\w+\s*\}"
_NONE: Final = r"(?<![A-Za-z0-9_])None(?![A-Za-z0-9_])"
_FOREIGN: Final = r"[^\t\n\r\x20-\xff]"
_SID: Final = r"[A-Za-z0-9]*"
_SHOWN: Final = 6  # steps of a path that is too long to be read
_DEPTH: Final = 32
_LONGEST: Final = 6_144  # characters of the largest managed policy: nothing in one can be longer


class _Item(NamedTuple):
    """One item of a policy list, what wrote it, where that is known, and its steps from the keyword."""

    value: Any
    node: ast.expr | None
    span: Span
    path: Path

    @property
    def origin(self) -> Origin:
        """The place of the item; that of its statement where nothing shows it."""
        return places.origin_of(self.node, self.span)


def _items(item: _Item, mistakes: Mistakes, depth: int = 0) -> Iterator[_Item]:
    """The items of a list, and of lists in it, each by itself; what is no list is an item.

    Nothing comes of what could not be read. Lists that are nested too deep are noted.
    """
    value, node, span, path = item
    if type(value) is Unread:
        return
    # What a typed grant gives is a tuple, and one item, whatever number of statements it takes.
    is_grants = isinstance(value, tuple) and bool(value) and all(isinstance(part, Grant) for part in value)
    if isinstance(value, Items):
        for part, place in value.parts:
            yield from _items(_Item(part, places.value_node(place), place, path), mistakes, depth + 1)
    elif not isinstance(value, list | tuple) or is_grants:
        yield item
    elif depth > _DEPTH:
        too_deep = f"nests lists deeper than {_DEPTH}, or contains itself"
        mistakes.errors.append(_wrong(path[:_SHOWN], too_deep, origin=item.origin))
    else:
        nodes = places.item_nodes(node, len(value), span.file)
        for index, (part, part_node) in enumerate(zip(value, nodes, strict=True)):
            yield from _items(_Item(part, part_node, span, (*path, index)), mistakes, depth + 1)


def declare(value: Any, span: Span, reason: Reason, mistakes: Mistakes, keyword: str = "policy") -> tuple[Grant, ...]:
    """The grants of the value that `keyword` gets at `span`, each with its own line; `reason` is their because.

    Items that are wrong are noted, with all mistakes in them, and give none.
    """
    grants: list[Grant] = []
    for item in _items(_Item(value, places.value_node(span, keyword), span, (keyword,)), mistakes):
        given, origin, path = item.value, item.origin, item.path
        item_mistakes = Mistakes()
        item_grants: tuple[Grant, ...] = ()
        if isinstance(given, Mapping) and item.node is not None:
            for repeated, _ in islice(places.repeated_keys(ast.walk(item.node)), 1):
                message = f"has the key {ast.unparse(repeated)} twice, of which Python keeps the last"
                place = places.origin_of(repeated, item.span)
                item_mistakes.errors.append(_wrong(path, message, hint="merge them into one list", origin=place))
        with item_mistakes.noted():
            granted = given.grants() if isinstance(given, AskedGrant) else given
            item_grants = tuple(_grants(granted, reason, origin, path))
        for number, grant in enumerate(item_grants):
            _check(grant.statement, path, number, item_mistakes)
        if isinstance(given, Mapping) and item_mistakes.errors:
            item_mistakes.errors[:] = _mistakes_of_parts(given, reason, origin, path, item_mistakes.errors)
        for error in item_mistakes.errors:
            error.origin = error.origin or origin
            error.path = error.path[len(path) :]  # within the item, which stands at the origin
        mistakes.errors += item_mistakes.errors
        if not item_mistakes.errors:
            grants += item_grants
    return tuple(grants)


def _mistakes_of_parts(
    value: Mapping[Any, Any], reason: Reason, origin: Origin, path: Path, mistakes: list[RemitError]
) -> list[RemitError]:
    """The mistakes of an item that has some, and those that they hide: of each part of its statements by itself.

    Those given come first; one text stands once.
    """
    from remit.judge.item_parts import each_alone  # noqa: PLC0415 - of mistakes alone

    gathered = Mistakes(list(mistakes))
    with gathered.noted():
        for item in each_alone(_spelled_by_aws(value, path)):
            with gathered.noted():
                for number, grant in enumerate(_grants(item, reason, origin, path)):
                    _check(grant.statement, path, number, gathered)
    return list({error.message: error for error in reversed(gathered.errors)}.values())[::-1]


def _spelled_by_aws(value: Mapping[Any, Any], path: Path) -> dict[Any, Any]:
    """An item with the names of its elements in AWS's spelling, those of its statements as well."""
    item = _pascal(value, path)
    inner = item.get("PolicyDocument")
    if isinstance(inner, Mapping):
        item["PolicyDocument"] = _spelled_by_aws(inner, (*path, "PolicyDocument"))
    statements = item.get("Statement")
    if isinstance(statements, Mapping):
        item["Statement"] = _pascal(statements, path)
    elif isinstance(statements, list):
        item["Statement"] = [_pascal(part, path) if isinstance(part, Mapping) else part for part in statements]
    return item


def _grants(value: Any, reason: Reason, origin: Origin, path: Path) -> Iterator[Grant]:
    """Yield the grants of one item that is no list, those of typed grants as they are.

    RemitError (2): it is nothing that grants, such as a set, None or a trigger, or a statement that is not valid.
    """
    if isinstance(value, Grant):
        yield value
    elif isinstance(value, tuple):  # of a typed grant
        yield from value
    elif isinstance(value, iam.Statement):
        yield Grant(value, reason, origin)
    elif isinstance(value, iam.Policy):
        _check_version(value, path)
        yield from (Grant(statement, reason, origin) for statement in value.statements)
    elif isinstance(value, str):
        text = tokens.plain(value)
        yield Grant(_from_string(text, path), replace(reason, text=repr(text)), origin)
    elif isinstance(value, Mapping):
        yield from (Grant(statement, reason, origin) for statement in _from_dict(value, path))
    elif isinstance(value, set | frozenset):
        raise _wrong(path, "is a set, whose order changes from run to run", hint="use a list")
    elif value is None:
        hint = "usually os.environ.get() of a variable that is not set: set it or drop the item"
        raise _wrong(path, "is None", hint=hint)
    elif isinstance(value, BaseTrigger) or (isinstance(value, type) and issubclass(value, BaseTrigger)):
        kind = value if isinstance(value, type) else type(value)
        service = kind.__module__.rpartition(".")[2]
        hint = (
            f"a trigger stands before it: `@app.function(on.{service}(…))`; a grant reads such as `grants.sqs.send(…)`"
        )
        raise _wrong(path, "is a trigger, which says what runs a function and not what it may do", hint=hint)
    else:
        name = getattr(value, "__name__", None)
        is_function = callable(value) and isinstance(name, str)
        hint_to_call = f"call it: `{name}(…)`" if is_function else None
        raise _wrong(path, f"must be a string or a dict, got {described(value)}", hint=hint_to_call)


def _from_string(value: str, path: Path) -> iam.Statement:
    """Read "logs" as all of a service, "sqs:SendMessage" as one action or a pattern; both on every resource.

    A service that the catalogue does not know passes: lint tells of it. RemitError (2): it is neither, or empty.
    """
    if value == "*" or re.fullmatch(_ACTION, value):
        return iam.allow(value)
    is_word = re.fullmatch(_SERVICE, value) is not None
    if is_word and service(value):
        return iam.allow(f"{value}:*")
    if not value.strip():
        raise _wrong(path, "is an empty string", hint='name a service ("logs") or an action ("s3:GetObject")')
    _refuse_placeholder(value, path)
    from remit.judge import meant_items  # noqa: PLC0415 - of mistakes alone

    hint = meant_items.of_unknown_service(value) if is_word else meant_items.hint(value)
    if hint is None:  # a service that the catalogue does not have: lint says so
        return iam.allow(f"{value}:*")
    raise _wrong(path, f"is {value[:60]!r}: neither a service nor an action", hint=hint)


def _from_dict(raw: Mapping[Any, Any], path: Path) -> tuple[iam.Statement, ...]:
    """The statements of a dict: of a document, of an inline policy with its name, or the one statement that it is.

    RemitError (2): it is none of these, or not valid, with the path to what is wrong.
    """
    outer = _pascal(raw, path)
    further_keys = sorted(set(outer) - {"PolicyDocument", "PolicyName"}) if "PolicyDocument" in outer else []
    if further_keys:
        raise _wrong(path, f"has {further_keys[0]!r} beside 'PolicyDocument'")
    document = _spelled_by_aws(raw, path)  # whose mistakes do not hide the one above
    if "PolicyDocument" in document:
        document = document["PolicyDocument"]
        if not isinstance(document, Mapping):
            raise _wrong((*path, "PolicyDocument"), f"must be a dict, got {type(document).__name__}")
    if "Statement" not in document:
        return (_of_role(iam.parse_statement(document, path), path),)
    try:
        parsed = iam.parse({"Version": iam.VERSION, **document})
    except RemitError as error:
        message = f"{spelled(path)}: {error.message}"
        raise RemitError(message, hint=error.hint, path=(*path, *error.path)) from None
    _check_version(parsed, path)
    return tuple(_of_role(statement, path) for statement in parsed.statements)


def _check_version(document: iam.Policy, path: Path) -> None:
    """Check that no text of an older document becomes a variable: a role's policies are 2012-10-17.

    RemitError (2): one would.
    """
    if document.version == iam.VERSION:
        return
    for number, statement in enumerate(document.statements):
        texts = list(statement.resources.patterns) if statement.resources else []
        for condition in statement.conditions:
            texts += condition.values
        for text in texts:
            if not any(isinstance(part, str) and "${" in part for part in tokens.split(text)):
                continue  # each `${` in it is one of CloudFormation's references, which become text at the deploy
            raise RemitError(
                f"{spelled(path)}: in Version {document.version!r} there are no variables, "
                f"and {text!r} is literal text",
                hint=f"use {iam.VERSION!r}, in which it is a variable; `${{$}}` stands for a literal `$` there",
                path=(*path, "Statement", number, "Resource", text),
            )


def _wrong(path: Path, message: str, *, hint: str | None = None, origin: Origin | None = None) -> RemitError:
    """The error for a mistake of the item at a path, with which its message begins: `policy[0] is None`."""
    return RemitError(f"{spelled(path)} {message}", hint=hint, origin=origin, path=path)


def _pascal(raw: Mapping[Any, Any], path: Path) -> dict[Any, Any]:
    """Element names in IAM's spelling, tuples as lists, and resources of the app as their ARNs.

    RemitError (2): a name is given in both spellings.
    """
    renamed: dict[Any, Any] = {}
    for key, value in raw.items():
        name = _SNAKE.get(key, key) if isinstance(key, str) else key
        if name in renamed:
            raise _wrong(path, f"has {name!r} twice, in two spellings", hint="merge them")
        renamed[name] = list(value) if isinstance(value, tuple) else value
    for name in renamed.keys() & {"Resource", "NotResource"}:  # a resource of the app stands for its ARN
        value = renamed[name]
        is_list = isinstance(value, list)
        renamed[name] = [getattr(item, "arn", item) for item in value] if is_list else getattr(value, "arn", value)
    return renamed


def _of_role(statement: iam.Statement, path: Path) -> iam.Statement:
    """The statement, if it may stand in a role's policy. RemitError: it has principals, or no resources."""
    if statement.principals is not None:
        raise _wrong(path, "has a Principal, but the role itself is the principal", hint="remove it")
    if statement.resources is None:
        raise _wrong(path, "has no 'Resource'", hint="add 'Resource': an ARN, or '*' if it must be everything")
    return statement


def _check(statement: iam.Statement, path: Path, number: int, mistakes: Mistakes) -> None:
    """Note what IAM refuses of the texts of an item's statement (its number), and traces of unset variables in them."""
    action_element = "NotAction" if statement.actions.negated else "Action"
    texts = [(action_element, action) for action in statement.actions.patterns]
    if statement.resources is not None:
        resource_element = "NotResource" if statement.resources.negated else "Resource"
        texts += [(resource_element, resource) for resource in statement.resources.patterns]
    for condition in statement.conditions:
        texts += [("Condition", text) for text in (condition.key, *condition.values)]
    for element, text in (*texts, ("Sid", statement.sid)):
        problem = None
        with mistakes.noted():
            problem = _problem_of(text, is_resource=element in ("Resource", "NotResource"))
        if problem is not None:
            reason, hint = problem
            inside = ("Statement", number, element, text)
            mistakes.errors.append(RemitError(f"{spelled(path)}: {reason}", hint=hint, path=(*path, *inside)))
    if not re.fullmatch(_SID, statement.sid):
        message = f"{spelled(path)}: Sid {statement.sid!r} may have only letters and digits"
        mistakes.errors.append(
            RemitError(message, hint=f"use {logical(statement.sid)!r}", path=(*path, "Statement", number, "Sid"))
        )


# Of CloudFormation's pseudo parameters in a policy the stack's id alone is an ARN ("Pseudo parameters reference").
_NO_ARN: Final = r"\$\{AWS::(?!StackId\})"


def _problem_of(  # noqa: PLR0911 - one problem after the other
    text: str, *, is_resource: bool
) -> tuple[str, str | None] | None:
    """Return the problem of a text of a policy, and a hint; None: it has none.

    RemitError (2): a `${` in a resource is not closed.
    """
    if len(text) > _LONGEST:
        return f"a string of {len(text):,} characters; a whole policy has at most 10,240", None
    variable = placeholder_in(text)
    if variable is not None:
        error = placeholder_error(variable)
        return error.message, error.hint
    foreign = None if text.isascii() else re.search(_FOREIGN, text)
    if foreign is not None:
        sign = foreign.group()
        hint = "U+0020 to U+00FF, tabs and newlines are accepted; use `*` in its place"
        return f"{sign!r} (U+{ord(sign):04X}) in {text!r}: IAM does not accept it", hint
    forgotten = re.search(_FORGOTTEN, text) if "{" in text else None
    if forgotten is not None:
        return f"{forgotten.group()} in {text!r} is literal text", 'put an f before the string: f"…"'
    if not is_resource:
        return None
    if "None" in text and re.search(_NONE, text):
        return f"{text!r} contains 'None'", "usually os.environ.get() of a variable that is not set: use os.environ[…]"
    if re.match(_NO_ARN, text) or not text.startswith(("arn:", "${", "*")):
        return f"the resource {text!r} is neither an ARN nor '*'", "an ARN starts with `arn:`"
    tokens.references(text)
    return None


_PARTITION: Final = r"arn:(?:aws|aws-cn|aws-us-gov|aws-eusc|aws-iso[a-z-]*)(?=:iam:)"
_POLICY_ARN: Final = r"arn:(?:\$\{AWS::Partition\}|[^:$]+):iam::(?:aws|\d{12}|\$\{AWS::AccountId\}):policy/.+"
_PLAIN_NAME: Final = r"[\w+=,.@-]+(?:/[\w+=,.@-]+)*"


def declare_managed(value: Any, span: Span, mistakes: Mistakes, keyword: str = "managed_policy") -> dict[str, Origin]:
    """The ARNs of managed policies, each with its first line: from names, paths such as "service-role/…", or ARNs.

    Their partition is `${AWS::Partition}`; one of the app is the `${…}` of its Ref. Items that are wrong are noted.
    """
    written: dict[str, Origin] = {}
    value_mistakes = Mistakes()
    for item in _items(_Item(value, places.value_node(span, keyword), span, (keyword,)), value_mistakes):
        with value_mistakes.noted():
            policy = getattr(item.value, "ref", item.value)  # of a policy of the app, the ARN
            if not isinstance(policy, str):
                problem = f"must be a policy's name or ARN, got {described(policy)}"
                raise _wrong(item.path, problem, origin=item.origin)
            written.setdefault(managed_arn(tokens.plain(policy), item.path, item.origin), item.origin)
    for error in value_mistakes.errors:
        error.origin = error.origin or span.origin
    mistakes.errors += value_mistakes.errors
    return written


def _refuse_placeholder(text: str, path: Path, origin: Origin | None = None) -> None:
    """Check that no value of a variable stands in a text that nobody knows before the function runs.

    RemitError (2): one does.
    """
    variable = placeholder_in(text)
    if variable is not None:
        error = placeholder_error(variable)
        raise RemitError(f"{spelled(path)}: {error.message}", hint=error.hint, origin=origin, path=path)


def managed_arn(value: str, path: Path, origin: Origin) -> str:
    """The ARN of a managed policy, with the partition late-bound; a reference stays as it is.

    RemitError (2): it is no ARN or name of one, AWS has none of that name, or a variable's value is not known yet.
    """
    _refuse_placeholder(value, path, origin)
    if value.startswith("arn:"):
        arn = re.sub(_PARTITION, "arn:${AWS::Partition}", value)
        if not re.fullmatch(_POLICY_ARN, arn) or placeholder(arn) is not None:
            raise RemitError(
                f"{spelled(path)}: {value!r} is not an ARN of a managed policy",
                hint="it reads arn:PARTITION:iam::ACCOUNT:policy/NAME, or iam::aws: for AWS's own",
                origin=origin,
            )
        if is_of_aws(arn):
            _check_exists(arn.split(":policy/", 1)[1], path, origin)
        return arn
    if value.startswith("${"):
        return value  # a resource of the app, by Ref
    if not re.fullmatch(_PLAIN_NAME, value):
        raise RemitError(f"{spelled(path)}: {value!r} is not a valid name for a managed policy", origin=origin)
    aws_policy = None if "/" in value else managed_policy(value)
    if aws_policy is not None:
        return aws_policy.arn()  # with its path, which a name alone does not say
    _check_exists(value, path, origin)
    return f"arn:${{AWS::Partition}}:iam::aws:policy/{value}"


def _check_exists(name: str, path: Path, origin: Origin) -> None:
    """Check that AWS has a managed policy, by its path and name: all of them are known. RemitError (2): it has none."""
    if managed_policy(f"arn:aws:iam::aws:policy/{name}") is not None:
        return
    namesake = managed_policy(name.rpartition("/")[2])
    if namesake is not None:
        meant: str | None = f"{namesake.path}{namesake.name}".lstrip("/")
    else:
        from remit.catalogue.meant_names import nearest_managed_policy  # noqa: PLC0415 - of mistakes alone

        meant = nearest_managed_policy(name)
    hint = "a policy of your own account is named by its ARN, with {aws.account}"
    if meant is not None:
        hint = f"did you mean `{meant}`?"
    raise RemitError(f"{spelled(path)}: AWS has no managed policy {name!r}", hint=hint, origin=origin)
