"""What a CloudFormation or SAM template holds for rules: policy documents, functions' environments, names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.catalogue.types import access_of
from remit.documents.json_text import read_json
from remit.errors import RemitError
from remit.lint.policies import document_of
from remit.lint.subject import CONTROL, IDENTITY, RESOURCE, TRUST, Document, Environment, Stack
from remit.template.branches import branches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.errors import Origin
    from remit.lint.finding import Spot

Locate: TypeAlias = "Callable[[Spot], Origin | None]"

_KINDS: Final = {"identity": IDENTITY, "attached": IDENTITY, "resource": RESOURCE, "ceiling": CONTROL}
"""The kind of a document by whose policies its type holds."""
_IMPLICIT: Final = (
    "ServerlessRestApi",
    "ServerlessHttpApi",
    "ServerlessDeploymentApplication",
    "CodeDeployServiceRole",
)
"""What SAM makes that no resource of the template gives its name to."""
_KNOWN_TRANSFORMS: Final = ("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::SecretsManager-2020-07-23",
                            "AWS::SecretsManager-2024-09-16", "AWS::CodeDeployBlueGreen")  # fmt: skip
"""Transforms that make no resources but those of SAM."""
_FUNCTIONS: Final = ("AWS::Lambda::Function", "AWS::Serverless::Function")
_LOOP: Final = 3  # a variable, what it runs over, and what is made
_STATEMENT: Final = '"Statement"'


def is_template(value: Any) -> bool:
    """Whether a document is a template: it has Resources, or says so."""
    return isinstance(value, dict) and any(
        key in value for key in ("Resources", "AWSTemplateFormatVersion", "Transform")
    )


def stack_of(raw: Mapping[str, Any], locate: Locate, size: int = 0) -> Stack:
    """The template as rules look at it; `size` is that of its file in bytes."""
    resources = {
        name: one for name, one in _mapping(raw.get("Resources")).items() if isinstance(one, dict) and "Type" in one
    }
    names = frozenset((*_mapping(raw.get("Resources")), *_mapping(raw.get("Parameters")), *_loops(raw)))
    kinds = {name: str(one["Type"]) for name, one in resources.items()}
    sam = tuple(name for name, kind in kinds.items() if kind.startswith("AWS::Serverless::"))
    modules = tuple(name for name, kind in kinds.items() if kind.endswith("::MODULE"))
    opaque = _opaque(raw)
    makers = (*sam, *modules, *(_IMPLICIT if sam else ()))
    exact = not (makers or opaque or "Transform" in raw)
    return Stack(raw, locate, names, resources, exact=exact, makers=makers, opaque=opaque, size=size)


def _opaque(raw: Mapping[str, Any]) -> bool:
    given = raw.get("Transform", [])
    macros = [one for one in (given if isinstance(given, list) else [given]) if one not in _KNOWN_TRANSFORMS]
    return bool(macros) or any(str(name).startswith("Fn::") for name in _mapping(raw.get("Resources")))


def _loops(value: Any) -> Iterator[str]:
    """The variables of Fn::ForEach, which Ref and Fn::Sub name inside their loop."""
    if isinstance(value, dict):
        for key, one in value.items():
            if str(key).startswith("Fn::ForEach::") and isinstance(one, list) and one and isinstance(one[0], str):
                yield one[0]
            yield from _loops(one)
    elif isinstance(value, list):
        for one in value:
            yield from _loops(one)


def documents(stack: Stack) -> Iterator[Document]:
    """Every policy document of a template's resources."""
    types = {name: str(one["Type"]) for name, one in stack.resources.items()}
    for name, resource, at in _all(stack):
        kind = str(resource["Type"])
        for raw, path, located in _policies(resource.get("Properties"), (*at, "Properties"), kind):
            yield document_of(
                raw,
                _kind(raw, path, kind),
                stack.place,
                located=located,
                path=path,
                names=stack.names,
                quota="iam.role.trust" if "AssumeRolePolicyDocument" in path else access_of(kind).quota,
                title=name,
                late=stack.late,
                types=types,
            )


def _all(stack: Stack) -> Iterator[tuple[str, Mapping[str, Any], Spot]]:
    """The resources of a template, and what each Fn::ForEach makes, once, with where they stand."""
    for name, one in stack.resources.items():
        yield name, one, ("Resources", name)
    for key, loop in _mapping(stack.raw.get("Resources")).items():
        if str(key).startswith("Fn::ForEach::") and isinstance(loop, list) and len(loop) == _LOOP:
            for name, one in _mapping(loop[2]).items():
                if isinstance(one, dict) and isinstance(one.get("Type"), str):
                    yield name, _looped(one, f"${{{loop[0]}}}"), ("Resources", key, 2, name)


def _looped(value: Any, variable: str) -> Any:
    """The body of a loop, which puts its variable into every text."""
    if isinstance(value, dict):
        filled = "Fn::Sub" in value
        return {key: one if filled else _looped(one, variable) for key, one in value.items()}
    if isinstance(value, list):
        return [_looped(one, variable) for one in value]
    return {"Fn::Sub": value} if isinstance(value, str) and variable in value else value


def environments(stack: Stack) -> Iterator[Environment]:
    """The environment of every function."""
    for name, resource in stack.resources.items():
        if resource["Type"] in _FUNCTIONS:
            path: Spot = ("Resources", name, "Properties", "Environment", "Variables")
            variables = _mapping(_mapping(_mapping(resource.get("Properties")).get("Environment")).get("Variables"))
            if variables:
                yield Environment(name, variables, _below(stack.place, path), own=False)


def _below(locate: Locate, path: Spot) -> Locate:
    return lambda spot: locate((*path, *spot))


def _policies(value: Any, path: Spot, kind: str) -> Iterator[tuple[Any, Spot, bool]]:
    """Whatever has a Statement, or stands where a document must; and whether its parts have places of their own."""
    for branch in branches(value, path):
        one, at = branch.value, branch.path
        if isinstance(one, list):
            for index, item in enumerate(one):
                yield from _policies(item, (*at, index), kind)
        elif isinstance(one, dict):
            if _is_document(one, at, kind):
                yield one, at, True
            elif (document := _in_text(one)) is not None:
                yield document, at, False
            else:
                for key, item in one.items():
                    if isinstance(item, dict | list) or (isinstance(item, str) and _STATEMENT in item):
                        yield from _policies(item, (*at, key), kind)
        elif isinstance(one, str) and (document := _in_text(one)) is not None:
            yield document, at, False


def _in_text(value: Any) -> dict[str, Any] | None:
    """A policy that is written as JSON in one text, which Fn::Sub may fill: the text of each part is filled alike."""
    given = value.get("Fn::Sub") if isinstance(value, dict) and len(value) == 1 else value
    text = given[0] if isinstance(given, list) and given else given
    if not isinstance(text, str) or _STATEMENT not in text or not text.lstrip().startswith("{"):
        return None
    try:
        document, _ = read_json(text, "")
    except RemitError:
        return None

    def filled(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: filled(one) for key, one in part.items()}
        if isinstance(part, list):
            return [filled(one) for one in part]
        if given is value or not isinstance(part, str) or "${" not in part:
            return part
        return {"Fn::Sub": [part, *given[1:]] if isinstance(given, list) else part}

    return filled(document) if isinstance(document, dict) and _is_document(document, ("",), "") else None


def _is_document(value: dict[str, Any], path: Spot, kind: str) -> bool:
    if path[-1] in ("PolicyDocument", "AssumeRolePolicyDocument"):
        return not any(key.startswith("Fn::") or key == "Ref" for key in value)
    statements = value.get("Statement")
    if kind == "AWS::Events::EventBusPolicy" or not isinstance(statements, dict | list):
        return False
    several = statements if isinstance(statements, list) else [statements]
    return any(isinstance(one, dict) and not {"Effect", "Action"}.isdisjoint(one) for one in several)


def _kind(raw: Any, path: Spot, kind: str) -> str:
    if "AssumeRolePolicyDocument" in path:
        return TRUST
    policies = access_of(kind).policies
    if policies:
        return _KINDS[policies]
    return RESOURCE if _has_principal(raw) or kind.startswith("AWS::") else IDENTITY


def _has_principal(raw: Any) -> bool:
    statements = raw.get("Statement") if isinstance(raw, dict) else None
    several = statements if isinstance(statements, list) else [statements]
    return any(isinstance(one, dict) and not {"Principal", "NotPrincipal"}.isdisjoint(one) for one in several)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
