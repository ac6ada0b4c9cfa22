"""What changes between two templates, however their conditions fall out and whatever their parameters are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

import effort
from remit.report.access_lines import report_lines
from remit.report.access_report import review_report
from remit.review.role_files import holds_roles, plan_review, review_files

if TYPE_CHECKING:
    from remit.review.access_change import Review

TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
}
CONDITIONS: Final = {
    "Parameters": {"Stage": {"Type": "String"}},
    "Conditions": {
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "IsDev": {"Fn::Equals": ["dev", {"Ref": "Stage"}]},
    },
}
NO_VALUE: Final = {"Ref": "AWS::NoValue"}
READ_ONLY: Final = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ADMIN: Final = "arn:aws:iam::aws:policy/AdministratorAccess"


def allow(action: str, resource: Any = "*", effect: Any = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource}


def template(*statements: Any, version: str = "2012-10-17", more: Any = None, **properties: Any) -> dict[str, Any]:
    """A template with one function and its role, and `more` resources."""
    document = {"Version": version, "Statement": list(statements)}
    role = {"AssumeRolePolicyDocument": TRUST, "Policies": [{"PolicyName": "p", "PolicyDocument": document}]}
    return {
        **CONDITIONS,
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {**role, **properties}},
            "Function": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}},
            **(more or {}),
        },
    }


def beside(statement: Any, **attributes: Any) -> dict[str, Any]:
    """A policy that is attached to the role."""
    properties = {
        "PolicyName": "x",
        "Roles": [{"Ref": "Role"}],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": statement},
    }
    return {"Beside": {"Type": "AWS::IAM::Policy", **attributes, "Properties": properties}}


def between(old: dict[str, Any], new: dict[str, Any]) -> Review:
    return review_files(
        (json.dumps(old, indent=1).encode(), "old.json"), (json.dumps(new, indent=1).encode(), "new.json")
    )


def told(found: Review) -> list[tuple[tuple[str, ...], list[str], list[str]]]:
    """When each change is so, and what is gained and lost by it."""
    return [
        (
            change.when,
            [piece.action for piece in change.access.gained],
            [piece.action for piece in change.access.lost],
        )
        for change in found.changes
    ]


GET, PASS, DENIED = allow("s3:GetObject", "arn:aws:s3:::a/*"), allow("iam:PassRole"), allow("iam:*", effect="Deny")
PROD, NOT_PROD = ("Stage = prod",), ("Stage is not prod",)

SMUGGLED: Final = {
    "branches that change places": (
        template({"Fn::If": ["IsProd", GET, PASS]}),
        template({"Fn::If": ["IsProd", PASS, GET]}),
        [(NOT_PROD, ["s3:GetObject"], ["iam:PassRole"]), (PROD, ["iam:PassRole"], ["s3:GetObject"])],
    ),
    "a Deny that stands for one case only": (
        template(PASS, DENIED),
        template(PASS, {"Fn::If": ["IsProd", DENIED, NO_VALUE]}),
        [(NOT_PROD, ["iam:PassRole"], [])],
    ),
    "an Allow that a Deny covers in one case": (
        template(GET, more=beside(DENIED, Condition="IsProd")),
        template(GET, PASS, more=beside(DENIED, Condition="IsProd")),
        [(NOT_PROD, ["iam:PassRole"], [])],
    ),
    "a policy that loses its condition": (
        template(GET, more=beside(PASS, Condition="IsProd")),
        template(GET, more=beside(PASS)),
        [(NOT_PROD, ["iam:PassRole"], [])],
    ),
    "a policy of another condition": (
        template(GET, more=beside(PASS, Condition="IsProd")),
        template(GET, more=beside(PASS, Condition="IsDev")),
        [(PROD, [], ["iam:PassRole"]), (("Stage = dev",), ["iam:PassRole"], [])],
    ),
    "a condition that comes to hold always": (
        template(GET, more=beside(PASS, Condition="IsProd")),
        {
            **template(GET, more=beside(PASS, Condition="IsProd")),
            "Conditions": {"IsProd": {"Fn::Not": [{"Fn::Equals": ["a", "b"]}]}},
        },
        [(NOT_PROD, ["iam:PassRole"], [])],
    ),
    "an effect that turns": (
        template(PASS, allow("iam:PassRole", effect={"Fn::If": ["IsProd", "Deny", "Deny"]})),
        template(PASS, allow("iam:PassRole", effect={"Fn::If": ["IsProd", "Deny", "Allow"]})),
        [(NOT_PROD, ["iam:PassRole", "iam:PassRole"], [])],
    ),
    "a boundary that goes in one case": (
        template(PASS, PermissionsBoundary=READ_ONLY),
        template(PASS, PermissionsBoundary={"Fn::If": ["IsProd", READ_ONLY, NO_VALUE]}),
        [(NOT_PROD, ["iam:PassRole"], [])],
    ),
    "a boundary that is another one in one case": (
        template(PASS, PermissionsBoundary={"Fn::If": ["IsProd", READ_ONLY, READ_ONLY]}),
        template(PASS, PermissionsBoundary={"Fn::If": ["IsProd", READ_ONLY, ADMIN]}),
        [(NOT_PROD, ["iam:PassRole"], [])],
    ),
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_a_gain_in_one_case_of_a_condition_is_told_with_the_case(name: str) -> None:
    old, new, expected = SMUGGLED[name]
    found = between(old, new)
    assert told(found) == expected
    assert found.broadens


def test_what_conditions_do_not_decide_is_told_once_and_without_them() -> None:
    found = between(
        template({"Fn::If": ["IsProd", GET, NO_VALUE]}), template({"Fn::If": ["IsProd", GET, NO_VALUE]}, PASS)
    )
    assert told(found) == [((), ["iam:PassRole"], [])]


def test_a_role_without_functions_is_named_once_whatever_conditions_there_are() -> None:
    def of_nobody(*statements: Any) -> dict[str, Any]:
        whole = template(GET, {"Fn::If": ["IsProd", PASS, NO_VALUE]}, *statements)
        return {**whole, "Resources": {"Role": whole["Resources"]["Role"]}}

    assert ("Role",) == between(of_nobody(), of_nobody(DENIED)).roles


def test_the_line_is_that_of_the_branch_in_the_file() -> None:
    new = template(GET, {"Fn::If": ["IsProd", NO_VALUE, PASS]})
    lines = json.dumps(new, indent=1).splitlines()
    (change,) = between(template(GET), new).changes
    (piece,) = change.access.gained
    assert change.after is not None
    grant = change.after.grant(piece.source)
    assert grant is not None
    assert grant.origin is not None
    assert "iam:PassRole" in "".join(lines[grant.origin.line - 1 : grant.origin.line + 2])


def test_equal_templates_with_many_conditions_are_the_same() -> None:
    many = {f"C{number}": {"Fn::Equals": [{"Ref": f"P{number}"}, "x"]} for number in range(12)}
    statements = [{"Fn::If": [name, allow(f"s3:Get{name}"), NO_VALUE]} for name in many]
    same = {**template(*statements), "Conditions": many}
    assert between(same, same).changes == ()


def test_eight_conditions_that_all_bear_on_a_role_leave_nothing_undecided() -> None:
    conditions = {f"C{number}": {"Fn::Equals": [{"Ref": f"P{number}"}, "x"]} for number in range(8)}
    statements = [{"Fn::If": [name, allow(f"s3:Get{name}"), NO_VALUE]} for name in conditions]
    old, new = ({**template(*some), "Conditions": conditions} for some in (statements[1:], statements))
    found = between(old, new)
    assert [(piece.action, change.when) for change in found.changes for piece in change.access.gained] == [
        ("s3:GetC0", ("P0 = x",))
    ]
    assert [change.unread for change in found.changes if change.unread] == []


def test_of_too_many_cases_it_is_said_that_not_each_was_looked_at() -> None:
    many = {f"C{number}": {"Fn::Equals": [{"Ref": f"P{number}"}, "x"]} for number in range(12)}
    statements = [{"Fn::If": [name, allow(f"s3:Get{name}"), NO_VALUE]} for name in many]
    old, new = ({**template(*some), "Conditions": many} for some in (statements[:-1], [*statements[:-1], DENIED]))
    found = between(old, new)
    reasons = {one.reason for change in found.changes for one in change.unread}
    assert reasons == {"its conditions may turn out in more than 256 ways: not each of them was looked at"}


@pytest.mark.parametrize("is_shared", [False, True])
def test_what_a_function_runs_makes_no_doubt_about_its_role(*, is_shared: bool) -> None:
    """Neither its runtime nor the conditions of its environment bear on its access, also in Globals."""
    many = {f"C{number}": {"Fn::Equals": [{"Ref": f"P{number}"}, "x"]} for number in range(12)}
    variables = {name: {"Fn::If": [name, "yes", "no"]} for name in many}
    of_code = {"Environment": {"Variables": variables}, "Handler": "a.b"}

    def with_runtime(runtime: str) -> dict[str, Any]:
        code = {**of_code, "Runtime": runtime}
        properties = {"Policies": [READ_ONLY], **({} if is_shared else code)}
        shared = {"Globals": {"Function": code}} if is_shared else {}
        resources = {"F": {"Type": "AWS::Serverless::Function", "Properties": properties}}
        return {"Transform": "AWS::Serverless-2016-10-31", "Conditions": many, "Resources": resources, **shared}

    assert between(with_runtime("python3.11"), with_runtime("python3.12")).changes == ()


def test_an_instance_profile_of_a_role_of_the_template_gives_nothing_by_itself() -> None:
    profile = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Role"}]}}
    found = between(template(GET), template(GET, more={"Profile": profile}))
    assert found.changes == ()


def many_roles(count: int, changed: dict[int, Any]) -> dict[str, Any]:
    """A template with a role for each of its conditions; some roles have another statement."""
    resources: dict[str, Any] = {}
    for number in range(count):
        statements = [{"Fn::If": [f"C{number}", GET, NO_VALUE]}, changed.get(number, DENIED)]
        one = template(*statements)["Resources"]
        role, function = one["Role"], one["Function"]
        resources[f"Role{number}"] = role
        runs_under = {"Role": {"Fn::GetAtt": [f"Role{number}", "Arn"]}}
        resources[f"Function{number}"] = {**function, "Properties": runs_under}
    conditions = {f"C{number}": {"Fn::Equals": [{"Ref": f"P{number}"}, "x"]} for number in range(count)}
    return {"Conditions": conditions, "Resources": resources}


def test_a_role_is_compared_in_the_worlds_of_its_own_conditions_alone() -> None:
    """Sixty conditions elsewhere leave nothing undecided, neither of this role nor of those that stay."""
    found = between(many_roles(60, {}), many_roles(60, {7: PASS}))

    assert [(change.functions, change.unread) for change in found.changes] == [(("Function7",), ())]
    assert told(found) == [((), ["iam:PassRole"], [])]
    assert len(found.functions) == 60


def test_what_sam_made_and_a_template_spells_out_now_is_the_same() -> None:
    """The permission of an event has the name that SAM gives it."""
    arn = {"Fn::GetAtt": ["F", "Arn"]}
    event = {"Type": "SNS", "Properties": {"Topic": {"Ref": "T"}}}
    sam = {"Type": "AWS::Serverless::Function", "Properties": {"Role": "arn:aws:iam::1:role/r", "Events": {"E": event}}}
    permission = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "F"},
        "Principal": "sns.amazonaws.com",
        "SourceArn": {"Ref": "T"},
    }
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Role": "arn:aws:iam::1:role/r"}}
    plain = {"F": function, "FEPermission": {"Type": "AWS::Lambda::Permission", "Properties": permission}}
    subscription = {"Endpoint": arn, "Protocol": "lambda", "TopicArn": {"Ref": "T"}}
    plain["FE"] = {"Type": "AWS::SNS::Subscription", "Properties": subscription}

    found = between({"Resources": {"F": sam}}, {"Resources": plain})

    assert (found.changes, found.elsewhere) == ((), ())


def test_another_default_is_told_of_the_roles_alone_whose_conditions_ask_for_it() -> None:
    """All others are what they were."""
    old, new = (
        {**many_roles(3, {}), "Parameters": {"P1": {"Type": "String", "Default": default}}} for default in ("x", "y")
    )

    assert [(change.functions, [one.reason for one in change.unread]) for change in between(old, new).changes] == [
        (("Function1",), ["parameter P1, on which it depends, has another default: y in place of x"])
    ]


def test_another_default_is_told_where_only_the_new_version_has_the_condition_that_asks_for_it() -> None:
    old, new = (
        {**template(allow("s3:GetObject")), "Parameters": {"P": {"Type": "String", "Default": default}}}
        for default in ("x", "y")
    )
    new["Conditions"] = {**new.get("Conditions", {}), "C": {"Fn::Equals": [{"Ref": "P"}, "x"]}}
    new["Resources"] = {**new["Resources"], **beside(allow("s3:PutObject"), Condition="C")}
    reasons = {one.reason for change in between(old, new).changes for one in change.unread}

    assert {"parameter P, on which it depends, has another default: y in place of x"} == reasons


def test_what_a_policy_of_two_roles_gains_is_told_of_both_once() -> None:
    """Each role is compared by itself, and the policy belongs to both."""

    def of(statement: Any) -> dict[str, Any]:
        both = many_roles(2, {})
        document = {"Version": "2012-10-17", "Statement": statement}
        properties = {
            "PolicyName": "p",
            "Roles": [{"Ref": "Role0"}, {"Ref": "Role1"}, "elsewhere"],
            "PolicyDocument": document,
        }
        both["Resources"]["Both"] = {"Type": "AWS::IAM::Policy", "Properties": properties}
        return both

    found = between(of(GET), of([GET, allow("sqs:SendMessage")]))

    gains = [
        (change.functions or change.role, [one.action for one in change.access.gained]) for change in found.changes
    ]
    assert gains == [
        (("Function0",), ["sqs:SendMessage"]),
        (("Function1",), ["sqs:SendMessage"]),
        ("elsewhere", ["sqs:SendMessage"]),
    ]


def test_a_policy_of_a_resource_is_looked_at_when_its_own_condition_holds() -> None:
    """No role asks this condition, so that it held in none of the worlds that were looked at."""

    def of(principal: Any) -> dict[str, Any]:
        statement = {**GET, "Principal": principal}
        properties = {"Bucket": "b", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
        policy = {"Type": "AWS::S3::BucketPolicy", "Condition": "IsProd", "Properties": properties}
        return template(GET, more={"Open": policy})

    found = between(of({"AWS": "111122223333"}), of("*"))

    assert [(change.role, change.when) for change in found.changes] == [("Open", PROD)]


def test_another_default_of_a_parameter_that_a_role_mentions_is_undecided() -> None:
    def of(default: str, **more: Any) -> dict[str, Any]:
        parameters = {"Bucket": {"Type": "String", "Default": default, **more}}
        return {**template(allow("s3:*", {"Fn::Sub": "arn:aws:s3:::${Bucket}/*"})), "Parameters": parameters}

    assert [line for line in report_lines(review_report(between(of("a"), of("*")))) if "?" in line] == [
        "  ? parameter Bucket, on which it depends, has another default: * in place of a"
    ]
    assert [
        line for line in report_lines(review_report(between(of("a", NoEcho=True), of("*", NoEcho=True)))) if "?" in line
    ] == ["  ? parameter Bucket, on which it depends, has another default"]
    assert not between(of("a"), of("a")).broadens


def test_another_default_of_a_parameter_that_a_managed_policy_mentions_is_undecided() -> None:
    def of(default: str) -> dict[str, Any]:
        statement = allow("s3:*", {"Fn::Sub": "arn:aws:s3:::${Bucket}/*"})
        properties = {"PolicyDocument": {"Version": "2012-10-17", "Statement": statement}}
        policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}
        return {"Parameters": {"Bucket": {"Type": "String", "Default": default}}, "Resources": {"Policy": policy}}

    assert [line for line in report_lines(review_report(between(of("a"), of("*")))) if "?" in line] == [
        "  ? parameter Bucket, on which it depends, has another default: * in place of a"
    ]


def test_a_mapping_that_is_looked_up_at_the_deploy_and_differs_is_undecided() -> None:
    def of(arn: str) -> dict[str, Any]:
        looked_up = {"Fn::FindInMap": ["Buckets", {"Ref": "AWS::Region"}, "arn"]}
        return {**template(allow("s3:*", looked_up)), "Mappings": {"Buckets": {"eu-west-1": {"arn": arn}}}}

    assert between(of("arn:aws:s3:::a"), of("*")).broadens
    assert not between(of("*"), of("*")).broadens


def test_a_policy_that_only_the_deploy_knows_is_undecided_when_it_is_new_or_another() -> None:
    def of(*places: str) -> dict[str, Any]:
        documents = [{"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": one}}} for one in places]
        return template(Policies=[{"PolicyName": "p", "PolicyDocument": one} for one in documents])

    assert between(of(), of("s3://b/one")).broadens
    assert between(of("s3://b/one"), of("s3://b/two")).broadens
    assert not between(of("s3://b/one"), of("s3://b/one")).broadens


def test_a_variable_is_text_in_a_document_of_the_old_version() -> None:
    variable = allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*")
    found = between(template(variable, version="2008-10-17"), template(variable))
    assert told(found) == [((), ["s3:GetObject"], ["s3:GetObject"])]
    freed = between(
        template(allow("s3:*"), {**variable, "Effect": "Deny"}),
        template(allow("s3:*"), {**variable, "Effect": "Deny"}, version="2008-10-17"),
    )
    assert freed.broadens


def test_a_resource_that_may_say_anything_and_differs_is_undecided_where_a_role_takes_its_word() -> None:
    def of(arn: str) -> dict[str, Any]:
        named = {"Named": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": arn}}}
        return template(allow("s3:*", {"Fn::GetAtt": ["Named", "Value"]}), more=named)

    assert between(of("arn:aws:s3:::a"), of("*")).broadens
    assert not between(of("*"), of("*")).broadens


def test_what_differs_of_a_resource_that_may_say_anything_is_named_without_its_values() -> None:
    """Whoever reads it can often tell that what it gives stays the same, as the ARN of a cluster of another version."""

    def of(version: str, name: str) -> dict[str, Any]:
        cluster = {
            "Type": "Custom::Cluster",
            "Properties": {"Config": {"version": version, "name": name, "roleArn": {"Ref": "Role"}}},
            "Metadata": {"version": version},
        }
        return template(allow("eks:DescribeCluster", {"Fn::GetAtt": ["Cluster", "Arn"]}), more={"Cluster": cluster})

    lines = list(report_lines(review_report(between(of("1.31", "a"), of("1.32", "b")))))

    assert (
        "  ? Cluster, on which it depends, has another Properties.Config.version, Properties.Config.name: "
        "what it gives is known at the deploy only"
    ) in lines


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ({"Type": "Custom::Cluster"}, {"Type": "Custom::Group"}, "is of another type"),
        (
            {"Type": "Custom::Cluster", "Properties": {"Name": {"Ref": "Old"}}},
            {"Type": "Custom::Cluster", "Properties": {"Name": {"Ref": "New"}}},
            "has another Properties.Name",
        ),
    ],
)
def test_of_a_resource_that_may_say_anything_its_type_is_named_and_a_property_whole_where_it_is_a_reference(
    before: dict[str, Any], after: dict[str, Any], difference: str
) -> None:
    def of(cluster: dict[str, Any]) -> dict[str, Any]:
        return template(allow("eks:DescribeCluster", {"Fn::GetAtt": ["Cluster", "Arn"]}), more={"Cluster": cluster})

    lines = list(report_lines(review_report(between(of(before), of(after)))))

    reason = f"Cluster, on which it depends, {difference}: what it gives is known at the deploy only"
    assert f"  ? {reason}" in lines


def test_what_is_said_about_a_resource_that_may_say_anything_makes_nothing_undecided() -> None:
    """Its metadata, or what it waits for, is nothing that its attributes are made of."""

    def of(path: str) -> dict[str, Any]:
        cluster = {"Type": "Custom::Cluster", "Properties": {"Name": "a"}, "Metadata": {"aws:cdk:path": path}}
        return template(allow("eks:DescribeCluster", {"Fn::GetAtt": ["Cluster", "Arn"]}), more={"Cluster": cluster})

    assert not between(of("App/One"), of("App/Two")).broadens


def test_a_file_of_empty_lines_is_looked_at_once() -> None:
    with effort.at_most(1):
        assert not holds_roles(b"\n" * 1_000_000 + b"{")
    assert holds_roles(b"\n\n 'Resources' :\n")


def test_a_statement_that_cannot_be_decided_is_told_of_templates() -> None:
    def bucket(name: str) -> dict[str, Any]:
        return {"Fn::Sub": f"arn:aws:s3:::${{{name}}}/*"}

    old = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": bucket("Bucket")}
    new = {"Effect": "Deny", "Action": "s3:GetObject", "NotResource": bucket("Other")}
    (change,) = between(template(allow("s3:*"), old), template(allow("s3:*"), new)).changes
    assert [undecided.source.statement.actions.patterns for undecided in change.access.undecided] == [("s3:*",)]


def test_a_template_that_becomes_a_plan_is_compared_by_the_roles_of_both() -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": [PASS]})
    values = {"assume_role_policy": json.dumps(TRUST), "inline_policy": [{"name": "p", "policy": policy}]}
    role = {"address": "aws_iam_role.a", "mode": "managed", "type": "aws_iam_role", "name": "a", "values": values}
    root = {"root_module": {"resources": [role]}}
    plan = {"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": root}
    assert [((), [], ["s3:GetObject"]), ((), ["iam:PassRole"], [])] == told(between(template(GET), plan))


def test_a_policy_of_a_plan_for_a_user_of_elsewhere_is_compared_and_noted_once() -> None:
    def values(action: str) -> dict[str, Any]:
        document = json.dumps({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
        policy = {"address": "aws_iam_user_policy.a", "mode": "managed", "type": "aws_iam_user_policy", "name": "a"}
        return {"root_module": {"resources": [{**policy, "values": {"user": "alice", "policy": document}}]}}

    plan = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": values("sqs:*"),
        "prior_state": {"values": values("sqs:SendMessage")},
    }
    review = plan_review(json.dumps(plan).encode(), "plan.json")
    assert [True] == [change.broadens for change in review.changes]
    assert review.notes == ("alice: the plan does not hold this user: what else it may do is not known",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"Type": "AlexaSkill", "Properties": {"SkillId": "amzn1"}}, {"Type": "AlexaSkill"}),
        (
            {"Type": "Api", "Properties": {"Path": "/a", "Method": "get"}},
            {"Type": "Api", "Properties": {"Path": "/{any+}", "Method": "any"}},
        ),
        (
            {"Type": "Cognito", "Properties": {"UserPool": {"Ref": "P"}, "Trigger": "PreSignUp"}},
            {"Type": "Cognito", "Properties": {"UserPool": {"Ref": "Q"}, "Trigger": "PreSignUp"}},
        ),
        (
            {"Type": "CloudWatchLogs", "Properties": {"LogGroupName": "/app/a", "FilterPattern": ""}},
            {"Type": "CloudWatchLogs", "Properties": {"LogGroupName": "/app/b", "FilterPattern": ""}},
        ),
    ],
    ids=["a skill", "a route", "a pool", "a log group"],
)
def test_an_event_of_sams_that_comes_from_elsewhere_gains_access(old: dict[str, Any], new: dict[str, Any]) -> None:
    """As the translator's own output tells it: the permission of an event is limited to what sends it."""
    pools = {name: {"Type": "AWS::Cognito::UserPool"} for name in ("P", "Q")}
    sides = []
    for event in (old, new):
        properties = {"Role": "arn:aws:iam::1:role/r", "Events": {"E": event}}
        sides.append({"Resources": {**pools, "F": {"Type": "AWS::Serverless::Function", "Properties": properties}}})
    gained = [piece.action for change in between(*sides).changes for piece in change.access.gained]
    assert "lambda:InvokeFunction" in gained
