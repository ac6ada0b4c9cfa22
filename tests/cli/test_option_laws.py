"""What commands pass on: options of a place are read back as they were given, parameters as if they were written."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
from hypothesis import event, given, settings
from hypothesis import strategies as st

from projects import remit
from random_cases import cases
from remit.cli import options

OPTIONS: Final = st.fixed_dictionaries(
    {},
    optional={
        "folder": st.sampled_from([Path(), Path("shop"), Path("my shop")]),
        "stage": st.sampled_from([None, "prod", "it's"]),
        "region": st.sampled_from([None, "eu-west-1"]),
        "profile": st.sampled_from([None, "me", "two words"]),
        "local": st.booleans(),
    },
)


@settings(max_examples=cases(30, deep=500))
@given(OPTIONS)
def test_a_command_to_come_is_about_the_same_place(given_: dict[str, Any]) -> None:
    with click.Context(click.Command("deploy")) as context:
        context.params = given_
        text = options.same_place()
    assert text.startswith(" ") or not text
    words = shlex.split(text)
    read: dict[str, Any] = {"local": "--local" in words}
    words = [word for word in words if word != "--local"]
    names = {"-C": "folder", "--stage": "stage", "--region": "region", "--profile": "profile"}
    read |= {names[name]: value for name, value in zip(words[::2], words[1::2], strict=True)}
    assert Path(read.pop("folder", "")) == given_.get("folder", Path())
    assert read == {"local": given_.get("local", False)} | {
        name: given_[name] for name in ("stage", "region", "profile") if given_.get(name)
    }


TRUST: Final = {
    "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "a.amazonaws.com"}}
}


def template(first: Any, second: Any, *, in_condition: bool) -> dict[str, Any]:
    """A role that may read one bucket, and another one if a parameter says so."""
    statements: list[Any] = [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Join": ["", ["arn:aws:s3:::", first, "/*"]]}},
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*",
         "Condition": {"StringEquals": {"aws:PrincipalTag/team": second}}},
    ]  # fmt: skip
    if in_condition:
        statements[0] = {"Fn::If": ["IsFirst", statements[0], {"Ref": "AWS::NoValue"}]}
    policies = [{"PolicyName": "p", "PolicyDocument": {"Statement": statements}}]
    return {
        "Conditions": {"IsFirst": {"Fn::Equals": [first, "aa"]}},
        "Resources": {
            "Reader": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": TRUST, "Policies": policies},
            }
        },
    }


TEXTS: Final = st.sampled_from(["aa", "bb"])


@settings(max_examples=cases(10, deep=100))
@given(first=TEXTS, second=TEXTS, in_condition=st.booleans(), default=st.sampled_from([None, "aa", "cc"]), asked=TEXTS)
def test_a_parameter_that_is_told_is_as_if_its_value_were_written(
    *,
    first: str,
    second: str,
    in_condition: bool,
    default: str | None,
    asked: str,
) -> None:
    declared = {"Type": "String"} if default is None else {"Type": "String", "Default": default}
    told = template({"Ref": "First"}, {"Ref": "Second"}, in_condition=in_condition)
    told["Parameters"] = {"First": declared, "Second": declared}
    written = template(first, second, in_condition=in_condition)
    with TemporaryDirectory() as folder:
        answers = []
        for name, content, parameters in (
            ("told.json", told, ("--parameter", f"First={first}", "--parameter", f"Second={second}")),
            ("written.json", written, ()),
        ):
            Path(folder, name).write_text(json.dumps(content))
            for question in (("s3:GetObject", f"{asked}/x"), ("sqs:SendMessage", "*")):
                ran = remit("explain", f"{folder}/{name}", "Reader", *question, *parameters, "--json")
                document = json.loads(ran.out)
                statements = [one["statement"] for one in document["statements"]]
                answers.append((ran.status, document["verdict"], document["depends_on"], statements))
    event(f"verdicts: {answers[0][1]}")
    assert answers[:2] == answers[2:]
