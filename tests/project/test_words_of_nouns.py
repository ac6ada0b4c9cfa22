"""How the nouns of an app and its mistakes are put into words, and what names its functions have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remit.app import (
    ApiSettings,
    App,
    ExistingValue,
    Function,
    Grant,
    JobQueue,
    LayerCode,
    Output,
    Publication,
    Reason,
    Resource,
    StoredValue,
    WebApp,
    Workflow,
    in_stack,
)
from remit.did_you_mean import did_you_mean, nearest, nearest_names
from remit.errors import (
    Mistakes,
    Origin,
    RemitError,
    Span,
    UnreadError,
    described,
    few,
    judging,
    spelled,
    stop_code,
    writer,
)
from remit.holders import HeldPolicy, Holder, HolderKind, inline
from remit.iam.comparison import StatementLocation
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Policy, Principals, allow


@pytest.mark.parametrize(
    ("noun", "name", "words"),
    [
        (ExistingValue("P", "parameter", "/shop/subnets"), "called", "parameter /shop/subnets"),
        (ExistingValue("P", "subnets", "prod"), "called", "private subnets of VPC prod"),
        (ExistingValue("P", "security group", "prod", "web"), "called", "security group web of VPC prod"),
        (StoredValue("secretsmanager", "/shop/db", "/shop/db"), "called", "secret /shop/db"),
        (StoredValue("ssm", "/shop/url", "/shop/url"), "called", "parameter /shop/url"),
        (StoredValue("ssm", "${DataUrl}", "x", own=True), "called", "parameter DataUrl"),
        (StoredValue("secretsmanager", "${DataUrl}", "x"), "called", "secret ${DataUrl}"),
        (LayerCode("L", "layers/fonts"), "words", "layers/fonts"),
        (LayerCode("L", "", "python3.13", "arm64"), "words", "dependencies for Python 3.13 on arm64"),
        (LayerCode("L", "svc", "python3.13", "arm64"), "words", "svc dependencies for Python 3.13 on arm64"),
        (Reason("text", "as it was"), "sentence", "as it was"),
        (Reason("computed", "writes its logs", ("work",)), "sentence", "work writes its logs"),
        (Reason("computed", "logs", ("work",), "no way around"), "sentence", "work logs (no way around)"),
        (Reason("computed", "puts items", ("a", "b")), "sentence", "each of a, b puts items"),
        (Reason("function", "'logs'", ("work",)), "sentence", "'logs' declared for function work"),
        (Reason("function", subjects=("a", "b")), "sentence", "declared for functions a, b"),
        (Reason("setting", "'logs'", ("policy",)), "sentence", "'logs' in config.lambda_.iam.policy, for every function"),  # noqa: E501 - a row
        (Reason("setting", subjects=("policies",)), "sentence", "in config.lambda_.iam.policies, for every function"),
        (Reason("text", note="as SAM does"), "sentence", "as SAM does"),
        (Reason("text", "x", conditions=("if A", "unless B")), "sentence", "x, if A and unless B"),
        (Reason("resource", subjects=("Data",), conditions=("if IsProd",)), "sentence", "shared resource Data, if IsProd"),  # noqa: E501 - a row
        (WebApp("shop.main:api.app"), "module", "shop.main"),
        (WebApp("shop.main:api.app"), "attribute", "api.app"),
        (Resource("Data", "AWS::SQS::Queue", {}), "ref", "${Data}"),
        (JobQueue("mail.fifo", 0, 0), "worker", "worker-mail-fifo"),
        (Workflow("render", "RenderWorkflow"), "role_id", "RenderWorkflowRole"),
    ],
)  # fmt: skip
def test_a_noun_is_put_into_words(noun: object, name: str, words: str) -> None:
    assert getattr(noun, name) == words


LOGS = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group"
NAMES: list[tuple[dict[str, Any], dict[str, str]]] = [
    (
        {},
        {
            "arn": "${WorkFunction.Arn}",
            "ref": "${WorkFunction}",
            "physical_name": "${AWS::StackName}-work",
            "log_group_name": "/aws/lambda/${AWS::StackName}-work",
            "log_group_arn": "${WorkLogGroup.Arn}",
        },
    ),
    (
        {"publication": Publication("live"), "own_id": "Own", "function_name": "shop-work"},
        {
            "arn": "${WorkAlias}",
            "ref": "${WorkAlias}",
            "unqualified_arn": "${Own.Arn}",
            "physical_name": "shop-work",
            "log_group_name": "/aws/lambda/shop-work",
        },
    ),
    (
        {"shares_log_group": True},
        {
            "log_group_name": "/lambda/${AWS::StackName}",
            "log_group_arn": f"{LOGS}:${{FunctionsLogGroup}}:log-stream:*/${{AWS::StackName}}-work[*",
        },
    ),
    ({"log_group": "DataLogs"}, {"log_group_arn": "${DataLogs.Arn}", "log_group_id": "DataLogs"}),
]


@pytest.mark.parametrize(("fields", "names"), NAMES)
def test_a_function_goes_by_names_that_its_declaration_gives(fields: dict[str, Any], names: dict[str, str]) -> None:
    function = Function("work", "Work", "app.work", {}, **fields)
    assert {name: getattr(function, name) for name in names} == names
    assert function.handler_origin is None
    app = App("shop", "dev", (function, Function("other", "Other", "app.other", {}, code="svc")))
    assert app.function_deployed_as(in_stack(function.physical_name, "shop-dev")) is function
    assert app.function_deployed_as("nobody") is None
    assert (app.namespace, app.code_roots) == ("shop-dev", ("", "svc"))
    assert App("shop", "dev", (), stack_name="mine").namespace == "mine"


def test_layers_and_limits_are_as_they_are_set() -> None:
    assert Function("a", "A", "a.b", {"Layers": ["x", "${L}"]}).layers == ("x", "${L}")
    assert Function("a", "A", "a.b", {}).layers == ()
    assert len(Function("a", "A", "a.b", {"Layers": {"Fn::If": []}}).layers) == 1
    assert ApiSettings(throttling_burst_limit=0).route_settings == {"ThrottlingBurstLimit": 0}
    assert ApiSettings(throttling_rate_limit=1.5).route_settings == {"ThrottlingRateLimit": 1.5}
    assert Output("A", "b").export == ""


class Silent:
    """An object without a text of its own."""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        ("a" * 50, f"str '{'a' * 40}'"),
        (3, "int '3'"),
        (Silent(), "an object of Silent"),
        (int, "type \"<class 'int'>\""),
        (few, "function 'few'"),
        ([1], "list '[1]'"),
    ],
)
def test_a_value_of_a_wrong_type_is_described_without_its_address(value: object, words: str) -> None:
    assert described(value) == words


def test_a_path_and_a_place_are_spelled_as_people_read_them() -> None:
    assert spelled(("Statement", 0, "Action", 1)) == "Statement[0].Action[1]"
    assert spelled(()) == ""
    assert [str(Origin("a.py", *place)) for place in ((), (3,), (3, 5), (0, 5))] == [
        "a.py",
        "a.py:3",
        "a.py:3:5",
        "a.py:5",
    ]
    assert Span("a.py", 3, 4, 3, 9).origin == Origin("a.py", 3, 5)
    assert [few(list("abcdefg")[:count]) for count in (1, 6, 7)] == [
        "a",
        "a, b, c, d, e, f",
        "a, b, c, d, e and 2 more",
    ]


def test_mistakes_are_told_together_each_once_by_their_places() -> None:
    mistakes = Mistakes()
    for line in (3, 1, 3):
        mistakes.add("wrong", origin=Origin("a.py", line), hint=f"see <f at 0x{line}f>")
    with mistakes.noted():
        raise RemitError("more", exit_code=69, further=(UnreadError(), RemitError("last", rule="R101")))
    assert mistakes.is_unread
    together = mistakes.together()
    assert [(error.message, error.origin and error.origin.line) for error in together.all] == [
        ("more", None), ("last", None), ("wrong", 1), ("wrong", 3),
    ]  # fmt: skip
    assert (together.exit_code, [error.further for error in together.further]) == (2, [(), (), ()])
    assert str(together).split("\n\n") == [
        "error: more", "error: [R101] last", *(f"error: wrong\n  --> a.py:{line}\nhint: see <f>" for line in (1, 3)),
    ]  # fmt: skip
    alone = Mistakes([RemitError("busy", exit_code=75)])
    assert alone.together().exit_code == 75
    Mistakes().refuse()
    with pytest.raises(UnreadError):
        Mistakes(is_unread=True).refuse()
    with pytest.raises(RemitError, match="busy"):
        alone.refuse()


def test_a_signal_has_its_exit_code_and_what_is_judged_its_writer() -> None:
    assert [stop_code(stop) for stop in (SystemExit(15), KeyboardInterrupt(), KeyboardInterrupt("x"))] == [
        143,
        130,
        130,
    ]
    with judging(Origin("b.py", 7)):
        with judging(Origin("c.py", 1)):
            assert writer() == Origin("c.py", 1)
        assert writer() == Origin("b.py", 7)
    assert writer().file == __file__


def test_a_slip_means_the_likeliest_name_and_nothing_far_off() -> None:
    names = ("PutItem", "GetItem", "putitem2", "sqs", "sns", "kms")
    assert did_you_mean("putitm", names) == "did you mean `PutItem`?"
    assert did_you_mean("zzzz", names) is None
    assert nearest_names("sqss", names)[0] == "sqs"
    assert nearest("kmx", names) == "kms"
    assert nearest("PutThing", names, 0.85) is None


def policy_of(*actions: str) -> Policy:
    return Policy(tuple(allow(action) for action in actions))


def test_a_holder_tells_its_policies_by_how_they_are_held_and_which_nobody_has_read() -> None:
    put, get = (Grant(allow(f"s3:{name}Object"), Reason("text", name)) for name in ("Put", "Get"))
    made = HeldPolicy("${Made}", "made", policy_of("s3:GetObject"), (get,))
    read, unread = HeldPolicy("arn:read", "managed", policy_of("a:B", "a:C")), HeldPolicy("arn:unread", "managed")
    level, limit = HeldPolicy("scp", "scp", policy_of("*")), HeldPolicy("arn:limit", "boundary")
    role = Holder("R", (inline([put]), unread, made, read), limits=(level, limit))
    assert (role.grants, role.managed, role.unread) == ((put, get), ("arn:unread", "arn:read"), ("arn:unread",))
    assert role.attached == ("arn:unread", "${Made}", "arn:read")
    assert (role.inline, role.is_inline_known) == ({"remit": policy_of("s3:PutObject")}, True)
    assert (role.boundary, role.unread_boundary) == ("arn:limit", "arn:limit")
    assert replace(role, limits=(HeldPolicy("scp", "scp"),)).unread_boundary is None
    assert role.layers.identity == (policy_of("s3:PutObject"), policy_of("s3:GetObject"), policy_of("a:B", "a:C"))
    assert (role.layers.boundary, role.layers.scp, role.layers.rcp) == ((), ((policy_of("*"),),), ())
    # The place of a statement counts the policies of its layer that are known.
    places = [StatementLocation("identity", *at, put.statement) for at in ((0, 0), (1, 0), (2, 1), (3, 0))]
    assert [role.grant(place) for place in places] == [put, get, None, None]
    assert [role.policy(place) for place in places] == [None, None, "arn:read", None]
    known = replace(role, limits=(level, replace(limit, document=policy_of("s3:*"))))
    assert (known.boundary, known.unread_boundary, known.layers.boundary) == ("arn:limit", None, (policy_of("s3:*"),))
    assert known.policy(StatementLocation("boundary", 0, 0, put.statement)) == "arn:limit"
    assert known.policy(StatementLocation("scp", 0, 0, put.statement)) is None


def test_a_resource_s_policy_is_asked_by_itself() -> None:
    beside = HeldPolicy("Queue", "resource", policy_of("sqs:*"))
    assert Holder("R", (inline([]), beside)).layers == Layers((), resource=(policy_of("sqs:*"),))
    assert Holder("R", (inline([]),)).layers == Layers((Policy(()),))


def test_a_holder_goes_by_what_it_is_and_whom_it_serves() -> None:
    kinds: tuple[HolderKind, ...] = ("role", "policy", "user", "group", "managed policy")
    titles = [Holder("X", kind=kind).title for kind in kinds]
    assert titles == ["X", "X", "user X", "group X", "managed policy X"]
    assert Holder("X", functions=("work",)).serves == ("work",)
    assert Holder("X").serves == ("lambda.amazonaws.com",)
    assert Holder("X", trusts=()).trust_policy == Policy(())
    (statement,) = Holder("X", trusts=("a.amazonaws.com", "b.amazonaws.com")).trust_policy.statements
    assert statement.actions.patterns == ("sts:AssumeRole",)
    assert statement.principals == Principals((("Service", "a.amazonaws.com"), ("Service", "b.amazonaws.com")))
