"""Read an access that was denied out of what AWS, an SDK, a log or CloudFormation printed about it.

Sources: "Troubleshoot access denied error messages" (IAM User Guide) for the wordings with a layer; "Error Responses"
(Amazon S3 API Reference), "DecodeAuthorizationMessage" (AWS STS API Reference), "CloudTrail record contents" (AWS
CloudTrail User Guide), and the messages of services, SDKs and tools as their users quote them.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias, get_args
from urllib.parse import unquote_plus

from remit.answers import wordings
from remit.answers.obstacles import FEDERATED
from remit.template.sections import mappings, section

LayerName: TypeAlias = Literal[
    "identity", "boundary", "session", "resource", "trust", "endpoint", "scp", "rcp", "other"
]
LONGEST: Final = 200_000
"""Characters that are read; a log that somebody pipes in whole may be longer, and its end counts."""
_DEPTH: Final = 3  # of JSON inside strings of JSON
_MOST: Final = 10  # further denials that are told


@dataclass(frozen=True, slots=True)
class Denial:
    """A denied request as a message tells it; None for facts that it does not tell.

    `principal` is an ARN as a rule. `layer` is the kind of policy that denied (`other`: what is not IAM's at all),
    `explicit` whether by a Deny, `policy` that policy's ARN. `operation` and `service` are the SDK's names. `encoded`
    is a message that only STS can decode, `authorization` an authorization ID. `logical_id` is the resource of a failed
    stack event, `function` the Lambda function whose log it is. `deploying` tells what CloudFormation asked with the
    permissions of whoever deploys. `note` says what the message means beside IAM's policies, `others` what else was
    denied.
    """

    principal: str | None = None
    action: str | None = None
    resource: str | None = None
    layer: LayerName | None = None
    explicit: bool | None = None
    policy: str | None = None
    operation: str | None = None
    service: str | None = None
    encoded: str | None = None
    authorization: str | None = None
    logical_id: str | None = None
    stack: str | None = None
    function: str | None = None
    deploying: bool | None = None
    note: str | None = None
    others: tuple[str, ...] = ()


LAYERS: Final = get_args(LayerName)
_KINDS: Final[Mapping[str, LayerName]] = {
    "identity": "identity",
    "permission": "boundary",
    "session": "session",
    "resource-": "resource",
    "role trust": "trust",
    "vpc": "endpoint",
    "service": "scp",
    "resource control": "rcp",
}
"""How the names of the kinds of policies begin."""
_RECORDS: Final = ("eventSource", "allowed", "ResourceStatusReason")
_DECODE: Final = json.JSONDecoder().raw_decode
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_LATE: Final = re.compile(r"\$\{[^{}]{1,200}\}$")
_DATED: Final = re.compile(r"(?<=[a-z])20\d\d(?:_\d\d_\d\d|\d{4})(?:v\d+)?$")
"""The API's version behind an event's name: UpdateFunctionConfiguration20150331v2, CreateDistribution2020_05_31."""
_CLOSING: Final = tuple(".,;:)\"'`]}")
_STREAM: Final = ":log-stream:"
"""What an ARN of CloudWatch Logs ends with where no stream is meant: the colon is the ARN's."""
_WHOLE: Final = re.compile(r"arn(?::[^:\s]*){4}:\S+")
_IN_A_URL: Final = re.compile(r"not(?:\+|%20)authorized(?:\+|%20)to")
_TYPESET: Final = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''", "\u200b\u200c\u2060\ufeff")
"""The quotation marks of word processors and chats, and signs that nobody sees."""
_BOLD: Final = re.compile(r"(?<![*\w:/-])\*\*([^*\s][^*]{0,2048})\*\*(?![*\w:/-])")
_PLACEHOLDER: Final = re.compile(r"[^<]<[^<>]{1,100}>$")
_CUT: Final = ("…", "...")
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_ARN: Final = re.compile(r"arn:[a-z-]{1,20}:(?:sts|iam)::([^:\s]{0,40}):")

_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "dynamodb": ("tableName", "table/"),
    "kinesis": ("streamName", "stream/"),
    "lambda": ("functionName", "function:"),
    "sqs": ("queueName", ""),
}
"""By service: the parameter that names what a request is about, and what stands before that name in an ARN."""


def parse(text: str) -> Denial | None:
    """Read a denied request from a text; None when it tells of none. Never fails, whatever the text.

    Of a longer text the last 200,000 characters are read. Of several denials it is the first; `others` names some of
    the rest.
    """
    text = text[-LONGEST:]
    denial = _structured(text, _DEPTH) or _in_lines(text)
    if denial is None:
        read = ((way, _plain(way)) for way in wordings.readings(text))
        text, denial = max(read, key=lambda pair: _wholeness(pair[1]))
    if denial is None:
        return None
    flat = _flat(text)
    log = wordings.LOG.search(flat)
    return replace(denial, others=_others(flat, denial), function=log[1] if log is not None else None)


def _wholeness(denial: Denial | None) -> int:
    """How much a reading tells: its facts are counted, but no ARN that is cut through; -1 without a denial."""
    if denial is None:
        return -1
    names = (
        denial.action,
        denial.operation,
        denial.service,
        denial.layer,
        denial.principal,
        denial.resource,
        denial.encoded,
    )
    stated = [name for name in names if name is not None]
    return sum(not name.startswith("arn") or _WHOLE.fullmatch(name) is not None for name in stated)


def _plain(text: str) -> Denial | None:
    """Read a denial from prose: an exception's text, a traceback, a log, XML. None where it tells of none."""
    flat = _flat(text)
    if wordings.DENIED.search(flat) is None:
        return None
    denial = replace(_request(flat), **_fields_around(flat))
    if (denial.action or "").lower() in FEDERATED and denial.layer is None:
        denial = replace(denial, layer="trust", explicit=False)
    if denial.operation is not None and denial.service is None and "UnauthorizedOperation" in flat:
        denial = replace(denial, service="ec2")  # whose code alone it is
    meaning = next((meaning for pattern, meaning in wordings.NOTES if pattern.search(flat) is not None), {})
    if wordings.DEPLOYING.search(flat) is not None and meaning.get("note") != wordings.EXECUTION_ROLE:
        denial = replace(denial, deploying=True)
    if denial.resource is None:
        denial = _located(denial, flat)
    return replace(denial, **meaning)


def _flat(text: str) -> str:
    """One line of plain words, whatever escaped, framed or coloured them."""
    # Decoded only where the words say that they are encoded: elsewhere a plus is a plus.
    if _IN_A_URL.search(text) is not None:
        text = unquote_plus(text)
    plain = html.unescape(text.replace('\\"', '"').replace("\\n", "\n").replace("\\/", "/")).translate(_TYPESET)
    return " ".join(_BOLD.sub(r"\1", _CONTROL.sub(" ", wordings.unwrapped(plain))).split())


def _others(flat: str, first_denial: Denial) -> tuple[str, ...]:
    """Return the first few further denied requests, `dynamodb:Query on …`, that the text tells of in AWS's words."""
    first_action, first_resource = (first_denial.action or "").lower(), first_denial.resource
    denied_accesses: dict[str, None] = {}
    for position, action in enumerate(wordings.ACTION.finditer(flat)):
        resource = _resource(wordings.RESOURCE.match(flat, action.end() + 1), first_denial.principal)
        if position == 0 and resource == first_resource:  # it is told, by the action that no policy allows
            continue
        another_resource = None not in (resource, first_resource) and resource != first_resource
        if another_resource or action[1].lower() != first_action:
            denied_accesses[action[1] if resource is None else f"{action[1]} on {resource}"] = None
    return tuple(denied_accesses)[:_MOST]


def _request(flat: str) -> Denial:
    """Read the caller, the action, the resource and the layer from one line; None for each that it does not tell."""
    quoted = wordings.QUOTED.search(flat)
    if quoted is not None:
        return Denial(quoted["principal"], quoted["action"], quoted["resource"])
    principal = _principal(flat)
    action, layer = wordings.ACTION.search(flat), wordings.LAYER.search(flat)
    denial = Denial(
        principal=principal,
        action=None if action is None else action[1],
        resource=_resource(wordings.RESOURCE.search(flat, action.end() if action else 0), principal),
        explicit=True if "explicit deny" in flat else None,
    )
    if layer is None:
        return denial
    # An API may check a further action than its own: the one that no policy allows is what is missing.
    missing_action = layer["action"]
    if missing_action is not None and missing_action.lower() != (denial.action or "").lower():
        denial = replace(denial, action=missing_action)
    return replace(
        denial,
        layer=next(kind for start, kind in _KINDS.items() if layer["kind"].lower().startswith(start)),
        explicit=layer["how"].lower().startswith("with"),
        policy=_trimmed(layer["policy"]) if layer["policy"] else None,
    )


def _principal(flat: str) -> str | None:
    """The first name of a caller in the text; None where it has none, or words that name nobody."""
    user = wordings.WHO.search(flat) or wordings.MAPPED.search(flat)
    if user is not None:
        return _trimmed(user[1])
    for match in wordings.SOMEBODY.finditer(flat):
        name = _trimmed(match[1])
        if name.lower() not in wordings.NOBODY:
            return name
    return None


def _resource(match: re.Match[str] | None, principal: str | None) -> str | None:
    """The resource, as an ARN where IAM names it by its kind (`role worker`); `policy path /` is every one: `*`.

    None: there is none, or it is a placeholder or cut off.
    """
    if match is None:
        return None
    if (match["bare"] or "").startswith("<") or (match["bare"] or "").endswith(_CUT):  # a placeholder, or cut off
        return None
    name = _trimmed(match["whole"] or match["bare"])
    if not name:
        return None
    if match["path"]:
        return "*"
    owner = _ARN.match(principal or "")
    if match["kind"] is None or name.startswith("arn:") or owner is None:
        return name
    partition = (principal or "").split(":")[1]
    return f"arn:{partition}:iam::{owner[1]}:{match['kind'].replace(' ', '-')}/{name.lstrip('/')}"


def _located(denial: Denial, flat: str) -> Denial:
    """A denial with the queue, stream, role, bucket or object that the words around it name, if they name one.

    In the ARN of a queue, the partition is `aws`, and `*` stands for a region that its URL does not tell.
    """
    queue, stream = wordings.QUEUE.search(flat), wordings.STREAM.search(flat)
    if queue is not None:
        region = queue["region"] or queue["old"] or "*"
        return replace(denial, resource=f"arn:aws:sqs:{region}:{queue['account']}:{queue['name']}", service="sqs")
    if stream is not None:
        return replace(denial, resource=stream[1], action=denial.action or f"{stream[2]}:{stream[3]}")
    assumed = wordings.ASSUMED.search(flat)
    if assumed is not None:
        return replace(denial, resource=_trimmed(assumed[1]))
    s3_arn = _s3_arn(flat)
    return denial if s3_arn is None else replace(denial, resource=s3_arn)


def _s3_arn(flat: str) -> str | None:
    """The ARN of the one object or bucket that a text names; None where it names none, or several."""
    copied = wordings.COPIED.search(flat)
    if copied is not None:
        return f"arn:aws:s3:::{copied['bucket']}/{copied['key']}"
    places = {match.groups() for match in wordings.OBJECT.finditer(flat)}
    if places:
        return _object_arn(*places.pop()) if len(places) == 1 else None
    for pattern in wordings.NAMED_BUCKET:
        match = pattern.search(flat)
        if match is not None:
            return _object_arn(match["bucket"], match.groupdict().get("key"))
    return None


def _object_arn(bucket: str, key: str | None) -> str:
    """The ARN of an object, or of its bucket where no key is known."""
    bucket_arn = f"arn:aws:s3:::{bucket}"
    return f"{bucket_arn}/{_trimmed(key)}" if key else bucket_arn


def _fields_around(flat: str) -> dict[str, Any]:
    """Return the fields of a `Denial` that the SDK, CloudFormation or Lambda puts around a message."""
    fields: dict[str, Any] = {}
    for pattern in wordings.AROUND:
        around = pattern.search(flat)
        if around is not None:
            fields |= {name: text for name, text in around.groupdict().items() if text}
    encoded = wordings.ENCODED.search(flat)
    if encoded is not None:
        fields["encoded"] = encoded[1]
    if wordings.ACTION.search(flat) is None:
        api = wordings.API.search(flat)
        if api is not None:
            fields["action"] = api[1]
        for words, meaning in wordings.MEANT:
            if words.search(flat) is not None:
                fields |= meaning
    for pattern in wordings.EVENT:
        event = pattern.search(flat)
        if event is not None:
            fields["logical_id"] = event[1]
            break
    return fields


def _trimmed(text: str) -> str:
    """A name without the punctuation, or the markup, of the sentence that it stands in."""
    name = text.partition("</")[0].strip("\"'`")
    if _PLACEHOLDER.search(name) is None:
        name = name.strip("\"'`<>")
    while name.endswith(_CLOSING) and not name.endswith(_STREAM) and _LATE.search(name) is None:
        opening = _PAIRS.get(name[-1])
        if opening is not None and name.count(opening) == name.count(name[-1]):
            break
        name = name[:-1]
    return name


def _structured(text: str, depth: int) -> Denial | None:
    """Read a denial from JSON: a CloudTrail event, a decoded authorization message, a stack event, an error's body.

    JSON in its texts is read, too, `depth` times. Of several texts, the first that names an action or an operation
    counts; if none does, the whole is read as prose. None: the text is no JSON, or tells of no denial.
    """
    starts = [place for place in (text.find("{"), text.find("[")) if place >= 0]
    if depth == 0 or not starts:
        return None
    start = min(starts)
    if text[:start].strip():
        return None
    try:
        objects = list(_objects(json.loads(text[start:])))
    except (ValueError, RecursionError):
        return None
    record = _record(objects)
    if record is not None:
        return record
    denials = []
    texts = [value for json_object in objects for value in json_object.values() if isinstance(value, str)]
    for value in texts:
        denial = _structured(value, depth - 1) if value.lstrip().startswith("{") else _plain(value)
        if denial is not None:
            denials.append(denial)
    for denial in denials:
        if denial.action is not None or denial.operation is not None:
            return denial
    return _plain(text) if denials else None


def _in_lines(text: str) -> Denial | None:
    """Read a denial from a record of JSON on a line of a log, whatever stands before it.

    None: no line has one that can be read.
    """
    for line in wordings.unwrapped(text).split("\n"):
        start = line.find("{")
        if start >= 0 and any(f'"{key}"' in line for key in _RECORDS):
            try:
                value, _ = _DECODE(line, start)
                record = _record(_objects(value))
            except (ValueError, RecursionError):
                continue
            if record is not None:
                return record
    return None


def _record(objects: Iterable[dict[str, Any]]) -> Denial | None:
    """The denial in the first object that is a record of AWS's of a known form and tells of one; None: none does."""
    for json_object in objects:
        for reader in (_cloudtrail_event, _decoded, _stack_event):
            denial = reader(json_object)
            if denial is not None:
                return denial
    return None


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document, the outer ones first."""
    waiting = [value]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, dict):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _cloudtrail_event(event: dict[str, Any]) -> Denial | None:
    """A record of CloudTrail: its own fields, and its errorMessage where they are silent.

    None: it is none, or not of a denial.
    """
    error_code = _string(event, "errorCode")
    event_source = _string(event, "eventSource")
    event_name = _string(event, "eventName")
    if error_code is None or event_source is None or event_name is None:
        return None
    message = _string(event, "errorMessage") or ""
    if wordings.DENIED.search(f"{error_code} {message}") is None:
        return None
    denial = _plain(message) or Denial()
    service = event_source.partition(".")[0]
    caller = section(event, "userIdentity")
    principal = denial.principal or _string(caller, "arn") or _string(caller, "invokedBy")
    resource = denial.resource or _cloudtrail_resource(event, service)
    operation = _DATED.sub("", event_name)
    return replace(denial, principal=principal, resource=resource, operation=operation, service=service)


def _cloudtrail_resource(event: dict[str, Any], service: str) -> str | None:
    """Return the resource of a CloudTrail record: the first that it lists, else the one its parameters name.

    What parameters name by a name alone is taken to be of the caller's account; the ARN of a bucket is that of
    partition `aws`. None: neither is there.
    """
    for resource in mappings(event.get("resources")):
        arn = _string(resource, "ARN") or _string(resource, "arn")
        if arn is not None:
            return arn
    parameters = section(event, "requestParameters")
    bucket, key = _string(parameters, "bucketName"), _string(parameters, "key")
    if bucket is not None and service == "s3":
        return f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
    texts = {_string(parameters, name) or "" for name in parameters}
    arns = [text for text in texts if text.split(":")[2:3] == [service]]
    if len(arns) == 1:
        return arns[0]
    # A table, a function or a stream that is named alone is of the caller's own account.
    owner = _ARN.match(_string(section(event, "userIdentity"), "arn") or "")
    parameter, resource_prefix = _NAMES.get(service, ("", ""))
    name, region = _string(parameters, parameter), _string(event, "awsRegion")
    if owner is None or name is None or region is None:
        return None
    partition = owner[0].split(":")[1]
    return name if name.startswith("arn:") else f"arn:{partition}:{service}:{region}:{owner[1]}:{resource_prefix}{name}"


def _decoded(message: dict[str, Any]) -> Denial | None:
    """Read the output of `aws sts decode-authorization-message`; None: it is none."""
    context = section(message, "context")
    action = _string(context, "action")
    if "allowed" not in message or action is None:
        return None
    explicit = message.get("explicitDeny")
    return Denial(
        principal=_string(section(context, "principal"), "arn"),
        action=action,
        resource=_string(context, "resource"),
        explicit=explicit if isinstance(explicit, bool) else None,
    )


def _stack_event(event: dict[str, Any]) -> Denial | None:
    """The denial in an event of `aws cloudformation describe-stack-events`; None: it tells of none."""
    reason, name = _string(event, "ResourceStatusReason"), _string(event, "LogicalResourceId")
    denial = None if reason is None else _plain(reason)
    if denial is None:
        return None
    deploying = True if denial.note != wordings.EXECUTION_ROLE else None
    return replace(denial, logical_id=name, stack=_string(event, "StackName"), deploying=deploying)


def _string(value: Mapping[str, Any], key: str) -> str | None:
    """A text of a record without control characters; None where it is empty, or no text."""
    text = value.get(key)
    return _CONTROL.sub("", text) or None if isinstance(text, str) else None
