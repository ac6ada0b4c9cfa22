"""The condition keys of a request: what each is worth, and which may have any value here.

Only the keys that policies ask about are worked out. A key that a request of its kind never carries is absent. What
depends on a place that this machine has not (addresses, VPCs, organizations) is open, so that a decision which turns on
it is unknown, and never a wrong denial. `kms:ViaService` is there where a service uses a key for its caller;
`aws:CalledVia` is absent.

Sources: "AWS global condition context keys" (IAM User Guide), and for each service "Actions, resources, and condition
keys for …" (Service Authorization Reference).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from remit.access.needed_access import Value, as_texts
from remit.access.resource_rows import inference_profile
from remit.access.tags import request_tags
from remit.catalogue.actions import action as catalogued_action
from remit.catalogue.condition_keys import global_key
from remit.catalogue.partitions import UNSPECIFIED
from remit.iam.request import OPEN, ContextValue, Open
from remit.local.authorization.leading_keys import attributes, full_table_scan, leading_keys, select
from remit.local.authorization.owning_place import other_owner

if TYPE_CHECKING:
    from remit.local.authorization.caller import Question


def context_of(keys: frozenset[str], question: Question) -> tuple[dict[str, ContextValue], frozenset[str]]:
    """The keys that policies ask about, in lower case: the values of those that have one, and those that may have any.

    All others are absent.
    """
    values: dict[str, ContextValue] = {}
    open_keys: set[str] = set()
    for key in keys:
        value = _value(key, question)
        if isinstance(value, Open):
            open_keys.add(key)
        elif value is not None:
            values[key] = value
    return values, frozenset(open_keys)


_OF_PARAMETERS: Final = frozenset({
    "cloudformation:changesetname", "cloudformation:rolearn", "cloudformation:stackpolicyurl",
    "cloudformation:templateurl", "cloudwatch:namespace", "dynamodb:returnconsumedcapacity",
    "dynamodb:returnvalues", "iam:policyarn", "lambda:functionurlauthtype", "lambda:invokedviafunctionurl",
    "lambda:principal", "s3:delimiter", "s3:max-keys", "s3:prefix", "s3:versionid", "secretsmanager:secretid",
    "secretsmanager:versionid", "secretsmanager:versionstage", "sns:endpoint", "sns:protocol", "ssm:overwrite",
    "ssm:recursive", "sts:externalid", "sts:rolesessionname", "sts:sourceidentity", "sts:transitivetagkeys",
})  # fmt: skip
"""Keys that are called after a parameter, and absent where a request does not have that."""


def _value(key: str, question: Question) -> Value:  # noqa: PLR0911 - one rule after the other
    """The value of a condition key: None where the request has none, OPEN where it is not known here.

    The caller's own values come first, then keys that are never there, those of parameters, and the rules by key. For
    any other key the parameter of its name counts; without one it is OPEN, and absent where the reference does not list
    it.
    """
    if key in question.caller.keys:
        return question.caller.keys[key]
    if key in _ABSENT:
        return None
    if key in _OF_PARAMETERS:
        return _parameter_of_its_name(key, question)
    reader = _KEYS.get(key)
    if reader is not None:
        return reader(question)
    prefix = next((prefix for prefix in _NAMED if key.startswith(prefix)), None)
    if prefix is not None:
        return _NAMED[prefix](key.removeprefix(prefix), question)
    if key.startswith("aws:"):  # never a parameter, whatever that is called
        return OPEN
    return (_parameter_of_its_name(key, question) or OPEN) if _may_carry(question.need.action, key) else None


def _parameter_of_its_name(key: str, question: Question) -> Value:
    """The parameter that a key (lower case) is called after, its hyphens left out: `s3:max-keys` is MaxKeys.

    None where there is none, or it is neither a scalar nor a list of such.
    """
    bare = key.partition(":")[2].replace("-", "")
    for name, value in question.need.parameters.items():
        if name.lower() == bare:
            return as_texts(value)
    return None


@lru_cache(maxsize=8192)
def _may_carry(action: str, key: str) -> bool:
    """Return whether a request for an action may have a key, by the Service Authorization Reference.

    A key of all services may be there, and so may any key of an action that the reference does not know.
    """
    if global_key(key) is not None:
        return True
    known = catalogued_action(action)
    if known is None:
        return True
    for listed in known.all_keys:
        name = listed.name.lower()
        if name == key or ("${" in name and key.startswith(name.partition("${")[0])):
            return True
    return False


def _resource_tags(question: Question) -> Mapping[str, str] | None:
    """The tags of the resource; none for `*`, and None where it is not known which resource it is."""
    if question.need.resource == "*":
        return {}
    if not question.need.is_resolved:
        return None
    return question.setting.stored.resource_tags(question.need.resource)


def _requested_tags(question: Question) -> Mapping[str, str]:
    return request_tags(question.need.parameters)


def _requested_object_tags(question: Question) -> Mapping[str, str]:
    """The tags that a request gives an object: those in its header (PutObject), else in its body (PutObjectTagging)."""
    in_header = dict(parse_qsl(question.request.header("x-amz-tagging") or "", keep_blank_values=True))
    return in_header or _requested_tags(question)


def _object_tags(question: Question) -> Mapping[str, str] | None:
    bucket, _, key = question.need.resource.rpartition(":::")[2].partition("/")
    return question.setting.stored.object_tags(bucket, key)


_TAGS: Final[Mapping[str, Callable[[Question], Mapping[str, str] | None]]] = {
    "aws:principaltag": lambda _question: {},  # those of the caller stand among its keys
    "aws:requesttag": _requested_tags,
    "aws:resourcetag": _resource_tags,
    "ec2:resourcetag": _resource_tags,
    "iam:resourcetag": _resource_tags,
    "secretsmanager:resourcetag": _resource_tags,
    "ssm:resourcetag": _resource_tags,
    "ecr:resourcetag": _resource_tags,
    "s3:requestobjecttag": _requested_object_tags,
    "s3:existingobjecttag": _object_tags,
}


def _encryption_context(question: Question) -> Mapping[str, str]:
    context = question.need.parameters.get("EncryptionContext")
    return {str(key): str(value) for key, value in context.items()} if isinstance(context, dict) else {}


def _reader_of_tags(
    read: Callable[[Question], Mapping[str, str] | None],
) -> Callable[[str, Question], Value]:
    """A reader of a tag's value by its name in lower case: keys of tags ignore case in condition keys.

    It reads None where there is no such tag, and OPEN where `read` gives None: nobody knows the tags.
    """

    def value_of(name: str, question: Question) -> Value:
        tags = read(question)
        if tags is None:
            return OPEN
        return next((value for key, value in tags.items() if key.lower() == name), None)

    return value_of


_NAMED: Final[Mapping[str, Callable[[str, Question], Value]]] = {
    **{f"{name}/": _reader_of_tags(read) for name, read in _TAGS.items()},
    "kms:encryptioncontext:": _reader_of_tags(_encryption_context),
    "s3:x-amz-": lambda name, question: question.request.header(f"x-amz-{name}"),
}
"""Keys whose names go on: with a tag, a key of the encryption context, a header."""


def _names(tags: Mapping[str, str]) -> Value:
    """The names of tags; None, as of an absent key, where there are none."""
    return tuple(tags) or None


def _tag_keys(question: Question) -> Value:
    """The keys of tags that a request adds or takes away; None where it does neither."""
    names = as_texts(question.need.parameters.get("TagKeys") or question.need.parameters.get("tagKeys"))
    if names is not None:
        return (names,) if isinstance(names, str) else names
    return _names(_requested_tags(question))


_SERVICES_OF_ROLES: Final = {
    "ec2": "ec2.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "iam": "ec2.amazonaws.com",
    "stepfunctions": "states.amazonaws.com",
    "apigatewayv2": "apigateway.amazonaws.com",
}
"""The service that gets a role, where it is not called as boto3's client ("iam:PassedToService")."""


def _passed_to(question: Question) -> Value:
    """The service that gets the role of a request, as `ecs-tasks.amazonaws.com`.

    By default it has the client's name.
    """
    client = question.operation.client
    return _SERVICES_OF_ROLES.get(client, f"{client}.amazonaws.com")


def _sender(question: Question) -> Value:
    """The address that mail is from, without the name beside it; OPEN where no parameter has it."""
    sender = question.need.parameters.get("FromEmailAddress") or question.need.parameters.get("Source")
    return parseaddr(sender)[1] if isinstance(sender, str) else OPEN


def _header(name: str) -> Callable[[Question], Value]:
    return lambda question: question.request.header(name)


def _parameter(name: str) -> Callable[[Question], Value]:
    return lambda question: as_texts(question.need.parameters.get(name))


def _constant(value: Value) -> Callable[[Question], Value]:
    return lambda _question: value


def _each(path: str) -> Callable[[Question], Value]:
    """A reader of the texts at a path of parameters (`Targets.Arn`), of each item of lists; absent where none is.

    One text is given by itself, several as a sorted tuple without duplicates.
    """

    def read(question: Question) -> Value:
        values: list[Any] = [question.need.parameters]
        for step in path.split("."):
            members = [value.get(step) for value in values if isinstance(value, Mapping)]
            values = []
            for member in members:
                values += member if isinstance(member, list) else [member]
        texts = tuple(sorted({value for value in values if isinstance(value, str)}))
        return texts[0] if len(texts) == 1 else texts or None

    return read


def _of_entries(name: str) -> Callable[[Question], Value]:
    """A reader of a value in the entries of PutEvents; OPEN for a rule, whose pattern may name any."""
    each = _each(f"Entries.{name}")
    return lambda question: each(question) if "Entries" in question.need.parameters else OPEN


def _boundary(question: Question) -> Value:
    """The boundary that a request gives to a role or user, else the one that the role or user has.

    None: there is none.
    """
    boundary = as_texts(question.need.parameters.get("PermissionsBoundary"))
    if boundary is not None:
        return boundary
    names = [question.need.parameters.get(name) for name in ("RoleName", "UserName")]
    return question.setting.stored.permissions_boundary(*(name if isinstance(name, str) else "" for name in names))


def _cluster(question: Question) -> Value:
    """The ARN of the cluster that a request is about; without a name it is `default`."""
    name = question.need.parameters.get("cluster") or "default"
    return name if str(name).startswith("arn:") else question.setting.arn("ecs", f"cluster/{name}")


def _recipients(question: Question) -> Value:
    """The addresses that mail goes to, without the names beside them.

    OPEN where no parameter names one, as of raw mail.
    """
    addresses: list[str] = []
    for path in ("Destination.ToAddresses", "Destination.CcAddresses", "Destination.BccAddresses", "Destinations"):
        named = _each(path)(question)
        texts = named if isinstance(named, tuple) else (named,)
        addresses += [parseaddr(text)[1] for text in texts if isinstance(text, str)]
    return tuple(addresses) or OPEN


def _record_names(question: Question) -> Value:
    """The names of record sets that change, in lower case, without the dot at their end ("normalized")."""
    names = _each("ChangeBatch.Changes.ResourceRecordSet.Name")(question)
    if isinstance(names, tuple):
        return tuple(name.lower().removesuffix(".") for name in names)
    return names.lower().removesuffix(".") if isinstance(names, str) else names


def _function(question: Question) -> Value:
    """The function of an event source mapping, by its ARN; OPEN where the request does not name it."""
    name = question.need.parameters.get("FunctionName")
    if not isinstance(name, str):
        return OPEN
    return name if name.startswith("arn:") else question.setting.arn("lambda", f"function:{name}")


def _via_service(question: Question) -> Value:
    """The service that uses a key for its caller, as `s3.eu-west-1.amazonaws.com`; absent where the caller uses it."""
    service = question.need.via
    return f"{service}.{question.setting.region}.amazonaws.com" if service else None


def _aliases(question: Question) -> Value:
    """The aliases of the key that a request is about; absent without any, OPEN where there is no such key."""
    aliases = question.setting.stored.key_aliases(question.need.resource)
    return OPEN if aliases is None else aliases or None


def _requested_alias(question: Question) -> Value:
    """The alias by which a request names its key; absent where it names it otherwise."""
    name = question.need.parameters.get("KeyId")
    bare = name.rpartition(":")[2] if isinstance(name, str) else ""
    return bare if bare.startswith("alias/") else None


_ABSENT: Final = frozenset({
    "aws:principalaccount", "aws:principalisawsservice", "aws:principalservicename", "aws:principalservicenameslist",
    "aws:principaltype", "aws:username",
    "aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:federatedprovider", "aws:sourcearn",
    "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths",
    "aws:assumedroot", "aws:ec2instancesourcevpc", "aws:ec2instancesourceprivateipv4", "aws:chatbotsourcearn",
    "aws:multifactorauthage", "aws:multifactorauthpresent", "aws:tokenissuetime", "aws:userid",
    "ec2:sourceinstancearn", "glue:credentialissuingservice", "glue:roleassumedby",
    "lambda:sourcefunctionarn", "s3:dataaccesspointarn", "s3:dataaccesspointaccount", "s3:accesspointnetworkorigin",
    "ssm:sourceinstancearn", "dynamodb:enclosingoperation",
})  # fmt: skip
"""What the engine knows by the caller's ARN, and what a request does not have that a caller sends by itself, unless the
caller's own keys say so."""


def _requested_region(question: Question) -> Value:
    """The region of the endpoint; of a global inference profile, none for its model."""
    is_anywhere = ":bedrock:::foundation-model/" in question.need.resource
    return UNSPECIFIED if is_anywhere else question.setting.region


def _resource_account(question: Question) -> Value:
    owner = other_owner(question.need, question.setting.account)
    return question.setting.account if owner is None else owner.account


def _source_identity(question: Question) -> Value:
    """Absent for a function's session and for users.

    OPEN for a session that somebody asked for: its identity is not kept.
    """
    return OPEN if ":sts:" in question.caller.arn and not question.caller.function else None


_KEYS: Final[Mapping[str, Callable[[Question], Value]]] = {
    "aws:sourceidentity": _source_identity,
    "aws:currenttime": lambda _question: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "aws:epochtime": lambda _question: str(int(datetime.now(UTC).timestamp())),
    "aws:securetransport": _constant("true"),  # the SDK that is pointed at AWS uses TLS
    "aws:requestedregion": _requested_region,
    "aws:resourceaccount": _resource_account,
    "aws:useragent": _header("user-agent"),
    "aws:referer": _header("referer"),
    "aws:viaawsservice": lambda question: "true" if question.need.via else "false",
    "aws:tagkeys": _tag_keys,
    "s3:locationconstraint": _each("CreateBucketConfiguration.LocationConstraint"),  # without it us-east-1, and no key
    "s3:requestobjecttagkeys": lambda question: _names(_requested_object_tags(question)),
    "s3:signatureversion": _constant("AWS4-HMAC-SHA256"),
    "s3:authtype": lambda question: (
        "REST-HEADER" if "authorization" in question.request.headers else "REST-QUERY-STRING"
    ),
    "s3:resourceaccount": lambda question: question.setting.account,
    "s3:if-none-match": _header("if-none-match"),
    "s3:if-match": _header("if-match"),
    "dynamodb:leadingkeys": leading_keys,
    "dynamodb:attributes": attributes,
    "dynamodb:fulltablescan": full_table_scan,
    "dynamodb:select": select,
    "kms:viaservice": _via_service,
    "kms:resourcealiases": _aliases,
    "kms:requestalias": _requested_alias,
    "kms:grantisforawsresource": _constant("false"),  # a service would ask for the grant itself
    "kms:grantoperations": _parameter("Operations"),
    "kms:schedulekeydeletionpendingwindowindays": _parameter("PendingWindowInDays"),
    "events:targetarn": _each("Targets.Arn"),
    "route53:changeresourcerecordsetsactions": _each("ChangeBatch.Changes.Action"),
    "route53:changeresourcerecordsetsrecordtypes": _each("ChangeBatch.Changes.ResourceRecordSet.Type"),
    "route53:changeresourcerecordsetsnormalizedrecordnames": _record_names,
    "kms:calleraccount": lambda question: question.caller.account,
    "kms:encryptioncontextkeys": lambda question: _names(_encryption_context(question)),
    "iam:passedtoservice": _passed_to,
    "iam:permissionsboundary": _boundary,
    "lambda:functionarn": _function,
    "lambda:layer": _parameter("Layers"),
    "lambda:securitygroupids": _each("VpcConfig.SecurityGroupIds"),
    "lambda:subnetids": _each("VpcConfig.SubnetIds"),
    "events:source": _of_entries("Source"),
    "events:detail-type": _of_entries("DetailType"),
    "bedrock:inferenceprofilearn": lambda question: inference_profile(question.need.parameters, question.setting),
    "ses:fromaddress": _sender,
    "ses:recipients": _recipients,
    "ec2:createaction": lambda question: question.operation.name,
    "ec2:region": lambda question: question.setting.region,
    "ecs:cluster": _cluster,
}
