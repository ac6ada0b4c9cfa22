"""Random cases for both evaluators: `differential.py --cases 1000000 --seed 1 --jobs 2`.

A case is a set of policies and a few requests. Patterns and condition values are mostly made from what the
request holds, so that statements match about as often as they miss. A mismatch is printed as a case and the
exit code is 1.
"""

from __future__ import annotations

import argparse
import base64
import json
import multiprocessing
import random
import re
import sys
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[2] / "src"))

from iam import reference
from remit.iam.evaluate import ALL, Layers, Request, evaluate
from remit.iam.policy import Policy, parse

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
)
RESOURCES = (
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
ALL_OPERATORS = tuple({*STRINGS, *(name for names in OPERATORS.values() for name in names)} - {"Null"})


class Maker:
    """Makes cases from one seed."""

    def __init__(self, seed: int) -> None:
        """Start the sequence of a seed."""
        self.random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self.chance = lambda share: self.random.random() < share

    def case(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Policies, and a few requests against them."""
        self.now = self.request()
        requests = [self.now, *(self.another() for _ in range(5))]
        policies: dict[str, Any] = {"identity": self.several(self.document, (0, 1, 1, 2, 3))}
        for name, share in (("boundary", 0.2), ("session", 0.15)):
            if self.chance(share):
                policies[name] = self.several(self.document, (1,))
        if self.chance(0.4):
            policies["resource"] = self.document(principals=True)
        for name in ("scp", "rcp"):
            if self.chance(0.15):
                policies[name] = [self.several(self.guard, (1, 1, 2)) for _ in range(self.random.choice((1, 2)))]
        return policies, requests

    def several(self, make: Any, numbers: tuple[int, ...]) -> list[Any]:
        """Some of what `make` makes."""
        return [make() for _ in range(self.random.choice(numbers))]

    def request(self) -> dict[str, Any]:
        """One request; a few keys are open, odd in case, or explicitly absent."""
        choose = self.random.choice
        context: dict[str, Any] = {}
        for key in self.random.sample(KEYS, choose((0, 1, 3, 5, 8))):
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
        if self.chance(0.45):
            request["open"] = True if self.chance(0.6) else self.random.sample((*KEYS, "aws:open"), 3)
        if self.chance(0.05):
            request["wildcard_only"] = True
        return request

    def another(self) -> dict[str, Any]:
        """A request that differs from the first in some of its fields."""
        request = self.request()
        kept = [name for name in self.now if name != "wildcard_only" and self.chance(0.7)]
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
        if self.chance(0.7):
            everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
            document["Statement"] = [everything, *reference.listed(document["Statement"])]
        return document

    def statement(self, principals: bool) -> dict[str, Any]:  # noqa: FBT001 - its one switch
        """A statement."""
        statement: dict[str, Any] = {"Effect": "Deny" if self.chance(0.25) else "Allow"}
        if principals and self.chance(0.97):
            statement["NotPrincipal" if self.chance(0.15) else "Principal"] = self.principal()
        actions = self.listed([self.action() for _ in range(self.random.choice((1, 1, 2)))])
        statement["NotAction" if self.chance(0.1) else "Action"] = actions
        if not principals or self.chance(0.9):
            resources = self.listed([self.resource() for _ in range(self.random.choice((1, 1, 2)))])
            statement["NotResource" if self.chance(0.15) else "Resource"] = resources
        if self.chance(0.5):
            statement["Condition"] = self.condition()
        return statement

    def listed(self, values: list[Any]) -> Any:
        """One value sometimes bare."""
        return values[0] if len(values) == 1 and self.chance(0.5) else values

    def action(self) -> str:
        """An action pattern, often of the request."""
        return str(self.now["action"]) if self.chance(0.3) else self.random.choice(ACTION_PATTERNS)

    def resource(self) -> str:
        """A resource pattern: of the request with holes in it, or any."""
        roll = self.random.random()
        if roll < 0.2:
            return "*"
        text = str(self.now["resource"]) if roll < 0.75 else self.random.choice(RESOURCES)
        return self.holed(text, self.random.choice((0, 1, 1, 2)))

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
        return self.listed([self.wish(key) for _ in range(self.random.choice((1, 1, 2, 3)))])

    def wish(self, key: str) -> Any:
        """One value of a condition, often what the request says."""
        values = VALUES.get(key, ("a", "al"))
        told = [value for name, value in self.now["context"].items() if name.lower() == key.lower()]
        value = (
            told[0]
            if told and self.chance(0.4)
            else self.random.choice(WISHES.get(key, values) if self.chance(0.6) else values)
        )
        while isinstance(value, list):
            value = self.random.choice(value) if value else "a"
        if value is None:
            return "al"
        if self.chance(0.1):
            return self.random.choice(VARIABLES)
        return self.holed(value, 1) if isinstance(value, str) and self.chance(0.25) else value


def engine(policies: dict[str, Any]) -> Layers:
    """The policies as the engine takes them."""

    def several(value: Any) -> tuple[Policy, ...]:
        return tuple(parse(document) for document in reference.listed(value or []))

    levels = {name: tuple(several(level) for level in policies.get(name) or ()) for name in ("scp", "rcp")}
    single = {name: several(policies.get(name)) for name in ("identity", "boundary", "session", "resource")}
    return Layers(**single, **levels)


def asked(raw: dict[str, Any]) -> Request:
    """A request as the engine takes it."""
    opened = raw.get("open") or ()
    return Request(**{**raw, "open": ALL if opened is True else frozenset(opened)})


def mismatches(seed: int, cases: int, tally: dict[str, int] | None = None) -> list[dict[str, Any]]:
    """The cases of a seed on which the two disagree."""
    maker = Maker(seed)
    found: list[dict[str, Any]] = []
    done = 0
    while done < cases:
        policies, requests = maker.case()
        layers = engine(policies)
        for raw in requests:
            done += 1
            one = evaluate(asked(raw), layers).verdict
            other = reference.decide({"policies": policies, "request": raw})
            if tally is not None:
                tally[one] = tally.get(one, 0) + 1
            if one != other:
                found.append({"policies": policies, "request": raw, "engine": one, "reference": other})
        reference.regex.cache_clear() if done % 20_000 < len(requests) else None
    return found


def _share(job: tuple[int, int]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    tally: dict[str, int] = {}
    return mismatches(*job, tally)[:5], tally


def main() -> int:
    """Run the command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=1)
    given = options.parse_args()
    started = time.perf_counter()
    size = 20_000
    jobs = [
        (given.seed * 1_000_003 + number, min(size, given.cases - number * size))
        for number in range(-(-given.cases // size))
    ]
    tally: dict[str, int] = {}
    found: list[dict[str, Any]] = []
    with multiprocessing.Pool(given.jobs) as pool:
        for bad, counted in pool.imap_unordered(_share, jobs):
            found.extend(bad)
            for verdict, number in counted.items():
                tally[verdict] = tally.get(verdict, 0) + number
    for case in found[:5]:
        sys.stdout.write(json.dumps(case) + "\n")
    seconds = time.perf_counter() - started
    sys.stdout.write(
        f"{sum(tally.values())} cases, {len(found)} mismatches, {seconds:.0f} s; {sorted(tally.items())}\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
