"""Principals: access for people and accounts outside, and those that AWS does not know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from remit.iam.tokens import REFERENCE
from remit.lint import conditions, principals
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, rule
from remit.lint.plain_text import is_plain
from remit.lint.principals import provider
from remit.lint.rule_inputs import RESOURCE, TRUST, ParsedStatement, PolicyDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition

_EVERYONE = ((("AWS", "*"), ("*", "*")), (("AWS", "*"),))
"""Everyone, in the policy of a resource and in a trust policy, where `"Principal": "*"` is refused: R138 reports it."""


@rule("R216", WARNING, looks_at="outward", needs='Principal"')
def anyone(item: ParsedStatement) -> Iterator[Problem]:
    """A trust policy or a resource's policy that lets anyone in.

    Principal "*" without a condition means every account, and for some services everyone on the internet. An Allow with
    NotPrincipal lets in everyone else, and an identity provider without a condition all of its users.

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}
        ]}

    Source: "AWS JSON policy elements: Principal" (IAM User Guide): all principals.
    """
    principals = item.statement.principals
    if (
        not item.allows
        or principals is None
        or item.statement.conditions
        or item.document.kind not in (RESOURCE, TRUST)
    ):
        return  # other kinds have no Principal, which R114 and R141 report, or let nobody in by themselves
    if principals.negated and item.document.kind == TRUST:
        return  # IAM refuses NotPrincipal there: R138 reports it
    if principals.negated:
        yield Problem("Allow with NotPrincipal lets in everyone else", "name who may, in Principal", ("NotPrincipal",))
    elif any((kind, value) in _EVERYONE[item.document.kind == TRUST] for kind, value in principals.patterns):
        admitted = (
            "everyone: every account, and the public"
            if item.document.kind == RESOURCE
            else "everyone, of every account"
        )
        message = f"Principal '*' without a condition lets in {admitted}"
        yield Problem(
            message, "name the account, or add aws:PrincipalOrgID, aws:SourceArn or aws:SourceAccount", ("Principal",)
        )
    elif principals.patterns and all(kind == "Federated" and provider(value) for kind, value in principals.patterns):
        message = "without a condition everyone with an account at the identity provider is let in"
        yield Problem(message, "compare the provider's :sub and :aud", ("Principal", *principals.patterns[0]))


class _Forge(NamedTuple):
    """A service whose jobs get tokens: the claims that tell one repository's from all others, and its subjects."""

    everyone: str
    """Whose jobs are let in where nothing compares the subject."""
    several: str
    """What a pattern lets in that does not name one repository."""
    claims: tuple[str, ...]
    subject: str
    """The form of a subject; `rest` is there where it may name the branch."""
    example: str


_FORGES = {
    "token.actions.githubusercontent.com": _Forge(
        "workflows of every repository of GitHub",
        "more repositories than one, those of others perhaps among them",
        ("sub", "repository", "repository_id", "job_workflow_ref"),
        r"repo:(?P<owner>[^/:]+)/(?P<repository>[^/:]+):(?P<rest>.+)",
        "repo:OWNER/REPOSITORY:ref:refs/heads/BRANCH",
    ),
    "gitlab.com": _Forge(
        "workflows of every repository of GitLab",
        "more repositories than one, those of others perhaps among them",
        ("sub", "project_path", "project_id", "namespace_path", "namespace_id"),
        r"project_path:(?P<owner>[^:]+)/(?P<repository>[^/:]+):(?P<rest>.+)",
        "project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH",
    ),
    "api.bitbucket.org": _Forge(
        "pipelines of every repository of the workspace",
        "more repositories than one",
        ("sub",),
        r"(?P<repository>\{?[^:]+\}?):.+",
        "{REPOSITORY_UUID}:{ENVIRONMENT_UUID}:*",
    ),
    "oidc.circleci.com": _Forge(
        "jobs of every project of the organization",
        "more projects than one",
        ("sub", "oidc.circleci.com/project-id"),
        r"org/[^/]+/project/(?P<repository>[^/]+)/.+",
        "org/ORGANIZATION_ID/project/PROJECT_ID/user/*",
    ),
    "app.terraform.io": _Forge(
        "runs of every organization of HCP Terraform",
        "more workspaces than one, those of others perhaps among them",
        ("sub",),
        r"organization:(?P<owner>[^:]+):project:[^:]+:workspace:(?P<repository>[^:]+):run_phase:.+",
        "organization:ORGANIZATION:project:PROJECT:workspace:WORKSPACE:run_phase:*",
    ),
    "agent.buildkite.com": _Forge(
        "jobs of every organization of Buildkite",
        "more pipelines than one, those of others perhaps among them",
        ("sub", "organization_id", "organization_slug", "pipeline_id"),
        r"organization:(?P<owner>[^:]+):pipeline:(?P<repository>[^:]+):.+",
        "organization:ORGANIZATION:pipeline:PIPELINE:ref:refs/heads/BRANCH:*",
    ),
}
"""By the host of the identity provider; some have a provider for each of their customers, below it."""
_OF_ONE_BRANCH = ("ref:", "environment:", "ref_type:branch:ref:", "ref_type:tag:ref:")
_LATE = "late-bound"


@rule("R218", WARNING, looks_at="statement", needs='"Federated"')
def wide_federation(item: ParsedStatement) -> Iterator[Problem]:
    """A trust policy lets in more of an identity provider's users than somebody meant.

    Whoever has an account at Google, or a job at GitHub, GitLab, HCP Terraform or Buildkite, gets tokens of that provider:
    what tells yours from theirs is a condition on the token's claims. Bitbucket and CircleCI have a provider for each
    workspace or organization, all of whose repositories get its tokens. A pattern for every branch of one repository is a
    note. Without any condition R216 tells of it.

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
           "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
           "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
           "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
           "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                                          "token.actions.githubusercontent.com:sub": "repo:acme/shop:environment:prod"}}}
        ]}

    Source: "Create a role for OpenID Connect federation" (IAM User Guide): configuring a role for GitHub;
    "Configure OpenID Connect in AWS" (GitLab Docs); "OIDC with AWS" (Buildkite Docs); "Use dynamic credentials with the
    AWS provider" (HCP Terraform); "Deploy on AWS using Bitbucket Pipelines OpenID Connect"; "Using OpenID Connect tokens
    in jobs" (CircleCI).
    """
    federated = item.statement.principals
    if not item.allows or federated is None or federated.negated or not item.statement.conditions:
        return  # without any condition R216 tells
    keys = item.keys
    # what a reference stands for, `${GitLab}`, the keys of the conditions tell
    issuers = sorted(filter(_forge, {key.rpartition(":")[0] for key in keys}))
    for kind, value in federated.patterns:
        provider = principals.provider(value) if kind == "Federated" else None
        if kind == "Federated" and "${" in value and provider is None:
            provider = next(iter(issuers), None)
        forge = _forge(provider or "")
        if forge is not None and keys.isdisjoint(f"{provider}:{claim}" for claim in forge.claims):
            message = f"{forge.everyone} are let in: nothing compares the token's subject"
            hint = f'compare "{provider}:sub" with "{forge.example}"'
            yield Problem(message, hint, ("Principal", kind, value))
        elif provider and not any(key.startswith(f"{provider}:") for key in keys):
            message = "everyone with an account at the identity provider is let in: no condition compares its token"
            yield Problem(message, f'compare "{provider}:sub" and "{provider}:aud"', ("Principal", kind, value))
    for condition in item.statement.conditions:
        provider, _, claim = condition.key.lower().rpartition(":")
        forge = _forge(provider)
        if forge is not None and claim == "sub":
            yield from _subjects(condition, keys, provider, forge)


def _forge(provider: str) -> _Forge | None:
    """The service of jobs whose tokens a provider gives; None for a provider of others."""
    return _FORGES.get(provider.partition("/")[0])


def _subjects(condition: Condition, keys: frozenset[str], provider: str, forge: _Forge) -> Iterator[Problem]:
    """Yield patterns (StringLike) of a token's subject that mean several repositories, or every branch of one."""
    for value in condition.values if conditions.name_of(condition) == "StringLike" else ():
        # a parameter may be the owner and the repository: `repo:${Repository}:*`
        subject = re.sub(rf":{_LATE}(?=:)", f":{_LATE}/{_LATE}", REFERENCE.sub(_LATE, value))
        if is_plain(subject) or "${" in subject:
            continue
        spot = (*condition.path, value)
        match = re.fullmatch(forge.subject, subject)
        parts = {} if match is None else match.groupdict()
        if match is None or not (is_plain(parts.get("owner", "")) and is_plain(parts["repository"])):
            hint = f"name the repository and the branch: {forge.example}"
            yield Problem(f"'{value}' lets in {forge.several}", hint, spot)
        elif "rest" in parts and f"{provider}:ref" not in keys and not parts["rest"].startswith(_OF_ONE_BRANCH):
            message = f"'{value}' lets in every branch, tag and pull request of the repository"
            yield Problem(message, f"name the branch, or compare {provider}:ref", spot, NOTE)


_ENDINGS = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".aws.internal", ".aws")
_SOURCES = frozenset({
    "aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner",
})  # fmt: skip
_ALIKE = ("kms:encryptioncontext", "aws:referer", "aws:sourcearn", "aws:sourceacc")
"""What says for whom as well: the context names the resource; of a referer, and of a misspelt key, other rules tell."""


@rule("R219", WARNING, looks_at="statement", needs='"Service"')
def confused_deputy(item: ParsedStatement) -> Iterator[Problem]:
    """The policy of a resource lets a service in, for whomever the service acts.

    Other accounts use the service, too: it may be led to this resource on behalf of any of them.

    Flagged:

        {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
         "Resource": "arn:aws:sqs:us-east-1:111122223333:orders"}

    Better:

        {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
         "Resource": "arn:aws:sqs:us-east-1:111122223333:orders",
         "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:placed"}}}

    Source: "The confused deputy problem" (IAM User Guide): cross-service confused deputy prevention.
    """
    principals = item.statement.principals
    if not item.allows or item.document.kind != RESOURCE or principals is None or principals.negated:
        return
    if item.services == {"sts"}:
        return  # a trust policy after all: services assume roles of their own account
    keys = item.keys
    if not keys.isdisjoint(_SOURCES) or any(key.startswith(_ALIKE) for key in keys):
        return
    for kind, value in principals.patterns:
        if kind == "Service" and (
            value.endswith(_ENDINGS) or "${" in value
        ):  # of another, R138 tells that there is none
            message = f"'{value}' is let in for whomever it acts, whatever their account"
            hint = "compare aws:SourceArn with the resource that it acts for, or aws:SourceAccount with your account"
            yield Problem(message, hint, ("Principal", kind, value))
            return


_OPENS = {
    "backup:PutBackupVaultAccessPolicy": "backup vault",
    "dynamodb:PutResourcePolicy": "table",
    "ec2:ModifyImageAttribute": "image",
    "ec2:ModifySnapshotAttribute": "snapshot",
    "ecr:SetRepositoryPolicy": "repository",
    "elasticfilesystem:PutFileSystemPolicy": "file system",
    "events:PutPermission": "event bus",
    "kms:CreateGrant": "key",
    "kms:PutKeyPolicy": "key",
    "lambda:AddLayerVersionPermission": "layer",
    "lambda:AddPermission": "function",
    "rds:ModifyDBSnapshotAttribute": "snapshot",
    "s3:PutAccessPointPolicy": "access point",
    "s3:PutBucketAcl": "bucket",
    "s3:PutBucketPolicy": "bucket",
    "s3:PutBucketPublicAccessBlock": "bucket",
    "s3:PutObjectAcl": "object",
    "secretsmanager:PutResourcePolicy": "secret",
    "sns:AddPermission": "topic",
    "sns:SetTopicAttributes": "topic",
    "sqs:AddPermission": "queue",
    "sqs:SetQueueAttributes": "queue",
    "ssm:ModifyDocumentPermission": "document",
}


@rule("R221", WARNING, looks_at="policy")
def opens_resources(document: PolicyDocument) -> Iterator[Problem]:
    """An Allow to rewrite the policy of every bucket, queue, key or function.

    Who may rewrite a resource's policy may let anyone in, and so do with it whatever the policy at hand leaves out.

    Flagged:

        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutBucketPolicy"], "Resource": "*"}

    Better:

        {"Effect": "Allow", "Action": "s3:PutBucketPolicy", "Resource": "arn:aws:s3:::orders-exports"}

    Source: the "Service Authorization Reference" (AWS): actions of level "Permissions management"; "Security best practices
    in IAM" (IAM User Guide).
    """
    for item, pattern, action in document.wide_among(_OPENS):
        message = f"{action} on every resource can open every {_OPENS[action]} to anyone"
        yield Problem(message, "name the resources", ("Action", pattern), index=item.index)


_MISTAKES_IN = {
    "Service": principals.of_service, "AWS": principals.of_account, "Federated": principals.of_provider,
}  # fmt: skip


@rule("R138", ERROR, looks_at="outward", needs='Principal"')
def bad_principal(item: ParsedStatement) -> Iterator[Problem]:
    """A principal that IAM does not know: a service's name that is misspelt, a wildcard in an ARN, a group.

    The policy is refused (MalformedPolicyDocument: Invalid principal in policy). A trust policy takes neither NotPrincipal
    nor `"Principal": "*"` (`{"AWS": "*"}` it takes, and R216 warns of it). The policy of a resource takes no identity
    provider.

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"Service": "lambda.amazon.com"}, "Action": "sts:AssumeRole"}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ]}

    Source: "AWS JSON policy elements: Principal" (IAM User Guide).
    """
    element, document_kind = item.principal_element, item.document.kind
    if document_kind == TRUST and element == "NotPrincipal":
        yield Problem("a trust policy has no NotPrincipal: IAM refuses it", "name who may, in Principal", (element,))
        return
    written = item.document.written[item.index].value.get(element) if item.document.written else None
    if isinstance(written, dict) and "Fn::GetAtt" in written:
        return  # a custom resource may give a whole object
    for kind, value in item.principals:
        if document_kind == TRUST and kind == "*":
            message = 'a trust policy has no "Principal": "*", everyone: IAM refuses it'
            yield Problem(message, 'name the account: {"AWS": "arn:aws:iam::ACCOUNT:root"}', (element,))
        elif document_kind == RESOURCE and kind == "Federated":
            message = "the policy of a resource takes no identity provider: its users come by way of a role"
            yield Problem(message, "name the role that they assume", (element, kind))
            return  # one report is enough: this Principal has to be written anew
        mistake_in = _MISTAKES_IN.get(kind)
        mistake = mistake_in(value) if mistake_in is not None else None
        if mistake is not None:
            yield Problem(*mistake, (element, kind, value))


_ID = r"(AROA|AIDA)[A-Z0-9]{12,}"
_HOLDERS_BY_ID = {"AROA": "role", "AIDA": "user"}


@rule("R139", WARNING, looks_at="statement", needs=r"(AROA|AIDA)[A-Z0-9]{12,}")
def principal_by_id(item: ParsedStatement) -> Iterator[Problem]:
    """A principal is the unique id of a role or a user, not its ARN.

    IAM itself writes the id where the principal of a saved policy was deleted: who is created anew under the same name has
    another id, and is not let in.

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"AWS": "AROADBQP57FF2AEXAMPLE"}, "Action": "sts:AssumeRole"}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"}, "Action": "sts:AssumeRole"}
        ]}

    Source: "IAM identifiers" (IAM User Guide): unique identifiers; "IAM policy validation check reference" (there): invalid
    role reference, invalid user reference.
    """
    for kind, value in item.principals:
        unique_id = re.fullmatch(_ID, value) if kind == "AWS" else None
        if unique_id is not None:
            holder = _HOLDERS_BY_ID[unique_id[1]]
            message = f"'{value}' is the id of a {holder}: the policy ends with it, should it be deleted"
            yield Problem(
                message,
                f"write the {holder}'s ARN: arn:aws:iam::ACCOUNT:{holder}/NAME",
                (item.principal_element, kind, value),
            )
