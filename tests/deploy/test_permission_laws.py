"""Of a function's policy, each permission that was added or removed by hand is told once, and its call undoes it."""

from __future__ import annotations

import json
from typing import Any, Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.app import Resource
from remit.deploy.live_resources.functions import _permissions
from remit.deploy.live_resources.policies import attached_policies
from remit.deploy.live_resources.reading import ROWS
from remit.deploy.live_resources.resource_row import LiveResource, LiveStack, Subject

ACCOUNT: Final = "111122223333"
FUNCTIONS: Final = ("Report", "Ingest")
SENDERS: Final = st.tuples(
    st.sampled_from(("events.amazonaws.com", "s3.amazonaws.com")),
    st.sampled_from((None, "arn:aws:s3:::orders", "arn:aws:events:eu-west-1:111122223333:rule/daily")),
)
PERMISSIONS: Final = st.lists(st.tuples(st.sampled_from(FUNCTIONS), SENDERS), max_size=5, unique=True)
Sender = tuple[str, str | None]


def name_of(function: str) -> str:
    return f"orders-dev-{function.lower()}"


def arn_of(function: str) -> str:
    return f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name_of(function)}"


def statement(sid: str, function: str, principal: str, source: str | None) -> dict[str, Any]:
    """A permission as Lambda writes it."""
    condition = {} if source is None else {"Condition": {"ArnLike": {"AWS:SourceArn": source}}}
    return {"Sid": sid, "Effect": "Allow", "Principal": {"Service": principal}, "Action": "lambda:InvokeFunction",
            "Resource": arn_of(function), **condition}  # fmt: skip


def live(function: str, declared: list[tuple[str, Sender]]) -> LiveResource:
    """A function of a stack with these permissions for it and for its neighbour."""
    resources = [Resource(name, "AWS::Lambda::Function", {}) for name in FUNCTIONS]
    for number, (target, (principal, source)) in enumerate(declared):
        properties = {"FunctionName": f"${{{target}.Arn}}", "Action": "lambda:InvokeFunction", "Principal": principal}
        properties |= {} if source is None else {"SourceArn": source}
        resources.append(Resource(f"Permission{number}", "AWS::Lambda::Permission", properties))
    names = {f"${{{name}.Arn}}": arn_of(name) for name in FUNCTIONS}
    physical = {resource.logical_id: f"made-{resource.logical_id}" for resource in resources}
    physical |= {name: name_of(name) for name in FUNCTIONS}
    policies = attached_policies(tuple(resources), names, physical)
    stack = LiveStack(ACCOUNT, names, physical, tuple(resources), policies, is_local=False)
    subject = Subject(name_of(function), arn_of(function), ())
    return LiveResource(ROWS["AWS::Lambda::Function"], function, subject, {}, {}, stack)


@settings(max_examples=cases(12, deep=250))
@given(st.sampled_from(FUNCTIONS), PERMISSIONS, st.sets(SENDERS))
def test_each_permission_that_differs_is_told_once_and_undone(
    function: str, declared: list[tuple[str, Sender]], held: set[Sender]
) -> None:
    own = {sender for target, sender in declared if target == function}
    policy = [statement(f"by-hand-{number}", function, *sender) for number, sender in enumerate(sorted(held, key=repr))]
    resource = live(function, declared)

    def found() -> list[Any]:
        document = {"Version": "2012-10-17", "Statement": policy}
        return list(_permissions(resource, {"Policy": json.dumps(document)} if policy else {}))

    drifts = found()
    event(f"{len(own - held)} removed, {len(held - own)} added")
    assert sorted(["access"] * len(held - own) + ["runs"] * len(own - held)) == sorted(drift.kind for drift in drifts)
    for drift in drifts:
        (repair,) = drift.repairs
        given_ = dict(repair.parameters)
        assert name_of(function) == given_["FunctionName"]
        if repair.method == "remove_permission":
            policy[:] = [item for item in policy if item["Sid"] != given_["StatementId"]]
        else:
            assert given_["StatementId"].startswith("made-Permission")
            policy.append(statement(given_["StatementId"], function, given_["Principal"], given_.get("SourceArn")))
    assert [] == found()


def test_a_statement_of_the_policy_that_is_of_an_alias_is_not_one_of_the_function() -> None:
    elsewhere = statement("live", "Report", "s3.amazonaws.com", None) | {"Resource": f"{arn_of('Report')}:live"}
    document = {"Version": "2012-10-17", "Statement": [elsewhere]}
    assert list(_permissions(live("Report", []), {"Policy": json.dumps(document)})) == []


def test_a_permission_of_an_alias_is_put_back_on_the_alias() -> None:
    alias = f"{arn_of('Report')}:live"
    given_ = {"FunctionName": {"Ref": "Live"}, "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    resources = (Resource("Live", "AWS::Lambda::Alias", {}), Resource("Sender", "AWS::Lambda::Permission", given_))
    names, physical = {"${Live}": alias}, {"Live": alias, "Sender": f"{alias}|made-Sender"}
    policies = attached_policies(resources, names, physical)
    stack = LiveStack(ACCOUNT, names, physical, resources, policies, is_local=False)

    (found,) = _permissions(
        LiveResource(ROWS["AWS::Lambda::Alias"], "Live", Subject(alias, alias, ()), {}, {}, stack), {}
    )

    (back,) = (dict(repair.parameters) for repair in found.repairs)
    assert (back["FunctionName"], back["Qualifier"], back["StatementId"]) == (
        "orders-dev-report",
        "live",
        "made-Sender",
    )


def test_a_permission_for_anybody_is_told_as_public() -> None:
    policy = [{**statement("open", "Report", "x", None), "Principal": "*"}]
    (found,) = _permissions(live("Report", []), {"Policy": json.dumps({"Version": "2012-10-17", "Statement": policy})})
    assert (True, "permission open of function orders-dev-report (Report) was added by hand: anybody may lambda") == (
        found.is_public,
        found.what.partition(":Invoke")[0],
    )
