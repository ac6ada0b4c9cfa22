"""Read an access that was denied out of what AWS, an SDK, a log or CloudFormation printed about it.

Sources: "Troubleshoot access denied error messages" (IAM User Guide) for the wordings with a layer; "Error Responses"
(Amazon S3 API Reference), "DecodeAuthorizationMessage" (AWS STS API Reference), "CloudTrail record contents" (AWS
CloudTrail User Guide), and the messages of SQS, SNS, KMS, Lambda and API Gateway as their users quote them.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LayerName: TypeAlias = Literal["identity", "boundary", "session", "resource", "trust", "endpoint", "scp", "rcp"]
LONGEST: Final = 200_000
"""Characters that are read; a log that somebody pipes in whole may be longer, and its end counts."""
_DEPTH: Final = 3  # of JSON inside strings of JSON


@dataclass(frozen=True, slots=True)
class Denial:
    """What a message says of a denied request; None for what it does not say.

    `principal` is an ARN as a rule. `layer` is the kind of policy that denied, `explicit` whether by a Deny, `policy`
    that policy's ARN. `operation` and `service` are the SDK's names. `encoded` is a message that only STS can decode,
    `authorization` an authorization ID. `logical_id` is the resource of a failed stack event.
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


LAYERS: Final = get_args(LayerName)
_KINDS: Final[Mapping[str, LayerName]] = {
    "identity-based policy": "identity",
    "permissions boundary": "boundary",
    "session policy": "session",
    "resource-based policy": "resource",
    "role trust policy": "trust",
    "vpc endpoint policy": "endpoint",
    "service control policy": "scp",
    "resource control policy": "rcp",
}
_CODES: Final = (
    r"(?:Client\.)?(?:AccessDenied\w*|UnauthorizedOperation|UnauthorizedAccess|AuthorizationError\w*|NotAuthorized\w*"
    r"|KMSAccessDenied\w*|Forbidden\w*|403)"
)
_DENIED: Final = re.compile(
    rf"not authorized to|\b{_CODES}(?!\w)|[Aa]ccess [Dd]enied|does not have permissions? to call"
    r"|[Ee]ncoded authorization failure message|Access to the resource \S{1,2000} is denied|KMS access was denied"
    r"|you are not allowed to access|cannot be assumed by"
)
_WHO: Final = re.compile(r"\b[Uu]ser: ?(\S{1,2048}) is not authorized")
_SOMEBODY: Final = re.compile(r"\b(arn:[a-z-]{1,20}:(?:sts|iam)::\d{12}:[\w+=,.@/-]{1,1000}) is not authorized")
_ACTION: Final = re.compile(r"[Nn]ot authorized to perform:? ?([A-Za-z0-9-]{1,64}:[A-Za-z0-9*]{1,128})")
_RESOURCE: Final = re.compile(r"on (?:the )?resource(?:\(s\))?:? ?(\S{1,2048})")
_LAYER: Final = re.compile(
    rf"(because no|with an explicit deny in (?:an?|the)) ({'|'.join(_KINDS)})"
    r"(?: allows the ([A-Za-z0-9-]{1,64}:[A-Za-z0-9*]{1,128}) action)?(?:: ?(arn:\S{1,2048}))?",
    re.IGNORECASE,
)
_AROUND: Final = (
    re.compile(r"\(Service: (?P<service>[\w ]{1,60})[;,] Status Code: \d{3}"),
    re.compile(r"An error occurred \([\w.]{1,100}\) when calling the (?P<operation>\w{1,200}) operation"),
    re.compile(r"operation error (?P<service>[\w ]{1,60}): (?P<operation>\w{1,200}),"),
    re.compile(r"role does not have permissions? to call (?P<operation>\w{1,128}) on (?P<service>\w{1,60})"),
    re.compile(r"[Ee]ncoded authorization failure message: ?(?P<encoded>[\w+/=-]{16,})"),
    re.compile(r"authorization-details/(?P<authorization>[\w-]{1,200})"),
)
"""What SDKs (Java, Python, Go), Lambda, EC2 and IAM put around a message; the later ones win."""
_API: Final = re.compile(r"\bAPI: ([a-z0-9-]{1,64}:\w{1,128}) ")
_QUEUE: Final = re.compile(
    r"Access to the resource https?://(?:sqs\.([\w-]{1,40})|[\w.-]{1,200})[^/\s]{0,100}/(\d{12})/([\w.-]{1,80})"
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_MEANT: Final = (
    (re.compile(r"KMS access was denied"), {"action": "kms:Decrypt"}),
    (re.compile(r"cannot be assumed by"), {"action": "sts:AssumeRole", "layer": "trust", "explicit": False}),
)
"""Wordings of Lambda that name no action."""
_EVENT: Final = (
    re.compile(r"\b([A-Za-z0-9]{1,255})[\s|()]{1,40}AWS::\w{1,60}::\w{1,60}\b"),
    re.compile(r"\bAWS::\w{1,60}::\w{1,60}[\s|]{1,40}([A-Za-z0-9]{1,255})\b"),
)


def parse(text: str) -> Denial | None:
    """What a text says about a denied request; None when it tells of none. Never fails, whatever the text."""
    text = text[-LONGEST:]
    return _structured(text, _DEPTH) or _plain(text)


def _plain(text: str) -> Denial | None:
    """From prose: an exception's text, a traceback, a log, XML."""
    flat = html.unescape(text.replace('\\"', '"').replace("\\n", " ").replace("\\/", "/"))
    flat = " ".join(_CONTROL.sub(" ", flat).split())
    if _DENIED.search(flat) is None:
        return None
    found = replace(_request(flat), **_caller(flat))
    queue = _QUEUE.search(flat)
    if queue is not None and found.resource is None:
        region, account, name = queue.groups()
        found = replace(found, resource=f"arn:aws:sqs:{region or '*'}:{account}:{name}", service="sqs")
    return found


def _request(flat: str) -> Denial:
    """Who, what, on what, by which layer."""
    who = _WHO.search(flat) or _SOMEBODY.search(flat)
    action, layer = _ACTION.search(flat), _LAYER.search(flat)
    resource = _RESOURCE.search(flat, action.end() if action else 0)
    named = _trimmed(layer[3]) if layer is not None and layer[3] else None
    asked = action[1] if action is not None else None
    # An API may check a further action than its own: the one that no policy allows is what is missing.
    return Denial(
        principal=_trimmed(who[1]) if who is not None else None,
        action=named if named is not None and asked is not None and named.lower() != asked.lower() else asked or named,
        resource=_trimmed(resource[1]) if resource is not None else None,
        layer=None if layer is None else _KINDS[layer[2].lower()],
        explicit=layer[1].lower().startswith("with")
        if layer is not None
        else True
        if "explicit deny" in flat
        else None,
        policy=_trimmed(layer[4]) if layer is not None and layer[4] else None,
    )


def _caller(flat: str) -> dict[str, Any]:
    """What the SDK, CloudFormation or Lambda puts around a message."""
    found: dict[str, Any] = {}
    for pattern in _AROUND:
        around = pattern.search(flat)
        found |= {} if around is None else around.groupdict()
    if _ACTION.search(flat) is None:
        api = _API.search(flat)
        found |= {} if api is None else {"action": api[1]}
        for words, meaning in _MEANT:
            found |= meaning if words.search(flat) is not None else {}
    event = next((match for pattern in _EVENT if (match := pattern.search(flat)) is not None), None)
    if event is not None:
        found["logical_id"] = event[1]
    return found


def _trimmed(text: str) -> str:
    """A name without the punctuation of the sentence that it stands in."""
    return text.strip("\"'`<>").rstrip(".,;:)\"'`]}")


def _structured(text: str, depth: int) -> Denial | None:
    """From JSON: a CloudTrail event, a decoded authorization message, a stack event, an error's body."""
    start = min((place for place in (text.find("{"), text.find("[")) if place >= 0), default=-1)
    if depth == 0 or start < 0 or text[:start].strip():
        return None
    try:
        value = json.loads(text[start:])
        objects = list(_objects(value))
    except (ValueError, RecursionError):
        return None
    for one in objects:
        for read in (_trail, _decoded, _stack_event):
            found = read(one)
            if found is not None:
                return found
    for told in (item for one in objects for item in one.values() if isinstance(item, str)):
        found = _structured(told, depth - 1) if told.lstrip().startswith("{") else _plain(told)
        if found is not None:
            return found
    return None


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document, the outer ones first."""
    waiting = [value]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, dict):
            yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _trail(event: dict[str, Any]) -> Denial | None:
    """A record of CloudTrail: its own fields, and its errorMessage where they are silent."""
    code, source, name = (_string(event, key) for key in ("errorCode", "eventSource", "eventName"))
    if code is None or source is None or name is None:
        return None
    message = _string(event, "errorMessage") or ""
    if _DENIED.search(f"{code} {message}") is None:
        return None
    told = _plain(message) or Denial()
    service = source.partition(".")[0]
    resources = [_string(one, "ARN") or _string(one, "arn") for one in _dicts(event.get("resources"))]
    return replace(
        told,
        principal=told.principal or _string(_dict(event.get("userIdentity")), "arn"),
        resource=told.resource or next((arn for arn in resources if arn is not None), None),
        operation=name,
        service=service,
    )


def _decoded(message: dict[str, Any]) -> Denial | None:
    """What `aws sts decode-authorization-message` gives."""
    context = _dict(message.get("context"))
    action = _string(context, "action")
    if "allowed" not in message or action is None:
        return None
    explicit = message.get("explicitDeny")
    return Denial(
        principal=_string(_dict(context.get("principal")), "arn"),
        action=action,
        resource=_string(context, "resource"),
        explicit=explicit if isinstance(explicit, bool) else None,
    )


def _stack_event(event: dict[str, Any]) -> Denial | None:
    """An event of `aws cloudformation describe-stack-events`."""
    reason, name = _string(event, "ResourceStatusReason"), _string(event, "LogicalResourceId")
    found = None if reason is None else _plain(reason)
    return None if found is None else replace(found, logical_id=name, stack=_string(event, "StackName"))


def _string(value: dict[str, Any], key: str) -> str | None:
    found = value.get(key)
    return _CONTROL.sub("", found) or None if isinstance(found, str) else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
