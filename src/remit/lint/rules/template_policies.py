"""Policies, roles and permissions that a template writes for its resources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.expand import expand
from remit.catalogue.managed_policies import managed_policy
from remit.catalogue.meant_names import nearest_managed_policy
from remit.catalogue.properties import PERMISSION_LIMITS
from remit.catalogue.quotas import quota
from remit.catalogue.sam_policies import sam_policies, sam_policy
from remit.catalogue.types import access_of
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError
from remit.iam import tokens
from remit.iam.pattern import matches
from remit.iam.policy import Globs, parse
from remit.lint import meant_actions, principals
from remit.lint.finding import ERROR, WARNING, Problem, Spot, rule
from remit.lint.plain_text import is_plain, settled
from remit.lint.policies import with_statements
from remit.lint.principals import of_service
from remit.lint.rule_inputs import RESOURCE, PolicyDocument
from remit.template.branches import items
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.template.written_template import WrittenTemplate

_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9]+)\}")
_OWN: Final = re.compile(r"\$\{([A-Za-z0-9]+)\.Arn\}(?:/.*)?")


@rule("R308", ERROR, looks_at="template")
def policy_of_another_bucket(written: WrittenTemplate) -> Iterator[Problem]:
    """A bucket's policy is about another bucket, or about everything.

    S3 refuses it: "Policy has invalid resource". A policy names its own bucket and what is in it.

    Flagged:

        Resources:
          Orders:
            Type: AWS::S3::Bucket
          Bills:
            Type: AWS::S3::Bucket
          Policy:
            Type: AWS::S3::BucketPolicy
            Properties:
              Bucket: !Ref Orders
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Principal: {AWS: "111122223333"}, Action: "s3:*", Resource: !Sub "${Bills.Arn}/*"}

    Better:

        Resources:
          Orders:
            Type: AWS::S3::Bucket
          Policy:
            Type: AWS::S3::BucketPolicy
            Properties:
              Bucket: !Ref Orders
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Principal: {AWS: "111122223333"}, Action: "s3:*", Resource: !Sub "${Orders.Arn}/*"}

    Source: "Policies and permissions in Amazon S3" (Amazon S3 User Guide): resources.
    """
    for name, kind, properties in written.with_properties():
        if kind != "AWS::S3::BucketPolicy":
            continue
        bucket = tokens.textual(properties.get("Bucket"))
        own_bucket = bucket if isinstance(bucket, str) else ""
        path: Spot = ("Resources", name, "Properties", "PolicyDocument")
        written_policy = PolicyDocument(RESOURCE, lambda _: None, properties.get("PolicyDocument"), names=written.names)
        document = with_statements(written_policy)
        for item in document.statements:
            spot = (*path, *document.written[item.index].path, item.resource_element)
            for index, text in enumerate(item.resources if item.resource_element == "Resource" else ()):
                if own_bucket and (text == "*" or _of_another(text, own_bucket, written)):
                    message = f"'{text}' is not the bucket whose policy this is, '{own_bucket}': S3 refuses it"
                    place = (*spot, index) if len(item.resources) > 1 else spot
                    yield Problem(message, f"name {_bucket_arn(own_bucket)} and {_bucket_arn(own_bucket)}/*", place)


def _bucket_arn(bucket: str) -> str:
    """The ARN of a bucket, by its name or a reference to it, which becomes late-bound text: `${Bucket.Arn}`."""
    reference = _REFERENCE.fullmatch(bucket)
    return f"${{{reference[1]}.Arn}}" if reference is not None else f"arn:aws:s3:::{bucket}"


def _of_another(text: str, own_bucket: str, written: WrittenTemplate) -> bool:
    """Return whether a resource is of a bucket that is surely not this one: by its name, or of another resource."""
    arn, reference, bucket = parse_arn(text), _OWN.fullmatch(text), _REFERENCE.fullmatch(own_bucket)
    if reference is None and (arn is None or arn.service != "s3" or arn.account):
        return False
    name = ""
    if reference is not None:
        name = f"${{{reference[1]}}}"
    elif arn is not None:
        name = arn.resource.partition("/")[0]
    foreign_reference = _REFERENCE.fullmatch(name)
    if foreign_reference is not None and bucket is not None:
        are_buckets = {written.type_of(foreign_reference[1]), written.type_of(bucket[1])} == {"AWS::S3::Bucket"}
        return foreign_reference[1] != bucket[1] and are_buckets
    own_name = own_bucket
    if bucket is not None:  # the name that it is given; the reference to it where it has none
        own_name = section(written.resources.get(bucket[1]), "Properties").get("BucketName") or own_bucket
    return is_plain(name) and isinstance(own_name, str) and is_plain(own_name) and name != own_name


_LAMBDA = "lambda.amazonaws.com"


@rule("R705", ERROR, looks_at="template")
def lambda_cannot_assume(written: WrittenTemplate) -> Iterator[Problem]:
    """A function's role does not trust Lambda.

    The function cannot be created: "The role defined for the function cannot be assumed by Lambda."

    Flagged:

        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: sts:AssumeRole}
          Report:
            Type: AWS::Lambda::Function
            Properties: {Role: !GetAtt Role.Arn}

    Better:

        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
          Report:
            Type: AWS::Lambda::Function
            Properties: {Role: !GetAtt Role.Arn}

    Source: "Defining Lambda function permissions with an execution role" (AWS Lambda Developer Guide).
    """
    for name, resource in written.resources.items():
        if resource["Type"] not in ("AWS::Lambda::Function", "AWS::Serverless::Function"):
            continue
        # The role that it runs under, where the template makes it.
        value = section(resource, "Properties").get("Role")
        reference = tokens.REFERENCE.fullmatch(tokens.text_of(value)) if tokens.is_intrinsic(value) else None
        role = reference[1].partition(".")[0] if reference is not None else ""
        if written.type_of(role) == "AWS::IAM::Role" and _trusts(written.resources[role]) is False:
            message = f"{name} cannot run under {role}: its trust policy does not let {_LAMBDA} assume it"
            yield Problem(
                message, f"add {{'Service': '{_LAMBDA}'}} to the Principal", _spot(role, written.resources[role])
            )


def _spot(name: str, role: Mapping[str, Any]) -> Spot:
    """The spot of the principal of a role's trust policy, if it has one statement; else of that policy."""
    path: Spot = ("Resources", name, "Properties", "AssumeRolePolicyDocument")
    statements = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    if len(listed) != 1:
        return path
    inside: Spot = (*path, "Statement") if listed is not statements else (*path, "Statement", 0)
    return (*inside, "Principal")


def _lets_assume(actions: Globs) -> bool:
    """Return whether actions may have sts:AssumeRole among them; a service takes no other way into a role."""
    if any("${" in pattern for pattern in actions.patterns):
        return True  # what a parameter holds is not known here
    return any(matches(pattern.lower(), "sts:assumerole") for pattern in actions.patterns) != actions.negated


def _trusts(role: Mapping[str, Any]) -> bool | None:
    """Return whether a role lets Lambda assume it; None: its policy cannot be read, or a service in it is misspelt."""
    try:
        policy = parse(section(role, "Properties").get("AssumeRolePolicyDocument"))
    except RemitError:
        return None
    for statement in policy.statements:
        principals = statement.principals
        if statement.effect != "Allow" or principals is None or not _lets_assume(statement.actions):
            continue
        values = [value for _, value in principals.patterns]
        if any(kind == "Service" and of_service(value) is not None for kind, value in principals.patterns):
            return None  # a finding of R138
        if principals.negated or any(value == _LAMBDA or "${" in value or "*" in value for value in values):
            return True
    return False


_ARN = re.compile(r"arn:[^:]+:iam::(?:aws|\d{12}|\*):policy/[\w+=,.@/-]+")
_OF_SERVICE_LINKED_ROLE = ":policy/aws-service-role/"
_ATTACHED = "managed policy"
_MADE_BY_SERVICE = "leave it out: the service makes the role that has it"
_OF_SAM = "Policies"
"""The property that takes policies of every form."""


@rule("R706", ERROR, looks_at="template")
def bad_managed_policy(written: WrittenTemplate) -> Iterator[Problem]:
    """A managed policy or a permissions boundary that is not a policy's ARN, or one that AWS does not have.

    The role cannot be created. Nor can it with the policy of a service-linked role, which IAM attaches to that role alone,
    nor with more managed policies than IAM allows. A name that AWS does not have is a warning where none is like it. One of
    SAM's policy templates without its parameters is flagged, too.

    Flagged:

        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              ManagedPolicyArns: ["arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole"]

    Better:

        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]

    Source: "AWS Managed Policy Reference Guide" (AWS); "AttachRolePolicy" (IAM API Reference: PolicyNotAttachable).
    """
    for name, kind, properties in written.with_properties():
        element = access_of(kind).managed
        if not element:
            continue
        path: Spot = ("Resources", name, "Properties")
        if element == _OF_SAM:
            yield from _bad_managed_policy_named(properties.get(element), (*path, element))
        else:
            arns = properties.get(element)
            most = quota("iam.role.managed").most
            if isinstance(arns, list) and len(arns) > most:
                message = f"{name} has {len(arns)} managed policies; IAM allows {most} unless AWS has raised the quota"
                yield Problem(message, "grant what is used of them in a policy instead", (*path, element))
            for index, arn in enumerate(arns if isinstance(arns, list) else ()):
                yield from _problem(arn, (*path, element, index), _ATTACHED)
        if "PermissionsBoundary" in properties:
            yield from _problem(
                properties["PermissionsBoundary"], (*path, "PermissionsBoundary"), "permissions boundary"
            )


def _bad_managed_policy_named(policies: Any, path: Spot) -> Iterator[Problem]:
    """Yield what is wrong with the texts among SAM's Policies: ARNs, or the names of AWS's own policies."""
    for item in items(policies, path):
        policy, at = item.value, item.path
        if not isinstance(policy, str) or (":" not in policy and managed_policy(policy) is not None):
            continue
        if ":" in policy or "/" in policy:
            yield from _problem(policy, at, _ATTACHED)
        elif sam_policy(policy) is not None:
            message = f"'{policy}' is one of SAM's policy templates, and needs its parameters"
            yield Problem(message, f"{policy}: {{…}}", at)
        elif not policy.startswith("${"):
            hint = _nearest_policy(policy) or did_you_mean(policy, sam_policies())
            yield Problem(f"AWS has no managed policy '{policy}'", hint, at, ERROR if hint else WARNING)


def _nearest_policy(name: str) -> str | None:
    """The hint with the managed policy whose name is near; None: there is none."""
    meant = nearest_managed_policy(name)
    return None if meant is None else f"did you mean `{meant}`?"


def _problem(value: Any, spot: Spot, purpose: str) -> Iterator[Problem]:
    """Yield what is wrong with an ARN of a policy for a purpose: attached, or a boundary."""
    text = tokens.textual(value)
    if not isinstance(text, str):
        return
    text = settled(text)
    if "${" in text or "{{resolve:" in text:
        return  # only the deploy knows it
    if not _ARN.fullmatch(text):
        hint = _hint_at_arn(text) or "arn:aws:iam::ACCOUNT:policy/NAME"
        yield Problem(f"'{text}' is not an ARN of a policy: the {purpose} is refused", hint, spot)
    elif ":iam::aws:policy/" in text and managed_policy(text) is None:
        name = text.rpartition("/")[2]
        meant = _hint_at_arn(name) or _nearest_policy(name)
        message = f"AWS has no managed policy '{text.partition(':policy/')[2]}'"
        yield Problem(message, meant, spot, ERROR if meant else WARNING)
    elif _OF_SERVICE_LINKED_ROLE in text and purpose == _ATTACHED:
        message = f"'{text}' is the policy of a service-linked role: IAM attaches it to no other"
        yield Problem(message, _MADE_BY_SERVICE, spot)


def _hint_at_arn(name: str) -> str | None:
    """A hint at the ARN of AWS's managed policy of this name; None where AWS has none."""
    policy = managed_policy(name)
    if policy is None:
        return None
    arn = policy.arn("aws")
    return _MADE_BY_SERVICE if _OF_SERVICE_LINKED_ROLE in arn else f"did you mean '{arn}'?"


@rule("R709", ERROR, looks_at="template")
def open_function(written: WrittenTemplate) -> Iterator[Problem]:
    """A Lambda permission that is misspelt, or lets in more than it names.

    Principal "*" without a source lets every account call the function; a service without SourceArn or SourceAccount lets
    in what that service does for any account (the confused deputy). These two are warnings, a slip is an error.

    Flagged:

        Resources:
          Permission:
            Type: AWS::Lambda::Permission
            Properties: {Action: "lambda:InvokeFunction", FunctionName: report, Principal: s3.amazonaws.com}

    Better:

        Resources:
          Permission:
            Type: AWS::Lambda::Permission
            Properties:
              Action: lambda:InvokeFunction
              FunctionName: report
              Principal: s3.amazonaws.com
              SourceArn: arn:aws:s3:::uploads
              SourceAccount: !Ref AWS::AccountId

    Source: "AddPermission" (AWS Lambda API Reference).
    """
    for name, kind, properties in written.with_properties():
        if kind == "AWS::Lambda::Permission":
            path: Spot = ("Resources", name, "Properties")
            yield from _action(properties.get("Action"), (*path, "Action"))
            yield from _principal(properties, (*path, "Principal"))


def _action(text: Any, spot: Spot) -> Iterator[Problem]:
    """The Action of a permission that is none of Lambda's."""
    if isinstance(text, str) and "${" not in text and not (text.startswith("lambda:") and expand(text)):
        meant = meant_actions.of_service("lambda", text.rpartition(":")[2])
        actions = [action for action in meant if action.startswith("lambda:")]
        hint = f"did you mean `{actions[0]}`?" if actions else "lambda:InvokeFunction"
        yield Problem(f"'{text}' is not an action of Lambda: the permission is refused", hint, spot)


def _principal(properties: Mapping[str, Any], spot: Spot) -> Iterator[Problem]:
    """The Principal of a permission that lets in everyone, is no service, or is a service for any account."""
    value = properties.get("Principal")
    if not isinstance(value, str) or "${" in value:
        return
    bounded = any(limit in properties for limit in PERMISSION_LIMITS)
    if value == "*" and not bounded and properties.get("FunctionUrlAuthType") != "AWS_IAM":
        message = "Principal '*' without a source lets everyone call the function: every account, and the public"
        yield Problem(message, "name the account, or add PrincipalOrgID or SourceArn", spot, WARNING)
    elif value != "*" and not value.isdigit() and not value.startswith("arn:"):
        problem = principals.of_service(value)
        if problem is not None:
            yield Problem(*problem, spot)
        elif not bounded:
            message = f"without SourceArn or SourceAccount {value} may call the function for any account"
            yield Problem(message, "add SourceArn (and SourceAccount, for a bucket)", spot, WARNING)
