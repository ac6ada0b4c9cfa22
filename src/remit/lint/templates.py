"""The subjects of rules in a CloudFormation or SAM template: policy documents, functions' environments, names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import access_of
from remit.lint.elements import has_principal, raw_statements
from remit.lint.policies import with_statements
from remit.lint.rule_inputs import CONTROL, IDENTITY, RESOURCE, TRUST, Environment, PolicyDocument, below
from remit.template import loops
from remit.template.branches import branches
from remit.template.policy_documents import document_in_text
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.lint.finding import Spot
    from remit.template.written_template import WrittenTemplate

_KINDS: Final = {"identity": IDENTITY, "attached": IDENTITY, "resource": RESOURCE, "ceiling": CONTROL}
"""The kind of a document by whose policies its type holds."""
_FUNCTIONS: Final = ("AWS::Lambda::Function", "AWS::Serverless::Function")
_STATEMENT: Final = '"Statement"'


def documents(template: WrittenTemplate) -> Iterator[PolicyDocument]:
    """Yield each policy document of a template's resources, those in loops once, with its statements."""
    types = {name: str(declared["Type"]) for name, declared in template.resources.items()}
    for name, resource, at in _all(template):
        kind = str(resource["Type"])
        for raw, path, located in _policies(resource.get("Properties"), (*at, "Properties"), kind):
            document = PolicyDocument(
                _kind(raw, path, kind),
                below(template.locate, path),
                raw,
                names=template.names,
                quota="iam.role.trust" if "AssumeRolePolicyDocument" in path else access_of(kind).quota,
                title=name,
                late=template.late,
                types=types,
            )
            yield with_statements(document, located=located)


def _all(template: WrittenTemplate) -> Iterator[tuple[str, Mapping[str, Any], Spot]]:
    """Yield the resources of a template, then what each loop (Fn::ForEach) makes, once: name, resource, path."""
    for name, resource in template.resources.items():
        yield name, resource, ("Resources", name)
    for name, resource, at in loops.bodies(section(template.raw, "Resources")):
        if isinstance(resource, dict) and isinstance(resource.get("Type"), str):
            yield name, resource, at


def environments(template: WrittenTemplate) -> Iterator[Environment]:
    """Yield the environment that a SAM template gives to every function, and the environment of each function."""
    owners: dict[str, tuple[str, ...]] = {"every function": ("Globals", "Function")}
    for name, resource in template.resources.items():
        if resource["Type"] in _FUNCTIONS:
            owners[name] = ("Resources", name, "Properties")
    for owner, properties in owners.items():
        path = (*properties, "Environment", "Variables")
        variables = section(template.raw, *path)
        if variables:
            yield Environment(owner, variables, below(template.locate, path), own=False)


def _policies(value: Any, path: Spot, kind: str) -> Iterator[tuple[Any, Spot, bool]]:
    """Yield whatever has a Statement, or is where a document must be, its path, and True if its parts have places.

    False of one that is JSON in a text. `kind` is the type of the resource.
    """
    for branch in branches(value, path):
        part, at = branch.value, branch.path
        if isinstance(part, dict) and _is_document(part, at, kind):
            yield part, at, True
            continue
        # A policy may be written as JSON in one text, which Fn::Sub may fill.
        document = document_in_text(part) if isinstance(part, dict | str) else None
        if document is not None and _is_document(document, ("",), ""):
            yield document, at, False
            continue
        parts: Iterable[tuple[str | int, Any]] = part.items() if isinstance(part, dict) else ()
        if isinstance(part, list):
            parts = enumerate(part)
        for key, item in parts:
            if isinstance(item, dict | list) or (isinstance(item, str) and _STATEMENT in item):
                yield from _policies(item, (*at, key), kind)


def _is_document(value: dict[str, Any], path: Spot, kind: str) -> bool:
    """Return whether a dict in a template is a policy document: by its property's name, else by its statements."""
    if path[-1] in ("PolicyDocument", "AssumeRolePolicyDocument"):
        return not any(key.startswith("Fn::") or key == "Ref" for key in value)
    if kind == "AWS::Events::EventBusPolicy":
        return False
    return any("Effect" in statement or "Action" in statement for statement in raw_statements(value))


def _kind(raw: Any, path: Spot, kind: str) -> str:
    """The kind of policy that a document in a template is.

    Its place tells it, or its resource's type, else a principal.
    """
    if "AssumeRolePolicyDocument" in path:
        return TRUST
    policies = access_of(kind).policies
    if policies:
        return _KINDS[policies]
    return RESOURCE if any(map(has_principal, raw_statements(raw))) or kind.startswith("AWS::") else IDENTITY
