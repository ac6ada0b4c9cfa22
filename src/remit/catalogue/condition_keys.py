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


_KEYS: Final = (
    GlobalKey("aws:AssumedRoot", "String"),
    GlobalKey("aws:CalledVia", "String", multivalued=True),
    GlobalKey("aws:CalledViaAWSMCP", "String"),
    GlobalKey("aws:CalledViaFirst", "String"),
    GlobalKey("aws:CalledViaLast", "String"),
    GlobalKey("aws:ChatbotSourceArn", "ARN"),
    GlobalKey("aws:CurrentTime", "Date"),
    GlobalKey("aws:Ec2InstanceSourcePrivateIPv4", "IPAddress"),
    GlobalKey("aws:Ec2InstanceSourceVpc", "String"),
    GlobalKey("aws:EpochTime", "Date"),
    GlobalKey("aws:FederatedProvider", "String"),
    GlobalKey("aws:IsMcpServiceAction", "Bool"),
    GlobalKey("aws:MultiFactorAuthAge", "Numeric"),
    GlobalKey("aws:MultiFactorAuthPresent", "Bool"),
    GlobalKey("aws:PrincipalAccount", "String"),
    GlobalKey("aws:PrincipalArn", "ARN"),
    GlobalKey("aws:PrincipalIsAWSService", "Bool"),
    GlobalKey("aws:PrincipalOrgID", "String"),
    GlobalKey("aws:PrincipalOrgMasterAccountId", "String"),
    GlobalKey("aws:PrincipalOrgPaths", "String", multivalued=True),
    GlobalKey("aws:PrincipalServiceName", "String"),
    GlobalKey("aws:PrincipalServiceNamesList", "String", multivalued=True),
    GlobalKey("aws:PrincipalTag", "String", tagged=True),
    GlobalKey("aws:PrincipalType", "String"),
    GlobalKey("aws:RequestTag", "String", tagged=True),
    GlobalKey("aws:RequestedRegion", "String"),
    GlobalKey("aws:ResourceAccount", "String"),
    GlobalKey("aws:ResourceOrgID", "String"),
    GlobalKey("aws:ResourceOrgPaths", "String", multivalued=True),
    GlobalKey("aws:ResourceTag", "String", tagged=True),
    GlobalKey("aws:SecureTransport", "Bool"),
    GlobalKey("aws:SourceAccount", "String"),
    GlobalKey("aws:SourceArn", "ARN"),
    GlobalKey("aws:SourceIdentity", "String"),
    GlobalKey("aws:SourceIp", "IPAddress"),
    GlobalKey("aws:SourceOrgID", "String"),
    GlobalKey("aws:SourceOrgPaths", "String", multivalued=True),
    GlobalKey("aws:SourceOwner", "String"),
    GlobalKey("aws:SourceVpc", "String"),
    GlobalKey("aws:SourceVpcArn", "ARN"),
    GlobalKey("aws:SourceVpce", "String"),
    GlobalKey("aws:TagKeys", "String", multivalued=True),
    GlobalKey("aws:TokenIssueTime", "Date"),
    GlobalKey("aws:UserAgent", "String"),
    GlobalKey("aws:ViaAWSMCPService", "Bool"),
    GlobalKey("aws:ViaAWSService", "Bool"),
    GlobalKey("aws:VpcSourceIp", "IPAddress"),
    GlobalKey("aws:VpceAccount", "String"),
    GlobalKey("aws:VpceOrgID", "String"),
    GlobalKey("aws:VpceOrgPaths", "String", multivalued=True),
    GlobalKey("aws:referer", "String"),
    GlobalKey("aws:userid", "String"),
    GlobalKey("aws:username", "String"),
    GlobalKey("codebuild:BuildArn", "ARN"),
    GlobalKey("codebuild:ProjectArn", "ARN"),
    GlobalKey("ec2:RoleDelivery", "Numeric"),
    GlobalKey("ec2:SourceInstanceArn", "ARN"),
    GlobalKey("glue:CredentialIssuingService", "String"),
    GlobalKey("glue:RoleAssumedBy", "String"),
    GlobalKey("identitystore:UserId", "String"),
    GlobalKey("lambda:SourceFunctionArn", "ARN"),
    GlobalKey("ssm:SourceInstanceArn", "ARN"),
)

_PUT_IN: Final = (
    "credentials-iot:", "iot:certificate.", "iot:clientid", "iot:connectattributes", "iot:connection.thing.",
    "iot:domainname", "iot:sourceip", "transfer:homebucket", "transfer:homedirectory", "transfer:homefolder",
    "transfer:username",
)  # fmt: skip


def put_in(name: str) -> bool:
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

# Types of keys that a family of operators is made for. Strings compare any value as its text, and a key
# of type String may hold anything, so those two never exclude each other: `fits` answers with None.
_MADE_FOR: Final = {
    "String": frozenset({"String"}),
    "Numeric": frozenset({"Numeric", "Date"}),  # a date may be given as seconds since 1970: aws:EpochTime
    "Date": frozenset({"Date", "Numeric"}),
    "Bool": frozenset({"Bool"}),
    "Binary": frozenset({"Binary"}),
    "IPAddress": frozenset({"IPAddress"}),
    "ARN": frozenset({"ARN"}),
}


def global_keys() -> tuple[GlobalKey, ...]:
    """Every row of the table of keys."""
    return _KEYS


@cache
def _by_name() -> dict[str, GlobalKey]:
    return {key.name.lower(): key for key in _KEYS}


def global_key(name: str) -> GlobalKey | None:
    """The row of a key, in any case; `aws:ResourceTag/team` is found as `aws:ResourceTag`."""
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
    if row.family == "Null" or kind in _MADE_FOR[row.family]:
        return True
    return None if "String" in (row.family, kind) or not kind else False
