"""A verdict that is not Unknown holds whatever the late-bound references turn out to be."""

from __future__ import annotations

import itertools
import json
import random
import re
from typing import Any

import pytest

from random_cases import cases
from remit.iam.decide.evaluate import ALL, Request, evaluate
from remit.iam.policy import Policy, parse
from remit.iam.prove.compare import compare

VALUES = {
    "${Queue.Arn}": ("arn:aws:sqs:r:1:q", "arn:aws:sqs:r:1:x"),
    "${Name}": ("a", "ab", "b", "B", ""),
}
WORDS = ("a", "b", "ab", ":", "arn:aws:sqs:r:1:", "q", "x", *VALUES)
OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "ArnLike",
    "ArnNotEquals",
    "ForAnyValue:StringNotLike",
)
ACTIONS = (
    "sqs:*",
    "sqs:*",
    "sqs:*",
    "sqs:A${Name}",
    "SQS:${Name}*",
    "${Name}:Ab",
    "sqs:a?${Name}",
    "sqs:${Name}${Name}",
    "s3:${Name}",
)
ASKED = "sqs:Ab"
PRINCIPAL = "arn:aws:iam::111122223333:role/r"


class Maker:
    """Makes statements about texts that hold references."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - reproducible, not secret

    def text(self) -> str:
        """A few words and references."""
        return "".join(self.random.choice(WORDS) for _ in range(self.random.randint(1, 4)))

    def pattern(self, text: str) -> str:
        """The text or another, half of the time with a wildcard beside a part of it."""
        parts = re.split(r"(\$\{[^}]*\})", text if self.random.random() < 0.6 else self.text())
        if self.random.random() < 0.5:
            place = self.random.randrange(len(parts))
            part = parts[place]
            parts[place] = self.random.choice(("*", f"{part}*", f"*{part}", "?", f"{part}?", f"?{part}", f"?*{part}"))
        return "".join(parts) or "*"

    def statement(self, resource: str, value: str) -> dict[str, Any]:
        """A statement that may be about them."""
        choose = self.random.choice
        made: dict[str, Any] = {"Effect": choose(("Allow", "Allow", "Deny"))}
        made[choose(("Action", "Action", "NotAction"))] = [
            choose(ACTIONS),
            choose(("sqs:ReceiveMessage", *ACTIONS[3:])),
        ]
        patterns = [self.pattern(resource) for _ in range(choose((1, 2)))]
        made[choose(("Resource", "Resource", "NotResource"))] = patterns
        if self.random.random() < 0.5:
            wish = self.pattern(value)
            # An ARN operator takes a reference that is compared with itself for an ARN; a name is none.
            operators = OPERATORS if wish != "${Name}" else OPERATORS[:5]
            made["Condition"] = {choose(operators): {"k:k": [wish]}}
        return made


def deploys(text: str) -> tuple[str, ...]:
    """A text as it is after each deploy: with every reference replaced; equal ones once."""
    texts = []
    for chosen in itertools.product(*VALUES.values()):
        deployed = text
        for name, value in zip(VALUES, chosen, strict=True):
            deployed = deployed.replace(name, value)
        texts.append(deployed)
    return tuple(dict.fromkeys(texts))


def test_what_is_decided_before_the_deploy_is_so_after_it() -> None:
    maker = Maker(11)
    unknown = settled = 0
    documents = cases(100, deep=8_000)
    for _ in range(documents):
        resource, value = maker.text(), maker.text()
        resource = maker.pattern(resource) if maker.random.random() < 0.2 else resource  # a question about a set
        document = {
            "Version": "2012-10-17",
            "Statement": [maker.statement(resource, value) for _ in range(maker.random.randint(1, 3))],
        }
        request = Request(ASKED, resource, PRINCIPAL, {"k:k": value}, open=ALL)
        decision = evaluate(request, parse(document))
        if decision.verdict == "Unknown":
            unknown += 1
            assert decision.unknown
            continue
        settled += 1
        for text in deploys(json.dumps((resource, value, document))):
            later_resource, later_value, deployed = json.loads(text)
            if '""' in json.dumps(deployed):
                continue  # an empty pattern: IAM refuses the policy
            later = Request(ASKED, later_resource, PRINCIPAL, {"k:k": later_value})
            assert evaluate(later, parse(deployed)).allowed is decision.allowed, (document, request, text)
    assert min(unknown, settled) > documents // 5


@pytest.mark.parametrize(
    ("pattern", "resource", "expected"),
    [
        ("q-?", "q-${Name}", "Unknown"),
        ("q-?", "q-${Name}x", "Unknown"),  # the name may be empty
        ("q-?*", "q-${Name}", "Unknown"),
        ("?", "${Queue.Arn}", "Unknown"),
        ("q-?-*", "q-${Name}-${Name}", "Unknown"),
        ("q-?", "r-${Name}", "ImplicitlyDenied"),
        ("q-*", "q-${Name}", "Allowed"),
        ("?-${Name}", "q-${Name}", "Allowed"),
        ("*${Name}?", "q-${Name}x", "Allowed"),
        ("q-${Name}", "q-?", "Unknown"),
        ("q-${Name}*", "q-${Name}?", "Allowed"),
        ("*", "${Queue.Arn}", "Allowed"),
    ],
)
def test_a_question_mark_is_one_character_and_a_reference_any_number(
    pattern: str, resource: str, expected: str
) -> None:
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": pattern}}
    request = Request("sqs:SendMessage", resource, PRINCIPAL, {}, open=ALL)
    assert evaluate(request, parse(document)).verdict == expected


@pytest.mark.parametrize(
    ("pattern", "resource", "allowed", "denied"),
    [
        ("q-?", "q-${Name}", "ImplicitlyDenied", "Allowed"),
        ("q-${Name}", "q-?", "ImplicitlyDenied", "Allowed"),
        ("q-${Name}", "q-*", "ImplicitlyDenied", "ExplicitlyDenied"),
        ("q-${Name}", "q-${Name}", "Allowed", "ExplicitlyDenied"),
    ],
)
def test_a_reference_that_nothing_leaves_open_is_met_by_itself_and_stars_alone(
    pattern: str, resource: str, allowed: str, denied: str
) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    request = Request("sqs:SendMessage", resource, PRINCIPAL, {})
    statement = {"Action": "*", "Resource": pattern}
    assert evaluate(request, parse({"Statement": {"Effect": "Allow", **statement}})).verdict == allowed
    assert evaluate(request, parse({"Statement": [everything, {"Effect": "Deny", **statement}]})).verdict == denied


@pytest.mark.parametrize(
    ("operator", "pattern", "value", "expected"),
    [
        ("StringLike", "?", "${Name}", "Unknown"),
        ("StringLike", "?${Name}", "x${Name}", "Allowed"),
        ("ArnLike", "arn:aws:sqs:??-west-1:1:q", "arn:aws:sqs:${AWS::Region}:1:q", "Unknown"),
        ("ArnLike", "arn:aws:sqs:?:1:q", "arn:aws:sqs:${AWS::Region}:1:q", "Unknown"),
        ("ArnLike", "arn:aws:sqs:*:1:?", "arn:aws:sqs:${AWS::Region}:1:q", "Allowed"),
        ("ArnLike", "arn:aws:sqs:r:1:?", "arn:aws:sqs:r:1:${Name}", "Unknown"),
        ("ArnLike", "arn:aws:sqs:r:1:*${Name}", "arn:aws:sqs:r:1:a:b${Name}", "Allowed"),  # the sixth has colons
        ("StringEqualsIgnoreCase", "X${Name}", "x${Name}", "Allowed"),
        ("StringEqualsIgnoreCase", "${Name}", "${name}", "Unknown"),  # two resources: their ids mind the case
    ],
)
def test_conditions_take_a_reference_for_a_text_of_any_length(
    operator: str, pattern: str, value: str, expected: str
) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"k:k": pattern}}}
    request = Request("sqs:SendMessage", "q", PRINCIPAL, {"k:k": value}, open=ALL)
    assert evaluate(request, parse({"Version": "2012-10-17", "Statement": statement})).verdict == expected


@pytest.mark.parametrize("resource", ["b/a?", "b/a*", "b/*"])
def test_an_open_variable_is_never_sure_to_meet_a_set_for_its_key_may_be_absent(resource: str) -> None:
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::b/a${aws:PrincipalTag/name}"},
    ]
    document = {"Version": "2012-10-17", "Statement": statements}
    request = Request("s3:GetObject", f"arn:aws:s3:::{resource}", PRINCIPAL, {}, open=ALL)
    assert evaluate(request, parse(document)).verdict == "Unknown"
    absent = Request("s3:GetObject", f"arn:aws:s3:::{resource}", PRINCIPAL, {})
    assert evaluate(absent, parse(document)).verdict == "Allowed"


@pytest.mark.parametrize(
    ("pattern", "verdict"),
    [
        ("arn:${AWS::Partition}:sqs:${AWS::Region}", "Allowed"),
        ("arn:aws:sqs:${AWS::Region}:${AWS::AccountId}", "Allowed"),
        ("arn:aws:sqs:${Place}", "Unknown"),
        ("arn:aws:${Service}", "Unknown"),
        ("arn:aws:sqs:${Place}:111122223333", "Unknown"),
        ("arn:aws:sqs:${Place}:${Account}:*", "Unknown"),
        ("arn:aws:sqs:${Place}:*:*", "Unknown"),
        ("arn:aws:sns", "ImplicitlyDenied"),
    ],
)
def test_a_reference_may_hold_several_parts_of_an_arn_that_leaves_some_out(pattern: str, verdict: str) -> None:
    """But partition, region and account hold one: IAM puts a star for each part that is missing."""
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": pattern}
    request = Request(
        "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:iam::111122223333:role/r", open=ALL
    )
    assert evaluate(request, parse({"Version": "2012-10-17", "Statement": statement})).verdict == verdict


def test_where_nothing_is_open_a_reference_is_one_part_of_an_arn() -> None:
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:${Place}:111122223333"}
    queue, role = "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:iam::111122223333:role/r"
    request = Request("sqs:SendMessage", queue, role, open=frozenset())
    policy = parse({"Version": "2012-10-17", "Statement": statement})
    assert evaluate(request, policy).verdict == "ImplicitlyDenied"


@pytest.mark.parametrize("text", ["s3:${aws:PrincipalTag/verb}", "s3:Get${aws:username}*", "${*}"])
def test_a_variable_in_an_action_is_compared_as_plain_text(text: str) -> None:
    """No action of AWS has such a name: it may be one some day."""

    def allowing(element: str, action: str) -> Policy:
        return parse({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", element: action, "Resource": "*"}]})

    old = allowing("Action", "s3:GetObject")
    named, all_others = compare([old], [allowing("Action", text)]), compare([old], [allowing("NotAction", text)])

    assert (named.undecided, all_others.undecided) == ((), ())
    assert [(piece.action, piece.tier) for piece in named.gained] == [(text, "future")]
    assert [(piece.action, piece.tier) for piece in all_others.gained] == [("*", "now")]
