"""Parts of a declaration, each judged by itself: items of policies, managed policies, versions, what is no trigger."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit import on
from remit.app import Publication, Reason
from remit.errors import Mistakes, Origin, RemitError, Span
from remit.iam import policy as iam
from remit.judge.item_parts import each_alone
from remit.judge.links import linked_grants, with_variables
from remit.judge.meant_items import hint, hint_of_action, of_unknown_service
from remit.judge.name_checks import check_trigger
from remit.judge.policy_list import declare, declare_managed, managed_arn
from remit.judge.publication import check_publication, event_invoke, publication

HERE = Origin("app.py", 1, 1)
PARTS: dict[str, list[tuple[Any, list[tuple[str | int, ...]]]]] = {
    "Effect": [("Allow", []), ("Alow", [("Effect",)])],
    "Action": [
        ("s3:GetObject", []),
        (["s3:GetObject", 3], [("Action", 1)]),
        (["", "s3:*", None], [("Action", 0), ("Action", 2)]),
    ],
    "Resource": [("*", []), (["*", []], [("Resource", 1)]), (3, [("Resource",)])],
    "Condition": [({}, []), ({"StringEqals": {"aws:x": "y"}}, [("Condition", "StringEqals")])],
}
"""The values of each element, with the places that are wrong."""
STATEMENTS = st.fixed_dictionaries({element: st.sampled_from(values) for element, values in PARTS.items()})


@settings(max_examples=cases(20, deep=500), deadline=None)
@given(st.lists(STATEMENTS, min_size=1, max_size=3), st.booleans())
def test_no_mistake_of_an_item_hides_another_and_each_stays_where_it_was(drawn: list[Any], inside: bool) -> None:
    written = [{element: value for element, (value, _) in one.items()} for one in drawn]
    expected = {
        ("Statement", number, *place)
        for number, one in enumerate(drawn)
        for _, wrong in one.values()
        for place in wrong
    }
    item = {"Statement": written}
    found: list[tuple[str | int, ...]] = []
    for alone in each_alone({"PolicyName": "p", "PolicyDocument": item} if inside else item):
        try:
            iam.parse(alone["PolicyDocument"] if inside else alone)
        except RemitError as error:
            found.append(error.path)
    assert sorted(map(str, found)) == sorted(map(str, expected))


def test_of_one_statement_each_part_stands_beside_right_ones() -> None:
    alone = list(each_alone({"Effect": "Allow", "NotAction": ["s3:*", 3], "NotResource": 4}))
    assert alone == [
        {"Action": "s3:GetObject", "Resource": "*", "Effect": "Allow"},
        {"Effect": "Allow", "Resource": "*", "NotAction": ["s3:*"]},
        {"Effect": "Allow", "Resource": "*", "NotAction": ["s3:GetObject", 3]},
        {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": 4},
    ]
    assert list(each_alone({"Statement": 3})) == [{"Statement": 3}]
    assert list(each_alone({"Statement": [{"Sid": 1}, 3]}))[1]["Statement"][1] == 3


MANAGED, LEFT = 'it is a managed policy: write `managed_policy=["', '"]`, and leave it out here'
OF_ACCOUNT = "arn:aws:iam::111122223333:policy/teams/mine"
MANAGED_NAMES = {
    "ReadOnlyAccess": "ReadOnlyAccess",
    "ReadOnlyAcess": "ReadOnlyAccess",
    "service-role/AWSLambdaBasicExecutionRole": "AWSLambdaBasicExecutionRole",
    OF_ACCOUNT: OF_ACCOUNT,
}
AN_ARN = "an ARN is a Resource: write {'Effect': 'Allow', 'Action': …, 'Resource': …}"
PARTITION = "arn:${AWS::Partition}:iam:"


@pytest.mark.parametrize(
    ("value", "arn"),
    [
        ("ReadOnlyAccess", f"{PARTITION}:aws:policy/ReadOnlyAccess"),
        ("AWSLambdaBasicExecutionRole", f"{PARTITION}:aws:policy/service-role/AWSLambdaBasicExecutionRole"),
        (
            "service-role/AWSLambdaBasicExecutionRole",
            f"{PARTITION}:aws:policy/service-role/AWSLambdaBasicExecutionRole",
        ),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", f"{PARTITION}:aws:policy/ReadOnlyAccess"),
        (
            "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
            f"{PARTITION}:aws:policy/service-role/AWSLambdaBasicExecutionRole",
        ),
        ("arn:aws-cn:iam::111122223333:policy/a/mine", f"{PARTITION}:111122223333:policy/a/mine"),
        ("arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/mine", f"{PARTITION}:${{AWS::AccountId}}:policy/mine"),
        ("${Managed}", "${Managed}"),
    ],
)
def test_a_managed_policy_is_named_in_every_partition(value: str, arn: str) -> None:
    assert managed_arn(value, ("managed_policy", 0), HERE) == arn


@pytest.mark.parametrize(
    ("value", "message", "advice"),
    [
        ("arn:aws:iam::1:policy/x", "'arn:aws:iam::1:policy/x' is not an ARN of a managed policy", "it reads arn:"),
        ("arn:aws:iam::aws:role/x", "'arn:aws:iam::aws:role/x' is not an ARN of a managed policy", "it reads arn:"),
        ("arn:aws:iam::111122223333:policy/{name}", "is not an ARN of a managed policy", "it reads arn:"),
        ("two words", "'two words' is not a valid name for a managed policy", None),
        ("ReadOnlyAcess", "AWS has no managed policy 'ReadOnlyAcess'", "did you mean `ReadOnlyAccess`?"),
        ("job-function/ReadOnlyAccess", "has no managed policy", "did you mean `ReadOnlyAccess`?"),
        ("AWSLambdaBasicExecutionRole/x", "has no managed policy", "a policy of your own account is named by its ARN"),
        (
            "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole",
            "has no managed policy",
            "did you mean `service-role/AWSL",
        ),
        ("arn:aws:iam::aws:policy/ReadOnlyAcess", "has no managed policy", "did you mean `ReadOnlyAccess`?"),
    ],
)
def test_what_is_no_managed_policy_is_refused_with_what_was_meant(value: str, message: str, advice: str | None) -> None:
    with pytest.raises(RemitError) as caught:
        managed_arn(value, ("managed_policy", 0), HERE)
    assert caught.value.message.startswith("managed_policy[0]: ")
    assert message in caught.value.message
    assert (caught.value.hint or "").startswith(advice or "")
    assert (caught.value.hint is None) is (advice is None)
    assert caught.value.origin == HERE


@pytest.mark.parametrize(
    ("text", "item", "in_a_statement"),
    [
        ("logs,s3", 'one text is one item: write `"logs", "s3"`', 'one text is one item: write `"logs:*", "s3:*"`'),
        ("logs, zzzzzz", None, None),
        ("s3::GetObject", "did you mean `s3:GetObject`?", "did you mean `s3:GetObject`?"),
        ("cloud-front!", "did you mean `cloudfront`?", None),
        *((name, f"{MANAGED}{own}{LEFT}", f"{MANAGED}{own}{LEFT}") for name, own in MANAGED_NAMES.items()),
        ("s3:Get?bject ", 'write `"s3:Get?bject"`', 'write `"s3:Get?bject"`'),
        ("s3.Get?bject", "did you mean `s3:Get?bject`?", "did you mean `s3:Get?bject`?"),
        ("s3.Zz?zz", None, None),
        ("s3:GetObjct:x", None, None),
        ("arn:aws:s3:::b", AN_ARN, AN_ARN),
        ("logs, s3:Nopee", None, None),
        ("log$s", "did you mean `logs`?", None),
    ],
)
def test_a_text_that_is_no_item_is_told_as_what_was_meant(
    text: str, item: str | None, in_a_statement: str | None
) -> None:
    general = 'name a service ("logs"), an action ("s3:GetObject") or a pattern ("s3:Get*")'
    assert hint(text) == (item or general)
    form = "an action reads `service:Operation`, such as `s3:GetObject` or `s3:Get*`"
    assert hint_of_action(text) == (in_a_statement or form)


def test_in_a_statement_all_of_a_service_is_a_pattern() -> None:
    assert hint_of_action("S3") == "did you mean `s3:*`?"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("dynamodb-PutItem", "did you mean `dynamodb:PutItem`?"),
        ("PutItem", "did you mean `dynamodb:PutItem`?"),
        ("newservice", None),
        ("ReadOnlyAccess", f"{MANAGED}ReadOnlyAccess{LEFT}"),
        ("new-service", None),
    ],
)
def test_a_word_that_reads_as_a_service_may_be_a_new_one(word: str, meant: str | None) -> None:
    assert of_unknown_service(word) == meant


@pytest.mark.parametrize(
    ("properties", "beside", "expected"),
    [
        ({}, {}, None),
        ({}, {"alias": "beta"}, Publication("beta")),
        ({}, {"provisioned_concurrency": 2}, Publication("live", 2)),
        ({}, {"provisioned_concurrency": 2, "alias": "beta"}, Publication("beta", 2)),
        ({"DurableConfig": {}}, {}, Publication("live")),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, {}, Publication("live")),
        ({"SnapStart": {"ApplyOn": "None"}}, {}, None),
    ],
)
def test_versions_are_published_where_a_setting_takes_them(
    properties: dict[str, Any], beside: dict[str, Any], expected: Publication | None
) -> None:
    assert publication(properties, beside) == expected


def test_settings_of_asynchronous_calls_are_given_as_they_are_written_and_zero_is_one() -> None:
    beside = {"maximum_retry_attempts": 0, "on_failure": "arn:q", "maximum_event_age": None, "alias": "live"}
    assert event_invoke(beside) == {
        "MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Destination": "arn:q"}},
    }  # fmt: skip
    assert event_invoke({"on_success": None}) == {}


SNAP = {"SnapStart": {"ApplyOn": "PublishedVersions"}, "Runtime": "python3.13"}


@pytest.mark.parametrize(
    ("properties", "beside", "problems"),
    [
        (SNAP, {}, []),
        ({**SNAP, "Runtime": "python3.12"}, {}, []),
        ({**SNAP, "Runtime": "python3.11"}, {}, ["has snap_start, which python3.11 does not have"]),
        (SNAP, {"provisioned_concurrency": 1}, ["has both snap_start and provisioned_concurrency"]),
        ({**SNAP, "EphemeralStorage": {"Size": 512}}, {}, []),
        (
            {**SNAP, "EphemeralStorage": {"Size": 513}},
            {},
            ["has snap_start, which takes no file system and no more than 512 MB of /tmp"],
        ),
        (
            {**SNAP, "FileSystemConfigs": [{}]},
            {},
            ["has snap_start, which takes no file system and no more than 512 MB of /tmp"],
        ),
        ({"Runtime": "python3.13", "DurableConfig": {}}, {}, []),
        ({"Runtime": "python3.12", "DurableConfig": {}}, {}, ["is durable, which python3.12 cannot be"]),
        ({"ReservedConcurrentExecutions": 2}, {"provisioned_concurrency": 2}, []),
        (
            {"ReservedConcurrentExecutions": 2},
            {"provisioned_concurrency": 3},
            ["keeps 3 instances ready, and reserved_concurrency lets 2 run"],
        ),
    ],
)
def test_what_lambda_refuses_of_settings_together_is_told(
    properties: dict[str, Any], beside: dict[str, Any], problems: list[str]
) -> None:
    mistakes = Mistakes()
    check_publication("work", properties, beside, Span("", 1, 0, 1, 0), mistakes)
    assert [mistake.message for mistake in mistakes.errors] == [f"function `work` {problem}" for problem in problems]


def test_the_variables_of_links_yield_to_the_functions_own_and_the_rest_of_its_environment_stays() -> None:
    properties = {"Timeout": 3, "Environment": {"Variables": {"A": "own"}, "Further": 1}}
    assert with_variables(properties, {"A": "link", "B": "link"}) == {
        "Timeout": 3, "Environment": {"Variables": {"A": "own", "B": "link"}, "Further": 1},
    }  # fmt: skip
    assert with_variables({}, {"B": "link"}) == {"Environment": {"Variables": {"B": "link"}}}


class Odd:
    """An object that says nothing of itself."""

    def __repr__(self) -> str:
        return "<odd>"


GRANT = "a grant is not a trigger: it says what the function may do, not what runs it"


@pytest.mark.parametrize(
    ("trigger", "message", "advice"),
    [
        (Odd(), "<odd> is not a trigger", 'such as `@app.function(on.sqs("orders"))`'),
        (Odd, "odd is not a trigger", 'such as `@app.function(on.sqs("orders"))`'),
        ("x" * 80, f"'{'x' * 59} is not a trigger", 'such as `@app.function(on.sqs("orders"))`'),
        (("a", 3), "('a', 3) is not a trigger", 'such as `@app.function(on.sqs("orders"))`'),
        ("orders", "'orders' is not a trigger", 'such as `@app.function(on.sqs("orders"))`'),
        (on.sqs, "`on.sqs` is a trigger only when it is called", 'call it: `on.sqs("'),
        (on.http, "`on.http` is a trigger only when it is called", "call it: `on.http("),
    ],
)
def test_what_is_no_trigger_is_told_as_what_it_is(trigger: Any, message: str, advice: str) -> None:
    with pytest.raises(RemitError) as caught:
        check_trigger(trigger, HERE)
    assert caught.value.message == message
    assert str(caught.value.hint).startswith(advice)
    assert caught.value.origin == HERE


def test_a_grant_is_no_trigger_even_among_others() -> None:
    from remit.grants import sqs  # noqa: PLC0415 - beside `on.sqs`

    grants = sqs.send("orders")
    for trigger in (grants, grants[0], (*grants, "x")):
        with pytest.raises(RemitError) as caught:
            check_trigger(trigger, HERE)
        assert caught.value.message == GRANT


def judged(value: Any) -> tuple[list[dict[str, Any]], list[tuple[str, str | None]]]:
    """The statements of a policy value, and what is wrong with it: messages with their hints."""
    mistakes = Mistakes()
    grants = declare(value, Span("no-such-file.py", 3, 4, 3, 9), Reason("function", subjects=("work",)), mistakes)
    assert all(mistake.origin == Origin("no-such-file.py", 3, 5) for mistake in mistakes.errors)
    rendered = [iam.render_statement(grant.statement) for grant in grants]
    return rendered, [(mistake.message, mistake.hint) for mistake in mistakes.errors]


def allowing(action: str | list[str], on: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": on}


READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
ITEM_OF_OWN = iam.allow("sqs:SendMessage")
OLD_TEXTS = iam.Policy((iam.allow("s3:GetObject", on="arn:aws:s3:::${aws:username}"),), "2008-10-17")
LATE_BUCKET = "arn:aws:s3:::${aws:username}"
OLD_BOTH = iam.Policy(
    (iam.allow("s3:GetObject", on=LATE_BUCKET, when=(iam.Condition("StringEquals", "x:y", ("z",)),)),),
    "2008-10-17",
)
OLD_CONDITION = iam.Policy(
    (iam.allow("s3:GetObject", when=(iam.Condition("StringEquals", "x:y", ("${aws:username}",)),)),), "2008-10-17"
)


class WithArn:
    """A resource of the app."""

    arn = "${Queue.Arn}"


@pytest.mark.parametrize(
    ("value", "statements"),
    [
        ([], []),
        (None, []),
        ("logs", [allowing("logs:*")]),
        ("*", [allowing("*")]),
        ("s3:Get*", [allowing("s3:Get*")]),
        ("newservice", [allowing("newservice:*")]),
        (["logs", ["sqs:SendMessage", ("s3:GetObject",)]], [allowing("logs:*"), allowing("sqs:SendMessage"), READ]),
        (READ, [READ]),
        ({"effect": "Allow", "action": ("a:B", "a:C"), "resource": "*"}, [allowing(["a:B", "a:C"])]),
        ({"Statement": READ}, [READ]),
        ({"statement": [{"effect": "Allow", "actions": ["s3:GetObject"], "resources": ["*"]}]}, [READ]),
        ({"PolicyName": "p", "PolicyDocument": {"Statement": [READ, READ]}}, [READ, READ]),
        ({"policy_document": {"statement": ({"effect": "Allow", "action": "s3:GetObject", "resource": "*"},)}}, [READ]),
        (
            {
                "policy_name": "p",
                "policy_document": {
                    "id": "x",
                    "version": "2012-10-17",
                    "statement": {
                        "sid": "S",
                        "effect": "Deny",
                        "not_action": "s3:*",
                        "not_resource": "*",
                        "condition": {"Bool": {"aws:SecureTransport": "false"}},
                    },
                },
            },
            [
                {
                    "Sid": "S",
                    "Effect": "Deny",
                    "NotAction": "s3:*",
                    "NotResource": "*",
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        ),
        ({"Statement": {**READ, "Resource": LATE_BUCKET}}, [{**READ, "Resource": LATE_BUCKET}]),
        ({**READ, "Resource": [WithArn(), "*"]}, [allowing("s3:GetObject", ["${Queue.Arn}", "*"])]),  # type: ignore[arg-type] # a list
        (
            {"Effect": "Deny", "Action": "s3:*", "NotResource": WithArn()},
            [{"Effect": "Deny", "Action": "s3:*", "NotResource": "${Queue.Arn}"}],
        ),
        (ITEM_OF_OWN, [allowing("sqs:SendMessage")]),
        (iam.Policy((ITEM_OF_OWN,)), [allowing("sqs:SendMessage")]),
        ({"Version": "2008-10-17", "Statement": {**READ, "Resource": "${AWS::Region}"}}, None),
        (allowing("s3:GetObject", "arn:" + "a" * 6_140), [allowing("s3:GetObject", "arn:" + "a" * 6_140)]),
        (allowing("s3:GetObject", "*a"), [allowing("s3:GetObject", "*a")]),
    ],
)
def test_an_item_of_a_policy_is_read_in_each_of_its_forms(value: Any, statements: list[dict[str, Any]] | None) -> None:
    found, mistakes = judged(value)
    if value is None:
        assert mistakes == [
            ("policy is None", "usually os.environ.get() of a variable that is not set: set it or drop the item")
        ]
    elif statements is None:
        assert [message for message, _ in mistakes] == [
            "policy: the resource '${AWS::Region}' is neither an ARN nor '*'"
        ]
    else:
        assert (found, mistakes) == (statements, [])


def nested_lists(depth: int) -> list[Any]:
    value: list[Any] = ["logs"]
    for _ in range(depth):
        value = [value]
    return value


def some_function() -> None: ...


class Named:
    """What has a name, and cannot be called."""

    __name__ = "named"

    def __repr__(self) -> str:
        return "<named>"


EMPTY = 'name a service ("logs") or an action ("s3:GetObject")'
SOME_ITEM = 'name a service ("logs"), an action ("s3:GetObject") or a pattern ("s3:Get*")'
NO_STATEMENT = "add 'Resource': an ARN, or '*' if it must be everything"
WRONG_ITEMS: list[tuple[Any, list[tuple[str, str | None]]]] = [
    ({"logs"}, [("policy is a set, whose order changes from run to run", "use a list")]),
    (frozenset({"logs"}), [("policy is a set, whose order changes from run to run", "use a list")]),
    ({"Statement": [READ, 3]}, [("policy: Statement[1] must be a dict, got int '3'", None)]),
    ("a b" * 30, [(f"policy is '{('a b' * 30)[:60]}': neither a service nor an action", SOME_ITEM)]),
    (Named(), [("policy must be a string or a dict, got Named '<named>'", None)]),
    (3, [("policy must be a string or a dict, got int '3'", None)]),
    (
        some_function,
        [("policy must be a string or a dict, got function 'some_function'", "call it: `some_function(…)`")],
    ),
    ([" "], [("policy[0] is an empty string", EMPTY)]),
    ([[], ["", []]], [("policy[1][0] is an empty string", EMPTY)]),
    (
        on.sqs("orders"),
        [
            (
                "policy is a trigger, which says what runs a function and not what it may do",
                "a trigger stands before it: `@app.function(on.sqs(…))`; a grant reads such as `grants.sqs.send(…)`",
            )
        ],
    ),
    ({**READ, "Principal": "*"}, [("policy has a Principal, but the role itself is the principal", "remove it")]),
    ({"Effect": "Allow", "Action": "s3:GetObject"}, [("policy has no 'Resource'", NO_STATEMENT)]),
    ({**READ, "action": "s3:PutObject"}, [("policy has 'Action' twice, in two spellings", "merge them")]),
    ({"PolicyDocument": {"Statement": READ}, "Sid": "x"}, [("policy has 'Sid' beside 'PolicyDocument'", None)]),
    ({"PolicyDocument": "x"}, [("policy.PolicyDocument must be a dict, got str", None)]),
    ({**READ, "Sid": "a-b"}, [("policy: Sid 'a-b' may have only letters and digits", "use 'AB'")]),
    (
        {"Effect": "Allow", "NotAction": "s3:{aws.region}", "Resource": "*"},
        [("policy: {aws.region} in 's3:{aws.region}' is literal text", 'put an f before the string: f"…"')],
    ),
    (
        {**READ, "Resource": "arn:aws:s3:::None/x"},
        [
            (
                "policy: 'arn:aws:s3:::None/x' contains 'None'",
                "usually os.environ.get() of a variable that is not set: use os.environ[…]",
            )
        ],
    ),
    (
        {"Effect": "Deny", "Action": "s3:*", "NotResource": "orders"},
        [("policy: the resource 'orders' is neither an ARN nor '*'", "an ARN starts with `arn:`")],
    ),
    (
        {**READ, "Condition": {"StringEquals": {"aws:PrincipalTag/{project.name}": "x"}}},
        [
            (
                "policy: {project.name} in 'aws:PrincipalTag/{project.name}' is literal text",
                'put an f before the string: f"…"',
            )
        ],
    ),
    (
        {**READ, "Action": "s3:GetObject\u2013"},
        [
            (
                "policy: '\u2013' (U+2013) in 's3:GetObject\u2013': IAM does not accept it",
                "U+0020 to U+00FF, tabs and newlines are accepted; use `*` in its place",
            )
        ],
    ),
    (
        {**READ, "Resource": "arn:" + "a" * 6_141},
        [("policy: a string of 6,145 characters; a whole policy has at most 10,240", None)],
    ),
    ({**READ, "Resource": "${{ not"}, [("`${{ not` has a `${{` that starts no intrinsic function", None)]),
    *(
        (
            [policy],
            [
                (
                    f"policy[0]: in Version '2008-10-17' there are no variables, and {LATE_BUCKET!r} is literal text",
                    "use '2012-10-17', in which it is a variable; `${$}` stands for a literal `$` there",
                )
            ],
        )
        for policy in (OLD_TEXTS, OLD_BOTH)
    ),
    ({**READ, "Sid": "a-b"}, [("policy: Sid 'a-b' may have only letters and digits", "use 'AB'")]),
    (
        {**READ, "Sid": "a\u2013"},
        [
            (
                "policy: '\u2013' (U+2013) in 'a\u2013': IAM does not accept it",
                "U+0020 to U+00FF, tabs and newlines are accepted; use `*` in its place",
            ),
            ("policy: Sid 'a\u2013' may have only letters and digits", "use 'A'"),
        ],
    ),
    (
        [OLD_CONDITION],
        [
            (
                "policy[0]: in Version '2008-10-17' there are no variables, and '${aws:username}' is literal text",
                "use '2012-10-17', in which it is a variable; `${$}` stands for a literal `$` there",
            )
        ],
    ),
    (
        {"Statement": [READ, {**READ, "Effect": "Alow"}, {**READ, "Action": ["s3:GetObject", 3]}]},
        [
            ("policy: Statement[1].Effect 'Alow' is not valid: only 'Allow' and 'Deny' exist", "did you mean `Allow`?"),
            ("policy: Statement[2].Action[1] must be a string or a list of strings, got int '3'", None),
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("value", "mistakes"), WRONG_ITEMS)
def test_a_wrong_item_of_a_policy_is_told_and_grants_nothing(
    value: Any, mistakes: list[tuple[str, str | None]]
) -> None:
    assert judged(value) == ([], mistakes)
    found, told = judged([value, "logs"])
    assert found == [allowing("logs:*")]
    assert len(told) == len(mistakes)


def test_lists_may_nest_but_not_without_end_and_a_right_item_beside_a_wrong_one_counts() -> None:
    assert judged(nested_lists(32)) == ([allowing("logs:*")], [])
    found, told = judged([nested_lists(40), "sqs"])
    assert found == [allowing("sqs:*")]
    assert told == [("policy[0][0][0][0][0] nests lists deeper than 32, or contains itself", None)]


def test_a_text_of_a_policy_is_the_reason_of_its_grant() -> None:
    (grant,) = declare("logs", Span("", 1, 0, 1, 0), Reason("function", subjects=("work",)), Mistakes())
    assert grant.because == "'logs' declared for function work"
    (grant,) = declare(READ, Span("", 1, 0, 1, 0), Reason("function", subjects=("work",)), Mistakes())
    assert grant.because == "declared for function work"


def test_managed_policies_are_told_each_once_with_the_first_line_that_gives_it() -> None:
    mistakes = Mistakes()
    given_policies = [
        "ReadOnlyAccess",
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", "AWSXRayDaemonWriteAccess"),
        3,
        "no name",
    ]
    found = declare_managed(given_policies, Span("", 2, 0, 2, 0), mistakes)
    assert list(found) == [f"{PARTITION}:aws:policy/{name}" for name in ("ReadOnlyAccess", "AWSXRayDaemonWriteAccess")]
    assert [mistake.message for mistake in mistakes.errors] == [
        "managed_policy[2] must be a policy's name or ARN, got int '3'",
        "managed_policy[3]: 'no name' is not a valid name for a managed policy",
    ]


def test_each_text_that_iam_refuses_is_told_with_the_steps_to_its_element() -> None:
    right = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    wrong = {
        "Effect": "Deny",
        "NotAction": ["s3:*", "\u4e00:Get"],
        "NotResource": ["arn:aws:s3:::b", "b/None"],
        "Condition": {"StringLike": {"aws:{aws.region}": ["\u4e01"]}},
        "Sid": "Not this",
    }
    plain = {**right, "Action": ["\u4e02:Get"], "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::${{x"]}
    mistakes = Mistakes()
    value = ["logs", {"Statement": [right, wrong, plain]}]
    where = Span("no-such-file.py", 3, 4, 3, 9)
    assert len(declare(value, where, Reason("function", subjects=("work",)), mistakes)) == 1
    accepted = "U+0020 to U+00FF, tabs and newlines are accepted; use `*` in its place"
    assert [(mistake.path[1:], mistake.message, mistake.hint) for mistake in mistakes.errors] == [
        (
            (1, "NotAction", "\u4e00:Get"),
            "policy[1]: '\u4e00' (U+4E00) in '\u4e00:Get': IAM does not accept it",
            accepted,
        ),
        (
            (1, "NotResource", "b/None"),
            "policy[1]: 'b/None' contains 'None'",
            "usually os.environ.get() of a variable that is not set: use os.environ[…]",
        ),
        (
            (1, "Condition", "aws:{aws.region}"),
            "policy[1]: {aws.region} in 'aws:{aws.region}' is literal text",
            'put an f before the string: f"…"',
        ),
        ((1, "Condition", "\u4e01"), "policy[1]: '\u4e01' (U+4E01) in '\u4e01': IAM does not accept it", accepted),
        ((1, "Sid"), "policy[1]: Sid 'Not this' may have only letters and digits", "use 'NotThis'"),
        ((2, "Action", "\u4e02:Get"), "policy[1]: '\u4e02' (U+4E02) in '\u4e02:Get': IAM does not accept it", accepted),
        ((), "`arn:aws:s3:::${{x` has a `${{` that starts no intrinsic function", None),
    ]


def test_a_variable_of_an_old_version_is_told_with_the_steps_to_its_text() -> None:
    mistakes = Mistakes()
    texts = ["arn:aws:s3:::b", "arn:aws:s3:::${aws:username}"]
    old = {"Version": "2008-10-17", "Statement": [allowing("s3:GetObject"), {**READ, "Resource": texts}]}
    assert declare([old], Span("no-such-file.py", 3, 4, 3, 9), Reason("function"), mistakes) == ()
    assert [(mistake.path, mistake.message) for mistake in mistakes.errors] == [
        (
            ("Statement", 1, "Resource", texts[1]),
            f"policy[0]: in Version '2008-10-17' there are no variables, and {texts[1]!r} is literal text",
        )
    ]


def test_links_are_told_as_links_and_each_grant_says_whose_link_it_is() -> None:
    mistakes = Mistakes()
    where = Span("no-such-file.py", 3, 4, 3, 9)
    access: Any = [
        SimpleNamespace(kind="group", name="shop", link=["logs", "sq s"], where=where),
        SimpleNamespace(kind="function", name="work", link="sqs", where=where),
    ]
    grants = linked_grants(access, mistakes)
    assert [(grant.because, grant.statement.actions.patterns) for grant in grants] == [
        ("'logs' declared for group shop", ("logs:*",)),
        ("'sqs' declared for function work", ("sqs:*",)),
    ]
    assert [mistake.message for mistake in mistakes.errors] == ["link[1] is 'sq s': neither a service nor an action"]
