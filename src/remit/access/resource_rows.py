"""Resources that the names of parameters do not tell: a row for a service or an action, with its source.

`NAMES` gives parameters under the names of the variables in ARN formats, for all operations of a client. `RESOURCES`
gives the ARNs of an action, or of all actions of a service; where a row gives none, the formats of the catalogue do.
"""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from remit.access.needed_access import UNRESOLVED, ActionRequest, NeededAccess, OperationRequest, texts
from remit.catalogue.action_resources import takes
from remit.catalogue.actions import target_names
from remit.catalogue.arns import parse
from remit.catalogue.inference_profiles import GLOBAL, geography_and_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.access.setting import RequestSetting

    Parameters = Mapping[str, Any]
    Row = Callable[[ActionRequest], Iterator[str]]


def with_names(request: OperationRequest) -> Parameters:
    """The parameters of a request, and what `NAMES` adds to them or puts in their place."""
    row = NAMES.get(request.operation.client)
    return request.parameters if row is None else {**request.parameters, **row(request.parameters)}


def _s3_names(parameters: Parameters) -> dict[str, Any]:
    """BucketName (empty without a bucket), ObjectName, and the source of a copy, decoded.

    It stands percent-encoded in its header ("CopyObject", Amazon S3 API Reference).
    """
    names = {"BucketName": parameters.get("Bucket", "")}
    if "Key" in parameters:
        names["ObjectName"] = parameters["Key"]
    source = parameters.get("CopySource")
    if isinstance(source, str):
        names["CopySource"] = unquote(source)
    return names


_NAME_IN_ARN: Final = 6
"""The part of a function's ARN that is its name."""
_NAME_BEHIND_ACCOUNT: Final = 2
"""The same of a part of one, `111122223333:function:report`."""


def _lambda_names(parameters: Parameters) -> dict[str, Any]:
    """FunctionName and LayerName as bare names.

    FunctionArn, LayerArn, FunctionAccount and Qualifier where a name has them. A function's name stands alone, in an
    ARN or in a part of one, with or without a qualifier. Source: "Invoke" (AWS Lambda API Reference), FunctionName;
    "GetLayerVersion", LayerName.
    """
    names: dict[str, Any] = {}
    name = parameters.get("FunctionName")
    if isinstance(name, str):
        parts = name.split(":")
        start = parts.index("function") + 1 if "function" in parts[:-1] else 0
        names["FunctionName"] = parts[start]
        if start == _NAME_IN_ARN:  # which may be of another account
            names["FunctionArn"] = ":".join(parts[: start + 1])
        elif start == _NAME_BEHIND_ACCOUNT:
            names["FunctionAccount"] = parts[0]
        if len(parts) > start + 1:
            names["Qualifier"] = parts[start + 1]
    if "VersionNumber" in parameters:
        names["LayerVersion"] = str(parameters["VersionNumber"])
    layer = parameters.get("LayerName")
    if isinstance(layer, str) and layer.startswith("arn:"):  # which may be of another account
        names |= {"LayerName": layer.rpartition(":")[2], "LayerArn": layer}
    return names


def _ssm_names(parameters: Parameters) -> dict[str, Any]:
    """Name and Names as ARNs have them, without a leading `/` and without a version or label ("GetParameter")."""
    names: dict[str, Any] = {}
    if isinstance(parameters.get("Name"), str):
        names["Name"] = _bare_name(parameters["Name"])
    if isinstance(parameters.get("Names"), list):
        names["Names"] = [_bare_name(name) for name in texts(parameters["Names"])]
    return names


def _bare_name(name: str) -> str:
    """A parameter's name without its version, its label or a leading slash; in an ARN likewise. Any other ARN stays."""
    if name.startswith("arn:") and ":parameter" not in name:
        return name  # of a document, which has no version there
    start = name.find(":parameter") + 1
    return (name[:start] + name[start:].partition(":")[0]).removeprefix("/")


NAMES: Final[Mapping[str, Callable[[Parameters], dict[str, Any]]]] = {
    "s3": _s3_names,
    "ssm": _ssm_names,
    "lambda": _lambda_names,
    # A cluster's name, alone or at the end of its ARN ("UpdateService", Amazon ECS API Reference).
    "ecs": lambda parameters: {"cluster": str(parameters.get("cluster") or "default").rpartition("/")[2]},
}


def _function(request: ActionRequest) -> Iterator[str]:
    """Yield the ARN of a version, an alias, a layer, or a function of another account.

    Nothing where the action does not take it, or the bare name tells the ARN. Source: "Lambda resource ARNs in
    policies".
    """
    layer = ":".join(filter(None, (request.text("LayerArn"), request.text("LayerVersion"))))
    if takes(request.action, layer):
        yield layer
    name, qualifier, whole = (request.text(name) for name in ("FunctionName", "Qualifier", "FunctionArn"))
    if name is None:
        return
    account = request.text("FunctionAccount")
    arn = whole or request.arn("lambda", f"function:{name}", account=account)
    if qualifier is not None and takes(request.action, f"{arn}:{qualifier}"):
        yield f"{arn}:{qualifier}"
    elif (whole or account) and takes(request.action, arn):
        yield arn


_QUEUE_URL: Final = r"https?://(?:sqs\.(?P<region>[\w-]+)\.)?[^/]+/(?P<account>\d{12})/(?P<name>[\w-]+(?:\.fifo)?)/?"


def _queue(request: ActionRequest) -> Iterator[str]:
    """Yield a queue by its URL, which may be of another account and region; nothing for another address.

    Source: "Queue and message identifiers" (Amazon SQS).
    """
    match = re.fullmatch(_QUEUE_URL, request.text("QueueUrl") or "")
    if match is not None:
        yield request.arn("sqs", match["name"], region=match["region"], account=match["account"])


def _known_by_id(request: ActionRequest) -> Iterator[str]:
    """Yield what only an id tells: the execution of a callback, the stream that a shard iterator reads.

    Source: "SendDurableExecutionCallbackSuccess" (AWS Lambda API Reference); "GetRecords" (Amazon Kinesis, Amazon
    DynamoDB Streams).
    """
    yield from filter(None, map(request.stored.execution_of_callback, request.texts("CallbackId")))
    yield from filter(None, map(request.stored.stream_arn_of_iterator, request.texts("ShardIterator")))


def _index(request: ActionRequest) -> Iterator[str]:
    """Yield an index of a table, which may be named by its ARN ("Query", Amazon DynamoDB API Reference).

    Nothing where the request names no index.
    """
    table, index = request.text("TableName"), request.text("IndexName")
    if table is not None and index is not None:
        arn = table if table.startswith("arn:") else request.arn("dynamodb", f"table/{table}")
        yield f"{arn}/index/{index}"


_LOG_GROUPS: Final = (
    "logGroupName", "logGroupIdentifier", "logGroupNames", "logGroupIdentifiers", "logGroupArnList",
    "logGroupNamePrefix",
)  # fmt: skip


def _log_group(request: ActionRequest) -> Iterator[str]:
    """Yield a log group, by its name or its ARN, and a stream of it.

    Where no stream is meant the ARN ends in `:log-stream:`, as in the messages of denials; `log-group:NAME:*` matches
    it, which is how roles are written ("IAM resource ARN formats", Amazon CloudWatch Logs User Guide). Nothing for an
    action on neither.
    """
    kinds = target_names(request.action)
    if not kinds & {"log-group", "log-stream"}:
        return
    stream = request.parameters.get("logStreamName", "") if "log-stream" in kinds else ""
    for name in (name for parameter in _LOG_GROUPS for name in request.texts(parameter)):
        arn = name if name.startswith("arn:") else request.arn("logs", f"log-group:{name}")
        place, _, group = arn.partition(":log-group:")
        yield f"{place}:log-group:{group.partition(':')[0]}:log-stream:{stream}"


_KEYS_OF_ACTIONS: Final = {"kms:ReEncryptFrom": ("SourceKeyId",), "kms:ReEncryptTo": ("DestinationKeyId",)}
"""The parameters that name the one key of ReEncrypt and the other (AWS KMS API Reference)."""


def _key(request: ActionRequest) -> Iterator[str]:
    """Yield a key by its id, its ARN, or an alias.

    Else the key that encrypted a text ("Decrypt", AWS KMS API Reference). An alias is asked on the key, where that is
    known; its own operations are asked on it as well ("Controlling access to aliases", AWS KMS Developer Guide).
    `UNRESOLVED` stands for a key that is not known.
    """
    alias = request.text("AliasName")
    if alias is not None:
        yield request.arn("kms", alias)
    parameters = _KEYS_OF_ACTIONS.get(request.action, ("KeyId", "TargetKeyId"))
    names = [name for name in map(request.text, parameters) if name is not None]
    for name in names:
        yield key_arn(name, request.setting)
    ciphertext = request.text("CiphertextBlob")
    if not names and ciphertext is not None:
        yield request.stored.key_arn_of_ciphertext(ciphertext) or request.arn("kms", f"key/{UNRESOLVED}")


def key_arn(name: str, setting: RequestSetting) -> str:
    """The ARN of a key by its id, its ARN or an alias; `UNRESOLVED` stands for the key of an unknown alias."""
    is_arn = name.startswith("arn:")
    owner, _, bare = name.rpartition(":")
    if bare.startswith("alias/"):
        unresolved = f"key/{UNRESOLVED}"
        return setting.stored.key_arn(name) or (f"{owner}:{unresolved}" if is_arn else setting.arn("kms", unresolved))
    return name if is_arn else setting.arn("kms", f"key/{bare}")


def _secret(request: ActionRequest) -> Iterator[str]:
    """Yield secrets by their names or ARNs; a new one's ARN ends in `-??????`: six characters that nobody knows yet.

    Source: "What's in a Secrets Manager secret?".
    """
    for name in request.texts("SecretId"):
        yield _secret_arn(name, request.setting)
    new_name = request.text("Name")
    if "SecretId" not in request.parameters and new_name is not None:  # its end may be any
        yield request.arn("secretsmanager", f"secret:{new_name}-??????")


def batched_secrets(request: OperationRequest) -> Iterator[NeededAccess]:
    """Yield the access to each secret that a BatchGetSecretValue reads, by ids and by filters.

    None for other operations. The parts are the secret's ARN and what the request calls it.
    """
    if (request.operation.client, request.operation.name) != ("secretsmanager", "BatchGetSecretValue"):
        return
    secrets = [(_secret_arn(name, request.setting), name) for name in request.texts("SecretIdList")]
    secrets += [(arn, arn) for arn in request.stored.filtered_secrets(request.parameters.get("Filters"))]
    for arn, name in secrets:
        yield NeededAccess("secretsmanager:GetSecretValue", arn, request.parameters, part=(arn, name))


def _secret_arn(name: str, setting: RequestSetting) -> str:
    """The ARN of a secret by its name or an ARN.

    Of a name whose secret is not known, `UNRESOLVED` stands for the end that Secrets Manager gives it.
    """
    arn = parse(name)
    bare = name if arn is None else arn.resource.removeprefix("secret:")
    stored_arn = setting.stored.secret_arn(bare)
    if stored_arn is not None:
        return stored_arn
    return name if arn is not None else setting.arn("secretsmanager", f"secret:{bare}-{UNRESOLVED}")


def _topic(request: ActionRequest) -> Iterator[str]:
    """Yield topics, endpoints and phone numbers (which are no ARNs); a subscription is asked on its topic.

    Source: "Publish" (Amazon SNS API Reference); "Actions, resources, and condition keys for Amazon SNS".
    """
    for name in ("TopicArn", "TargetArn", "EndpointArn", "PlatformApplicationArn", "ResourceArn", "PhoneNumber"):
        yield from request.texts(name)
    for subscription in request.texts("SubscriptionArn"):
        yield subscription.rpartition(":")[0]


def _bus(request: ActionRequest) -> Iterator[str]:
    """Yield the bus of each entry, or the one of the request; without a name it is the default one ("PutEvents")."""
    entries = request.parameters.get("Entries")
    if isinstance(entries, list):
        names = [entry.get("EventBusName") for entry in entries if isinstance(entry, dict)]
    else:
        names = [request.parameters.get("Name")]
    for name in names:
        bus = str(name or "default")
        yield bus if bus.startswith("arn:") else request.arn("events", f"event-bus/{bus}")


def _rule(request: ActionRequest) -> Iterator[str]:
    """Yield the ARN of a rule, which tells its bus, but for the default one ("Amazon EventBridge resources")."""
    name = request.text("Rule" if "Target" in request.operation.name else "Name")
    if name is not None:
        bus = request.text("EventBusName") or "default"
        arn = parse(bus)  # which may be of another account
        account = None if arn is None else arn.account
        if arn is not None:
            bus = arn.resource.removeprefix("event-bus/")  # a partner's has slashes in its name
        yield request.arn("events", f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}", account=account)


def _schedule(request: ActionRequest) -> Iterator[str]:
    """Yield the ARN of a schedule; without a group it is of the group `default`, and its name is `*` without one.

    Source: "CreateSchedule" (EventBridge Scheduler API).
    """
    group = request.parameters.get("GroupName") or "default"
    yield request.arn("scheduler", f"schedule/{group}/{request.parameters.get('Name', '*')}")


_WITH_PATH: Final = {"server-certificate": "ServerCertificateName", "mfa": "VirtualMFADeviceName"}
"""The parameters that name what is made with a path ("UploadServerCertificate", "CreateVirtualMFADevice")."""


def _of_iam(request: ActionRequest) -> Iterator[str]:
    """Yield a role or a user with its path, which its name does not tell.

    An action on users without a name is on the caller. Certificates, MFA devices and identity providers that are made
    have ARNs here as well. Source: "CreateAccessKey" and its like (IAM API Reference).
    """
    kinds = target_names(request.action)
    path = str(request.parameters.get("Path", "/"))
    for kind, parameter in _WITH_PATH.items():
        name = request.text(parameter)
        if kind in kinds and name is not None:
            yield request.arn("iam", f"{kind}{path}{name}", region="")
    url = request.text("Url")
    if "oidc-provider" in kinds and url is not None:  # its ARN has the address without https://
        yield request.arn("iam", f"oidc-provider/{url.rpartition('://')[2]}", region="")
    role, user = request.text("RoleName"), request.text("UserName")
    if "role" in kinds and "RoleName" in request.parameters:
        if role is not None:
            yield request.stored.role_arn(role) or request.arn("iam", f"role{path}{role}", region="")
    elif kinds == {"user"} or ("user" in kinds and "UserName" in request.parameters):
        if user is not None:
            yield request.stored.user_arn(user) or request.arn("iam", f"user{path}{user}", region="")
        elif ":user/" in request.setting.caller:
            yield request.setting.caller


def _stack(request: ActionRequest) -> Iterator[str]:
    """A stack by its name or its ARN, which ends in an id ("How CloudFormation works with IAM").

    `UNRESOLVED` stands for an id that is not known.
    """
    definitions = request.parameters.get("StackDefinitions") or ()
    for holder in (request.parameters, *(definition for definition in definitions if isinstance(definition, dict))):
        name = holder.get("StackName")
        if not isinstance(name, str):
            continue
        stored = name if name.startswith("arn:") else request.stored.stack_arn(name)
        yield stored or request.arn("cloudformation", f"stack/{name}/{UNRESOLVED}")


_OF_CATALOG: Final = frozenset({"catalog", "database", "rootcatalog", "table"})


def _data_catalog(request: ActionRequest) -> Iterator[str]:
    """Yield a database or table with what is above it, which must be allowed, too ("AWS Glue resource ARNs", AWS Glue).

    `UNRESOLVED` stands for a name that the request does not give. Nothing for an action outside of the Data Catalog.
    """
    kinds = target_names(request.action)
    if "rootcatalog" not in kinds or not kinds <= _OF_CATALOG:
        return
    yield request.arn("glue", "catalog")
    # A request gives the name, or what it makes has it.
    holders = (request.parameters, request.parameters.get("DatabaseInput"), request.parameters.get("TableInput"))
    names = (holder.get("Name") for holder in holders if isinstance(holder, dict))
    own_name = next((name for name in names if isinstance(name, str)), None)
    own_database = own_name if request.operation.name.endswith("Database") else None
    database = request.parameters.get("DatabaseName") or own_database or UNRESOLVED
    if "database" in kinds:
        yield request.arn("glue", f"database/{database}")
    if "table" in kinds and own_database is None:
        table = request.parameters.get("TableName") or own_name or UNRESOLVED
        yield request.arn("glue", f"table/{database}/{table}")


_OF_MAIL: Final = (
    ("identity", "EmailIdentity"),
    ("identity", "Identity"),
    ("identity", "Domain"),
    ("configuration-set", "ConfigurationSetName"),
    ("template", "Template"),
    ("dedicated-ip-pool", "DestinationPoolName"),
)
"""Kinds of resources of SES, and the parameters that name them."""


def _mail(request: ActionRequest) -> Iterator[str]:
    """The identity that mail is sent as, with the configuration set and the template that it names.

    Of an address it is the address itself where that is an identity, else its domain ("Verified identities in Amazon
    SES"); the others, as "Actions, resources, and condition keys for Amazon SES v2" has them.
    """
    kinds = target_names(request.action)
    sender = request.parameters.get("FromEmailAddress") or request.parameters.get("Source")
    if "identity" in kinds and isinstance(sender, str):
        address = parseaddr(sender)[1]
        is_identity = request.stored.is_mail_identity(address)
        yield request.arn("ses", f"identity/{address if is_identity else address.rpartition('@')[2]}")
    for kind, parameter in _OF_MAIL:
        name = request.text(parameter)
        if kind in kinds and name is not None:
            yield request.arn("ses", f"{kind}/{name}")


def _task_definition(request: ActionRequest) -> Iterator[str]:
    """A task definition as `family:revision`; without a revision it is the latest ("RunTask", Amazon ECS API).

    `UNRESOLVED` stands for that revision.
    """
    for kind, parameter in (
        ("task-definition", "taskDefinition"),
        ("task-definition", "taskDefinitions"),
        ("daemon-task-definition", "daemonTaskDefinition"),
    ):
        for name in request.texts(parameter):
            if kind in target_names(request.action):
                whole = name if ":" in name else f"{name}:{UNRESOLVED}"
                yield name if name.startswith("arn:") else request.arn("ecs", f"{kind}/{whole}")


_TAGGED_BY_SSM: Final = {
    "Association": "association", "Automation": "automation-execution", "Document": "document",
    "MaintenanceWindow": "maintenancewindow", "ManagedInstance": "managed-instance", "OpsItem": "opsitem",
    "Parameter": "parameter", "PatchBaseline": "patchbaseline",
}  # fmt: skip
"""What has tags in Systems Manager, as AddTagsToResource calls it and as ARNs do."""


def _tagged_by_ssm(request: ActionRequest) -> Iterator[str]:
    """A resource by its type and id ("AddTagsToResource", AWS Systems Manager API)."""
    kind, name = _TAGGED_BY_SSM.get(str(request.parameters.get("ResourceType"))), request.text("ResourceId")
    if kind is not None and name is not None:
        yield request.arn("ssm", f"{kind}/{name.removeprefix('/')}")


def _command(request: ActionRequest) -> Iterator[str]:
    """A document, one of AWS's without an account, and each instance ("SendCommand", AWS Systems Manager API).

    `UNRESOLVED` stands for instances that are told by a tag or a group.
    """
    name = request.text("DocumentName")
    if name is not None:
        account = "" if name.startswith(("AWS-", "Amazon")) else None
        yield name if name.startswith("arn:") else request.arn("ssm", f"document/{name}", account=account)
    instances = list(request.texts("InstanceIds"))
    for target in request.parameters.get("Targets") or ():
        if isinstance(target, dict):
            is_named = str(target.get("Key", "")).lower() == "instanceids"
            instances += texts(target.get("Values")) if is_named else [UNRESOLVED]
    for instance in instances:
        yield _node(instance, request.setting)


def _of_any_kind(request: ActionRequest) -> Iterator[str]:
    """Yield an ARN of the service with `UNRESOLVED`, where the one name in a request does not say of what it is.

    A task's token is of a state machine or an activity ("SendTaskSuccess"), an id of EC2 of anything ("CreateTags").
    """
    for _name in (*request.texts("taskToken"), *request.texts("Resources")):
        yield request.arn(request.action.partition(":")[0], UNRESOLVED)


def _node(instance: str, setting: RequestSetting) -> str:
    """The ARN of a node of Systems Manager: an instance of EC2, or a machine elsewhere (`mi-…`)."""
    service, kind = ("ssm", "managed-instance") if instance.startswith("mi-") else ("ec2", "instance")
    return setting.arn(service, f"{kind}/{instance}")


def _work_group(request: ActionRequest) -> Iterator[str]:
    """A query without a workgroup is of the one called `primary`; one that was started is known by its id alone.

    Source: "StartQueryExecution", "GetQueryExecution" (Amazon Athena API Reference).
    """
    if "QueryExecutionId" not in request.parameters:
        yield request.arn("athena", f"workgroup/{request.parameters.get('WorkGroup') or 'primary'}")
    for query in request.texts("QueryExecutionId"):
        yield request.arn("athena", f"workgroup/{request.stored.work_group(query) or UNRESOLVED}")


def _model(request: ActionRequest) -> Iterator[str]:
    """Yield a model by its ARN or its id.

    For an inference profile, itself and its model, here and, if global, anywhere. Source: "InvokeModel" (Bedrock API).
    """
    model = request.text("modelId")
    if model is None:
        return
    profile = inference_profile(request.parameters, request.setting)
    if profile is not None:
        yield profile
        parts = geography_and_model(profile)
        if parts is not None:
            geography, model_id = parts
            yield request.arn("bedrock", f"foundation-model/{model_id}", account="")
            if geography == GLOBAL:
                yield request.arn("bedrock", f"foundation-model/{model_id}", account="", region="")
    else:
        yield model if model.startswith("arn:") else request.arn("bedrock", f"foundation-model/{model}", account="")


def inference_profile(parameters: Parameters, setting: RequestSetting) -> str | None:
    """The ARN of the inference profile that a call of a model names: its id begins with where it sends requests.

    None: the call names a model itself.
    """
    model = str(parameters.get("modelId", ""))
    if model.startswith("arn:"):
        return model if "inference-profile/" in model else None
    if geography_and_model(model) is not None:
        return setting.arn("bedrock", f"inference-profile/{model}")
    return None


_METHODS_OF_CONNECTIONS: Final = {"PostToConnection": "POST", "GetConnection": "GET", "DeleteConnection": "DELETE"}


def _api(request: ActionRequest) -> Iterator[str]:
    """Yield a connection of a WebSocket API, by the method of HTTP ("Control access to a WebSocket API with IAM").

    Its name is `*` where the request has none. Nothing for another action.
    """
    if request.operation.address is not None and request.action == "execute-api:ManageConnections":
        api, stage = request.operation.address
        method = _METHODS_OF_CONNECTIONS[request.operation.name]
        connection = request.parameters.get("ConnectionId", "*")
        yield request.arn("execute-api", f"{api}/{stage}/{method}/@connections/{connection}")


def _rows(prefix: str, names: tuple[str, ...], row: Row) -> dict[str, Row]:
    return {f"{prefix}:{name}": row for name in names}


RESOURCES: Final[Mapping[str, Row]] = {
    "lambda": _function,
    "sqs": _queue,
    **_rows(
        "lambda",
        tuple(f"SendDurableExecutionCallback{answer}" for answer in ("Success", "Failure", "Heartbeat")),
        _known_by_id,
    ),
    "logs": _log_group,
    "kms": _key,
    "secretsmanager": _secret,
    "sns": _topic,
    "kinesis:GetRecords": _known_by_id,
    "dynamodb": _index,
    "dynamodb:GetRecords": _known_by_id,
    **_rows("events", ("PutEvents", "DescribeEventBus", "UpdateEventBus", "CreateEventBus", "DeleteEventBus"), _bus),
    **_rows(
        "events",
        (
            "PutRule", "DeleteRule", "DescribeRule", "EnableRule", "DisableRule", "PutTargets", "RemoveTargets",
            "ListTargetsByRule",
        ),
        _rule,
    ),
    **_rows("scheduler", ("CreateSchedule", "GetSchedule", "UpdateSchedule", "DeleteSchedule"), _schedule),
    "iam": _of_iam,
    "cloudformation": _stack,
    "execute-api": _api,
    "glue": _data_catalog,
    "ses": _mail,
    **_rows(
        "ecs",
        (
            "DeleteDaemonTaskDefinition", "DeleteTaskDefinitions", "DescribeDaemonTaskDefinition", "RunTask",
            "StartTask",
        ),
        _task_definition,
    ),
    **_rows(
        "athena",
        (
            "StartQueryExecution", "CreateNamedQuery", "ListQueryExecutions", "ListNamedQueries", "GetQueryExecution",
            "GetQueryResults", "GetQueryRuntimeStatistics", "StopQueryExecution",
        ),
        _work_group,
    ),
    **_rows("ssm", ("AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource"), _tagged_by_ssm),
    # "GetConnectionStatus" (AWS Systems Manager API Reference): Target is the managed node that is asked about.
    "ssm:GetConnectionStatus": lambda request: (_node(node, request.setting) for node in request.texts("Target")),
    "ssm:SendCommand": _command,
    "bedrock": _model,
    **_rows("states", ("SendTaskFailure", "SendTaskHeartbeat", "SendTaskSuccess"), _of_any_kind),
    **_rows("ec2", ("CreateTags", "DeleteTags"), _of_any_kind),
}  # fmt: skip
"""By the action, else by its service."""
