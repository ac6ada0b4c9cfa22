"""What the resources of a template let others do is compared by whom they let in to do what, never as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.app import Resource
from remit.iam.decide.evaluate import Layers, evaluate
from remit.iam.policy import Policy, Principals, allow
from remit.report.access_documents import review_document
from remit.report.access_lines import report_lines
from remit.report.access_report import review_report
from remit.report.comment import report_comment
from remit.review.resource_access import giving, service_of
from remit.review.resource_policies import resource_changes
from remit.review.role_files import plan_review, review_files

if TYPE_CHECKING:
    from remit.iam.comparison import Piece
    from remit.review.access_change import Change, Review

ROOT: Final = {"AWS": "arn:aws:iam::111122223333:root"}
READ: Final = {"Effect": "Allow", "Principal": ROOT, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
PUBLIC: Final = {**READ, "Principal": "*"}
DENY: Final = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
PERMISSION: Final = {"Action": "lambda:InvokeFunction", "FunctionName": "f", "Principal": "s3.amazonaws.com"}
NARROW: Final = {**PERMISSION, "SourceArn": "arn:aws:s3:::b"}
FUNCTION: Final = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:f"
Given = tuple[str, dict[str, Any]]


def bucket(*statements: object, name: str = "b") -> Given:
    return "AWS::S3::BucketPolicy", {"Bucket": name, "PolicyDocument": {"Statement": list(statements)}}


def key(*statements: object, **more: object) -> Given:
    return "AWS::KMS::Key", {"KeyPolicy": json.dumps({"Statement": list(statements)}), **more}


def permission(**properties: object) -> Given:
    return "AWS::Lambda::Permission", {**PERMISSION, **properties}


def queue(*statements: object, queues: tuple[str, ...] = ("q",)) -> Given:
    return "AWS::SQS::QueuePolicy", {"Queues": list(queues), "PolicyDocument": {"Statement": list(statements)}}


def send(principal: object, **more: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": "*", **more}


def template(given: Given | None, **more: Given) -> bytes:
    declared = {**({} if given is None else {"R": given}), **more}
    resources = {name: {"Type": kind, "Properties": properties} for name, (kind, properties) in declared.items()}
    return json.dumps({"Resources": resources}).encode()


def reviewed(old: bytes, new: bytes) -> Review:
    return review_files((old, "old.json"), (new, "new.json"))


def changes(old: Given | None, new: Given | None) -> tuple[Change, ...]:
    return reviewed(template(old), template(new)).changes


def undecided(old: Given | None, new: Given | None) -> list[str]:
    return [unread.reason for change in changes(old, new) for unread in change.unread]


def doors(old: bytes, new: bytes) -> list[tuple[str, bool, bool]]:
    """Each door that differs: its words, whether it opens, and whether it is open to everybody."""
    return [(door.words, door.opens, door.public) for change in reviewed(old, new).changes for door in change.doors]


def doors_of(old: Given | None, new: Given | None) -> list[tuple[str, bool, bool]]:
    return doors(template(old), template(new))


def told(pieces: tuple[Piece, ...]) -> list[tuple[str, str, str]]:
    return [(piece.principal, piece.action, piece.resource) for piece in pieces]


def bus(**statement: object) -> Given:
    full = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": BUS, **statement}
    return "AWS::Events::EventBusPolicy", {"StatementId": "a", "Statement": full}


BUS: Final = "arn:aws:events:eu-west-1:111122223333:event-bus/default"
ACCOUNT, OBJECTS = ROOT["AWS"], "arn:aws:s3:::b/*"
GAINS: Final = {
    "a new policy": (None, bucket(READ), [(ACCOUNT, "s3:GetObject", OBJECTS)]),
    "a principal": (bucket(READ), bucket(PUBLIC), [("*", "s3:GetObject", OBJECTS)]),
    "another bucket": (bucket(READ), bucket(READ, name="other"), [(ACCOUNT, "s3:GetObject", OBJECTS)]),
    "an action": (
        bucket(READ),
        bucket({**READ, "Action": ["s3:GetObject", "s3:PutObject"]}),
        [(ACCOUNT, "s3:PutObject", OBJECTS)],
    ),
    "a key's policy, as text": (key(READ), key(PUBLIC), [("*", "s3:GetObject", OBJECTS)]),
    "the statement of an event bus": (bus(Principal=ROOT), bus(Principal="*"), [("*", "events:PutEvents", BUS)]),
    "a permission": (None, permission(), [("s3.amazonaws.com", "lambda:InvokeFunction", FUNCTION)]),
    "a permission for every source": (
        ("AWS::Lambda::Permission", NARROW),
        permission(),
        [("s3.amazonaws.com", "lambda:InvokeFunction", FUNCTION)],
    ),
    "a permission for another account": (
        permission(Principal="111122223333"),
        permission(Principal="444455556666"),
        [("444455556666", "lambda:InvokeFunction", FUNCTION)],
    ),
    "a queue's condition that goes": (
        queue(send("*", Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}})),
        queue(send("*")),
        [("*", "sqs:SendMessage", "*")],
    ),
    "a repository's policy, which names no resource": (
        ("AWS::ECR::Repository", {}),
        (
            "AWS::ECR::Repository",
            {
                "RepositoryPolicyText": {
                    "Statement": {"Effect": "Allow", "Principal": ROOT, "Action": "ecr:BatchGetImage"}
                }
            },
        ),
        [(ACCOUNT, "ecr:BatchGetImage", "*")],
    ),
}


@pytest.mark.parametrize(("old", "new", "gained"), GAINS.values(), ids=GAINS)
def test_who_is_let_in_to_do_more_is_gained_one_way_and_lost_the_other(old: Any, new: Any, gained: Any) -> None:
    assert [told(change.access.gained) for change in changes(old, new) if change.access.gained] == [gained]
    assert [told(change.access.lost) for change in changes(new, old) if change.access.lost] == [gained]


def policies_of(given: Given | None) -> tuple[Policy, ...]:
    if given is None:
        return ()
    access = giving([Resource("R", *given)], ()).get("R")
    return () if access is None else access.policies


@pytest.mark.parametrize(("old", "new"), [pair[:2] for pair in GAINS.values()], ids=GAINS)
def test_the_evaluator_denies_each_gained_request_before_and_allows_it_after(old: Any, new: Any) -> None:
    everything = (Policy((allow("*"),)),)
    for change in changes(old, new):
        for piece in change.access.gained:
            after = evaluate(piece.request, Layers(everything, resource=policies_of(new)))
            before = evaluate(piece.request, Layers(everything, resource=policies_of(old)))
            moved = "Bucket" in new[1] and old is not None and old[1]["Bucket"] != new[1]["Bucket"]
            assert (before.allowed, after.allowed) == (moved, True) or "${" in piece.resource


EQUAL: Final = {
    "the same": (bucket(READ, DENY), bucket(DENY, READ)),
    "a list of one": (bucket(READ), bucket({**READ, "Action": ["s3:GetObject"], "Resource": [OBJECTS]})),
    "an account and its root": (bucket(READ), bucket({**READ, "Principal": {"AWS": "111122223333"}})),
    "everyone": (bucket(PUBLIC), bucket({**READ, "Principal": {"AWS": "*"}})),
    "a Sid": (bucket(READ), bucket({**READ, "Sid": "Read"})),
    "two statements": (
        bucket({**READ, "Action": ["s3:GetObject", "s3:PutObject"]}),
        bucket(READ, {**READ, "Action": "s3:PutObject"}),
    ),
    "whoever is not spared": (
        bucket(PUBLIC, {**DENY, "Principal": "*"}),
        bucket(PUBLIC, {**DENY, "Principal": {"AWS": "*"}}),
    ),
    "a statement that is covered": (bucket(PUBLIC), bucket(PUBLIC, READ)),
    "a key's description": (key(READ), key(READ, Description="for orders", Tags=[])),
    "a URL for those whom IAM knows": (None, ("AWS::Lambda::Url", {"AuthType": "AWS_IAM"})),
    "a user's tags": (("AWS::IAM::User", {}), ("AWS::IAM::User", {"Tags": [{"Key": "a", "Value": "b"}]})),
    "a queue": (None, ("AWS::SQS::Queue", {"QueueName": "orders"})),
    "an account's condition": (
        queue(send({"AWS": "111122223333"})),
        queue(send("*", Condition={"StringEquals": {"aws:PrincipalAccount": "111122223333"}})),
    ),
    "queues in another order": (queue(send(ROOT), queues=("p", "q")), queue(send(ROOT), queues=("q", "p"))),
}


@pytest.mark.parametrize(("old", "new"), EQUAL.values(), ids=EQUAL)
def test_another_form_of_the_same_is_no_change(old: Any, new: Any) -> None:
    assert (changes(old, new), changes(new, old)) == ((), ())


@pytest.mark.parametrize(
    ("kind", "service"),
    [
        ("AWS::SQS::QueuePolicy", "sqs"),
        ("aws_s3_bucket_policy", "s3"),
        ("AWS::ApiGateway::RestApi", "execute-api"),
        ("aws_cloudwatch_event_bus_policy", "events"),
        ("aws_cloudwatch_log_resource_policy", "logs"),
        ("aws_kinesis_firehose_delivery_stream", "firehose"),
        ("Custom::Thing", ""),
    ],
)
def test_a_resources_policy_governs_the_actions_of_its_service(kind: str, service: str) -> None:
    assert service == service_of(kind)


def test_the_policies_of_one_resource_count_together() -> None:
    before = template(queue(send(ROOT), send({"Service": "events.amazonaws.com"})))
    after = template(None, First=queue(send(ROOT)), Second=queue(send({"Service": "events.amazonaws.com"})))
    assert reviewed(before, after).changes == ()


def test_a_permission_under_another_name_is_no_change() -> None:
    assert reviewed(template(permission()), template(None, Renamed=permission())).changes == ()


def test_a_permission_for_the_functions_name_is_one_for_its_arn() -> None:
    function: Given = ("AWS::Lambda::Function", {})
    by_name = template(permission(FunctionName={"Ref": "F"}), F=function)
    by_arn = template(permission(FunctionName={"Fn::GetAtt": ["F", "Arn"]}), F=function)
    assert reviewed(by_name, by_arn).changes == ()


def test_a_deny_that_goes_is_told_also_where_no_statement_of_the_policy_allows() -> None:
    (change,) = changes(bucket(DENY), None)
    assert told(change.access.freed) == [("*", "s3:*", "*")]
    assert change.broadens
    (back,) = changes(None, bucket(DENY))
    assert (told(back.access.forbidden), back.broadens) == ([("*", "s3:*", "*")], False)


def test_public_access_stands_out_and_comes_first() -> None:
    more = {**READ, "Principal": {"AWS": "444455556666"}}
    lines = list(report_lines(review_report(reviewed(template(bucket(READ)), template(bucket(READ, more, PUBLIC))))))
    assert [line for line in lines if line.startswith("  +")] == [
        "  + PUBLIC: Read on s3 by everyone: s3:GetObject",
        "  + Read on s3 by 444455556666: s3:GetObject",
    ]
    assert lines[1] == "2 causes gain access (1 public), 0 lose, 0 undecided; 1 role or resource concerned"


LIMITED: Final = {
    "an organisation": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    "an endpoint": {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
    "an address": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
}


@pytest.mark.parametrize("condition", LIMITED.values(), ids=LIMITED)
def test_everyone_within_a_limit_is_not_public(condition: object) -> None:
    (change,) = changes(None, bucket({**PUBLIC, "Condition": condition}))
    assert [piece.public for piece in change.access.gained] == [False]


@pytest.mark.parametrize(
    "condition", [{"Bool": {"aws:SecureTransport": "true"}}, {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}]
)
def test_a_condition_that_anybody_meets_leaves_it_public(condition: object) -> None:
    (change,) = changes(None, bucket({**PUBLIC, "Condition": condition}))
    assert [piece.public for piece in change.access.gained] == [True]


def test_a_url_that_asks_nobody_who_he_is_is_public() -> None:
    (change,) = changes(None, permission(Principal="*", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE"))
    assert [piece.public for piece in change.access.gained] == [True]


def test_the_conditions_that_changed_are_told_and_the_statement_is_not_repeated() -> None:
    wide, narrow = template(permission()), template(permission(SourceArn="arn:aws:s3:::b"))
    assert "      no longer if StringLike aws:SourceArn = arn:aws:s3:::b" in list(
        report_lines(review_report(reviewed(narrow, wide)))
    )
    (piece,) = review_document(reviewed(narrow, wide))["gained"]
    assert piece["changed"] == {"added": {}, "removed": {"Condition": ["StringLike aws:SourceArn = arn:aws:s3:::b"]}}
    assert (piece["kind"], piece["principal"], piece["public"]) == ("resource", "s3.amazonaws.com", False)


def test_what_a_statement_has_more_is_told_to_programs_by_element() -> None:
    new = {**READ, "Principal": {"AWS": [ACCOUNT, "444455556666"]}, "Action": ["s3:GetObject", "s3:PutObject"]}
    pieces = review_document(reviewed(template(bucket(READ)), template(bucket(new))))["gained"]
    added = {"Principal": ["444455556666"], "Action": ["s3:PutObject"]}
    assert {json.dumps(piece["changed"]) for piece in pieces} == {json.dumps({"added": added, "removed": {}})}


OPENINGS: Final = {
    "an open URL": (
        ("AWS::Lambda::Url", {"AuthType": "AWS_IAM"}),
        ("AWS::Lambda::Url", {"AuthType": "NONE"}),
        [("R AuthType: AWS_IAM -> everybody", True, True)],
    ),
    "a closed URL": (
        ("AWS::Lambda::Url", {"AuthType": "NONE"}),
        ("AWS::Lambda::Url", {"AuthType": "AWS_IAM"}),
        [("R AuthType: everybody -> AWS_IAM", False, False)],
    ),
    "a bucket for the public": (
        None,
        ("AWS::S3::Bucket", {"AccessControl": "PublicReadWrite"}),
        [("R AccessControl: nobody -> PublicReadWrite", True, True)],
    ),
    "guests": (
        ("AWS::Cognito::IdentityPool", {"AllowUnauthenticatedIdentities": False}),
        ("AWS::Cognito::IdentityPool", {"AllowUnauthenticatedIdentities": True}),
        [("R AllowUnauthenticatedIdentities: false -> true", True, True)],
    ),
    "another way to log in": (
        ("AWS::Cognito::UserPoolClient", {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"]}),
        ("AWS::Cognito::UserPoolClient", {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"]}),
        [("R ExplicitAuthFlows: ALLOW_USER_SRP_AUTH -> ALLOW_USER_SRP_AUTH, ALLOW_CUSTOM_AUTH", True, False)],
    ),
    "a member": (
        None,
        ("AWS::IAM::UserToGroupAddition", {"GroupName": "admins", "Users": ["bob"]}),
        [("R: not set -> GroupName = admins, Users = bob", True, False)],
    ),
    "a member less": (
        ("AWS::IAM::UserToGroupAddition", {"GroupName": "admins", "Users": ["bob", "eve"]}),
        ("AWS::IAM::UserToGroupAddition", {"GroupName": "admins", "Users": ["bob"]}),
        [("R: GroupName = admins, Users = bob, Users = eve -> GroupName = admins, Users = bob", False, False)],
    ),
    "a share that goes": (
        ("AWS::RAM::ResourceShare", {"Principals": ["111122223333"]}),
        None,
        [("R: Principals = 111122223333 -> not set", False, False)],
    ),
}


@pytest.mark.parametrize(("old", "new", "told_doors"), OPENINGS.values(), ids=OPENINGS)
def test_what_lets_in_without_a_statement_opens_or_closes_a_door(old: Any, new: Any, told_doors: Any) -> None:
    assert doors_of(old, new) == told_doors
    assert undecided(old, new) == []


def test_a_share_with_another_is_undecided_with_what_is_new() -> None:
    shared: list[Given] = [("AWS::RAM::ResourceShare", {"Principals": [account]}) for account in ("111", "222")]
    words = "R (AWS::RAM::ResourceShare): now with Principals = 222, no longer with Principals = 111"
    assert undecided(*shared) == [words]


URL = {"AuthType": "NONE", "TargetFunctionArn": {"Fn::GetAtt": ["F", "Arn"]}}
CALLED = {
    "P": permission(
        FunctionName={"Ref": "F"}, Principal="*", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE"
    ),
    "F": ("AWS::Lambda::Function", {}),
}


@pytest.mark.parametrize(
    ("before", "after", "owners"),
    [
        ({"F": CALLED["F"]}, {**CALLED, "U": ("AWS::Lambda::Url", URL)}, ["P"]),
        (CALLED, {**CALLED, "U": ("AWS::Lambda::Url", URL)}, []),
        (
            {**CALLED, "U": ("AWS::Lambda::Url", {**URL, "AuthType": "AWS_IAM"})},
            {**CALLED, "U": ("AWS::Lambda::Url", URL)},
            [],
        ),
    ],
    ids=["both are new", "the URL is new", "the URL asks nobody any more"],
)
def test_a_url_that_a_permission_opens_to_everyone_is_a_public_door_beside_the_permission(
    before: dict[str, Given], after: dict[str, Given], owners: list[str]
) -> None:
    found = review_document(reviewed(template(None, **before), template(None, **after)))
    assert [(piece["role"], piece["action"], piece["public"]) for piece in found["gained"]] == [
        (owner, "lambda:InvokeFunctionUrl", True) for owner in owners
    ]
    (door,) = found["doors"]
    assert (door["id"], door["is"], door["opens"], door["public"]) == ("U AuthType", "everybody", True, True)
    assert found["undecided"] == []


REST: Given = ("AWS::ApiGateway::RestApi", {})
METHOD: Given = ("AWS::ApiGateway::Method", {"RestApiId": {"Ref": "Api"}, "AuthorizationType": "NONE"})
ROUTE: Given = ("AWS::ApiGatewayV2::Route", {"ApiId": {"Ref": "Api"}})


SOCKET: Given = ("AWS::ApiGatewayV2::Api", {"ProtocolType": "WEBSOCKET"})


def test_a_route_that_only_those_reach_whom_connect_has_let_in_lets_in_nobody() -> None:
    sending = (ROUTE[0], {**ROUTE[1], "RouteKey": "send"})
    assert () == reviewed(template(None, Api=SOCKET), template(None, Api=SOCKET, M=sending)).changes


@pytest.mark.parametrize(
    ("api", "called", "told_doors"),
    [
        (REST, METHOD, [("ANY of M: nobody -> everybody", True, True)]),
        (
            ("AWS::ApiGateway::RestApi", {"EndpointConfiguration": {"Types": ["REGIONAL"]}}),
            METHOD,
            [("ANY of M: nobody -> everybody", True, True)],
        ),
        (("AWS::ApiGatewayV2::Api", {}), ROUTE, [("M AuthorizationType: nobody -> everybody", True, True)]),
        (SOCKET, (ROUTE[0], {**ROUTE[1], "RouteKey": "$connect"}), [("$connect: nobody -> everybody", True, True)]),
        (
            ("AWS::ApiGateway::RestApi", {"EndpointConfiguration": {"Types": ["PRIVATE"]}}),
            METHOD,
            [("ANY of M: nobody -> everybody", True, False)],
        ),
        (REST, (METHOD[0], {**METHOD[1], "ApiKeyRequired": True}), [("ANY of M: nobody -> everybody", True, True)]),
        (REST, (METHOD[0], {**METHOD[1], "Integration": {"Type": "MOCK"}}), []),
        (
            ("AWS::ApiGateway::RestApi", {"Policy": {"Statement": []}}),
            METHOD,
            [("ANY of M: nobody -> everybody", True, False)],
        ),
        (REST, (METHOD[0], {**METHOD[1], "AuthorizationType": "CUSTOM"}), []),
    ],
)
def test_a_method_that_asks_nobody_is_public_unless_something_else_limits_it(
    api: Given, called: Given, told_doors: list[tuple[str, bool, bool]]
) -> None:
    assert doors(template(None, Api=api), template(None, Api=api, M=called)) == told_doors


def test_a_method_is_called_by_its_verb_and_path() -> None:
    def api(authorization: str) -> bytes:
        orders = {"RestApiId": {"Ref": "Api"}, "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]}}
        one = {"RestApiId": {"Ref": "Api"}, "ParentId": {"Ref": "Orders"}, "PathPart": "{id}"}
        method = {"HttpMethod": "GET", "ResourceId": {"Ref": "One"}, "AuthorizationType": authorization}
        return template(
            None,
            Api=REST,
            Orders=("AWS::ApiGateway::Resource", {**orders, "PathPart": "orders"}),
            One=("AWS::ApiGateway::Resource", one),
            M=("AWS::ApiGateway::Method", {**method, "RestApiId": {"Ref": "Api"}}),
        )

    assert doors(api("AWS_IAM"), api("NONE")) == [("GET /orders/{id}: AWS_IAM -> everybody", True, True)]
    assert doors(api("NONE"), api("CUSTOM")) == [("GET /orders/{id}: everybody -> CUSTOM", False, False)]
    lines = list(report_lines(review_report(reviewed(api("AWS_IAM"), api("NONE")))))
    assert "  + PUBLIC: GET /orders/{id}: AWS_IAM -> everybody" in lines
    assert lines[1] == "1 cause gains access (1 public), 0 lose, 0 undecided; 1 role or resource concerned"


HTTP: Given = ("AWS::ApiGatewayV2::Api", {"ProtocolType": "HTTP"})
TOKENS = {"Issuer": "https://login.example.com", "Audience": ["shop"]}
CHECK = {"Fn::Sub": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${Check.Arn}/invocations"}


def guarded(authorizer: dict[str, Any] | None = None, scopes: tuple[str, ...] = (), kind: str = "JWT") -> Any:
    """A template with a route, and its authorizer."""
    route = {**ROUTE[1], "RouteKey": "GET /orders", "AuthorizationType": kind}
    if authorizer is None:
        return template(None, Api=HTTP, R=(ROUTE[0], route))
    route |= {"AuthorizerId": {"Ref": "A"}, "AuthorizationScopes": list(scopes)}
    asks: Given = ("AWS::ApiGatewayV2::Authorizer", {"ApiId": {"Ref": "Api"}, **authorizer})
    return template(None, Api=HTTP, A=asks, R=(ROUTE[0], route))


def jwt(**more: Any) -> dict[str, Any]:
    return {"AuthorizerType": "JWT", "JwtConfiguration": {**TOKENS, **more}}


BY_FUNCTION = {"AuthorizerType": "REQUEST", "AuthorizerUri": CHECK}
NO_ROUTE = template(None, Api=HTTP)


@pytest.mark.parametrize(
    ("old", "new", "told_doors", "is_undecided"),
    [
        (NO_ROUTE, guarded(jwt()), [], False),
        (NO_ROUTE, guarded(BY_FUNCTION, kind="CUSTOM"), [], False),
        (NO_ROUTE, guarded(jwt(), ("read",)), [], False),
        (guarded(jwt(), ("read",)), NO_ROUTE, [], False),
        (guarded(jwt()), guarded(jwt()), [], False),
        (guarded(jwt()), guarded(jwt(Issuer="https://b.example")), [], True),
        (guarded(jwt()), guarded(jwt(Audience=["shop", "web"])),
         [("A JwtConfiguration.Audience: shop -> shop, web", True, False)], False),
        (guarded(jwt(), ("read",)), guarded(jwt()), [("GET /orders: read -> not set", True, False)], False),
        (guarded(jwt()), guarded(jwt(), ("read",)), [("GET /orders: not set -> read", False, False)], False),
        (guarded(jwt()), guarded(kind="NONE"), [("GET /orders: JWT -> everybody", True, True)], False),
        (guarded(kind="NONE"), guarded(jwt()), [("GET /orders: everybody -> JWT", False, False)], False),
        (guarded(jwt()), guarded(kind="AWS_IAM"), [("GET /orders: JWT -> AWS_IAM", False, False)], False),
    ],
    ids=["tokens", "a function", "a new route's scope", "the scope of a route that goes", "the same", "another issuer",
         "another audience", "no scope any more", "a scope",
         "nobody is asked", "somebody is asked", "IAM is asked"],
)  # fmt: skip
def test_whom_an_authorizer_lets_in_is_compared_as_far_as_its_properties_tell(
    old: Any, new: Any, told_doors: list[tuple[str, bool, bool]], is_undecided: object
) -> None:
    assert doors(old, new) == told_doors
    assert bool(review_document(reviewed(old, new))["undecided"]) is is_undecided


def verdict(old: Given | None, new: Given | None) -> str:
    return review_report(reviewed(template(old), template(new))).verdict


def test_a_bucket_that_is_closed_is_told_as_a_loss() -> None:
    closed = ("AWS::S3::Bucket", {"AccessControl": "PublicRead"}), ("AWS::S3::Bucket", {})
    assert doors_of(*closed) == [("R AccessControl: PublicRead -> not set", False, False)]
    assert verdict(*closed).startswith("0 causes gain access, 1 loses, 0 undecided; ")


def test_a_policy_without_a_statement_that_another_covers_is_named_as_changed() -> None:
    assert verdict(bucket(PUBLIC, READ), bucket(PUBLIC)).endswith("changed: bucket policy R.")


def test_every_resource_that_changed_is_named_to_programs() -> None:
    found = reviewed(template(None, B=bucket(READ), K=key(READ)), template(None))
    assert review_document(found)["resources"] == [
        {"resource": "B", "type": "AWS::S3::BucketPolicy", "change": "removed"},
        {"resource": "K", "type": "AWS::KMS::Key", "change": "removed"},
    ]
    assert not found.broadens


def test_a_comment_on_a_pull_request_tells_who_is_let_in() -> None:
    comment = report_comment(review_report(reviewed(template(bucket(READ)), template(bucket(PUBLIC)))))
    assert "**1 cause gains access (1 public), 0 lose, 0 undecided; 1 role or resource concerned**" in comment
    assert "| + | `PUBLIC: Read on s3 by everyone: s3:GetObject` |" in comment
    assert "| `R`<br>`new.json:" in comment


def test_a_managed_policy_that_a_role_has_is_compared_with_the_role() -> None:
    def attached(*actions: str) -> bytes:
        role = {"AssumeRolePolicyDocument": {"Statement": []}, "ManagedPolicyArns": [{"Ref": "P"}]}
        document = {"Statement": [{"Effect": "Allow", "Resource": "*", "Action": list(actions)}]}
        resources = {
            "R": {"Type": "AWS::IAM::Role", "Properties": role},
            "P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}},
        }
        return json.dumps({"Resources": resources}).encode()

    one = attached("s3:GetObject", "s3:PutObject")
    same = review_files((one, "old.json"), (attached("s3:PutObject", "s3:GetObject"), "new.json"))
    assert list(report_lines(review_report(same))) == [
        "The same access by roles, policies and doors: proven for every request."
    ]
    less = review_files((one, "old.json"), (attached("s3:GetObject"), "new.json"))
    assert review_report(less).verdict.startswith("0 causes gain access, 1 loses, 0 undecided; ")


def test_a_policy_in_a_condition_is_looked_at_as_well() -> None:
    def conditional(*statements: object) -> bytes:
        kind, properties = bucket(*statements)
        resources = {"R": {"Type": kind, "Condition": "Prod", "Properties": properties}}
        conditions = {"Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
        return json.dumps({"Conditions": conditions, "Resources": resources}).encode()

    (change,) = reviewed(conditional(READ), conditional(READ, PUBLIC)).changes
    assert (told(change.access.gained), len(change.when)) == ([("*", "s3:GetObject", OBJECTS)], 1)


def test_a_policy_that_names_a_parameter_with_another_default_is_undecided() -> None:
    def defaulting(account: str) -> bytes:
        kind, properties = bucket({**READ, "Principal": {"AWS": {"Ref": "Who"}}})
        parameters = {"Who": {"Type": "String", "Default": account}}
        resources = {"R": {"Type": kind, "Properties": properties}}
        return json.dumps({"Parameters": parameters, "Resources": resources}).encode()

    found = review_files((defaulting("111122223333"), "old.json"), (defaulting("444455556666"), "new.json"))
    (reason,) = [one.reason for change in found.changes for one in change.unread]
    assert "parameter Who, on which it depends, has another default" in reason


@pytest.mark.parametrize(
    ("before", "after", "is_undecided"),
    [
        (["s3:GetObject", "s3:PutObject"], ["s3:GetObject", "s3:*"], True),
        (["s3:GetObject", "s3:PutObject"], ["s3:GetObject", "s3:PutObject", "s3:ListBucket"], False),
        (["s3:GetObject", "s3:*"], ["s3:*", "s3:GetObject"], False),
        (["s3:GetObject", "s3:*"], ["s3:GetObject", "s3:PutObject"], False),
    ],
)
def test_a_parameter_that_may_be_given_another_pattern_leaves_undecided_what_its_statements_give(
    before: list[str], after: list[str], is_undecided: bool
) -> None:
    def allowing(actions: list[str]) -> bytes:
        kind, properties = bucket({**READ, "Action": {"Ref": "Asked"}, "Principal": {"AWS": "111122223333"}})
        parameters = {"Asked": {"Type": "String", "AllowedValues": actions}}
        resources = {"R": {"Type": kind, "Properties": properties}}
        return json.dumps({"Parameters": parameters, "Resources": resources}).encode()

    compared = review_files((allowing(before), "old.json"), (allowing(after), "new.json"))
    reasons = [one.reason for change in compared.changes for one in change.unread]
    expected = "parameter Asked, on which it depends, may be given another pattern"
    assert any(expected in reason for reason in reasons) == is_undecided
    assert is_undecided or not compared.changes


@pytest.mark.parametrize(
    "document",
    [{"Ref": "Document"}, {"Statement": [{"Fn::If": ["Prod", {**READ, "Principal": "*"}, {"Ref": "AWS::NoValue"}]}]}],
)
def test_a_policy_that_is_known_at_the_deploy_only_may_be_more_when_it_comes_or_goes(document: object) -> None:
    one = Resource("R", "AWS::S3::BucketPolicy", {"Bucket": "b", "PolicyDocument": document})
    other = Resource("R", "AWS::S3::BucketPolicy", {"Bucket": "b", "PolicyDocument": {"Statement": [READ]}})
    before, after = giving([one], ()), giving([other], ())
    assert len(list(resource_changes(before, after))) == len(list(resource_changes(after, before))) == 1


def test_a_plans_permissions_count_too() -> None:
    def values(*resources: object) -> dict[str, Any]:
        return {"root_module": {"resources": list(resources)}}

    permission = {
        "address": "aws_lambda_permission.p",
        "mode": "managed",
        "type": "aws_lambda_permission",
        "name": "p",
        "values": {"action": "lambda:InvokeFunction", "principal": "*"},
    }
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": values(permission),
        "prior_state": {"values": values()},
    }
    (change,) = plan_review(json.dumps(plan).encode(), "plan.json").changes
    assert [(piece.principal, piece.public) for piece in change.access.gained] == [("*", True)]


def test_what_a_user_is_made_of_is_not_told() -> None:
    (door,) = doors_of(None, ("AWS::IAM::User", {"LoginProfile": {"Password": "correct horse"}}))
    assert door == ("R LoginProfile: not set -> (not shown)", True, False)


def test_an_example_calls_an_action_of_the_resources_own_service() -> None:
    (change,) = changes(None, bucket({**PUBLIC, "Action": "*"}))
    assert [piece.request.action.partition(":")[0] for piece in change.access.gained] == ["s3"]


def test_an_account_that_a_parameter_gives_is_itself_alone_and_is_told_by_the_parameter() -> None:
    other = {**READ, "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${Partner}:root"}}}
    (change,) = changes(bucket(READ), bucket(READ, other))
    (piece,) = change.access.gained
    assert (piece.principal, piece.request.principal) == (
        "arn:aws:iam::${Partner}:root",
        "arn:aws:iam::${Partner}:user/example",
    )


def test_the_denial_that_a_gain_lacks_now_is_reported_as_it_is_written() -> None:
    partner = "arn:aws:iam::${Partner}:root"
    everything = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Principal": "*"}
    denial = {**everything, "Effect": "Deny", "Principal": {"AWS": {"Fn::Sub": partner}}}
    allowed = {**everything, "Effect": "Allow"}
    (change,) = changes(bucket(allowed, denial), bucket(allowed))
    denials = [piece.difference.denial for piece in change.access.gained if piece.difference is not None]
    principals = {denial.statement.principals for denial in denials if denial is not None}
    assert {Principals((("AWS", partner),))} == principals


def test_what_a_resource_is_called_lets_nobody_in() -> None:
    profile = {"Roles": ["worker"], "Path": "/"}
    other = {**profile, "Path": "/team/", "InstanceProfileName": "workers"}
    assert undecided(("AWS::IAM::InstanceProfile", profile), ("AWS::IAM::InstanceProfile", other)) == []


OFF = {"BlockPublicAcls": False, "IgnorePublicAcls": False}
ON = {"BlockPublicAcls": True, "IgnorePublicAcls": True}


def listed(access: str, ownership: str, **blocks: bool) -> Given:
    """A bucket with a canned access control list."""
    controls = {"Rules": [{"ObjectOwnership": ownership}]}
    properties = {"AccessControl": access, "OwnershipControls": controls, "PublicAccessBlockConfiguration": blocks}
    return "AWS::S3::Bucket", properties


@pytest.mark.parametrize(
    ("bucket_with_list", "opens"),
    [
        pytest.param(listed("PublicRead", "ObjectWriter", **OFF), True, id="everyone"),
        pytest.param(listed("PublicRead", "BucketOwnerPreferred", **OFF), True, id="preferred owner"),
        pytest.param(listed("AuthenticatedRead", "ObjectWriter", **OFF), True, id="who has signed"),
        pytest.param(listed("PublicRead", "ObjectWriter", **ON), False, id="ignored"),
        pytest.param(listed("PublicRead", "BucketOwnerEnforced", **OFF), False, id="disabled"),
        pytest.param(listed("LogDeliveryWrite", "ObjectWriter", **ON), False, id="S3's own delivery of logs"),
    ],
)
def test_an_access_control_list_opens_a_bucket_unless_lists_are_without_effect(
    bucket_with_list: Given, opens: object
) -> None:
    access = bucket_with_list[1]["AccessControl"]
    told_door = (f"R AccessControl: nobody -> {access}", True, True)
    assert (told_door in doors_of(None, bucket_with_list)) is opens


def test_an_ownership_with_access_control_lists_of_objects_opens_a_bucket() -> None:
    enforced, of_writers = listed("Private", "BucketOwnerEnforced"), listed("Private", "ObjectWriter")
    name = "R OwnershipControls.Rules[].ObjectOwnership"
    assert doors_of(enforced, of_writers) == [(f"{name}: BucketOwnerEnforced -> ObjectWriter", True, False)]
    assert doors_of(of_writers, enforced) == [(f"{name}: ObjectWriter -> BucketOwnerEnforced", False, False)]


@pytest.mark.parametrize(
    ("kind", "properties", "words"),
    [
        ("aws_s3_bucket", {"acl": "public-read"}, "R acl: nobody -> public-read"),
        ("aws_s3_object", {"acl": "public-read"}, "R acl: nobody -> public-read"),
        (
            "aws_s3_bucket_ownership_controls",
            {"rule": [{"object_ownership": "ObjectWriter"}]},
            "R rule[].object_ownership: nobody -> ObjectWriter",
        ),
        (
            "aws_s3_account_public_access_block",
            {"block_public_acls": False},
            "R block_public_acls: nobody -> false",
        ),
    ],
)
def test_what_opens_a_bucket_in_a_plan_of_terraform_is_a_door(kind: str, properties: Any, words: str) -> None:
    assert [told_words for told_words, opens, _ in doors_of(None, (kind, properties)) if opens] == [words]


@pytest.mark.parametrize("access", ["Private", "BucketOwnerFullControl", {"Ref": "Access"}])
def test_an_access_control_list_for_the_owner_lets_nobody_in(access: object) -> None:
    new: Given = ("AWS::S3::Bucket", {"AccessControl": access})
    assert doors_of(None, new) == []
    assert len(undecided(None, new)) == isinstance(access, dict)


def test_the_older_form_of_a_bus_policy_is_undecided() -> None:
    older = ("AWS::Events::EventBusPolicy", {"StatementId": "a", "Action": "events:PutEvents", "Principal": "*"})
    (reason,) = undecided(bus(Principal=ROOT), older)
    assert reason.endswith('a permission = {"Action": "events:PutEvents", "Principal": "*"}')


def test_a_change_within_a_policy_that_cannot_be_read_is_no_proof() -> None:
    documents = [{"Statement": statement, "Foo": 1} for statement in (READ, PUBLIC)]
    old, new = (("AWS::S3::BucketPolicy", {"Bucket": "b", "PolicyDocument": document}) for document in documents)
    assert 2 == len(undecided(old, new))


def test_what_a_web_acl_calls_a_statement_is_no_policy() -> None:
    rule = {"Name": "allowed", "Priority": 0, "Statement": {"IPSetReferenceStatement": {"Arn": "a"}}}
    other = {**rule, "Priority": 1}
    assert changes(("AWS::WAFv2::WebACL", {"Rules": [rule]}), ("AWS::WAFv2::WebACL", {"Rules": [other]})) == ()


def test_a_policy_in_a_text_that_sub_fills_is_compared() -> None:
    def written(action: str) -> Given:
        text = json.dumps({"Statement": {**READ, "Action": action, "Resource": "arn:aws:s3:::${B}/*"}})
        return "AWS::S3::BucketPolicy", {"Bucket": "b", "PolicyDocument": {"Fn::Sub": text}}

    (change,) = changes(written("s3:GetObject"), written("s3:PutObject"))
    assert [piece.action for piece in (*change.access.gained, *change.access.lost)] == ["s3:PutObject", "s3:GetObject"]
    assert change.unread == ()


def trusting(statement: dict[str, Any]) -> Given:
    trusted = {"Effect": "Allow", "Action": "sts:AssumeRole", **statement}
    return "AWS::IAM::Role", {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": trusted}}


def test_what_of_a_trust_policy_changed_is_shown() -> None:
    external = {"Condition": {"StringEquals": {"sts:ExternalId": "one"}}}
    old, new = template(trusting({"Principal": ROOT, **external})), template(trusting({"Principal": ROOT}))
    assert "      no longer if StringEquals sts:ExternalId = one" in list(
        report_lines(review_report(reviewed(old, new)))
    )
    (gained,) = review_document(reviewed(old, new))["gained"]
    assert gained["changed"] == {"added": {}, "removed": {"Condition": ["StringEquals sts:ExternalId = one"]}}


def test_a_role_that_everyone_may_take_on_is_public() -> None:
    old, new = template(trusting({"Principal": ROOT})), template(trusting({"Principal": {"AWS": "*"}}))
    lines = list(report_lines(review_report(reviewed(old, new))))
    assert lines[1].startswith("1 cause gains access (1 public), 0 lose, 0 undecided; ")
    assert lines[3] == "  + PUBLIC: everyone may take on the role: sts:AssumeRole"
    assert "`PUBLIC: everyone may take on the role: sts:AssumeRole`" in report_comment(
        review_report(reviewed(old, new))
    )


def endpoint(principal: object, effect: str = "Allow", action: str = "s3:GetObject", **more: object) -> Given:
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": OBJECTS}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return "AWS::EC2::VPCEndpoint", {"ServiceName": "com.amazonaws.eu-west-1.s3", "PolicyDocument": document, **more}


ROLE: Final = {"AWS": "arn:aws:iam::111122223333:role/app"}


@pytest.mark.parametrize(
    ("endpoint_type", "principal", "callers"),
    [
        ({}, ROLE, []),
        ({"VpcEndpointType": "Gateway"}, ROLE, []),
        ({"VpcEndpointType": "Interface"}, ROLE, [ROLE["AWS"]]),
        ({"VpcEndpointType": {"Ref": "Type"}}, ROLE, [ROLE["AWS"]]),
        ({}, ROOT, [ROOT["AWS"]]),
        ({}, "*", [None]),
    ],
)
def test_the_policy_of_a_gateway_endpoint_lets_in_root_users_and_everyone(
    endpoint_type: dict[str, Any], principal: object, callers: list[str | None]
) -> None:
    """A gateway is what an endpoint is that says nothing of its type."""
    old, new = endpoint("*", action="s3:PutObject", **endpoint_type), endpoint(principal, **endpoint_type)
    gained = [piece for change in changes(old, new) for piece in change.access.gained]
    requests = [None if principal == "*" else piece.request.principal for piece in gained]
    assert callers == requests
    assert all(piece.source.statement.conditions == () for piece in gained)


@pytest.mark.parametrize(("effect", "count"), [("Deny", 1), ("Allow", 0)])
def test_whom_a_gateway_denies_by_a_name_is_undecided(effect: str, count: int) -> None:
    old = endpoint("*", action="s3:PutObject")
    found = [item for change in changes(old, endpoint(ROLE, effect)) for item in change.access.undecided]
    assert count == len(found)


def limit(kind: str, name: str, *, action: str = "", **more: object) -> Given:
    """A resource with a limit, or without one."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    policy = {name: {"Version": "2012-10-17", "Statement": [statement]}} if action else {}
    return kind, {**policy, **more}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::EC2::VPCEndpoint", "PolicyDocument"),
        ("AWS::Transfer::User", "Policy"),
        ("AWS::RolesAnywhere::Profile", "SessionPolicy"),
    ],
)
def test_a_limit_that_goes_is_a_gain_and_one_that_comes_a_loss(kind: str, name: str) -> None:
    without, narrow, wide = limit(kind, name), limit(kind, name, action="s3:Get*"), limit(kind, name, action="s3:*")

    def signs(old: Given | None, new: Given | None) -> tuple[bool, bool]:
        found = review_document(reviewed(template(old), template(new)))
        assert found["undecided"] == []
        return bool(found["gained"]), bool(found["lost"])

    assert signs(narrow, without) == (True, False)
    assert signs(without, narrow) == (False, True)
    assert signs(narrow, wide) == (True, False)
    assert signs(None, narrow) == (False, False)
    assert signs(narrow, None) == (False, False)


def test_a_policy_of_an_organization_that_goes_is_a_gain() -> None:
    content = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    policy: Given = ("AWS::Organizations::Policy", {"Type": "SERVICE_CONTROL_POLICY", "Content": content})
    found = review_document(reviewed(template(policy), template(None)))
    assert (bool(found["gained"]), found["lost"]) == (True, [])


def test_a_policy_of_denials_of_an_organization_gives_back_what_it_denied_when_it_goes() -> None:
    content = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
    policy: Given = ("AWS::Organizations::Policy", {"Type": "SERVICE_CONTROL_POLICY", "Content": content})
    gone = review_document(reviewed(template(policy), template(None)))
    made = review_document(reviewed(template(None), template(policy)))
    assert ({piece["action"].partition(":")[0] for piece in gone["gained"]}, gone["lost"]) == ({"s3"}, [])
    assert ({piece["action"].partition(":")[0] for piece in made["lost"]}, made["gained"]) == ({"s3"}, [])


def test_another_list_of_limits_by_name_is_undecided() -> None:
    def channel(*arns: str) -> Given:
        return "AWS::Chatbot::SlackChannelConfiguration", {"GuardrailPolicies": list(arns)}

    assert len(undecided(channel("arn:aws:iam::aws:policy/ReadOnlyAccess"), channel())) == 1


def plan_with_endpoint_policy(endpoint_type: str, *, mode: str, names_it: bool) -> bytes:
    """A plan whose policy of an endpoint stands beside the endpoint: made here (managed) or looked up (data)."""
    statement = {"Effect": "Allow", "Principal": ROLE, "Action": "s3:GetObject", "Resource": OBJECTS}
    old_statement = {**statement, "Principal": "*", "Action": "s3:PutObject"}
    policy = {
        "address": "aws_vpc_endpoint_policy.s3",
        "mode": "managed",
        "type": "aws_vpc_endpoint_policy",
        "values": {"policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})},
    }
    endpoint = {
        "address": "aws_vpc_endpoint.s3",
        "mode": mode,
        "type": "aws_vpc_endpoint",
        "values": {"id": "vpce-1", "vpc_endpoint_type": endpoint_type},
    }
    if mode == "data":
        policy["values"]["vpc_endpoint_id"] = "vpce-1"  # type: ignore[index]
    referring = {"vpc_endpoint_id": {"references": ["aws_vpc_endpoint.s3.id", "aws_vpc_endpoint.s3"]}}
    configured = {"address": policy["address"], "expressions": referring if names_it else {}}
    planned = [policy, endpoint] if mode == "managed" else [policy]
    old_values = {"policy": json.dumps({"Version": "2012-10-17", "Statement": [old_statement]})}
    if mode == "data" or names_it:
        old_values["vpc_endpoint_id"] = "vpce-1"
    before = [endpoint, {**policy, "values": old_values}]
    return json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.9.0",
            "planned_values": {"root_module": {"resources": planned}},
            "prior_state": {"values": {"root_module": {"resources": before}}},
            "configuration": {"root_module": {"resources": [configured]}},
        }
    ).encode()


@pytest.mark.parametrize(
    ("endpoint_type", "mode", "names_it", "callers"),
    [
        ("Gateway", "managed", True, []),
        ("Gateway", "data", True, []),
        ("Interface", "managed", True, [ROLE["AWS"]]),
        ("Interface", "data", True, [ROLE["AWS"]]),
        ("Gateway", "managed", False, [ROLE["AWS"]]),
    ],
)
def test_the_policy_beside_an_endpoint_in_a_plan_is_of_its_type(
    endpoint_type: str, mode: str, *, names_it: bool, callers: list[str]
) -> None:
    plan = plan_with_endpoint_policy(endpoint_type, mode=mode, names_it=names_it)
    gained = [piece for change in plan_review(plan, "plan.json").changes for piece in change.access.gained]
    assert callers == [piece.request.principal for piece in gained]


def test_blocks_of_lists_that_are_off_open_nothing_where_lists_are_disabled() -> None:
    assert doors_of(None, listed("Private", "BucketOwnerEnforced", **OFF)) == []
    assert len(doors_of(None, listed("Private", "BucketOwnerEnforced", BlockPublicPolicy=False))) == 1
