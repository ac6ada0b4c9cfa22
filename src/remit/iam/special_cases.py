"""Decisions of IAM beside policies: requests that it always allows or refuses, and layers that do not bind.

A row each, with the page of AWS that says so. `decide/special_requests.py` finds the rows of a request; `evaluate`,
`compare` and `why` ask it. Written down 2026-11.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

Effect: TypeAlias = Literal["allowed", "refused", "unbound"]
Fact: TypeAlias = Literal[
    "",
    "the resource is the caller's account's",
    "the caller is a service-linked role",
    "the caller is of the management account",
    "the resource is of the management account",
    "the key is one that AWS manages",
]


class SpecialCase(NamedTuple):
    """A kind of request, and what holds of it whatever policies say.

    A request is of the kind if its action is one of `actions` (in lower case), its caller of one of the kinds
    `callers`, its resource one that a pattern of `resources` describes, and `fact` is true; what is empty fits any.
    "allowed": no policy but that of a VPC endpoint matters. "refused": nobody may, whatever allows it. "unbound": the
    policies of `layer` do not matter, or none of the resource's "account" needs to allow it. `reason` completes "ACTION
    on RESOURCE …". `instead` says what to do where it is refused.
    """

    effect: Effect
    reason: str
    source: str
    actions: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    fact: Fact = ""
    layer: str = ""
    instead: str = ""


_CHANGES_OF_ROLES: Final = (
    "iam:attachrolepolicy", "iam:deleterole", "iam:deleterolepermissionsboundary", "iam:deleterolepolicy",
    "iam:detachrolepolicy", "iam:putrolepermissionsboundary", "iam:putrolepolicy", "iam:tagrole", "iam:untagrole",
    "iam:updateassumerolepolicy", "iam:updaterole", "iam:updateroledescription",
)  # fmt: skip
_CHANGES_OF_SERVICE_LINKED_ROLES: Final = (
    "iam:attachrolepolicy", "iam:deleterole", "iam:deleterolepermissionsboundary", "iam:deleterolepolicy",
    "iam:detachrolepolicy", "iam:putrolepermissionsboundary", "iam:putrolepolicy", "iam:updateassumerolepolicy",
)  # fmt: skip
"""The description of such a role may be changed."""
_CHANGES_OF_POLICIES: Final = (
    "iam:createpolicyversion", "iam:deletepolicy", "iam:deletepolicyversion", "iam:setdefaultpolicyversion",
    "iam:tagpolicy", "iam:untagpolicy",
)  # fmt: skip
_CHANGES_OF_KEYS: Final = (
    "kms:disablekey", "kms:disablekeyrotation", "kms:enablekey", "kms:enablekeyrotation", "kms:putkeypolicy",
    "kms:schedulekeydeletion", "kms:tagresource", "kms:untagresource", "kms:updatekeydescription",
)  # fmt: skip
_RCPS: Final = "Resource control policies (AWS Organizations User Guide)"
_SCPS: Final = "Service control policies (AWS Organizations User Guide)"
_KMS_RCPS: Final = "Resource control policies in AWS KMS (AWS KMS Developer Guide)"

SPECIAL_CASES: Final = (
    SpecialCase(
        "allowed",
        "is always allowed, since it needs no permission",
        "GetCallerIdentity (AWS STS API Reference)",
        actions=("sts:getcalleridentity",),
    ),
    SpecialCase(
        "allowed",
        "is always allowed to a user, since policies have no effect on it",
        "Permissions for GetSessionToken (IAM User Guide)",
        actions=("sts:getsessiontoken",),
        callers=("user", "root", "unknown"),
    ),
    SpecialCase(
        "refused",
        "cannot be called with temporary credentials, but only by a user or the root user",
        "Compare AWS STS credentials (IAM User Guide)",
        actions=("sts:getfederationtoken", "sts:getsessiontoken"),
        callers=("role", "session", "federated-user"),
        instead="call it as a user, or use AssumeRole",
    ),
    SpecialCase(
        "refused",
        "cannot be called with the credentials of a root user",
        "AssumeRole (AWS STS API Reference)",
        actions=("sts:assumerole", "sts:assumeroot"),
        callers=("root",),
        instead="call it as a user or a role",
    ),
    SpecialCase(
        "refused",
        "cannot be done by anybody, since IAM Identity Center alone changes the roles under aws-reserved",
        "Manage AWS accounts with permission sets (IAM Identity Center User Guide)",
        actions=_CHANGES_OF_ROLES,
        resources=("arn:*:iam::*:role/aws-reserved/*",),
        instead="change the permission set in IAM Identity Center that the role is made of",
    ),
    SpecialCase(
        "refused",
        "cannot be done by anybody, since the service of a service-linked role alone changes it",
        "Create a service-linked role (IAM User Guide)",
        actions=_CHANGES_OF_SERVICE_LINKED_ROLES,
        resources=("arn:*:iam::*:role/aws-service-role/*",),
        instead="leave the role to its service; iam:DeleteServiceLinkedRole deletes one that is not used any more",
    ),
    SpecialCase(
        "refused",
        "cannot be done by anybody, since AWS alone changes its managed policies",
        "Managed policies and inline policies (IAM User Guide)",
        actions=_CHANGES_OF_POLICIES,
        resources=("arn:*:iam::aws:policy/*",),
        instead="copy it to a managed policy of your own account, and change that",
    ),
    SpecialCase(
        "refused",
        "cannot be done by anybody, since AWS alone changes the aliases that begin with aws/",
        "CreateAlias (AWS KMS API Reference)",
        actions=("kms:createalias", "kms:deletealias", "kms:updatealias"),
        resources=("arn:*:kms:*:*:alias/aws/*",),
        instead="give the alias another name",
    ),
    SpecialCase(
        "refused",
        "cannot be done by anybody, since AWS alone changes the keys that it manages",
        "AWS KMS keys (AWS KMS Developer Guide)",
        actions=_CHANGES_OF_KEYS,
        fact="the key is one that AWS manages",
        instead="use a key of your own",
    ),
    SpecialCase(
        "unbound",
        "is not bound by the bucket's policy, since its owner's root user can always read, replace and delete that",
        "PutBucketPolicy (Amazon S3 API Reference)",
        actions=("s3:deletebucketpolicy", "s3:getbucketpolicy", "s3:putbucketpolicy"),
        callers=("root",),
        fact="the resource is the caller's account's",
        layer="resource",
    ),
    SpecialCase(
        "unbound",
        "needs no policy of the member account, since centralized root access opens that to the organization",
        "AssumeRoot (AWS STS API Reference)",
        actions=("sts:assumeroot",),
        layer="account",
    ),
    SpecialCase(
        "unbound",
        "is not bound by SCPs, since they do not affect service-linked roles",
        _SCPS,
        fact="the caller is a service-linked role",
        layer="scp",
    ),
    SpecialCase(
        "unbound",
        "is not bound by SCPs, since they do not affect the management account",
        _SCPS,
        fact="the caller is of the management account",
        layer="scp",
    ),
    SpecialCase(
        "unbound",
        "is not bound by RCPs, since they do not affect service-linked roles",
        _RCPS,
        fact="the caller is a service-linked role",
        layer="rcp",
    ),
    SpecialCase(
        "unbound",
        "is not bound by RCPs, since they do not affect the management account's resources",
        _RCPS,
        fact="the resource is of the management account",
        layer="rcp",
    ),
    SpecialCase(
        "unbound",
        "is not bound by RCPs, since they have no effect on it",
        _KMS_RCPS,
        actions=("kms:retiregrant",),
        layer="rcp",
    ),
    SpecialCase(
        "unbound",
        "is not bound by RCPs, since they do not apply to keys that AWS manages",
        _KMS_RCPS,
        fact="the key is one that AWS manages",
        layer="rcp",
    ),
)

SPECIAL_ACTIONS: Final = frozenset(action for case in SPECIAL_CASES for action in case.actions)
"""The actions (in lower case) that some row is about."""
ALWAYS_ALLOWED: Final = frozenset(
    action for case in SPECIAL_CASES if case.effect == "allowed" for action in case.actions
)
"""The actions that policies do not decide, so that no policy grants or takes them."""
BEYOND_ACCOUNTS: Final = frozenset(
    action for case in SPECIAL_CASES if case.layer == "account" for action in case.actions
)
"""The actions on another account's resources that no policy of that account must allow."""
