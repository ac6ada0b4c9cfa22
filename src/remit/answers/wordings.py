"""The wordings in which AWS, SDKs, logs and tools tell that an access was denied, as tables of patterns.

Each group of a pattern is named as the field of a Denial that it fills. Every pattern is bounded, so that a text of
any kind is read in time that grows with its length alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

_CODES: Final = (
    r"(?:Client\.)?(?:AccessDenied\w*|UnauthorizedOperation|UnauthorizedAccess|AuthorizationError\w*|NotAuthorized\w*"
    r"|KMSAccessDenied\w*|Forbidden\w*|403)"
)
DENIED: Final = re.compile(
    rf"[Nn]ot authorized to|\b{_CODES}(?!\w)|[Aa]ccess [Dd]enied|does not have permissions? to call"
    r"|[Ee]ncoded authorization failure message|Access to the resource \S{1,2000} is denied|KMS access was denied"
    r"|you are not allowed to access|cannot be assumed\b|Please ensure the role can perform|do not have access to it"
    r"|access has been denied by|not have IAM permissions to process tags|permissions error performing a tagging"
    r"|authorized to assume the provided role|Permission denied on S3 path|Insufficient Lake Formation permission"
    r"|don't have access to the model|not authorized to access|NO_PERMISSIONS|States\.Permission"
    r"|does not have (?:the )?permissions? (?:to|for)|doesn(?:'|\u2019)t have permissions? to call|ACCESS_DENIED"
    r"|invalid for CreateGrant|Invalid permissions on Lambda function|unable to assume (?:the )?role"
    r"|(?:must allow|allows) [\w .]{1,80} to assume the role|[Nn]ot authorized to assume|[Aa]ccess was denied"
    r"|Insufficient permissions to enable logging|Unable to validate the following destination configurations"
    r"|Unable to verify/create output bucket"
    r"|does not have any privilege on specified resource|with an explicit deny in (?:an?|the|one or more) \w"
    r"|because no [\w -]{1,40} polic(?:y|ies) allows?\b|could not be used to assume"
    r"|ciphertext refers to a (?:customer master|KMS) key"
)
MAPPED: Final = re.compile(r"\bUser \[name=([^,\]\s]{1,2048})")
"""Whom OpenSearch knows the caller as."""
WHO: Final = re.compile(r"\b[Uu]ser: ?((?:arn:[^ ]{1,2048}(?: [^ ]{1,100}){0,3}?|[^ ]{1,2048})) ?is not authorized")
QUOTED: Final = re.compile(
    r"(?P<who>[Uu]ser|[Rr]ole) [`'\"](?P<principal>[^`'\"\s]{1,2048})[`'\"] is not authorized to perform "
    r"[`'\"](?P<action>[A-Za-z0-9-]{1,64}:[A-Za-z0-9*]{1,128})[`'\"]"
    r"(?: on resource [`'\"](?P<resource>[^`'\"\s]{1,2048}))?"
)
"""SES, whose messages have quotation marks of their own."""
SOMEBODY: Final = re.compile(
    r"(arn:[a-z-]{1,20}:(?:sts|iam)::[^:\s]{0,40}:[\w+=,.@/-]{1,1000}|(?<![\w:+=.@/-])[\w+=.@/-]{3,128})"
    r"[`'\"]? is not (?i:authorized to perform|authorized to create)"
)
NOBODY: Final = frozenset({
    "arn", "user", "role", "account", "caller", "principal", "identity", "client", "and", "it", "that", "which",
    "function",
})  # fmt: skip
"""What stands before `is not authorized` and is not a name."""
ACTION: Final = re.compile(
    r"(?:[Nn]ot authorized to (?:perform|execute)|have permissions? to call):? ?"
    r"[`'\"]?([A-Za-z0-9-]{1,64}:(?:-?[A-Za-z0-9*]){1,128})"
)
RESOURCE: Final = re.compile(
    r"on (?:the )?resource(?:\(s\)|s)?:? ?(?!associated with)"
    r"(?:(?P<kind>role|user|group|policy|instance profile|server certificate) (?!path))?"
    r"(?:\"(?P<whole>[^\"]{1,2048})\"|(?P<bare>(?:<[^<>\n]{1,100}>|\[[^\[\]\n]{1,100}\]|\S){1,2048}))(?P<path> path)?"
)
LAYER: Final = re.compile(
    r"(?P<how>because no|with an explicit deny in (?:an?|the|one or more)) (?P<kind>"
    r"identity- ?based polic(?:y|ies)|permissions? boundar(?:y|ies)|session polic(?:y|ies)"
    r"|resource- ?based polic(?:y|ies)"
    r"|role trust polic(?:y|ies)|vpc endpoint polic(?:y|ies)|service control polic(?:y|ies)"
    r"|resource control polic(?:y|ies))(?: allows? the (?P<action>[A-Za-z0-9-]{1,64}:[A-Za-z0-9*]{1,128}) action)?"
    r"(?:,? with policy ARN)?(?:: ?(?P<policy>arn:\S{1,2048}))?",
    re.IGNORECASE,
)
ENCODED: Final = re.compile(r"[Ee]ncoded authorization failure message: ?([\w+/=-]{16,})")

_CALLING: Final = r"(?:An error occurred|A client error) \([\w.]{1,100}\) (?:occurred )?when calling the"
_JAVASCRIPT: Final = (
    r"(?:deserializeAws_(?:restXml|restJson1|json1_0|json1_1|query|ec2)|\bde_)(?P<operation>\w{1,200}?)CommandError"
)
_PHP: Final = (
    r"Error executing \"(?P<operation>\w{1,200})\" on \"https?://"
    r"(?:(?P<service>[a-z0-9-]{2,40})\.[a-z]{2,4}-[a-z-]{4,20}-\d\.amazonaws)?"
)
_TRAIL: Final = (
    r"\b(?P<service>[a-z0-9-]{2,40})\.amazonaws\.com(?:\.cn)?\s(?P<operation>[A-Z]\w{2,127})"
    r"\s(?:Client\.)?(?:Unauth|AccessD)"
)
AROUND: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"\(Service: (?P<service>[\w ]{1,60})[;,] Status Code: \d{3}",
        r"@aws-sdk[/\\]client-(?P<service>[a-z0-9-]{1,60})[/\\]",
        _JAVASCRIPT,
        r"\bservices\.(?P<service>[a-z0-9]{1,40})\.serde\.(?P<operation>[A-Za-z0-9]{1,200}?)OperationDeserializer",
        r"\bAws::(?P<service>\w{1,40})::(?:Errors::|Client \d{3} )",
        r"\[Aws::(?P<service>\w{1,40})::Client \d{3} [\d.]{1,20} \d{1,3} retries\] (?P<operation>\w{1,200})\(",
        _PHP,
        r"\bCall failed: (?P<operation>\w{1,200})\(",
        rf"{_CALLING} (?P<operation>\w{{1,200}}) operation",
        r"operation error (?P<service>[\w ]{1,60}): (?P<operation>\w{1,200}),",
        _TRAIL,
        r"role does not have permissions? to call (?P<operation>\w{1,128}) on (?P<service>\w{1,60})",
        r"denied by (?P<service>\w{1,20}), please make sure [\w ]{1,80} permission to \*?(?P<operation>\w{1,128})",
        r"not authorized to perform (?P<operation>[A-Z]\w{1,127}) with Tags",
        r"AWS Error ACCESS_DENIED during (?P<operation>\w{1,200}) operation",
        r"authorization-details/(?P<authorization>[\w-]{1,200})",
    )
)
"""What SDKs (Java, JavaScript, Kotlin, Ruby, PHP, Python, Go), CloudTrail, Lambda and IAM put around a message.

Later ones win.
"""
LOG: Final = re.compile(r"(?<!log-group:)/aws/lambda/([A-Za-z0-9_-]{1,64})")
"""The name of a function, where the log that it stands in is told; an ARN of a log group is what was asked for."""
API: Final = re.compile(r"\bAPI: ([a-z0-9-]{1,64}:\w{1,128}) ")
ASSUMED: Final = re.compile(
    r"(?:assume (?:the |IAM )?[Rr]ole|used to assume)[ :'\"]{1,3}(arn:[a-z-]{1,20}:iam::\d{12}:role/[\w+=,.@/-]{1,600})"
)
"""The role that somebody could not assume."""
QUEUE: Final = re.compile(
    r"Access to the resource https?://(?:sqs\.(?P<region>[\w-]{1,40})|(?P<old>[\w-]{1,40})\.queue|[\w.-]{1,200})"
    r"[^/\s]{0,100}/(?P<account>\d{12})/(?P<name>[\w.-]{1,80})"
)
STREAM: Final = re.compile(
    r"access stream (arn:[a-z-]{1,20}:(dynamodb|kinesis):\S{1,2048}?)\.? "
    r"Please ensure the role can perform the (\w{1,60})"
)
OBJECT: Final = re.compile(r"\bs3[an]?://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([^\s\"'`<>]{1,1024}))?")
"""Where the AWS CLI, Athena, Glue and Hadoop say on what: the one object or bucket that a message names."""
NAMED_BUCKET: Final = (
    re.compile(
        r"Call failed: \w{1,200}\(\{\"Bucket\":\"(?P<bucket>[a-z0-9.-]{3,63})\"(?:,\"Key\":\"(?P<key>[^\"]{1,1024}))?"
    ),
    re.compile(r"<Resource>/(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<key>[^<]{1,1024}))?</Resource>"),
    re.compile(r"<BucketName>(?P<bucket>[a-z0-9.-]{3,63})</BucketName>(?:<Key>(?P<key>[^<]{1,1024})</Key>)?"),
    re.compile(r"Failed to upload .{1,1024}? to (?P<bucket>[a-z0-9.-]{3,63})/(?P<key>\S{1,1024}): An error occurred"),
    re.compile(r"\bS3 [Bb]ucket \"(?P<bucket>[a-z0-9.-]{3,63})\""),
    re.compile(r"for key '(?P<key>[^']{1,1024})' in bucket '(?P<bucket>[a-z0-9.-]{3,63})'"),
    re.compile(r"(?:S3 Bucket \(|output bucket |Access Denied for bucket: )(?P<bucket>[a-z0-9.-]{2,62}[a-z0-9])"),
)
"""A bucket, and a key, that S3's XML, a log of the CDK, boto3's upload, PyArrow, Terraform or Athena names."""
COPIED: Final = re.compile(
    r"(?:upload failed: .{1,1024}? to|download failed:|delete failed:) "
    r"s3://(?P<bucket>[a-z0-9.-]{3,63})/(?P<key>\S{1,1024}) "
)
"""The object that a line of `aws s3` says it failed on."""

_TRUST: Final = {"action": "sts:AssumeRole", "layer": "trust", "explicit": False}
MEANT: Final[tuple[tuple[re.Pattern[str], Mapping[str, Any]], ...]] = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (r"KMS access was denied|KMS\.?AccessDenied|Access to KMS is not allowed", {"action": "kms:Decrypt"}),
        (
            r"KMS\.?AccessDenied\w{0,20}\) when calling the (?:Publish|SendMessage|Put)\w{0,60} operation",
            {"action": "kms:GenerateDataKey"},
        ),
        (r"invalid for CreateGrant", {"action": "kms:CreateGrant"}),
        (r"ciphertext refers to a (?:customer master|KMS) key", {"action": "kms:Decrypt"}),
        (r"could not be used to assume", {"action": "sts:AssumeRole"}),
        (r"not authorized to access the Log Destination", {"action": "logs:CreateLogDelivery"}),
        (r"\.dkr\.ecr\.[\w.-]{1,100}/.{0,500}\b403 Forbidden", {"action": "ecr:BatchGetImage"}),
        (r"cannot be assumed\b|(?:authorized|permission) to assume the provided role", _TRUST),
        (r"unable to assume (?:the )?role|(?:must allow|allows) [\w .]{1,80} to assume the role", _TRUST),
        (r"[Nn]ot authorized to assume", _TRUST),
        (r"Insufficient permissions to enable logging", {"action": "logs:CreateLogDelivery"}),
        (r"mount the (?:Amazon )?EFS file system", {"action": "elasticfilesystem:ClientMount"}),
        (r"Unable to verify/create output bucket", {"action": "s3:GetBucketLocation"}),
        (
            r"Invalid permissions on Lambda function",
            {"action": "lambda:InvokeFunction", "layer": "resource", "explicit": False},
        ),
        (r"troubleshooting Function URL authorization", {"action": "lambda:InvokeFunctionUrl"}),
        (r"not authorized to create managed-rule", {"action": "events:PutRule"}),
        (r"Please check S3 ?bucket permission", {"action": "s3:PutObject", "layer": "resource", "explicit": False}),
        (
            r"permission to access the ECR image",
            {"action": "ecr:BatchGetImage", "layer": "resource", "explicit": False},
        ),
    )
)
"""Wordings of Lambda, Step Functions, API Gateway, ECS and others that name no action, or another one."""
DEPLOYING: Final = re.compile(
    r"\bAPI: (?:[a-z0-9-]{1,40}:\w|cloudFormation )|Resource handler returned message|HandlerErrorCode"
    r"|doesn(?:'|\u2019)t have permissions? to call"
    r"|unable to configure access to your environment variables|Insufficient permissions to enable logging"
)
"""CloudFormation's and Lambda's words for what they ask with the permissions of whoever deploys."""
EXECUTION_ROLE: Final = "Lambda asks this of the function's own role when it makes the function or its event source"
_OTHER: Final = {"layer": "other", "explicit": True}
NOTES: Final[tuple[tuple[re.Pattern[str], Mapping[str, Any]], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), {**meaning, "note": note})
    for pattern, note, meaning in (
        (
            r"Lake Formation permission|does not have any privilege on specified resource",
            "Lake Formation denies this by grants of its own, apart from IAM's policies",
            {**_OTHER, "service": "glue"},
        ),
        (r"access to the model", "Bedrock's models must be enabled for the account and region, apart from IAM", _OTHER),
        (r"(?<![\w:/.-])block ?public", "S3 Block Public Access refuses it, whatever the policies allow", _OTHER),
        (
            r"backend_roles=",
            "OpenSearch denies this by its own roles (fine-grained access control), not by IAM",
            _OTHER,
        ),
        (
            r"Cross-account pass role is not allowed",
            "what is passed is a role of another account: a service takes those of its own account alone",
            {**_OTHER, "action": "iam:PassRole"},
        ),
        (
            r"do not have access to it",
            "SQS answers alike for a queue that does not exist: check its name, region and account first",
            {"service": "sqs"},
        ),
        (
            r"does not exist in this Region, no resource-based policies allow access",
            "KMS answers alike for a key that is gone or is in another region: check that first",
            {"layer": "resource"},
        ),
        (
            r"Unable to validate the following destination configurations",
            "S3 tries the queue, topic or function first: the policy of that must let s3.amazonaws.com in",
            {"layer": "resource", "explicit": False},
        ),
        (
            r"unable to decrypt (?:the|your) environment variables",
            (
                "Lambda decrypts them by a grant to the function's role: where that role was deleted and made again, "
                "give the function its role, or its key, anew"
            ),
            {},
        ),
        (
            r"Access to KMS is not allowed|KMS\.?AccessDenied",
            "what is denied is the use of the KMS key that encrypts it",
            {},
        ),
        (
            r"not authorized to access the Log Destination",
            (
                "a state machine that logs needs, on everything, logs:CreateLogDelivery, logs:GetLogDelivery, "
                "logs:UpdateLogDelivery, logs:DeleteLogDelivery, logs:ListLogDeliveries, logs:PutResourcePolicy, "
                "logs:DescribeResourcePolicies and logs:DescribeLogGroups"
            ),
            {},
        ),
        (
            r"not authorized to create managed-rule",
            (
                "a state machine that waits for what it starts (`.sync`) needs events:PutTargets, events:PutRule and "
                "events:DescribeRule on the rules of its account whose names begin with StepFunctions"
            ),
            {},
        ),
        (
            r"Permission denied on S3 path",
            "Athena reads as whoever asked the query: s3:GetObject on the objects, s3:ListBucket on the bucket",
            {},
        ),
        (
            r"ARN does not refer to a valid principal",
            "a role that was just made takes some seconds to be known everywhere: deploy again",
            {},
        ),
        (
            r"does not exist, does not exist in this region",
            "KMS answers alike for a key that is gone or is in another region: check that first",
            {},
        ),
        (
            r"permissions to process tags|permissions error performing a tagging",
            "what is denied is the action that tags the resource (of a role, iam:TagRole)",
            {},
        ),
        (
            (
                r"execution role does not have permissions? to call|function execution role have permission|"
                r"ensure the role can perform"
            ),
            EXECUTION_ROLE,
            {},
        ),
        (
            r"troubleshooting Function URL",
            (
                "a function URL answers callers whom IAM allows lambda:InvokeFunctionUrl and lambda:InvokeFunction "
                '(http()); http(auth="NONE") opens it to everyone'
            ),
            {},
        ),
    )
)
"""What a message means beside IAM's policies; of several the first."""
_NAMED: Final = r"(?<!HandlerErrorCode: )\b(?!(?:on|of|for|a|an|the|type|resource)\b)([A-Za-z0-9]{1,255})\b"
EVENT: Final = (
    re.compile(rf"{_NAMED}[\s|()]{{1,40}}AWS::\w{{1,60}}::\w{{1,60}}\b"),
    re.compile(rf"\bAWS::\w{{1,60}}::\w{{1,60}}[\s|]{{1,40}}{_NAMED}"),
    re.compile(rf"An error occurred: {_NAMED} - "),
)
"""The logical id beside the type of a stack's event, and where the Serverless Framework tells of one."""

_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-9;?]{0,16}[ -/]?[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)?|[@-_])")
_FRAME: Final = "│╷╵┃║"
_MARGINS: Final = ("| ", "> ", ", ")
_GOES_ON: Final = re.compile(
    r"[^\s:\[\]{}|>│╷╵┃║]\S{0,300} (?:with an explicit|because no|is not auth|on resource|action\b|\(Service)"
)
_SENTENCE: Final = re.compile(r"(?:with|because|is|on|to|and|not)\b|[\"'(]")
_SECRET: Final = re.compile(
    r"(failure message:\s{0,99})((?:[\w+/=-]{40,}[ \t]{0,9}\n[ \t]{0,99}){1,200}[\w+/=-]{1,4096})"
    r"(?=[ \t]{0,9}(?:\n|$))"
)
_PARTED_ACTION: Final = re.compile(
    r"(perform: [A-Za-z0-9-]{1,64})\n[ \t]{0,99}([A-Za-z0-9-]{0,64}:\w{1,128})"
    r"|(perform: [A-Za-z0-9-]{1,64}:\w{0,128})\n[ \t]{0,99}(?!on resource)(\w{1,128})(?= on resource)"
)
"""An action that a narrow terminal parted, in its service or in its name."""
_LONGEST_NAME: Final = 4096
_NARROWEST, _WIDEST = 40, 400
"""Columns of a terminal."""
_INDENT: Final = 10
"""White space from which on a line is the rest of a table's cell."""


def readings(text: str) -> tuple[str, ...]:
    """A text as it is, and as it was if a terminal cut its lines at one width, wherever that fell; the likelier first.

    It did where the next line begins in the middle of a word, after which the sentence goes on.
    """
    lines = _ESCAPE.sub("", text).replace("\r\n", "\n").split("\n")
    width = max(map(len, lines))
    if len(lines) == 1 or not _NARROWEST <= width <= _WIDEST:
        return (text,)
    joined = ""
    sure = False
    for line, next_line in pairwise((*lines, "")):
        is_cut = len(line) == width and not _SENTENCE.match(next_line)
        sure = sure or (is_cut and _GOES_ON.match(next_line) is not None)
        joined += line if is_cut else f"{line}\n"
    return (joined, text) if sure else (text, joined)


def unwrapped(text: str) -> str:
    """A text without colours and frames, and with the names together again that a line's end parted."""
    text = _ESCAPE.sub("", text).replace("\r\n", "\n")
    if "\n" not in text:
        return text
    text = _SECRET.sub(lambda match: match[1] + "".join(match[2].split()), text)
    text = _PARTED_ACTION.sub(lambda match: "".join(filter(None, match.groups())), text)
    lines = [_line(line) for line in text.split("\n")]
    cell = max((len(line) for line, indent in lines if indent >= _INDENT), default=0)
    joined: list[str] = []
    parted = False
    for line, indent in lines:
        if parted and line and len(joined[-1]) < _LONGEST_NAME and _SENTENCE.match(line) is None:
            joined[-1] += line
        else:
            joined.append(line)
        parted = _is_parted(joined[-1], full=indent >= _INDENT and len(line) == cell)
    return "\n".join(joined)


def _line(line: str) -> tuple[str, int]:
    """A line without its margins, and how far it was indented."""
    inner = line.rstrip().rstrip(_FRAME).rstrip()
    bare = inner.lstrip()
    if bare.startswith(_MARGINS):
        bare = bare[2:].lstrip()
    bare = bare.lstrip(_FRAME).lstrip()
    return bare, len(inner) - len(bare)


def _is_parted(line: str, *, full: bool) -> bool:
    """Return whether an ARN goes on behind a line's end: at a hyphen, slash or colon, or in a table's full cell."""
    last = line[line.rfind(" ") + 1 :].lstrip("\"'`(")
    return last.startswith("arn:") and (full or last.endswith(("-", "/", ":")))
