"""Random cases for both evaluators: `differential.py --cases 1000000 --seed 1 --jobs 2`.

A case is a set of policies and a request. Cases are made by the world: a few requests that resemble each other, and
policies about them, which are combined into layers in several ways; every combination is asked every request.
Patterns and condition values are mostly made from what the requests hold, so that statements match about as often
as they miss. A mismatch is printed as a case and the exit code is 1.

A long run is stopped and continued with `--record FILE`: a line of JSON for each finished shard (seed, shard, cases,
mismatches, how often each verdict came); the shards that stand there are skipped. `--mix` prints what the cases are
made of.
"""

from __future__ import annotations

import argparse
import base64
import gc
import json
import multiprocessing
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[2] / "src"))

from iam import reference
from remit.iam.decide.evaluate import ALL, Layers, Request, evaluate
from remit.iam.decide.special_requests import special_case, unbinding_case
from remit.iam.policy import Policy, parse

if TYPE_CHECKING:
    from remit.iam.special_cases import SpecialCase

A, B = "111122223333", "444455556666"
ACTIONS = (
    "s3:GetObject",
    "s3:PutObject",
    "S3:getobject",
    "dynamodb:GetItem",
    "kms:Decrypt",
    "sts:AssumeRole",
)
ACTION_PATTERNS = (
    "s3:GetObject",
    "s3:getobject",
    "S3:*",
    "s3:Get*",
    "s3:?etObject",
    "*",
    "s3:*Object",
    "dynamodb:*Item",
    "dynamodb:G?tI*",
    "kms:*",
    "kms:Decrypt",
    "sts:Assume*",
    "s3:PutObject",
    "s3:*t*",
    "*:Get*",
    "sts:GetCallerIdentity",
    "iam:*Role*",
    "sts:Get*",
)
RESOURCES = (
    f"arn:aws:logs:eu-west-1:{A}:log-group:*",
    "arn:aws:s3:::b/a",
    "arn:aws:s3:::b/ab/ba",
    "arn:aws:s3:::b/a:b",
    "arn:aws:s3:::b/al",
    "arn:aws:s3:::b/",
    "arn:aws:s3:::ab",
    f"arn:aws:dynamodb:eu-west-1:{A}:table/al",
    f"arn:aws:dynamodb:eu-west-1:{B}:table/ab",
    f"arn:aws:kms:eu-west-1:{A}:key/a",
    f"arn:aws:kms:eu-west-1:{B}:key/a",
    f"arn:aws:iam::{A}:role/r",
    f"arn:aws:iam::{B}:role/r",
    "*",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/a*b",
    "arn:aws:s3:::b/a?",
    "arn:aws:s3:::b/AL",
    "arn:aws:s3:::b/a[b].c",
    "arn:aws:s3",
    "arn:aws:s3:::*",
    "arn:aws:dynamodb:eu-west-1",
)
PRINCIPALS = (
    f"arn:aws:iam::{A}:user/al",
    f"arn:aws:iam::{A}:user/p/al",
    f"arn:aws:iam::{A}:role/r",
    f"arn:aws:iam::{A}:role/p/r",
    f"arn:aws:sts::{A}:assumed-role/r/s",
    f"arn:aws:sts::{A}:assumed-role/r/t",
    f"arn:aws:iam::{A}:root",
    A,
    f"arn:aws:sts::{A}:federated-user/al",
    "lambda.amazonaws.com",
    "accounts.google.com",
    "*",
    None,
    f"arn:aws:iam::{B}:role/r",
    f"arn:aws:sts::{A}:assumed-role/AWSServiceRoleForX/s",
    f"arn:aws:iam::{A}:saml-provider/p",
)
VALUES: dict[str, tuple[Any, ...]] = {
    "aws:username": ("al", "ab", "a*", "b", "AL", ""),
    "aws:PrincipalTag/Team": ("a", "al", "a,b", "a b", ""),
    "aws:SourceIp": (
        "10.0.0.1",
        "10.0.1.9",
        "2001:db8::1",
        "2001:db8:0:1::5",
        "::ffff:10.0.0.1",
        "10.0.0",
        "al",
    ),
    "aws:MultiFactorAuthPresent": ("true", "false", True, False, "True", "yes"),
    "s3:max-keys": ("10", 10, "10.0", "9.5", "-3", 1e3, "1e1", "al", "010", "+5", ".5"),
    "aws:CurrentTime": (
        "2020-01-01T00:00:00Z",
        "2020-01-01",
        "2020",
        "1577836800",
        "2020-01-01T01:00:00+01:00",
        "2019-12-31T23:59:59.5Z",
        "2020-02-30",
        "al",
        "1577836799.5",
        "2020-01",
    ),
    "aws:TagKeys": (["a", "b"], ["a"], "a", [], ["a", "al"], [""], ["", "a"], ["A"]),
    "aws:SourceArn": (
        f"arn:aws:sns:eu-west-1:{A}:t",
        f"arn:aws:sns:eu-west-1:{A}:t:u",
        "arn:aws:s3:::b",
        "al",
        f"arn:aws:sns:eu:{B}:x:{A}:t",
    ),
    "x:Bin": (base64.b64encode(b"ab").decode(), "YWJ=", "YWI=", "YWI", "a!", "YWJj"),
    "aws:PrincipalArn": (
        f"arn:aws:iam::{A}:role/p/r",
        f"arn:aws:iam::{A}:role/r",
        f"arn:aws:iam::{A}:user/al",
    ),
    "aws:PrincipalType": ("User", "AssumedRole", "Anonymous"),
    "aws:PrincipalIsAWSService": ("true", "false"),
    "aws:ResourceAccount": (A, B),
}
KEYS = tuple(VALUES)
WISHES: dict[str, tuple[Any, ...]] = {
    "aws:SourceIp": (
        "10.0.0.0/24",
        "10.0.0.0/8",
        "10.0.0.1",
        "10.0.0.1/31",
        "2001:db8::/32",
        "2001:DB8::1",
        "0.0.0.0/0",
        "::/0",
        "10.0.0.0/33",
        "::ffff:10.0.0.0/120",
    ),
    "s3:max-keys": ("10", 10, 9.5, "1000", "0", "x", "-3.0"),
    "aws:SourceArn": (
        f"arn:aws:sns:*:{A}:*",
        "arn:aws:sns:*:*:t",
        "*",
        "arn:aws:sns:*",
        "arn:*:s3:::*",
        "arn:aws:sns:??-*:*",
    ),
}
VARIABLES = (
    "${aws:username}",
    "${aws:PrincipalTag/Team}",
    "${AWS:UserName, 'al'}",
    "${aws:TagKeys}",
    "${aws:nobody}",
    "${aws:nobody, 'a'}",
    "${*}",
    "${?}",
    "${$}",
    "${aws:open}",
)
OPERATORS = {
    "aws:SourceIp": ("IpAddress", "NotIpAddress", "StringLike"),
    "s3:max-keys": tuple(
        f"Numeric{order}"
        for order in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ),
    "aws:CurrentTime": tuple(
        f"Date{order}"
        for order in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ),
    "aws:MultiFactorAuthPresent": ("Bool", "Bool", "StringEquals", "Null"),
    "x:Bin": ("BinaryEquals", "BinaryEquals", "StringEquals"),
    "aws:SourceArn": ("ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals", "StringLike", "StringNotLike"),
}
STRINGS = (
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "Null",
)
ALIASES = (["alias/a", "alias/aws/s3"], ["alias/a"], "alias/aws/s3", [])
SHARD = 50_000
REQUESTS, COMBINATIONS = 16, 8  # of a world
SINGLE, LEVELS = ("identity", "boundary", "session", "resource", "endpoint"), ("scp", "rcp")
SPECIAL = (
    ("sts:GetCallerIdentity", ("*",)),
    ("sts:GetSessionToken", ("*",)),
    ("sts:GetFederationToken", (f"arn:aws:sts::{A}:federated-user/al", "*")),
    ("sts:AssumeRole", (f"arn:aws:iam::{A}:role/r", f"arn:aws:iam::{B}:role/r")),
    ("sts:AssumeRoot", (f"arn:aws:iam::{B}:root", f"arn:aws:iam::{A}:root")),
    ("s3:PutBucketPolicy", ("arn:aws:s3:::b", "arn:aws:s3:::ab")),
    ("s3:GetBucketPolicy", ("arn:aws:s3:::b",)),
    ("s3:DeleteBucketPolicy", ("arn:aws:s3:::b",)),
    ("iam:DeleteRole", (f"arn:aws:iam::{A}:role/aws-reserved/sso/r", f"arn:aws:iam::{A}:role/r", "*")),
    ("iam:UpdateAssumeRolePolicy", (f"arn:aws:iam::{A}:role/aws-reserved/sso/r",)),
    ("iam:GetRole", (f"arn:aws:iam::{A}:role/aws-reserved/sso/r",)),
    ("iam:CreatePolicyVersion", ("arn:aws:iam::aws:policy/ab", f"arn:aws:iam::{A}:policy/ab")),
    ("kms:DeleteAlias", (f"arn:aws:kms:eu-west-1:{A}:alias/aws/s3", f"arn:aws:kms:eu-west-1:{A}:alias/a")),
    ("iam:PutRolePolicy", (f"arn:aws:iam::{A}:role/aws-service-role/a/r", f"arn:aws:iam::{A}:role/r")),
    ("kms:PutKeyPolicy", (f"arn:aws:kms:eu-west-1:{A}:key/a", f"arn:aws:kms:eu-west-1:{A}:alias/aws/s3")),
    ("kms:RetireGrant", (f"arn:aws:kms:eu-west-1:{A}:key/a",)),
    ("ec2:DescribeInstances", (f"arn:aws:ec2:eu-west-1:{A}:instance/i-1", "*")),
    ("s3:ListAllMyBuckets", ("arn:aws:s3:::*", "arn:aws:s3:::b", "*")),
    ("logs:DescribeLogGroups", (f"arn:aws:logs:eu-west-1:{A}:log-group:a", f"arn:aws:logs:eu-west-1:{A}:*", "*")),
    ("kms:Decrypt", (f"arn:aws:kms:eu-west-1:{A}:key/a", f"arn:aws:kms:eu-west-1:{A}:alias/aws/s3")),
)
"""Actions that IAM's exceptions are about, or that take no resources, each with resources where that may matter."""
ALL_OPERATORS = tuple({*STRINGS, *(name for names in OPERATORS.values() for name in names)} - {"Null"})


class Maker:
    """Makes cases from one seed."""

    def __init__(self, seed: int) -> None:
        """Start the sequence of a seed."""
        self.random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self.chance = lambda share: self.random.random() < share

    def world(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Combinations of policies, which share their documents, and the requests to ask each of them."""
        self.now = self.request()
        requests = [self.now, *(self.another() for _ in range(REQUESTS - 1))]
        bank = {
            "own": [self.document() for _ in range(6)],
            "resource": [self.document(principals=True) for _ in range(3)],
            "guard": [self.guard() for _ in range(4)],
        }
        return [self.combination(bank) for _ in range(COMBINATIONS)], requests

    def combination(self, bank: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
        """Layers of policies from a bank."""
        choose, draw = self.random.choice, self.random.sample
        policies: dict[str, Any] = {"identity": draw(bank["own"], choose((0, 1, 1, 2, 3)))}
        for name, share in (("boundary", 0.2), ("session", 0.15)):
            if self.chance(share):
                policies[name] = draw(bank["own"], 1)
        for name, share in (("resource", 0.4), ("endpoint", 0.15)):
            if self.chance(share):
                policies[name] = choose(bank["resource"])
        if "endpoint" in policies:
            policies["endpoint_type"] = ("", "Gateway", "Interface")[len(policies["identity"]) % 3]
        for name in LEVELS:
            if self.chance(0.15):
                policies[name] = [draw(bank["guard"], choose((1, 1, 2))) for _ in range(choose((1, 2)))]
        return policies

    def several(self, make: Any, numbers: tuple[int, ...]) -> list[Any]:
        """Some of what `make` makes."""
        return [make() for _ in range(self.random.choice(numbers))]

    def request(self) -> dict[str, Any]:
        """One request; a few keys are open, odd in case, or explicitly absent."""
        choose = self.random.choice
        context: dict[str, Any] = {}
        opened = self.chance(0.7)
        for key in self.random.sample(KEYS, choose((0, 0, 1, 2, 5) if opened else (0, 1, 3, 5, 8))):
            context[choose((key, key, key.lower(), key.upper()))] = choose(
                (*VALUES[key], None) if self.chance(0.1) else VALUES[key]
            )
        request: dict[str, Any] = {
            "action": choose(ACTIONS) if self.chance(0.98) else "sts:GetCallerIdentity",
            "resource": choose(RESOURCES),
            "principal": choose(PRINCIPALS) if self.chance(0.5) else choose(PRINCIPALS[:6]),
            "context": {key.replace("TEAM", "Team"): value for key, value in context.items()},
        }
        if self.chance(0.4):
            request["resource_account"] = choose((A, A, B))
        if opened:
            request["open"] = True if self.chance(0.7) else self.random.sample((*KEYS, "aws:open"), 3)
        if self.chance(0.05):
            request["wildcard_only"] = True
        if self.chance(0.15):
            request["management_account"] = choose((A, B))
        return self.special(request) if self.chance(0.3) else request

    def special(self, request: dict[str, Any]) -> dict[str, Any]:
        """The request made one that an exception is about, or nearly."""
        choose = self.random.choice
        action, resources = choose(SPECIAL)
        request = {**request, "action": action, "resource": choose(resources)}
        if action.startswith("kms:") and self.chance(0.3):
            request["context"] = {**request["context"], "kms:ResourceAliases": choose(ALIASES)}
        if action.endswith("BucketPolicy") and self.chance(0.7):  # which a root user of the bucket's account may
            return {**request, "principal": f"arn:aws:iam::{A}:root"}
        if self.chance(0.5):
            request["principal"] = choose((f"arn:aws:iam::{A}:root", PRINCIPALS[-2], *PRINCIPALS[:4]))
        return request

    def another(self) -> dict[str, Any]:
        """A request that differs from the first in some of its fields."""
        request = self.request()
        rare = ("wildcard_only", "management_account")
        kept = [name for name in self.now if name not in rare and self.chance(0.8)]
        return {**request, **{name: self.now[name] for name in kept}}

    def document(self, *, principals: bool = False) -> dict[str, Any]:
        """A policy document."""
        document: dict[str, Any] = {"Statement": self.several(lambda: self.statement(principals), (1, 1, 2, 3))}
        version = self.random.choice(("2012-10-17",) * 8 + ("2008-10-17", None))
        if version:
            document["Version"] = version
        if len(document["Statement"]) == 1 and self.chance(0.3):
            document["Statement"] = document["Statement"][0]
        return document

    def guard(self) -> dict[str, Any]:
        """An SCP or RCP: mostly allows everything but something."""
        document = self.document()
        if self.chance(0.85):
            everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
            document["Statement"] = [everything, *reference.listed(document["Statement"])]
        return document

    def statement(self, principals: bool) -> dict[str, Any]:
        """A statement."""
        statement: dict[str, Any] = {"Effect": "Deny" if self.chance(0.2) else "Allow"}
        if principals and self.chance(0.97):
            statement["NotPrincipal" if self.chance(0.15) else "Principal"] = self.principal()
        actions = self.listed([self.action() for _ in range(self.random.choice((1, 1, 2)))])
        statement["NotAction" if self.chance(0.1) else "Action"] = actions
        if not principals or self.chance(0.9):
            resources = self.listed([self.resource() for _ in range(self.random.choice((1, 1, 2)))])
            statement["NotResource" if self.chance(0.15) else "Resource"] = resources
        if self.chance(0.6):
            statement["Condition"] = self.condition()
        return statement

    def listed(self, values: list[Any]) -> Any:
        """One value sometimes bare."""
        return values[0] if len(values) == 1 and self.chance(0.5) else values

    def action(self) -> str:
        """An action pattern, often of the request."""
        return str(self.now["action"]) if self.chance(0.5) else self.random.choice(ACTION_PATTERNS)

    def resource(self) -> str:
        """A resource pattern: of the request with holes in it, or any."""
        roll = self.random.random()
        if roll < 0.3:
            return "*"
        text = str(self.now["resource"]) if roll < 0.75 else self.random.choice(RESOURCES)
        return self.holed(text, self.random.choice((0, 0, 1, 1, 2)))

    def holed(self, text: str, holes: int) -> str:
        """A text with some stretches replaced by wildcards or variables."""
        for _ in range(holes):
            start = self.random.randrange(len(text) + 1)
            end = min(len(text), start + self.random.choice((0, 1, 1, 2, 4)))
            hole = self.random.choice(("*", "*", "?", "?", "${", "", "a"))
            hole = self.random.choice(VARIABLES) if hole == "${" else hole
            text = text[:start] + hole + text[end:]
        if self.chance(0.1):
            text = text.replace("al", self.random.choice(VARIABLES), 1)
        text = re.sub(r"\$\{([A-Za-z0-9.]+)\}", r"\1", text)  # the reference evaluator knows no references
        return text or "*"

    def principal(self) -> Any:
        """A Principal element."""
        if self.chance(0.15):
            return "*"
        kinds: dict[str, Any] = {}
        for _ in range(self.random.choice((1, 1, 2, 3))):
            one = self.now["principal"] if self.chance(0.5) else self.random.choice(PRINCIPALS)
            one = one or "*"
            kind = "Service" if ".amazonaws." in one else "Federated" if "google" in one or "provider" in one else "AWS"
            if self.chance(0.3):
                kind, one = (
                    "AWS",
                    self.random.choice((A, f"arn:aws:iam::{A}:root", f"arn:aws:iam::{A}:role/r", B)),
                )
            kinds.setdefault(kind, []).append(one)
        return {kind: self.listed(values) for kind, values in kinds.items()}

    def condition(self) -> dict[str, Any]:
        """A Condition block."""
        block: dict[str, Any] = {}
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            key = self.random.choice(KEYS if self.chance(0.95) else ("aws:open", "aws:nobody"))
            names = OPERATORS.get(key, STRINGS) if self.chance(0.85) else ALL_OPERATORS
            name = self.random.choice(names)
            if name != "Null" and self.chance(0.2):
                name += "IfExists"
            if self.chance(0.6 if key == "aws:TagKeys" else 0.15):
                name = self.random.choice(("ForAnyValue:", "ForAllValues:")) + name
            spelled = self.random.choice((key, key, key.lower()))
            block.setdefault(name, {})[spelled] = self.wishes(key, name)
        return block

    def wishes(self, key: str, name: str) -> Any:
        """The values of a condition."""
        if "Null" in name:
            return self.listed([self.random.choice(("true", "false", True, False, "x"))])
        if self.chance(0.02):
            return []
        return self.listed([self.wish(key) for _ in range(self.random.choice((1, 1, 2, 3)))])

    def wish(self, key: str) -> Any:
        """One value of a condition, often what the request says."""
        values = VALUES.get(key, ("a", "al"))
        told = [value for name, value in self.now["context"].items() if name.lower() == key.lower()]
        value = (
            told[0]
            if told and self.chance(0.5)
            else self.random.choice(WISHES.get(key, values) if self.chance(0.6) else values)
        )
        while isinstance(value, list):
            value = self.random.choice(value) if value else "a"
        if value is None:
            return "al"
        if self.chance(0.1):
            return self.random.choice(VARIABLES)
        return self.holed(value, 1) if isinstance(value, str) and self.chance(0.25) else value


class World:
    """Combinations of policies and requests as both evaluators take them; each document is read once."""

    def __init__(self, maker: Maker) -> None:
        """Make one."""
        self.policies, self.requests = maker.world()
        self._read: dict[int, tuple[Policy, Any]] = {}
        self.asked = [(asked(raw), reference.Question(raw)) for raw in self.requests]

    def combinations(self) -> list[tuple[Layers, dict[str, Any]]]:
        """Each combination, for the engine and for the reference evaluator."""
        return [self._combined(policies) for policies in self.policies]

    def _combined(self, policies: dict[str, Any]) -> tuple[Layers, dict[str, Any]]:
        single = {
            name: [
                self._both(document, trust=name in ("resource", "endpoint"))
                for document in reference.listed(policies.get(name, []))
            ]
            for name in SINGLE
        }
        levels = {name: [[self._both(one) for one in level] for level in policies.get(name, ())] for name in LEVELS}
        kind = policies.get("endpoint_type", "")
        mine: dict[str, Any] = {name: tuple(one for one, _ in several) for name, several in single.items()}
        mine["endpoint_type"] = kind
        mine |= {name: tuple(tuple(one for one, _ in level) for level in several) for name, several in levels.items()}
        theirs: dict[str, Any] = {name: [other for _, other in several] for name, several in single.items()}
        theirs["endpoint_type"] = kind
        theirs |= {name: [[other for _, other in level] for level in several] for name, several in levels.items()}
        return Layers(**mine), theirs

    def _both(self, document: dict[str, Any], *, trust: bool = False) -> tuple[Policy, Any]:
        found = self._read.get(id(document))
        if found is None:
            found = self._read[id(document)] = (parse(document), reference.taken_apart(document, trust))
        return found


def asked(raw: dict[str, Any]) -> Request:
    """A request as the engine takes it."""
    opened = raw.get("open") or ()
    return Request(**{**raw, "open": ALL if opened is True else frozenset(opened)})


def mismatches(seed: int, cases: int, tally: Counter[str] | None = None) -> list[dict[str, Any]]:
    """The cases of a seed on which the two disagree."""
    maker = Maker(seed)
    tally = Counter() if tally is None else tally
    found: list[dict[str, Any]] = []
    left = cases
    while left > 0:
        world = World(maker)
        for policies, (layers, prepared) in zip(world.policies, world.combinations(), strict=True):
            for raw, (request, question) in zip(world.requests[:left], world.asked, strict=False):
                one = evaluate(request, layers).verdict
                other = reference.verdict(prepared, question)
                tally[one] += 1
                if one != other:
                    found.append({"policies": policies, "request": raw, "engine": one, "reference": other})
            left -= min(left, len(world.requests))
    return found


def forget() -> None:
    """Empty the caches of the reference evaluator, which have no bound."""
    for value in vars(reference).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


_ELEMENT = re.compile(r'"((?:Not)?(?:Action|Resource|Principal))":')
_OPERATOR = re.compile(r'"(?:(For\w+):)?((?:String|Numeric|Date|Bool|Binary|Ip|NotIp|Arn|Null)\w*?)(IfExists)?": \{')


def forms(policies: dict[str, Any]) -> set[str]:
    """What a combination of policies is made of."""
    text = json.dumps(policies)
    found = {f"layer {name}" for name in policies} | {f"element {name}" for name in _ELEMENT.findall(text)}
    found |= {f"variable {name}" for name in VARIABLES if name in text}
    found |= {f"effect {effect}" for effect in ("Allow", "Deny") if f'"{effect}"' in text}
    for quantifier, operator, if_exists in _OPERATOR.findall(text):
        found |= {f"operator {operator}", f"with {quantifier or 'one value'}", f"with {if_exists or 'no IfExists'}"}
    return found


def mix(seed: int, worlds: int) -> Counter[str]:
    """In how many of the cases of some worlds each form occurs, each verdict, and each exception.

    A layer decides a case where the verdict without it is another.
    """
    maker, found = Maker(seed), Counter[str]()
    for _ in range(worlds):
        world = World(maker)
        for policies, (layers, _) in zip(world.policies, world.combinations(), strict=True):
            names = forms(policies)
            for request, _ in world.asked:
                found.update((*names, f"verdict {evaluate(request, layers).verdict}", "cases"))
                found.update(deciding_layers(request, layers))
                found.update(exceptions(request, layers))
    return found


def deciding_layers(request: Request, layers: Layers) -> list[str]:
    """The layers without which the verdict is another."""
    verdict = evaluate(request, layers).verdict
    present = [name for name in (*SINGLE, *LEVELS) if getattr(layers, name)]
    without = {name: evaluate(request, replace(layers, **{name: ()})).verdict for name in present}
    return [f"decided by {name}" for name in present if without[name] != verdict]


def exceptions(request: Request, layers: Layers) -> list[str]:
    """The rows of IAM's exceptions that a case is of, each as `name_of` names it."""
    cases = [special_case(request), unbinding_case("account", request)]
    cases += [unbinding_case(name, request) for name in ("resource", "scp", "rcp") if getattr(layers, name)]
    return [name_of(case) for case in cases if case is not None]


def name_of(case: SpecialCase) -> str:
    """An exception's name in a mix."""
    return f"exception {case.reason} {case.layer}".rstrip()


@dataclass(slots=True)
class Shard:
    """A part of a run, and what came of it."""

    seed: int
    shard: int
    cases: int
    mismatches: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)

    @property
    def part(self) -> tuple[int, int, int]:
        """What identifies it."""
        return self.seed, self.shard, self.cases

    def line(self) -> str:
        """As a record has it."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}) + "\n"


def run(part: tuple[int, int, int]) -> Shard:
    """Run one shard."""
    seed, number, cases = part
    tally: Counter[str] = Counter()
    gc.disable()  # a world has few cycles, and is dropped whole
    found = mismatches(seed * 1_000_003 + number, cases, tally)
    forget()
    gc.collect()
    return Shard(seed, number, cases, len(found), dict(sorted(tally.items())), found[:5])


def recorded(file: Path | None) -> list[Shard]:
    """The finished shards of a record; a last line that was cut off is dropped from it."""
    if file is None or not file.exists():
        return []
    lines = [line for line in file.read_text().splitlines(keepends=True) if line.endswith("\n")]
    file.write_text("".join(lines))
    return [Shard(**json.loads(line)) for line in lines]


def parts(seed: int, cases: int) -> list[tuple[int, int, int]]:
    """The shards of a run."""
    return [(seed, start // SHARD, min(SHARD, cases - start)) for start in range(0, cases, SHARD)]


def finish(todo: list[tuple[int, int, int]], jobs: int, file: Path | None) -> list[Shard]:
    """Run shards, record each as it comes, and tell how far it is."""
    started, done = time.perf_counter(), []
    with multiprocessing.Pool(jobs) as pool:
        for shard in pool.imap_unordered(run, todo):
            done.append(shard)
            if file is not None:
                with file.open("a") as record:
                    record.write(shard.line())
            seconds = time.perf_counter() - started
            bad = sum(one.mismatches for one in done)
            left = seconds / len(done) * (len(todo) - len(done)) / 60
            sys.stderr.write(f"{len(done)} of {len(todo)} shards, {bad} mismatches, {left:.1f} min left\n")
    return done


def main() -> int:
    """Run the command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cases", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=1)
    options.add_argument("--record", type=Path, help="append each finished shard here; those that stand here are done")
    options.add_argument("--mix", action="store_true", help="print how often each form occurs in a sample")
    given = options.parse_args()
    if given.mix:
        found = mix(given.seed, -(-given.cases // (REQUESTS * COMBINATIONS)))
        for name, number in sorted(found.items()):
            sys.stdout.write(f"{number / found['cases']:7.2%} {name}\n")
        return 0
    started = time.perf_counter()
    wanted = parts(given.seed, given.cases)
    before = [shard for shard in recorded(given.record) if shard.part in wanted]
    known = {shard.part for shard in before}
    done = [*before, *finish([part for part in wanted if part not in known], given.jobs, given.record)]
    bad, tally = sum(shard.mismatches for shard in done), sum((Counter(shard.verdicts) for shard in done), Counter())
    for case in [example for shard in done for example in shard.examples][:5]:
        sys.stdout.write(json.dumps(case) + "\n")
    seconds = time.perf_counter() - started
    sys.stdout.write(f"{tally.total()} cases, {bad} mismatches, {seconds:.0f} s; {sorted(tally.items())}\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
