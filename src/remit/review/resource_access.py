"""What an app's or a template's resources let others do: by policies, by permissions, and by what is no statement."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.app import Grant, Reason
from remit.catalogue.actions import services
from remit.catalogue.type_access import access_rows
from remit.catalogue.types import access_of, arns_of, resource_type
from remit.errors import Origin, RemitError
from remit.iam import tokens
from remit.iam.pattern import matches
from remit.iam.policy import Condition, Globs, Principals, Statement
from remit.iam.tokens import ACCOUNT, PARTITION, REGION
from remit.review.access_change import Given, type_words
from remit.review.authorizers import authorized_callers
from remit.review.bucket_openings import BUCKETS, opened, statements_of_acl
from remit.review.gateway_endpoints import is_gateway
from remit.template.branches import branches
from remit.template.permissions import PERMISSIONS, function_arn, permission_statement
from remit.template.policy_documents import (
    document_in_text,
    grants_of,
    is_policy_document,
    known,
    put_in_from,
    unknown,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.app import Resource
    from remit.documents.json_text import Path
    from remit.template.policy_documents import Place

_ROLES: Final = ("AWS::IAM::Role", "aws_iam_role")
_HOLDERS: Final = frozenset((
    *_ROLES, "AWS::IAM::Group", "AWS::IAM::GroupPolicy", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy",
    "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "AWS::IAM::UserToGroupAddition", "aws_iam_group",
    "aws_iam_group_membership", "aws_iam_group_policy", "aws_iam_group_policy_attachment", "aws_iam_policy",
    "aws_iam_policy_attachment", "aws_iam_role_policy", "aws_iam_role_policy_attachment",
    "aws_iam_user_group_membership", "aws_iam_user_policy", "aws_iam_user_policy_attachment",
))  # fmt: skip
"""Types that are compared as roles, users and groups with their policies are."""
_BUCKET_POLICIES: Final = ("AWS::S3::BucketPolicy", "aws_s3_bucket_policy")
_USERS: Final = {"AWS::IAM::User": ("LoginProfile",), "aws_iam_user": ()}
"""Types of users, and what of them lets somebody be that user."""
_GIVING: Final = (
    "AWS::IAM::InstanceProfile",
    "aws_iam_access_key", "aws_iam_instance_profile", "aws_iam_openid_connect_provider", "aws_iam_saml_provider",
    "aws_iam_user_login_profile", "aws_lakeformation_permissions", "aws_ram_", "aws_ssoadmin_",
)  # fmt: skip
"""Prefixes of Terraform's types in which every property but the tags says who may do something."""
_NAMING_NOBODY: Final = ("aws_iot_policy", "aws_organizations_policy", "aws_vpc_endpoint")
"""Terraform's types whose statements say what may be done and not by whom: that depends on what they are attached to.
"""
_OF_A_STATEMENT: Final = ("Action", "Principal", "Condition")
_CALLS: Final = ("AWS::Lambda::Permission", "AWS::Lambda::Url")
_AUTHORIZATIONS: Final = {
    "AWS::ApiGateway::Method": "AuthorizationType",
    "AWS::ApiGatewayV2::Route": "AuthorizationType",
    "AWS::Lambda::Url": "AuthType",
    "aws_api_gateway_method": "authorization",
    "aws_apigatewayv2_route": "authorization_type",
    "aws_lambda_function_url": "authorization_type",
}
"""The property that says whether IAM must know who calls."""
_ANYBODY: Final = "NONE"
URLS: Final = {"AWS::Lambda::Url": "TargetFunctionArn", "aws_lambda_function_url": "function_name"}
"""The types of functions' URLs, and the property that names the function.

Source: "Control access to Lambda function URLs" (AWS Lambda Developer Guide): a URL lets nobody in by itself; with
NONE, the function's policy must let everyone in.
"""
_APIS: Final = {
    "AWS::ApiGateway::Method": "RestApiId",
    "AWS::ApiGatewayV2::Route": "ApiId",
    "aws_api_gateway_method": "rest_api_id",
    "aws_apigatewayv2_route": "api_id",
}
"""The types of what an API answers to, and the property that names the API."""
_LIMITS_OF_APIS: Final = ("ApiKeyRequired", "Policy", "api_key_required", "policy")
"""The properties of a method or an API by which fewer than all may call it."""
_PUBLIC_ENDPOINTS: Final = ({"Types": ["EDGE"]}, {"Types": ["REGIONAL"]}, None)
"""The endpoints of an API that the internet reaches; another one is private, or known at the deploy only."""
_URL_AUTHORIZATION: Final = "lambda:functionurlauthtype"
_TAGS: Final = ("Tags", "tags", "tags_all")
_TARGETS: Final = (
    "Bucket", "FileSystemId", "Queues", "RepositoryName", "SecretId", "Topics", "arn", "bucket", "file_system_id",
    "key_id", "queue_url", "repository", "secret_arn",
)  # fmt: skip
"""The properties that name what a policy is of; a resource without any of them holds its own."""
_HIDDEN: Final = ("LoginProfile", "password", "pgp_key")
"""Properties that may hold a password: what they say is not told."""
_POLICY_PROPERTIES: Final = frozenset((
    "accesspolicies", "bucketpolicy", "filesystempolicy", "inlinepolicy", "keypolicy", "policy", "policydocument",
    "policytext", "repositorypolicytext", "resourcepolicy",
))  # fmt: skip
"""Properties that hold a policy, folded."""
_NOWHERE: Final = Origin("the template")


def giving(resources: Iterable[Resource], place: Place | None = None) -> dict[str, Given]:
    """What each resource lets others do, by its logical id; resources that let nobody do anything are left out.

    Roles, users, groups and their policies are left out, too: they are compared as such. `place` has the line of each
    part of the file.
    """
    declared = tuple(resources)
    reader = _Reader({resource.ref: resource for resource in declared}, place)
    by_id = {resource.logical_id: resource for resource in declared}
    access_by_id: dict[str, Given] = {}
    for resource in declared:
        access = reader.given(resource)
        if access.documents or access.openings or access.properties or access.unread:
            arns = tuple(_arn(text, resource, by_id) for text in access.on)
            access_by_id[resource.logical_id] = replace(
                access, arns=arns, is_conditional="Condition" in resource.attributes
            )
    return access_by_id


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
    return giving(resource for resource in resources if resource.type not in _CALLS or _names_accounts(resource))


def _names_accounts(resource: Resource) -> bool:
    """Whether it is a permission for accounts, roles or users."""
    if resource.type not in PERMISSIONS:
        return False
    principals = permission_statement(resource, {}).principals
    return principals is not None and all(kind == "AWS" for kind, _ in principals.patterns)


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


class _Reader:
    """Reads the resources of one template."""

    def __init__(self, resources: Mapping[str, Resource], place: Place | None) -> None:
        self._resources = resources
        self._place = place

    def given(self, resource: Resource) -> Given:
        """What one resource lets others do."""
        kind = resource.type
        if kind in _HOLDERS:
            return Given(kind)
        if kind in _USERS:
            passwords = (name for name in _USERS[kind] if name in resource.properties)
            return Given(kind, openings=frozenset(_in_words(name, "") for name in passwords))
        authorization = _AUTHORIZATIONS.get(kind, "")
        if authorization:
            return self._answering(resource, authorization)
        if kind in PERMISSIONS:
            return self._permission(resource)
        properties = {name: value for name, value in resource.properties.items() if name not in _TAGS}
        if kind in BUCKETS:
            return self._bucket(resource, properties)
        return self._policies(resource, properties)

    def _bucket(self, resource: Resource, properties: Mapping[str, Any]) -> Given:
        """What a bucket lets others do by its access control list, by its policy, and for want of blocks."""
        access = self._policies(resource, properties)
        openings = frozenset(_in_words(name, value) for name, value in opened(properties))
        reason = Reason("text", f"access control list of bucket {resource.logical_id}")
        statements = statements_of_acl(properties, f"${{{resource.logical_id}.Arn}}")
        grants = tuple(Grant(statement, reason, resource.origin) for statement in statements)
        documents = (grants, *access.documents) if grants else access.documents
        return replace(access, documents=documents, on=access.on or (resource.logical_id,), openings=openings)

    def _answering(self, resource: Resource, authorization: str) -> Given:
        """What a URL, a method or a route lets those do whom IAM need not know: all, or whom an authorizer knows."""
        mode = resource.properties.get(authorization) or _ANYBODY
        if mode == "AWS_IAM" or self._is_behind_connect(resource):
            return Given(resource.type)
        statement = self._for_everyone(resource) if mode == _ANYBODY else self._for_authorized(resource)
        if statement is None:
            return Given(resource.type, openings=frozenset((_in_words(authorization, mode),)))
        grant = Grant(statement, _reason(resource), resource.origin)
        return Given(resource.type, ((grant,),), (resource.logical_id,))

    def _is_behind_connect(self, resource: Resource) -> bool:
        """Whether it is a route of a WebSocket API that only those reach whom `$connect` has let in."""
        api = self._resources.get(tokens.text_of(resource.properties.get("ApiId")))
        is_websocket = api is not None and api.properties.get("ProtocolType") == "WEBSOCKET"
        return is_websocket and resource.properties.get("RouteKey") != "$connect"

    def _for_everyone(self, resource: Resource) -> Statement | None:
        """What everyone may do by a resource that asks nobody who calls; None where that hangs on something else."""
        if resource.type in URLS:
            function = function_arn(tokens.text_of(resource.properties.get(URLS[resource.type])), self._resources)
            permissions = (item for item in self._resources.values() if item.type in PERMISSIONS)
            statements = (permission_statement(item, self._resources) for item in permissions)
            return next((statement for statement in statements if _lets_everyone_call(statement, function)), None)
        return self._on_api(resource, Principals((("*", "*"),)))

    def _for_authorized(self, resource: Resource) -> Statement | None:
        """What those may do by a route or a method whom its authorizer lets in; None where nobody knows whom."""
        authorizer = self._resources.get(tokens.text_of(resource.properties.get("AuthorizerId")))
        callers = None if authorizer is None else authorized_callers(authorizer, resource)
        return None if callers is None else self._on_api(resource, callers.principals, *callers.conditions)

    def _on_api(self, resource: Resource, principals: Principals, *conditions: Condition) -> Statement | None:
        """The right to call the API of a route or a method; None where fewer than these may have it."""
        api = tokens.text_of(resource.properties.get(_APIS.get(resource.type, "")))
        declared = self._resources.get(api)
        if declared is None or _is_limited(resource) or _is_limited(declared):
            return None
        on_api = Globs((f"arn:{PARTITION}:execute-api:{REGION}:{ACCOUNT}:{api}/*",))
        return Statement("Allow", Globs(("execute-api:Invoke",)), on_api, principals, conditions=conditions)

    def _permission(self, resource: Resource) -> Given:
        statement = permission_statement(resource, self._resources)
        targets = () if statement.resources is None else statement.resources.patterns
        return Given(resource.type, ((Grant(statement, _reason(resource), resource.origin),),), targets)

    def _policies(self, resource: Resource, properties: Mapping[str, Any]) -> Given:
        """What a resource lets others do by its policies, or by its properties where they say it without a policy."""
        kind = resource.type
        access = access_of(kind)
        if any(row.path == "*" and row.kind in ("grant", "member") for row in access_rows(kind) or ()) or (
            kind.startswith(_GIVING)
        ):
            return Given(kind, properties=frozenset(self._granting_properties(kind, properties)))
        names_nobody = access.policies in ("attached", "ceiling") or kind.startswith(_NAMING_NOBODY)
        policies, unread = self._read_policies(resource, properties)
        unread += _open_policies(properties)
        granting_policies: list[tuple[Grant, ...]] = []
        for grants in policies:
            granting = tuple(grant for grant in grants if names_nobody or grant.statement.principals)
            if granting:
                granting_policies.append(granting)
        return Given(
            kind,
            tuple(granting_policies),
            tuple(_targets(properties)) or (resource.logical_id,),
            unread=frozenset(unread),
            is_ceiling=access.policies == "ceiling" or kind.startswith(_NAMING_NOBODY),
            is_gateway=is_gateway(kind, properties),
        )

    def _read_policies(self, resource: Resource, properties: Mapping[str, Any]) -> tuple[list[list[Grant]], list[str]]:
        """The grants of each policy inside a resource that can be read, and in words what cannot."""
        policies: list[list[Grant]] = []
        unread: list[str] = []
        base: Path = ("Resources", resource.logical_id, "Properties")
        own_parts = {name: properties[name] for name in _OF_A_STATEMENT if name in properties}
        if "Statement" in properties:  # the resource is a policy itself, and has names beside
            properties = {"Statement": properties["Statement"]}
        elif own_parts.keys() >= {
            "Action",
            "Principal",
        }:  # a statement itself, as the older form of an event bus policy
            unread.append(_in_words("a permission", own_parts))
        for path, document in _documents(properties, base):
            try:
                policies.append(self._grants(resource, document, path))
            except RemitError as error:
                unread.append(f"a policy that cannot be read: {error.message}: {_in_words(str(path[-1]), document)}")
                continue
            if not known(document):
                unread.append(unknown(document))
        return policies, unread

    def _granting_properties(self, kind: str, properties: Mapping[str, Any]) -> Iterator[str]:
        """The properties in words, each item of a list by itself.

        What the resource is called says nothing, nor does a role that the template makes, which is compared by itself.
        """
        labels = _labels(kind)
        for name, value in properties.items():
            if name in labels:
                continue
            for item in value if isinstance(value, list) else [value]:
                referent = self._resources.get(tokens.text_of(item))
                if referent is None or referent.type not in _ROLES:
                    yield _in_words(name, item)

    def _grants(self, resource: Resource, document: Any, path: Path) -> list[Grant]:
        if self._place is not None and resource.origin is not None:
            return grants_of(document, path, self._place, _reason(resource))
        grants = grants_of(document, (), lambda _: resource.origin or _NOWHERE, _reason(resource))
        return [replace(grant, origin=resource.origin) for grant in grants]


def _is_limited(resource: Resource) -> bool:
    """Whether a method or an API may let fewer than all in, whatever its authorization says."""
    if resource.properties.get("EndpointConfiguration") not in _PUBLIC_ENDPOINTS:
        return True
    return any(resource.properties.get(name) for name in _LIMITS_OF_APIS)


def _lets_everyone_call(statement: Statement, function: str) -> bool:
    """Whether the statement of a permission lets everyone call a function by its URL."""
    if statement.principals != Principals((("*", "*"),)) or statement.resources != Globs((function,)):
        return False
    if not any(matches(action.lower(), "lambda:invokefunctionurl") for action in statement.actions.patterns):
        return False
    return all(
        condition.key.lower() == _URL_AUTHORIZATION and condition.values == (_ANYBODY,)
        for condition in statement.conditions
    )


def _open_policies(properties: Mapping[str, Any]) -> Iterator[str]:
    """The properties that hold a policy which is put in from elsewhere, in words."""
    for name, value in properties.items():
        if name.lower() not in _POLICY_PROPERTIES:
            continue
        for branch in branches(value):
            source = put_in_from(branch.value)
            if source:
                yield f"{name} {source}"


def _reason(resource: Resource) -> Reason:
    return Reason("text", f"{type_words(resource.type)} {resource.logical_id}")


def _labels(kind: str) -> tuple[str, ...]:
    """The properties of a type that say what a resource is called."""
    row = resource_type(kind)
    naming = () if row is None or row.naming is None else (row.naming.property, row.naming.path)
    return ("Description", "description", *naming)


def _targets(properties: Mapping[str, Any]) -> Iterator[str]:
    """What a policy is of, as late-bound text."""
    for name in _TARGETS:
        value = properties.get(name)
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                yield tokens.text_of(item)


def _in_words(name: str, value: Any) -> str:
    """A property in words, `Mode = READ`, without what may be a password."""
    if name in _HIDDEN:
        return f"{name} (not shown)"
    if isinstance(value, bool) or (not isinstance(value, str | int) and not tokens.is_intrinsic(value)):
        return f"{name} = {json.dumps(value, sort_keys=True, default=str)}"
    return f"{name} = {tokens.text_of(value)}"


def _documents(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """The policies inside a value, also where one is JSON text, each with its path."""
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
