"""Global condition keys and condition operators: tables kept by hand, since no package ships them.

Sources: "AWS global condition context keys" and "IAM JSON policy elements: Condition operators" (IAM User
Guide); the service keys that reach other services, "AWS service-specific keys" there. Written down 2026-11.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final, NamedTuple


class GlobalKey(NamedTuple):
    """A key that any service's request may carry. With `tagged` its name goes on with `/` and a tag's key."""

    name: str
    type: str
    multivalued: bool = False
    tagged: bool = False


_KEYS: Final = {
    "ARN": (
        "aws:ChatbotSourceArn", "aws:PrincipalArn", "aws:SourceArn", "aws:SourceVpcArn", "codebuild:BuildArn",
        "codebuild:ProjectArn", "ec2:SourceInstanceArn", "lambda:SourceFunctionArn", "ssm:SourceInstanceArn",
    ),
    "Bool": (
        "aws:IsMcpServiceAction", "aws:MultiFactorAuthPresent", "aws:PrincipalIsAWSService", "aws:SecureTransport",
        "aws:ViaAWSMCPService", "aws:ViaAWSService",
    ),
    "Date": ("aws:CurrentTime", "aws:EpochTime", "aws:TokenIssueTime"),
    "IPAddress": ("aws:Ec2InstanceSourcePrivateIPv4", "aws:SourceIp", "aws:VpcSourceIp"),
    "Numeric": ("aws:MultiFactorAuthAge", "ec2:RoleDelivery"),
    "String": (
        "aws:AssumedRoot", "aws:CalledViaAWSMCP", "aws:CalledViaFirst", "aws:CalledViaLast",
        "aws:Ec2InstanceSourceVpc", "aws:FederatedProvider", "aws:PrincipalAccount", "aws:PrincipalOrgID",
        "aws:PrincipalOrgMasterAccountId", "aws:PrincipalServiceName", "aws:PrincipalType", "aws:RequestedRegion",
        "aws:ResourceAccount", "aws:ResourceOrgID", "aws:SourceAccount", "aws:SourceIdentity", "aws:SourceOrgID",
        "aws:SourceOwner", "aws:SourceVpc", "aws:SourceVpce", "aws:UserAgent", "aws:VpceAccount", "aws:VpceOrgID",
        "aws:referer", "aws:userid", "aws:username", "glue:CredentialIssuingService", "glue:RoleAssumedBy",
        "identitystore:UserId",
    ),
}  # fmt: skip
"""The keys of one value, by their type."""
_MULTIVALUED: Final = (
    "aws:CalledVia", "aws:PrincipalOrgPaths", "aws:PrincipalServiceNamesList", "aws:ResourceOrgPaths",
    "aws:SourceOrgPaths", "aws:TagKeys", "aws:VpceOrgPaths",
)  # fmt: skip
_TAGGED: Final = ("aws:PrincipalTag", "aws:RequestTag", "aws:ResourceTag")

_PUT_IN: Final = (
    "credentials-iot:", "iot:certificate.", "iot:clientid", "iot:connectattributes", "iot:connection.thing.",
    "iot:domainname", "iot:sourceip", "transfer:homebucket", "transfer:homedirectory", "transfer:homefolder",
    "transfer:username",
)  # fmt: skip


def is_put_in_by_service(name: str) -> bool:
    """Return whether a service puts in a variable by itself, which no list of condition keys has.

    Sources: "AWS IoT Core policy variables", "Connect policy examples" and "Authorizing direct calls to AWS services
    using AWS IoT Core credential provider" (AWS IoT Core Developer Guide), "Creating a session policy" (AWS Transfer
    Family User Guide).
    """
    return name.lower().startswith(_PUT_IN)


class Operator(NamedTuple):
    """A condition operator without its quantifier and IfExists.

    `family` is the type it compares as; `negated` operators hold when the values differ, and when the key is
    missing; Null takes no IfExists.
    """

    name: str
    family: str
    negated: bool = False


_ORDERED: Final = ("LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
OPERATORS: Final = {
    operator.name: operator
    for operator in (
        Operator("StringEquals", "String"),
        Operator("StringNotEquals", "String", negated=True),
        Operator("StringEqualsIgnoreCase", "String"),
        Operator("StringNotEqualsIgnoreCase", "String", negated=True),
        Operator("StringLike", "String"),
        Operator("StringNotLike", "String", negated=True),
        *(
            Operator(f"{family}{test}", family, negated=test == "NotEquals")
            for family in ("Numeric", "Date")
            for test in ("Equals", "NotEquals", *_ORDERED)
        ),
        Operator("Bool", "Bool"),
        Operator("BinaryEquals", "Binary"),
        Operator("IpAddress", "IPAddress"),
        Operator("NotIpAddress", "IPAddress", negated=True),
        Operator("ArnEquals", "ARN"),
        Operator("ArnLike", "ARN"),
        Operator("ArnNotEquals", "ARN", negated=True),
        Operator("ArnNotLike", "ARN", negated=True),
        Operator("Null", "Null"),
    )
}
"""Every operator of the language, by its name."""


@cache
def global_keys() -> tuple[GlobalKey, ...]:
    """Every global key, sorted by name."""
    keys = [GlobalKey(name, kind) for kind, names in _KEYS.items() for name in names]
    keys += (GlobalKey(name, "String", multivalued=True) for name in _MULTIVALUED)
    keys += (GlobalKey(name, "String", tagged=True) for name in _TAGGED)
    return tuple(sorted(keys))


@cache
def _by_name() -> dict[str, GlobalKey]:
    """The global keys by their names in small letters."""
    return {key.name.lower(): key for key in global_keys()}


def global_key(name: str) -> GlobalKey | None:
    """The row of a key, in any case; `aws:ResourceTag/team` is found as `aws:ResourceTag`.

    None: it is no global one, or has a member where it takes none.
    """
    bare, slash, _ = name.partition("/")
    row = _by_name().get(bare.lower())
    return row if row is not None and bool(slash) == row.tagged else None


@lru_cache(maxsize=1024)
def operator(name: str) -> Operator | None:
    """An operator by its name without quantifier, in any case; IfExists at its end counts for nothing."""
    folded_name = name.lower().removesuffix("ifexists")
    return next((candidate for candidate in OPERATORS.values() if candidate.name.lower() == folded_name), None)


def fits(operator_name: str, key_type: str) -> bool | None:
    """Return whether an operator suits a key of a type ("ARN", "ArrayOfString", …).

    True: made for it. None: it may work, since one side is plain text or the type is not known. False: never
    matches. KeyError: there is no such operator.
    """
    row = OPERATORS[operator_name]
    kind = key_type.removeprefix("ArrayOf")
    # A date may be given as seconds since 1970: aws:EpochTime.
    if row.family in ("Null", kind) or {row.family, kind} == {"Numeric", "Date"}:
        return True
    # Strings compare any value as its text, and a key of type String may hold anything.
    return None if "String" in (row.family, kind) or not kind else False
