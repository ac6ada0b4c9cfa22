"""Templates of roles, boundaries and what their resources say, compared, against every request put to IAM's rules.

The rules are written here once more, plainly, from "Policy evaluation for requests within a single account" and
"Permissions boundaries for IAM entities" (IAM User Guide), and "Key policies in AWS KMS" (AWS KMS Developer Guide).
"""

from __future__ import annotations

import json
import random
from collections import Counter
from fnmatch import fnmatchcase
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from random_cases import cases
from remit.answers.explanation import explain
from remit.answers.resource_policies import with_resource_policies
from remit.documents.read import read
from remit.iam.tokens import ACCOUNT, PARTITION, REGION
from remit.review.resource_access import policies_beside
from remit.review.template_changes import review_templates
from remit.roles.reference_names import fill_references, names_in
from remit.roles.reference_shapes import shapes_of
from remit.roles.role_policies import HERE, ready_role
from remit.template.role_files import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.comparison import Piece
    from remit.review.access_change import Review

CASES: Final = cases(60, deep=2_000)
ROLES: Final = ("Reader", "Writer")
BUCKET: Final = "arn:${AWS::Partition}:s3:::files"
QUEUE: Final = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:work"
KEY: Final = "${Key.Arn}"
ROOT: Final = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
WHOLE: Final = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
OWN_ACTIONS: Final = {
    "Bucket": ("s3:GetObject", "s3:PutObject"),
    "Queue": ("sqs:SendMessage", "sqs:ReceiveMessage"),
    "Key": ("kms:Decrypt", "kms:Encrypt"),
}
ARNS: Final = {"Bucket": (f"{BUCKET}/a", f"{BUCKET}/b"), "Queue": (QUEUE,), "Key": (KEY,)}
REQUESTS: Final = tuple(
    (resource, action, arn, secure)
    for resource, actions in OWN_ACTIONS.items()
    for action, arn, secure in product(actions, ARNS[resource], ("true", "false", ""))
)
PATTERNS: Final = {
    "Bucket": (f"{BUCKET}/*", f"{BUCKET}/*", f"{BUCKET}/a", "*"),
    "Queue": (QUEUE, QUEUE, "*"),
    "Key": (KEY, KEY, "*"),
}
TRUSTED: Final[tuple[Any, ...]] = (
    {"Service": "lambda.amazonaws.com"},
    {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]},
    {"AWS": ROOT},
    {"AWS": "arn:aws:iam::444455556666:root"},
)
Request = tuple[str, str, str, str]
"""The resource, the action, its ARN, and the value of aws:SecureTransport, if it has any."""
Statement = dict[str, Any]


class World:
    """A template's policies, drawn: by the role, its boundary, and by the resource."""

    def __init__(self, chance: random.Random) -> None:
        self.identity = {role: self._identity(chance) for role in ROLES}
        self.boundary = {role: self._identity(chance) if chance.random() < 0.4 else None for role in ROLES}
        self.resource = {resource: self._resource(chance, resource) for resource in OWN_ACTIONS}
        self.trust = {role: chance.choice(TRUSTED) for role in ROLES}

    def changed(self, chance: random.Random) -> World:
        """The same with one or two policies drawn anew."""
        other = World(chance)
        world = World.__new__(World)
        for part in ("identity", "boundary", "resource", "trust"):
            setattr(world, part, dict(getattr(self, part)))
        for _ in range(chance.choice((1, 1, 2, 3))):
            part = chance.choice(("identity", "resource", "resource", "boundary", "trust"))
            name = chance.choice(tuple(getattr(world, part)))
            getattr(world, part)[name] = getattr(other, part)[name]
        return world

    @staticmethod
    def _statement(chance: random.Random, resource: str) -> Statement:
        actions = OWN_ACTIONS[resource]
        made: Statement = {"Effect": "Deny" if chance.random() < 0.25 else "Allow"}
        made["Action"] = list(
            chance.choice((actions, actions[:1], actions[1:], (f"{actions[0].partition(':')[0]}:*",)))
        )
        made["Resource"] = chance.choice(PATTERNS[resource])
        if chance.random() < 0.15:
            made["Condition"] = {"Bool": {"aws:SecureTransport": chance.choice(("true", "false"))}}
        return made

    @classmethod
    def _identity(cls, chance: random.Random) -> list[Statement]:
        return [cls._statement(chance, chance.choice(tuple(OWN_ACTIONS))) for _ in range(chance.choice((1, 2, 3)))]

    @classmethod
    def _resource(cls, chance: random.Random, resource: str) -> list[Statement]:
        if chance.random() < 0.3:
            return [WHOLE] if resource == "Key" else []
        made = []
        for _ in range(chance.choice((1, 1, 2))):
            statement = cls._statement(chance, resource)
            role = chance.choice(ROLES)
            who = chance.choice(
                ({"AWS": {"Fn::GetAtt": [role, "Arn"]}}, {"AWS": {"Fn::GetAtt": [role, "Arn"]}}, "*", {"AWS": ROOT})
            )
            if resource == "Key":
                statement["Resource"] = "*"
            made.append({**statement, "Principal": who})
        return [WHOLE, *made] if resource == "Key" and chance.random() < 0.5 else made

    @property
    def template(self) -> dict[str, Any]:
        resources: dict[str, Any] = {
            "Files": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "files"}},
            "Work": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "work"}},
        }
        for role in ROLES:
            trust = {"Effect": "Allow", "Principal": self.trust[role], "Action": "sts:AssumeRole"}
            properties: dict[str, Any] = {"AssumeRolePolicyDocument": {"Statement": trust}}
            properties["Policies"] = [{"PolicyName": "own", "PolicyDocument": _document(self.identity[role])}]
            limit = self.boundary[role]
            if limit is not None:
                properties["PermissionsBoundary"] = {"Ref": f"{role}Limit"}
                document = {"PolicyDocument": _document(limit)}
                resources[f"{role}Limit"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": document}
            resources[role] = {"Type": "AWS::IAM::Role", "Properties": properties}
        bucket, queue = self.resource["Bucket"], self.resource["Queue"]
        if bucket:
            properties = {"Bucket": {"Ref": "Files"}, "PolicyDocument": _document(bucket)}
            resources["BucketPolicy"] = {"Type": "AWS::S3::BucketPolicy", "Properties": properties}
        if queue:
            properties = {"Queues": [{"Ref": "Work"}], "PolicyDocument": _document(queue)}
            resources["QueuePolicy"] = {"Type": "AWS::SQS::QueuePolicy", "Properties": properties}
        properties = {"KeyPolicy": _document(self.resource["Key"])} if self.resource["Key"] else {}
        resources["Key"] = {"Type": "AWS::KMS::Key", "Properties": properties}
        return {"Resources": resources}

    def allows(self, role: str, request: Request) -> bool:
        """IAM's rules, plainly."""
        resource = request[0]
        limit = self.boundary[role]
        said = self.resource[resource] or ([WHOLE] if resource == "Key" else [])
        policies = (self.identity[role], limit or [], [item for item in said if _how(item, role)])
        if any(item["Effect"] == "Deny" and _speaks(item, request) for policy in policies for item in policy):
            return False
        allows = [item for item in said if item["Effect"] == "Allow" and _speaks(item, request)]
        within = limit is None or any(item["Effect"] == "Allow" and _speaks(item, request) for item in limit)
        by_identity = any(item["Effect"] == "Allow" and _speaks(item, request) for item in self.identity[role])
        if any(_how(item, role) == "everyone" for item in allows):
            return True
        if any(_how(item, role) == "role" for item in allows):
            return within
        if resource == "Key" and not any(_how(item, role) == "account" for item in allows):
            return False
        return by_identity and within


def _document(statements: list[Statement]) -> dict[str, Any]:
    written = [{**item, "Resource": _written(item["Resource"])} for item in statements]
    return {"Version": "2012-10-17", "Statement": written}


def _written(pattern: str) -> Any:
    if pattern == KEY:
        return {"Fn::GetAtt": ["Key", "Arn"]}
    return {"Fn::Sub": pattern} if "${" in pattern else pattern


def _trusted(principal: dict[str, Any]) -> set[str]:
    """Each whom a trust policy lets in, by itself."""
    return {
        f"{kind} {item}"
        for kind, value in principal.items()
        for item in (value if isinstance(value, list) else [value])
    }


def _how(statement: Statement, role: str) -> str:
    principal = statement["Principal"]
    if principal == "*":
        return "everyone"
    if principal["AWS"] == ROOT:
        return "account"
    return "role" if principal["AWS"] == {"Fn::GetAtt": [role, "Arn"]} else ""


def _speaks(statement: Statement, request: Request) -> bool:
    _, action, arn, secure = request
    wanted = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    if wanted is not None and wanted != secure:
        return False
    return _matches(statement["Resource"], arn) and any(
        _matches(pattern, action) for pattern in _listed(statement["Action"])
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _matches(pattern: str, text: str) -> bool:
    return fnmatchcase(text, pattern)


LAYERS: Final = ("identity", "boundary", "resource", "key", "trust")
_PARTS_GAINED: Final = ("gained", "freed")
_PARTS_LOST: Final = ("lost", "forbidden")


def compared(old: World, new: World) -> Review:
    sides = [read(json.dumps(world.template).encode(), name) for world, name in ((old, "old.json"), (new, "new.json"))]
    return review_templates(*sides)


def told(review: Review, role: str, request: Request, parts: tuple[str, ...] = _PARTS_GAINED) -> bool:
    """Whether something that is told covers a request: about the role, or at the resource about many."""
    _, action, arn, _ = request
    for change in review.changes:
        pieces = [piece for part in parts for piece in getattr(change.access, part)]
        if change.of_resource or change.role == role:
            if change.access.undecided or change.unread:
                return True
            if any(_matches(piece.action, action) and _covers(piece, arn) for piece in pieces):
                return True
    return False


def _covers(piece: Piece, arn: str) -> bool:
    return _matches(_plain(piece.resource), arn) or _plain(piece.resource) == "*"


def _plain(text: str) -> str:
    """A resource of a piece in the world's words.

    A piece may be told for the partition aws, and where a Deny on one ARN goes, for the place of its example.
    """
    partition, region, account = HERE
    named = text.replace("${Files.Arn}", BUCKET).replace("${Work.Arn}", QUEUE)
    placed = named.replace(f":{region}:{account}:", f":{REGION}:{ACCOUNT}:")
    return placed.replace(f"arn:{partition}:", f"arn:{PARTITION}:")


def examples(review: Review) -> Iterator[tuple[str, Request]]:
    """The examples of what roles gain, as requests of this world."""
    for change in review.changes:
        for piece in change.access.gained if not change.of_resource else ():
            arn = _plain(piece.request.resource)
            resource = {"s3": "Bucket", "sqs": "Queue", "kms": "Key"}.get(piece.request.action.partition(":")[0], "")
            secure = str((piece.request.context or {}).get("aws:SecureTransport", "")).lower()
            if (resource and arn.startswith(tuple(ARNS[resource]))) or (
                resource == "Bucket" and arn.startswith(BUCKET)
            ):
                yield change.role, (resource, piece.request.action, arn, secure)


def deciding(old: World, new: World, role: str, request: Request) -> Iterator[str]:
    """The layers without whose change a request would not be gained."""
    for part, name in (("identity", role), ("boundary", role), ("resource", request[0])):
        if getattr(old, part)[name] != getattr(new, part)[name]:
            without = World.__new__(World)
            for each in ("identity", "boundary", "resource", "trust"):
                setattr(without, each, dict(getattr(new, each)))
            getattr(without, part)[name] = getattr(old, part)[name]
            if not without.allows(role, request):
                yield "key" if name == "Key" else part


def worlds(number: int, seed: int = 20261130) -> Iterator[tuple[World, World]]:
    chance = random.Random(seed)  # noqa: S311 - cases, no secrets
    for _ in range(number):
        case = random.Random(chance.random())  # noqa: S311 - as above
        world = World(case)
        yield world, world.changed(case)


def test_no_gain_is_hidden_and_each_example_was_denied_before() -> None:
    counts = differences(CASES)
    assert counts["gains"] > 0.3 * CASES
    assert counts["undecided"] < 0.02 * CASES
    assert min(counts[layer] for layer in LAYERS) > 0.03 * CASES, counts


def differences(number: int, seed: int = 20261130) -> Counter[str]:
    """How many of some worlds gain something, by the layer that decides; each of them is as IAM's rules say."""
    counts: Counter[str] = Counter()
    for old, new in worlds(number, seed):
        review = compared(old, new)
        gained = [
            (role, request)
            for role, request in product(ROLES, REQUESTS)
            if new.allows(role, request) and not old.allows(role, request)
        ]
        let_in = [role for role in ROLES if _trusted(new.trust[role]) - _trusted(old.trust[role])]
        counts["gains"] += bool(gained or let_in)
        counts["trust"] += bool(let_in)
        counts["undecided"] += any(change.access.undecided for change in review.changes)
        counts.update({layer for role, request in gained for layer in deciding(old, new, role, request)})
        hidden = [item for item in gained if not told(review, *item)]
        trusting = [change.role for change in review.changes if change.trust.gained]
        wrong = [
            (role, request)
            for role, request in examples(review)
            if old.allows(role, request) or not new.allows(role, request)
        ]
        assert ([], [], let_in) == (hidden, wrong, trusting), json.dumps([old.template, new.template])
    return counts


def explained(world: World, role: str, request: Request) -> str:
    """The verdict of `remit explain` of a template on a request."""
    source = read(json.dumps(world.template).encode(), "template.json")
    template = read_source(source)
    names = {**shapes_of(template.resources).texts, **names_in("*", template.resources)}
    ready = ready_role(next(each for each in template.roles if each.logical_id == role), names, template.documents)
    arn = fill_references(request[2], names)
    for reference, value in zip((PARTITION, REGION, ACCOUNT), HERE, strict=True):
        arn = arn.replace(reference, value)
    answer = explain(ready, role, request[1], arn)
    return with_resource_policies(answer, ready, tuple(policies_beside(template.resources))).verdict


def test_explain_and_diff_agree() -> None:
    """What is gained, explain does not deny afterwards and does not allow before; where nothing is told, it agrees."""
    denied = ("ImplicitlyDenied", "ExplicitlyDenied")
    for old, new in worlds(cases(6, deep=200)):
        review = compared(old, new)
        for role, request in examples(review):
            assert explained(new, role, request) not in denied
            assert explained(old, role, request) != "Allowed"
        for role, request in product(ROLES, REQUESTS[::3]):
            if not told(review, role, request, (*_PARTS_GAINED, *_PARTS_LOST)):
                was, now = explained(old, role, request), explained(new, role, request)
                assert (was in denied) == (now in denied)


def test_a_key_whose_policy_leaves_nothing_to_the_account_limits_a_role() -> None:
    """Source: "Key policies in AWS KMS" (AWS KMS Developer Guide)."""
    old, _ = next(worlds(1))
    new = next(worlds(1))[0]
    allowing = {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": KEY}
    for world in (old, new):
        world.boundary = dict.fromkeys(ROLES)
        world.identity["Reader"] = []
        other = {"AWS": {"Fn::GetAtt": ["Writer", "Arn"]}}
        world.resource["Key"] = [{**allowing, "Resource": "*", "Principal": other}]
    new.identity["Reader"] = [allowing]
    assert [] == [request for role, request in examples(compared(old, new)) if role == "Reader"]
    for world in (old, new):
        world.resource["Key"] = [WHOLE]
    assert [(KEY, "kms:Decrypt")] == [
        (request[2], request[1]) for role, request in examples(compared(old, new)) if role == "Reader"
    ]


def test_a_key_s_policy_limits_what_is_done_with_kms_alone() -> None:
    """What another service does on all resources is no gain where a key's policy stops naming the role."""
    old, new = next(worlds(1))[0], next(worlds(1))[0]
    for world, named in ((old, "Reader"), (new, "Writer")):
        world.boundary = dict.fromkeys(ROLES)
        actions = ["sqs:ListQueues", "iam:*", "kms:ListKeys"]
        world.identity["Reader"] = [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
        principal = {"AWS": {"Fn::GetAtt": [named, "Arn"]}}
        world.resource["Key"] = [
            {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": "*", "Principal": principal}
        ]
    (change,) = [change for change in compared(old, new).changes if change.role == "Reader"]
    assert ([], ["kms:Decrypt"]) == tuple(
        [piece.action for piece in pieces] for pieces in (change.access.gained, change.access.lost)
    )
