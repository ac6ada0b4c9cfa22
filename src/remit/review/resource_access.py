"""What an app's or a template's resources let others do: by policies, by permissions, and by what is no statement."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.app import Grant, Reason, Resource
from remit.catalogue.actions import services
from remit.catalogue.type_access import access_rows
from remit.catalogue.types import arns_of
from remit.errors import Origin, RemitError
from remit.holders import HeldPolicy
from remit.iam import tokens
from remit.iam.policy import Principals, allow
from remit.iam.tokens import ACCOUNT, PARTITION
from remit.review.access_change import AccessSetting, Given, type_words
from remit.review.access_settings import HOLDS_FOR_ROLES, POLICY_PROPERTIES, TAGS, in_words, settings_of
from remit.review.api_routes import BODIES, default_of_definition, routes_of_body, routes_of_events
from remit.review.gateway_endpoints import is_gateway
from remit.template.branches import branches
from remit.template.permissions import PERMISSIONS, permission_statement
from remit.template.policy_documents import (
    document_in_text,
    grants_of,
    is_policy_document,
    known,
    policy_in,
    put_in_from,
    unknown,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remit.documents.json_text import Locate, Path
    from remit.template.roles import FileRoles

_BUCKET_POLICIES: Final = ("AWS::S3::BucketPolicy", "aws_s3_bucket_policy")
_USERS: Final = ("AWS::IAM::User", "aws_iam_user")
_OF_A_STATEMENT: Final = ("Action", "Principal", "Condition")
_CALLS: Final = ("AWS::Lambda::Permission", "AWS::Lambda::Url")
_TARGETS: Final = (
    "Bucket", "FileSystemId", "Queues", "RepositoryName", "SecretId", "Topics", "arn", "bucket", "file_system_id",
    "key_id", "queue_url", "repository", "secret_arn",
)  # fmt: skip
"""The properties that name what a policy is of; a resource without any of them holds its own."""
_NOWHERE: Final = Origin("the template")


def giving_of_file(read: FileRoles) -> dict[str, Given]:
    """As `giving`, of a file, with SAM's own resources as they are written.

    These have the settings; what SAM makes of them has its own as `made_settings`.
    """
    access_by_id = giving(read.resources, read.locate)
    for name in read.made:
        access_by_id[name] = replace(access_by_id[name], settings=(), made_settings=access_by_id[name].settings)
    resources = {resource.ref: resource for resource in (*read.resources, *read.declared)}
    for resource in read.declared:
        access = access_by_id.get(resource.logical_id, Given(resource.type))
        settings = (*settings_of(resource, resources, read.locate), *_routes(resource, resources))
        access_by_id[resource.logical_id] = replace(access, settings=settings)
    return access_by_id


def _routes(resource: Resource, resources: Mapping[str, Resource]) -> Iterator[AccessSetting]:
    """The routes of an API: those that its definition lists, or that events of a function add."""
    if resource.type == "AWS::Serverless::Function":
        yield from routes_of_events(resource, resources)
    if resource.type in ("AWS::Serverless::Api", "AWS::Serverless::HttpApi"):
        yield from default_of_definition(resource)
    for name in BODIES:
        yield from routes_of_body(name, resource.properties.get(name), resource.origin)


def giving(resources: Iterable[Resource], locate: Locate | None = None) -> dict[str, Given]:
    """The access that each resource gives others, by its logical id; many give none, and are there as well.

    Roles, users, groups and their policies say nothing here: they are compared as such. `locate` gives the line of each
    part of the file.
    """
    declared = tuple(resources)
    by_reference = {resource.ref: resource for resource in declared}
    access_by_id: dict[str, Given] = {}
    for resource in declared:
        access = _given(resource, by_reference, locate)
        access_by_id[resource.logical_id] = replace(access, is_conditional="Condition" in resource.attributes)
    return with_arns(access_by_id)


def with_arns(access_by_id: Mapping[str, Given]) -> dict[str, Given]:
    """Copies with the ARNs of what the policies are of, late-bound, one for each of `on`; "" where nobody can tell."""
    resources = {logical_id: Resource(logical_id, access.type, {}) for logical_id, access in access_by_id.items()}
    return {
        logical_id: replace(access, arns=tuple(_arn(text, resources[logical_id], resources) for text in access.on))
        for logical_id, access in access_by_id.items()
    }


def _arn(text: str, holder: Resource, resources: Mapping[str, Resource]) -> str:
    """The ARN of the resource that the policy in `holder` is of; empty where nobody can tell.

    `text` is the logical id of a holder whose policy is its own; else it refers to the resource, or is its ARN or name.
    """
    reference = tokens.REFERENCE.fullmatch(text)
    target = resources.get(reference[1].partition(".")[0]) if reference is not None else None
    if text == holder.logical_id:
        target = holder
    if target is not None:
        return next(iter(arns_of(target)), "")
    if text.startswith("arn:"):
        return text
    return f"arn:{PARTITION}:s3:::{text}" if holder.type in _BUCKET_POLICIES else ""


def giving_of_app(resources: Iterable[Resource]) -> dict[str, Given]:
    """As `giving`, but for what lets everyone and services call the functions.

    The first is told of an app by itself (`Version.open`), the second are its triggers.
    """
    declared = []
    for resource in resources:
        principals = permission_statement(resource, {}).principals if resource.type in PERMISSIONS else None
        names_accounts = principals is not None and all(kind == "AWS" for kind, _ in principals.patterns)
        if resource.type not in _CALLS or names_accounts:
            declared.append(resource)
    return giving(declared)


_SERVICES: Final = {
    "AWS::ApiGateway::": "execute-api",
    "AWS::EFS::": "elasticfilesystem",
    "AWS::Elasticsearch::": "es",
    "AWS::OpenSearchService::": "es",
    "aws_api_gateway_": "execute-api",
    "aws_cloudwatch_event_": "events",
    "aws_cloudwatch_log_": "logs",
    "aws_efs_": "elasticfilesystem",
    "aws_elasticsearch_": "es",
    "aws_kinesis_firehose_": "firehose",
    "aws_opensearch_": "es",
}
"""The prefix of the actions that a resource's policy governs, where the name of its type has another word.

Source: "Actions, resources, and condition keys for AWS services" (Service Authorization Reference).
"""


def service_of(kind: str) -> str:
    """The prefix of the actions of a type's service, where the type's name tells it; else empty."""
    for beginning, service in _SERVICES.items():
        if kind.startswith(beginning):
            return service
    separator = "::" if "::" in kind else "_"  # AWS::S3::BucketPolicy, or Terraform's aws_s3_bucket_policy
    parts = kind.lower().split(separator)
    if len(parts) < 2 or parts[1] not in services():  # noqa: PLR2004 - a provider, then a service
        return ""
    return parts[1]


def _given(resource: Resource, resources: Mapping[str, Resource], locate: Locate | None) -> Given:
    """The access that a resource gives others; `resources` are its template's, by the text that refers to each."""
    kind = resource.type
    if kind in PERMISSIONS:  # which is one statement, and has no settings beside it
        statement = permission_statement(resource, resources)
        targets = () if statement.resources is None else statement.resources.patterns
        return Given(kind, ((Grant(statement, _reason(resource), resource.origin),),), targets)
    settings = (*settings_of(resource, resources, locate), *_routes(resource, resources))
    if kind in (*HOLDS_FOR_ROLES, *_USERS):
        return Given(kind, settings=settings)
    properties = {name: value for name, value in resource.properties.items() if name not in TAGS}
    policies, unread = _read_policies(resource, properties, locate)
    return Given(
        kind,
        tuple(tuple(grants) for grants in policies if grants),
        tuple(_targets(properties)) or (resource.logical_id,),
        settings=settings,
        unread=frozenset((*unread, *_open_policies(properties))),
        is_ceiling=any(row.kind == "ceiling" for row in access_rows(kind) or ()),
        is_gateway=is_gateway(kind, properties),
    )


def _read_policies(
    resource: Resource, properties: Mapping[str, Any], locate: Locate | None
) -> tuple[list[list[Grant]], list[str]]:
    """The grants of each policy inside a resource that can be read, and in words what cannot."""
    policies: list[list[Grant]] = []
    unread: list[str] = []
    base: Path = ("Resources", resource.logical_id, "Properties")
    own_parts = {name: properties[name] for name in _OF_A_STATEMENT if name in properties}
    if "Statement" in properties:  # the resource is a policy itself, and has names beside
        properties = {"Statement": properties["Statement"]}
    elif own_parts.keys() >= {"Action", "Principal"}:  # a statement itself, as the older form of an event bus policy
        unread.append(in_words("a permission", own_parts))
    for path, document in _documents(properties, base):
        try:
            if locate is not None and resource.origin is not None:
                grants = grants_of(document, path, locate, _reason(resource))
            else:  # no file has it: the resource's own line stands for each part
                grants = grants_of(document, (), lambda _: resource.origin or _NOWHERE, _reason(resource))
                grants = [replace(grant, origin=resource.origin) for grant in grants]
        except RemitError as error:
            unread.append(f"a policy that cannot be read: {error.message}: {in_words(str(path[-1]), document)}")
            continue
        policies.append(grants)
        if not known(document):
            unread.append(unknown(document))
    return policies, unread


def _open_policies(properties: Mapping[str, Any]) -> Iterator[str]:
    """Yield, in words, the properties that hold a policy which is put in from elsewhere."""
    for name, value in properties.items():
        if name.lower() not in POLICY_PROPERTIES:
            continue
        for branch in branches(value):
            source = put_in_from(branch.value)
            if source:
                yield f"{name} {source}"


def _reason(resource: Resource) -> Reason:
    return Reason("text", f"{type_words(resource.type)} {resource.logical_id}")


def _targets(properties: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a policy is of, as late-bound text; nothing of a resource that holds its own."""
    for name in _TARGETS:
        value = properties.get(name)
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                yield tokens.text_of(item)


def _documents(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield the path and the value of each policy inside a value: a document, or JSON text of one as it is."""
    if isinstance(value, str) and '"Statement"' in value:
        yield path, value
    elif isinstance(value, dict):
        if is_policy_document(document_in_text(value) or value):
            yield path, value
            return
        for key, item in value.items():
            yield from _documents(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _documents(item, (*path, index))


_CONDITIONAL: Final = "the template's conditions decide whether it is there, or what it says"
_OF_THE_ACCOUNT: Final = Grant(
    replace(allow("kms:*"), principals=Principals((("AWS", f"arn:{PARTITION}:iam::{ACCOUNT}:root"),))),
    Reason("text", "the policy of a key that is given none"),
)
"""Source: "Default key policy" (AWS KMS Developer Guide)."""


def policies_beside(resources: Sequence[Resource]) -> Iterator[HeldPolicy]:
    """The policies of resources, permissions among them; each has the ARN that it is of as its name.

    Left out are limits, such as an endpoint's policy, and policies with a statement that names nobody.
    """
    for access in giving(resources).values():
        if access.is_ceiling:
            continue
        documents = access.documents
        if access.type == "AWS::KMS::Key" and not (documents or access.unread):
            documents = ((_OF_THE_ACCOUNT,),)
        for grants in documents:
            if any(grant.statement.principals is None for grant in grants):
                continue
            is_conditional = access.is_conditional or any(grant.reason.conditions for grant in grants)
            for arn in access.arns:
                yield HeldPolicy(arn, "beside", policy_in(grants), grants, _CONDITIONAL if is_conditional else "")
