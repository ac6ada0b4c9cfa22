"""Read the roles that a template of remit's declares, with all that its other resources attach to them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from remit.app import FUNCTION_KEY, App, Grant, Reason, Resource
from remit.catalogue.properties import PERMISSION_LIMITS
from remit.errors import Mistakes, Origin
from remit.holders import Holder, trusting
from remit.iam import tokens
from remit.iam.policy import Policy
from remit.roles.reference_names import put_texts
from remit.synthesis.circular_dependencies import arns_by_name
from remit.synthesis.synth import draft
from remit.template.policy_documents import services
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.documents.json_text import Path
    from remit.template.roles import FileRoles

_IAM: Final = "AWS::IAM::"
_ROUTES: Final = ("AWS::ApiGateway::Method", "AWS::ApiGatewayV2::Route")
_OWN: Final = "${AWS::StackName}-"
_PLACE: Final = Origin("the template")


@dataclass(frozen=True, slots=True)
class DeclaredStack:
    """The roles of a template in its order, and its functions' names in the project by logical id.

    `others` has the role of each function, by its name, that runs under none of them.
    """

    roles: tuple[Holder, ...]
    functions: Mapping[str, str]
    others: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, Policy] = field(default_factory=dict)
    """The managed policies that the template makes, by the text that refers to them."""
    open: tuple[str, ...] = ()
    """The functions that everyone may call, by their names in the project."""
    resources: tuple[Resource, ...] = ()
    """All that it declares."""
    outside: tuple[Holder, ...] = ()
    """The roles that the template does not make, or that nobody can tell to be its own, and attaches policies to."""
    users: tuple[Holder, ...] = ()
    """Its users and groups, and the managed policies that none of its roles, users and groups lists."""


def _anywhere(_: Path) -> Origin:
    """The place of every part: nobody has the file."""
    return _PLACE


def declared(template: Mapping[str, Any], kept_arns: Mapping[str, str] | None = None) -> DeclaredStack:
    """The roles and functions of a template. RemitError: one of its policies is none.

    `kept_arns` has what it writes as an ARN for a bucket of its own: `${DataFiles.Arn}`, by the ARN.
    """
    from remit.template.roles import template_roles  # noqa: PLC0415 - few apps declare access in shared resources

    return _stack_of(template_roles(template, _PLACE.file, _anywhere), kept_arns or {})


def _stack_of(read: FileRoles, kept_arns: Mapping[str, str]) -> DeclaredStack:
    """The stack of a template whose roles were read; `kept_arns` as for `declared`."""
    functions: dict[str, str] = {}
    for resource in read.resources:
        if resource.type == "AWS::Lambda::Function":
            # The stack's own name stands before a function's in the project; of one named otherwise, the id is told,
            # unless the template is remit's.
            name = tokens.text_of(resource.properties.get("FunctionName"))
            functions[resource.logical_id] = name.removeprefix(_OWN) if name.startswith(_OWN) else resource.logical_id
            metadata = resource.attributes.get("Metadata")
            if isinstance(metadata, dict) and isinstance(metadata.get(FUNCTION_KEY), str):
                functions[resource.logical_id] = metadata[FUNCTION_KEY]
    by_id = {resource.logical_id: resource for resource in read.resources}
    arns = {**arns_by_name(read.resources), **kept_arns}
    roles = [_with_references(role, arns) for role in read.roles] if arns else read.roles
    own_roles = [role for role in roles if role.logical_id in by_id]
    outside = tuple(_unplaced(role) for role in roles if role.logical_id not in by_id)
    foreign_roles = {functions[logical_id]: role for logical_id, role in read.others.items()}
    return DeclaredStack(
        tuple(_with_project_names(role, functions) for role in own_roles),
        functions,
        foreign_roles,
        read.documents,
        open_to_everyone(read.resources, functions),
        tuple(read.resources),
        outside,
        tuple(_unplaced(holder) for holder in read.holders if holder.kind != "role"),
    )


def _with_references(role: Holder, references: Mapping[str, str]) -> Holder:
    """A role whose grants have a reference in place of each ARN in `references`, or of the start of a longer one."""

    def put(text: str) -> str:
        """A text with the reference in the place of the ARN that it begins with, the path below it kept."""
        for arn, reference in references.items():
            if text == arn or text.startswith(f"{arn}/"):
                return f"{reference}{text[len(arn) :]}"
        return text

    # The documents stay as the template writes them: they are compared with those of the account.
    return role.with_grants(lambda grant: replace(grant, statement=put_texts(grant.statement, put)))


def open_to_everyone(resources: Iterable[Resource], functions: Mapping[str, str]) -> tuple[str, ...]:
    """The functions, by name, that everyone may call: from anywhere, at a URL, or at an API's route that asks nobody.

    Each comes once. `functions` has their names by logical id; a function that is not there is left out.
    """
    resources = tuple(resources)
    names = (
        _referred(resource.properties.get("FunctionName"))
        for resource in resources
        if resource.type == "AWS::Lambda::Permission"
        and resource.properties.get("Principal") == "*"
        and not any(limit in resource.properties for limit in PERMISSION_LIMITS)
    )
    return tuple(
        dict.fromkeys(functions[name] for name in (*names, *_behind_open_routes(resources)) if name in functions)
    )


def _behind_open_routes(resources: tuple[Resource, ...]) -> Iterator[str]:
    """Yield what routes without authorization lead to, by logical id; "" for what is no resource of the template.

    A WebSocket's clients pass `$connect` first. A key of a usage plan is no authorization, and a policy of a REST API
    says itself whom it lets in. Source: "AWS::ApiGatewayV2::Route" (CloudFormation reference): only `$connect`
    authorizes.
    """
    by_id = {resource.logical_id: resource.properties for resource in resources}
    for resource in resources:
        route = resource.properties
        if "Policy" not in route:
            yield from _behind_open_operations(section(route, "Body"))
        if resource.type not in _ROUTES or route.get("AuthorizationType", "NONE") != "NONE":
            continue
        api = by_id.get(_referred(route.get("ApiId", route.get("RestApiId"))), {})
        if api.get("ProtocolType") == "WEBSOCKET" and route.get("RouteKey") != "$connect":
            continue
        target = by_id.get(_referred(str(tokens.text_of(route.get("Target"))).removeprefix("integrations/")), {})
        integration = route.get("Integration")
        uri = integration.get("Uri") if isinstance(integration, dict) else target.get("IntegrationUri")
        if "Policy" not in api:
            for reference in tokens.references(tokens.text_of(uri)):
                yield reference.target or ""


def _behind_open_operations(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the operations of an OpenAPI document without security lead to, by logical id.

    An operation that states no security has the document's.
    """
    for path in section(document, "paths"):
        operations = section(document, "paths", path)
        for name in operations:
            operation = section(operations, name)
            if not operation.get("security", document.get("security")):
                uri = section(operation, "x-amazon-apigateway-integration").get("uri")
                for reference in tokens.references(tokens.text_of(uri)):
                    yield reference.target or ""


def _referred(value: object) -> str:
    """The logical id that a Ref or a Fn::GetAtt names; any other text as it stands, up to its first dot."""
    return tokens.text_of(value).removeprefix("${").partition(".")[0].removesuffix("}")


def users_of(stack: DeclaredStack, roles: Iterable[Holder]) -> tuple[Holder, ...]:
    """The users and groups of a template, and the managed policies that none of `roles` has, attached or as grants."""
    app_roles = tuple(roles)
    granted = {grant.statement for role in app_roles for grant in role.grants}
    attached_arns = {arn for role in app_roles for arn in (*role.managed, role.boundary)}
    holders = []
    for holder in stack.users:
        is_of_a_role = granted.issuperset(grant.statement for grant in holder.grants)
        is_held = holder.kind == "managed policy" and (is_of_a_role or f"${{{holder.logical_id}}}" in attached_arns)
        if not is_held:
            holders.append(holder)
    return tuple(holders)


def _unplaced(role: Holder) -> Holder:
    """A role without the lines of a file that nobody has: no origins of it, its trust and its grants."""
    without_places = role.with_grants(lambda grant: replace(grant, origin=None))
    return replace(without_places, trust_origin=None, origin=None)


def _with_project_names(role: Holder, functions: Mapping[str, str]) -> Holder:
    """A role of the template whose functions have their names in the project, without lines; `trusts` has services."""
    trust = role.trust or Policy(())  # of one that only the deploy knows, the role has a note
    trusts = services(trust)
    return replace(
        _unplaced(role),
        functions=tuple(functions.get(name, name) for name in role.functions),
        trusts=trusts,
        # Services alone are told by `trusts`, as of a role that is assigned: so both are equal.
        trust=None if trust == trusting(trusts) else trust,
    )


def with_reasons(roles: Iterable[Holder], by: Iterable[Holder]) -> tuple[Holder, ...]:
    """Roles whose grants are those of the same role in `by` with the same statement, if that has a reason.

    Others stay.
    """
    reasoned = {
        (role.logical_id, grant.statement, grant.version): grant
        for role in by
        for grant in role.grants
        if grant.because
    }

    def with_reason(role: Holder, grant: Grant) -> Grant:
        return reasoned.get((role.logical_id, grant.statement, grant.version), grant)

    return tuple(role.with_grants(partial(with_reason, role)) for role in roles)


def declared_by(app: App, roles: tuple[Holder, ...]) -> DeclaredStack:
    """The roles of the template of an app: with what its shared resources add, and each grant with its reason.

    Those that remit assigned come first, in their order. RemitError: there can be no template.
    """
    from remit.template.roles import roles_of  # noqa: PLC0415 - a build needs it where shared resources declare access

    mistakes = Mistakes()
    template, fitted_roles = draft(app, roles, mistakes)
    mistakes.refuse()
    written = tuple(replace(each, properties=tokens.plain(dict(each.properties))) for each in template.resources)
    stack = _stack_of(roles_of(written, _anywhere), {})
    origins = {resource.logical_id: resource.origin for resource in app.resources}
    assigned = {role.logical_id: role for role in fitted_roles}
    located = {}
    for role in with_reasons(stack.roles, fitted_roles):
        located[role.logical_id] = _with_lines(role, origins, assigned.get(role.logical_id))
    ordered = [located.pop(logical_id) for logical_id in assigned if logical_id in located]
    outside = tuple(_with_lines(role, origins) for role in stack.outside)
    return replace(stack, roles=(*ordered, *located.values()), outside=outside)


def every_role(app: App, roles: tuple[Holder, ...]) -> tuple[tuple[Holder, ...], Mapping[str, Policy]]:
    """Every role of an app, also those of others that it attaches policies to; and its own managed policies.

    The policies are by the text that refers to them. Without resources of IAM these are `roles` as they are, and no
    policies. RemitError: there can be no such template.
    """
    if not adds_access(app):
        return roles, {}
    stack = declared_by(app, roles)
    return (*stack.roles, *stack.outside), stack.documents


def _with_lines(role: Holder, origins: Mapping[str, Origin | None], assigned: Holder | None = None) -> Holder:
    """A role with the lines of the shared resources that write it, or of what it was assigned for."""
    at = trust_origin = origins.get(role.logical_id)
    if assigned is not None:
        at, trust_origin = assigned.origin, None  # no line of the project writes whom it trusts

    def located(grant: Grant) -> Grant:
        """A grant with the line of the shared resource that writes it, and that reason, where it has no line."""
        writer = grant.reason.subjects[0] if grant.reason.kind == "policy" else role.logical_id
        if grant.origin is not None or writer not in origins:
            return grant
        # No reason of the project's explains it: the shared resource does that writes it.
        return replace(grant, reason=Reason("resource", subjects=(writer,)), origin=origins[writer])

    return replace(role.with_grants(located), origin=at, trust_origin=trust_origin)


def adds_access(app: App) -> bool:
    """Return whether a shared resource of an app is IAM's: then `assign` alone does not tell what roles may do."""
    return any(resource.type.startswith(_IAM) for resource in app.resources)
