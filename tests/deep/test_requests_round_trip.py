"""Every operation of 31 services, serialized by botocore and read back: the operation, the actions, the ARNs.

    .venv/bin/python tests/deep/test_requests_round_trip.py

prints a row per service, and below it what is not resolved: an operation that is taken for another one, one of which
the catalogue knows no action, an ARN that no parameter tells. Names that AWS completes (the six characters of a secret,
the id of a stack) count as known, since the gate asks the emulator for them; so does the id of a stack set.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import botocore.session
from botocore.awsrequest import prepare_request_dict
from botocore.config import Config

from remit.access.needed_access import UNRESOLVED, NeededAccess, OperationRequest
from remit.access.needs import needs_of
from remit.access.setting import RequestSetting, StoredNames
from remit.catalogue.action_resources import is_without_resources, takes
from remit.catalogue.actions import targets_of
from remit.catalogue.arns import fill
from remit.catalogue.operations import operation as catalogued_operation
from remit.local.authorization.canonical_request import canonical_request
from remit.local.request import ReceivedRequest, RefusedRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.catalogue.actions import IamResourceType

SERVICES = (
    "dynamodb", "dynamodbstreams", "s3", "sqs", "sns", "lambda", "logs", "secretsmanager", "ssm", "kms", "events",
    "sts", "iam", "kinesis", "firehose", "stepfunctions", "scheduler", "ecr", "ecs", "ec2", "cloudformation",
    "cloudwatch", "cognito-idp", "apigateway", "apigatewayv2", "route53", "rds", "ses", "sesv2", "elbv2", "xray",
)  # fmt: skip
ACCOUNT = "111122223333"
ENDPOINT = "http://127.0.0.1:4566"
DEEPEST = 6


class Completed(StoredNames):
    """Names as AWS completes them, whatever is stored."""

    def key_arn(self, name: str) -> str:  # type: ignore[override]
        return f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{name.rpartition('/')[2]}"

    key_arn_of_ciphertext = key_arn  # type: ignore[assignment]

    def secret_arn(self, name: str) -> str:  # type: ignore[override]
        return f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{name}-AbCdEf"

    def stack_arn(self, name: str) -> str:  # type: ignore[override]
        return f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/{name}/0a1b"

    def execution_of_callback(self, callback: str) -> str:  # type: ignore[override]
        return f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:approve:1/durable-execution/{callback}/1"

    def work_group(self, query: str) -> str:  # type: ignore[override]
        return f"of-{query}"

    def stream_arn_of_iterator(self, iterator: str) -> str:  # type: ignore[override]
        kinesis = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/clicks"
        table = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders/stream/2026"
        return kinesis if iterator == "kinesis" else table


HERE = RequestSetting("us-east-1", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/ada", Completed())
VALUES = {
    "CopySource": "shop/a", "AliasName": "alias/shop", "ShardIterator": "kinesis", "PhoneNumber": "+15550100",
    "Statement": 'SELECT * FROM "orders"', "Path": "/team/", "Url": "https://issuer.example/orders",
    "taskDefinition": "web:3", "taskDefinitions": "web:3", "daemonTaskDefinition": "web:3",
}  # fmt: skip
ARNS = {
    "SubscriptionArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:news:0a1b",
    "ReputationEntityReference": f"arn:aws:ses:us-east-1:{ACCOUNT}:tenant/shop/0a1b",
    "ReputationEntityPolicy": "arn:aws:ses:us-east-1:aws:reputation-policy/strict",
}
STACK_SET_IDS = f"stackset/v-StackSetName:{UNRESOLVED}"
"""What CloudFormation adds to the name of a stack set is known to nobody here: the emulator has no stack sets."""


@dataclass(slots=True)
class Tally:
    """What came out for one service."""

    operations: int = 0
    recognised: int = 0
    with_actions: int = 0
    needs: int = 0
    resolved: int = 0
    problems: list[str] = field(default_factory=list)


def tallied(service: str) -> Tally:
    """Every operation of a service, with all of its parameters."""
    options = Config(parameter_validation=False, s3={"addressing_style": "path"})
    keys = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "s"}
    session = botocore.session.get_session()
    client = session.create_client(service, "us-east-1", endpoint_url=ENDPOINT, config=options, **keys)
    model = client.meta.service_model
    tally = Tally()
    for name in model.operation_names:
        if getattr(model.operation_model(name), "deprecated", False):
            continue
        tally.operations += 1
        made = Made(service, name).parameters(model.operation_model(name).input_shape)
        request, body = serialized(client, name, made)
        try:
            asked = canonical_request(request, model.signing_name, body)
        except RefusedRequest as refused:
            tally.problems.append(f"{name}: {refused.code}: {refused.reason}")
            continue
        requested = asked.operation
        if (requested.client, requested.name) != (service, name):
            tally.problems.append(f"{name}: read as {requested}")
            continue
        tally.recognised += 1
        needs = needs_of(OperationRequest(requested, asked.parameters, HERE))
        if needs is None:
            tally.problems.append(f"{name}: no action is known")
            continue
        tally.with_actions += 1
        for need in needs:
            tally.needs += 1
            if is_right(need):
                tally.resolved += 1
            else:
                tally.problems.append(f"{name}: {need.action} on {need.resource}")
    return tally


def is_right(need: NeededAccess) -> bool:
    """Whether an ARN is whole, and of a kind that the action takes; API Gateway's are the paths themselves."""
    action = need.action
    if is_without_resources(action.lower()) or not targets_of(action) or action.startswith("apigateway:"):
        return True
    of_kind = takes(action, need.resource) or need.resource.endswith(":log-stream:") or need.resource.startswith("+")
    is_of_token = action.startswith("states:SendTask")  # which does not say what waits for it
    is_resolved = need.is_resolved or need.resource.endswith(STACK_SET_IDS) or is_of_token
    return is_resolved and (of_kind or action == "iam:PassRole")


def serialized(client: Any, name: str, parameters: dict[str, Any]) -> tuple[ReceivedRequest, bytes]:
    """The request that botocore sends."""
    serializer = getattr(client._serializer, "_serializer", client._serializer)
    sent = serializer.serialize_to_request(parameters, client.meta.service_model.operation_model(name))
    prepare_request_dict(sent, ENDPOINT)
    body = sent["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    content = body.encode() if isinstance(body, str) else body
    address = urlsplit(sent["url"])
    headers = {key.lower(): (text(value),) for key, value in sent["headers"].items()}
    headers["host"] = ("127.0.0.1:4566",)
    return ReceivedRequest(sent["method"], address.path, address.query, headers), content


def text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@dataclass(frozen=True, slots=True)
class Made:
    """Parameters for an operation: texts say what they are, and ARNs are of what the operation is about."""

    service: str
    operation: str

    def parameters(self, shape: Any) -> dict[str, Any]:
        return {} if shape is None else {name: self.value(member, name, 1) for name, member in shape.members.items()}

    def value(self, shape: Any, name: str, depth: int) -> Any:
        kind = shape.type_name
        if kind == "structure":
            names = list(shape.members) if depth < DEEPEST // 2 else shape.required_members
            chosen = names[:1] if getattr(shape, "is_tagged_union", False) else names
            return {member: self.value(shape.members[member], member, depth + 1) for member in chosen}
        if kind == "list":
            return [self.value(shape.member, name, depth + 1)] if depth < DEEPEST else []
        if kind == "map":
            return {"k": self.value(shape.value, name, depth + 1)} if depth < DEEPEST else {}
        if kind == "string":
            return self.string(shape, name)
        return {"boolean": True, "blob": b"blob", "timestamp": "2026-01-01T00:00:00Z"}.get(kind, 7)

    def string(self, shape: Any, name: str) -> str:
        if name in ARNS:
            return ARNS[name]
        if shape.enum:
            return str(shape.enum[0])
        if name.lower().endswith("rolearn"):
            return f"arn:aws:iam::{ACCOUNT}:role/worker"
        if name.lower().endswith(("arn", "arns", "arnlist")) or name in ("Resource", "resource", "SerialNumber"):
            return self.arn(name)
        if self.service == "dynamodbstreams" and name == "ShardIterator":
            return "table"
        return VALUES.get(name, f"v-{name}")

    def arn(self, name: str) -> str:
        """An ARN of the kind that a parameter is called after, among those that the operation takes."""
        known = catalogued_operation(self.service, self.operation)
        actions = () if known is None else [call.action for call in known.calls]
        kinds = [target.type for action in actions for target in targets_of(action) if target.type.arns]
        if not kinds:
            return f"arn:aws:{self.service}:us-east-1:{ACCOUNT}:other/x"
        stem = name.lower().replace("arn", "").replace("id", "")

        def likeness(kind: IamResourceType) -> int:
            folded = kind.name.lower().replace("-", "").replace(" ", "")
            return 3 * (folded == stem) + 2 * (folded in stem) + (stem in folded)

        return fill(max(kinds, key=likeness).arns[0], HERE.places, "v-x")


def test_nearly_every_operation_is_recognised_with_its_actions_and_arns() -> None:
    totals: Counter[str] = Counter()
    for service in SERVICES:
        tally = tallied(service)
        assert tally.resolved >= 0.95 * tally.needs, service
        totals.update(operations=tally.operations, recognised=tally.recognised, with_actions=tally.with_actions)
        totals.update(needs=tally.needs, resolved=tally.resolved)
    assert totals["recognised"] >= 0.99 * totals["operations"]
    assert totals["with_actions"] >= 0.97 * totals["operations"]
    assert totals["resolved"] >= 0.95 * totals["needs"]


def rows(services: tuple[str, ...]) -> Iterator[str]:
    """The table, and under each row what is not resolved."""
    yield f"{'':18}{'operations':>11}{'recognised':>11}{'actions':>9}{'ARNs':>13}"
    for service in services:
        tally = tallied(service)
        arns = f"{tally.resolved}/{tally.needs}"
        yield f"{service:18}{tally.operations:>11}{tally.recognised:>11}{tally.with_actions:>9}{arns:>13}"
        yield from (f"    {problem}" for problem in tally.problems)


if __name__ == "__main__":
    sys.stdout.write("\n".join(rows(tuple(sys.argv[1:]) or SERVICES)) + "\n")
