"""A plan as people and programs read it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from remit.app import Grant, Reason, Resource
from remit.deploy.events import StackEvent
from remit.deploy.operators import PlanQuestion
from remit.deploy.plan import Detail, ResourceChange, StackPlan
from remit.deploy.planned_access import PlannedAccess
from remit.deploy.session import Account
from remit.deploy.stack import StackOutput
from remit.deploy.status import DeployedResource
from remit.errors import Origin
from remit.holders import Holder, inline
from remit.iam.policy import allow
from remit.report.events import event_line
from remit.report.plan import deletion_words, gained_words, loss_words, plan_document, plan_lines, refusal
from remit.report.stacks import output_lines
from remit.review.access_change import Change, Door, Review, Version
from remit.review.changes import review
from remit.review.resource_access import giving
from remit.triggers.existing_sources import ExistingSource

HERE = Account("111122223333", "eu-central-1", "aws", None)
FUNCTION = "AWS::Lambda::Function"
TABLE = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders"
SAME = PlannedAccess(Review("the last deploy", "this deploy", ()))


def planned(*changes: ResourceChange, running: bool = True) -> StackPlan:
    """A plan for a stack that is there."""
    return StackPlan(
        "orders-dev", "arn:stack", "arn:change-set", "UPDATE", changes, {"Resources": {}} if running else {}, {}
    )


def version(*actions: str, functions: tuple[str, ...] = ("report",), on: str = TABLE) -> Version:
    """A version of one role, whose statements stand on lines of their own."""
    grants = tuple(
        Grant(allow(action, on=on), Reason("text", "declared"), Origin("app.py", line))
        for line, action in enumerate(actions, 1)
    )
    return Version("some version", (Holder("ReportRole", (inline(grants),), functions),))


def test_each_change_has_its_sign_and_a_replacement_says_so() -> None:
    changes = (
        ResourceChange("Remove", "Old", FUNCTION),
        ResourceChange("Add", "New", FUNCTION),
        ResourceChange("Modify", "Orders", "AWS::SQS::Queue", "True", ("Properties",)),
        ResourceChange("Modify", "Slow", FUNCTION, "Conditional", ("Properties",)),
        ResourceChange(
            "Modify", "Alias", FUNCTION, "Conditional", ("Properties",),
            (Detail("Name", "Slow.Version", "Conditionally"), Detail("Other", "Slow.Version")),
        ),
    )  # fmt: skip
    assert list(plan_lines(planned(*changes), SAME)) == [
        "orders-dev exists; this deploy would change",
        "  ~ AWS::Lambda::Function  Alias  (replaced if Name changes with Slow.Version)",
        "  + AWS::Lambda::Function  New",
        "  - AWS::Lambda::Function  Old",
        "  ~ AWS::Lambda::Function  Slow  (perhaps replaced)",
        "  ~ AWS::SQS::Queue        Orders  (replaced; it holds data)",
        "1 to add, 3 to change, 1 to remove, 1 of them replaced; access: 0 gained, 0 lost",
    ]


def test_functions_that_get_another_role_are_named_with_both() -> None:
    def template(role: str, functions: int = 1) -> dict[str, Any]:
        function = {"Type": FUNCTION, "Properties": {"Role": {"Fn::GetAtt": [role, "Arn"]}}}
        return {"Resources": {f"Hello{number}Function": function for number in range(functions)}}

    plan = replace(planned(), running=template("SharedRole"), template=template("HelloRole", 2))
    assert list(plan_lines(plan, SAME))[1:-1] == [
        "and the roles of functions",
        "  ~ Hello0Function runs under HelloRole, no longer under SharedRole",
    ]
    assert plan_document(plan, SAME)["role_replacements"] == [
        {"function": "Hello0Function", "before": "SharedRole", "after": "HelloRole"}
    ]
    many = replace(planned(), running=template("SharedRole", 50), template=template("HelloRole", 50))
    assert list(plan_lines(many, SAME))[-2] == "  ~ 10 more functions get another role"


def test_what_only_refers_to_something_that_is_not_replaced_is_no_change() -> None:
    code = ResourceChange("Modify", "Report", FUNCTION, "False", ("Properties",), (Detail("Code"),))
    rule = ResourceChange(
        "Modify", "Rule", "AWS::Events::Rule", "False", ("Properties",), (Detail("Targets", "Report.Arn"),)
    )
    permission = ResourceChange(
        "Modify", "Permission", "AWS::Lambda::Permission", "Conditional", ("Properties",),
        (Detail("FunctionName", "Report.Arn", "Always"), Detail("SourceArn", "Rule.Arn", "Always")),
    )  # fmt: skip
    replaced = ResourceChange("Modify", "Report", FUNCTION, "True", ("Properties",), (Detail("FunctionName"),))
    assert planned(code, rule, permission).real == (code,)
    assert planned(replaced, rule, permission).real == (replaced, rule, permission)
    other = ResourceChange(
        "Modify", "Alias", FUNCTION, "False", ("Properties",), (Detail("Version", "Report.Version"),)
    )
    assert planned(code, other).real == (code, other)


def test_resources_of_which_only_tags_change_are_counted() -> None:
    changes = [ResourceChange("Modify", f"Queue{n}", "AWS::SQS::Queue", "False", ("Tags",)) for n in range(3)]
    assert "  ~ the tags of 3 more" in list(plan_lines(planned(*changes), SAME))
    replaced = replace(changes[0], replacement="True")
    assert planned(replaced).data_to_name == (replaced,)


def test_a_function_shows_what_it_gains_and_loses_with_lines_and_requests() -> None:
    access = PlannedAccess(review(version("dynamodb:Query"), version("dynamodb:PutItem")))
    assert list(plan_lines(planned(), access))[1:] == [
        "and what functions may do",
        "  + Write on dynamodb: dynamodb:PutItem",
        f"      on {TABLE}",
        "      report: app.py:1: declared",
        f"      for example dynamodb:PutItem on {TABLE}",
        "  - Read on dynamodb: dynamodb:Query",
        f"      on {TABLE}",
        "      report: app.py:1: declared",
        f"      for example dynamodb:Query on {TABLE}",
        "0 to add, 0 to change, 0 to remove; access: 1 gained, 1 lost",
    ]


def test_a_first_deploy_shows_each_function_in_a_line() -> None:
    functions = tuple(f"f{number}" for number in range(200))
    access = PlannedAccess(
        review(Version("nothing", ()), version("dynamodb:Query", "dynamodb:PutItem", functions=functions))
    )
    assert list(plan_lines(planned(running=False), access))[1:] == [
        "and functions may",
        "  + f0, f1, f2 and 197 more: Write on dynamodb (1 action); Read on dynamodb (1 action)",
        "0 to add, 0 to change, 0 to remove; access: 2 gained, 0 lost",
    ]


def test_a_first_deploy_joins_what_is_the_same_but_for_its_kinds_and_begins_with_what_is_unread() -> None:
    roles = version("dynamodb:Query", "dynamodb:PutItem").roles
    others = version("dynamodb:Query", functions=("web",), on=f"{TABLE}/index/day").roles
    both = Version("some version", (*roles, *(replace(role, logical_id="WebRole") for role in others)))
    access = PlannedAccess(review(Version("nothing", ()), both), "the roles of a nested template cannot be read")
    assert list(plan_lines(planned(running=False), access))[1:-1] == [
        "and functions may",
        "  ? the roles of a nested template cannot be read",
        "  + report: Write on dynamodb (1 action); Read on dynamodb (1 action)",
        "  + web: Read on dynamodb (1 action)",
    ]


def test_only_a_door_that_is_open_to_everybody_is_told_with_its_line_on_a_first_deploy() -> None:
    doors = (
        Door("GET /a", "nobody", "AWS_IAM", opens=True),
        Door("GET /b", "nobody", "everybody", opens=True, public=True),
    )
    access = PlannedAccess(Review("old", "new", (Change(("Route",), None, None, doors=doors),)))
    plan = replace(planned(running=False), origins={"Route": Origin("app.py", 13, 1)})
    assert list(plan_lines(plan, access))[2:-1] == [
        "  + PUBLIC: GET /b: nobody -> everybody (app.py:13:1)",
        "  + Route: GET /a: nobody -> AWS_IAM",
    ]


def test_of_many_changes_the_gains_are_shown_first_and_the_rest_counted() -> None:
    def many(action: str) -> Version:
        grants = [Grant(allow(action, on=f"{TABLE}-{number}"), Reason("text", "")) for number in range(45)]
        return Version(
            "some version", tuple(Holder(f"R{n}", (inline((grant,)),), (f"f{n}",)) for n, grant in enumerate(grants))
        )

    lines = list(plan_lines(planned(), PlannedAccess(review(many("dynamodb:Query"), many("dynamodb:PutItem")))))
    assert [line.split()[0] for line in lines[2:102:4]] == ["+"] * 25
    assert lines[102:] == [
        "  and 65 more causes (`remit diff --deployed` shows all)",
        "0 to add, 0 to change, 0 to remove; access: 45 gained, 45 lost",
    ]


def test_what_is_gained_begins_the_question() -> None:
    assert gained_words(SAME) == ""
    assert gained_words(PlannedAccess(review(version("dynamodb:Query"), version("dynamodb:PutItem")))) == (
        "This adds access: 1 gain."
    )
    assert gained_words(PlannedAccess(SAME.review, "the roles of a template cannot be read")) == (
        "This adds access: 1 undecided."
    )
    assert gained_words(PlannedAccess(review(version("dynamodb:Query"), version()))) == ""


def test_a_refusal_says_what_is_gained_and_what_goes_and_how_to_go_on() -> None:
    gone = ResourceChange("Remove", "Orders", "AWS::DynamoDB::Table")
    new = ResourceChange("Modify", "Queue", "AWS::SQS::Queue", "True")
    access = PlannedAccess(review(version("dynamodb:Query"), version("dynamodb:PutItem")))
    accepts = "`remit diff --deployed --accept REASON` accepts what is gained"
    function = ResourceChange("Remove", "Web", FUNCTION)
    asked = PlanQuestion(HERE, planned(gone, new, function), access, yes=False, yes_delete=(), lacks_access=True)
    assert refusal(asked) == (
        ["it adds access (1 gain)", "data goes (table Orders, queue Queue)", "resources go (Web removed)"],
        f"{accepts}; `--yes --yes-delete Orders --yes-delete Queue`, or a yes at a terminal, deploys it anyway",
    )
    assert refusal(replace(asked, access=SAME, plan=planned(function), yes_delete=("Web",))) == (
        [], "`--yes`, or a yes at a terminal, deploys it anyway",
    )  # fmt: skip
    assert refusal(replace(asked, plan=planned(gone), yes_delete=("Orders",), yes=True)) == (
        ["it adds access (1 gain)"], f"{accepts}; without --require-approval, `--yes` approves changes of access, too",
    )  # fmt: skip
    some = replace(asked, plan=planned(gone, new), yes_delete=("Orders",), yes=True, lacks_access=False)
    assert refusal(some) == (
        ["data goes (queue Queue)"], "`remit deploy --yes --yes-delete Queue` agrees to that",
    )  # fmt: skip
    first = replace(planned(), kind="CREATE")
    assert refusal(replace(asked, plan=first))[1] == (
        "`--first` deploys a stage for the first time; `--yes`, or a yes at a terminal, deploys it anyway"
    )
    less = PlannedAccess(review(version("dynamodb:Query"), version()))
    assert refusal(replace(asked, plan=planned(), access=less)) == (
        ["access changes (0 gained, 1 lost)"], "`--yes`, or a yes at a terminal, deploys it anyway",
    )  # fmt: skip


def test_programs_get_each_roles_comparison() -> None:
    access = PlannedAccess(review(version(), version("dynamodb:Query")))
    document = plan_document(planned(ResourceChange("Add", "New", FUNCTION)), access)
    assert document["resources"] == [
        {
            "action": "Add", "logical_id": "New", "type": FUNCTION, "replacement": None, "replacing_properties": [],
            "holds_data": False, "held": None, "scope": [],
        },
    ]  # fmt: skip
    (role,) = document["roles"]
    assert (role["logical_id"], role["action"], role["functions"]) == ("ReportRole", "Modify", ["report"])
    assert [(one["action"], one["resource"], one["origin"]["line"]) for one in role["gained"]] == [
        ("dynamodb:Query", TABLE, 1),
    ]  # fmt: skip
    assert (role["lost"], role["undecided"], role["accepted"]) == ([], [], [])


def test_an_event_names_the_stack_of_a_resource_unless_it_is_the_apps_or_of_the_stack_itself() -> None:
    app, child = (
        "arn:aws:cloudformation:eu-west-1:1:stack/app/1",
        "arn:aws:cloudformation:eu-west-1:1:stack/app-Child/2",
    )
    nested, queue = "AWS::CloudFormation::Stack", "AWS::SQS::Queue"

    def told(stack_id: str, logical_id: str, physical_id: str, kind: str) -> str:
        stack, at = stack_id.split("/")[1], "2026-03-01T12:03:04.000+00:00"
        return event_line(StackEvent("1", stack_id, stack, at, logical_id, physical_id, kind, "UPDATE_COMPLETE"), "app")

    start = "12:03:04  UPDATE_COMPLETE     "
    assert told(app, "app", app, nested) == f"{start}{nested}  app"
    assert told(app, "Child", child, nested) == f"{start}{nested}  Child"
    assert told(child, "app-Child", child, nested) == f"{start}{nested}  app-Child"
    assert told(child, "Queue", "q", queue) == f"{start}{queue}  app-Child/Queue"
    assert told(app, "Queue", "q", queue) == f"{start}{queue}  Queue"


def test_what_aws_tells_cannot_steer_the_terminal() -> None:
    event = StackEvent(
        "1", "arn:s", "orders-dev", "2026-03-01T12:03:04.000+00:00", "Queue", "q", "AWS::SQS::Queue",
        "CREATE_FAILED", "\x1b[2Jgone\x07 \u202eevil \x9b1m",
    )  # fmt: skip
    assert event_line(event, "orders-dev") == (
        r"12:03:04  CREATE_FAILED       AWS::SQS::Queue  Queue  \x1b[2Jgone\x07 \u202eevil \x9b1m"
    )
    assert list(output_lines([StackOutput("Url", "a\x1b]0;title\x07\rb")])) == [
        "outputs",
        r"  Url  a\x1b]0;title\x07\rb",
    ]


def test_a_question_names_what_stays_by_its_policy_as_left_behind() -> None:
    removed = ResourceChange("Remove", "Orders", "AWS::DynamoDB::Table")
    replaced = ResourceChange("Modify", "Jobs", "AWS::SQS::Queue", "True")
    kept = {"Resources": {"Orders": {"DeletionPolicy": "Retain"}, "Jobs": {"UpdateReplacePolicy": "Retain"}}}
    whole = replace(planned(removed, replaced), running=kept, template=kept)
    left = "in the account, and the app no longer uses"
    assert loss_words(whole) == f"This leaves table Orders, queue Jobs {left} them."
    two = replace(whole, changes=(removed, replaced, ResourceChange("Modify", "Mail", "AWS::SQS::Queue", "True")))
    assert loss_words(two) == (
        f"This replaces queue Mail, with all that is in it. This leaves table Orders, queue Jobs {left} them."
    )
    assert loss_words(replace(whole, template={})) == (
        f"This replaces queue Jobs, with all that is in it. This leaves table Orders {left} it."
    )
    assert "  - AWS::DynamoDB::Table  Orders  (it holds data, which stays in the account)" in list(
        plan_lines(whole, SAME)
    )


def test_a_replacement_names_the_properties_that_cause_it() -> None:
    table, scope = "AWS::DynamoDB::Table", ("Properties",)
    key = (Detail("KeySchema", "", "Always"), Detail("Tags"))
    changes = (
        ResourceChange("Modify", "Orders", table, "True", scope, key),
        ResourceChange("Modify", "People", table, "Conditional", scope, (Detail("KeySchema", "", "Conditionally"),)),
        ResourceChange("Modify", "Sales", table, "True", scope, (Detail("TableName", "Name.Value", "Always"),)),
    )
    assert list(plan_lines(planned(*changes), SAME))[1:4] == [
        "  ~ AWS::DynamoDB::Table  Orders  (replaced, since KeySchema changes; it holds data)",
        "  ~ AWS::DynamoDB::Table  People  (perhaps replaced, since KeySchema changes; it holds data)",
        "  ~ AWS::DynamoDB::Table  Sales  (replaced, since TableName changes; it holds data)",
    ]
    assert plan_document(planned(*changes), SAME)["resources"][0]["replacing_properties"] == ["KeySchema"]


def renamed(type_: str, before: dict[str, Any], after: dict[str, Any]) -> StackPlan:
    """A plan that removes DataOrders and adds DataPurchases."""
    changes = (ResourceChange("Remove", "DataOrders", type_), ResourceChange("Add", "DataPurchases", type_))
    return replace(
        planned(*changes),
        running={"Resources": {"DataOrders": {"Type": type_, "Properties": before}}},
        template={"Resources": {"DataPurchases": {"Type": type_, "Properties": after}}},
    )


def test_what_goes_and_what_comes_with_the_same_properties_is_told_as_a_rename() -> None:
    table, bucket = "AWS::DynamoDB::Table", "AWS::S3::Bucket"
    plan = renamed(table, {"BillingMode": "PAY_PER_REQUEST"}, {"BillingMode": "PAY_PER_REQUEST"})
    assert (
        "  ? DataPurchases has the type and the properties of DataOrders: if that is a rename, the new one is empty"
        in (list(plan_lines(plan, SAME)))
    )
    assert plan_document(plan, SAME)["renames"] == [{"removed": "DataOrders", "added": "DataPurchases"}]
    assert renamed(bucket, {"BucketName": "a"}, {"BucketName": "b"}).renames == (("DataOrders", "DataPurchases"),)
    assert renamed(table, {"BillingMode": "PAY_PER_REQUEST"}, {"BillingMode": "PROVISIONED"}).renames == ()
    assert renamed(FUNCTION, {}, {}).renames == ()


def test_a_name_is_wanted_for_all_data_that_goes_but_the_logs_of_functions() -> None:
    logs = {"LogGroup": {"Ref": "ReportLogGroup"}}
    running = {"Resources": {"ReportFunction": {"Type": FUNCTION, "Properties": {"LoggingConfig": logs}}}}
    changes = [
        ResourceChange("Remove", name, type_)
        for name, type_ in (("ReportLogGroup", "AWS::Logs::LogGroup"), ("Audit", "AWS::Logs::LogGroup"), ("Rest", "A"))
    ]
    plan = replace(planned(*changes), running=running)
    assert [change.logical_id for change in plan.data_at_risk] == ["ReportLogGroup", "Audit"]
    assert [change.logical_id for change in plan.data_to_name] == ["Audit"]
    assert list(plan_lines(plan, SAME))[1:4] == [
        "  - A                    Rest",
        "  - AWS::Logs::LogGroup  Audit  (it holds data)",
        "  - AWS::Logs::LogGroup  ReportLogGroup",
    ]


def test_the_question_before_a_delete_names_the_data() -> None:
    table = DeployedResource("Orders", "AWS::DynamoDB::Table", "orders-dev-Orders-1ABC", "CREATE_COMPLETE")
    key = DeployedResource("Key", "AWS::KMS::Key", "1234", "CREATE_COMPLETE")
    assert deletion_words((table, key)) == "This deletes table Orders, key Key, with all that is in them."
    assert deletion_words(()) == ""


def test_of_many_log_groups_the_number_is_told() -> None:
    groups = [
        DeployedResource(name, "AWS::Logs::LogGroup", name, "CREATE_COMPLETE") for name in ("ALogGroup", "BLogGroup")
    ]
    assert deletion_words(groups[:1]) == "This deletes log group ALogGroup, with all that is in it."
    assert deletion_words(groups) == "This deletes 2 log groups, with all that is in them."


def test_whom_a_resource_lets_in_is_told_at_every_deploy() -> None:
    policy = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}}
    resource = Resource("Sends", "AWS::SQS::QueuePolicy", {"Queues": ["q"], "PolicyDocument": policy})
    opened = PlannedAccess(review(Version("old", (), giving={}), Version("new", (), giving=giving([resource]))))
    for running in (True, False):
        told = list(plan_lines(planned(running=running), opened))[2]
        assert told.startswith("  + ")
        assert told.endswith("PUBLIC: Write on sqs by everyone: sqs:SendMessage")


def test_what_the_triggers_need_and_no_template_makes_is_named() -> None:
    source = ExistingSource("bucket", "theirs", "with its notifications to EventBridge on", ("forget", "thumbnail"))
    plan = replace(planned(ResourceChange("Add", "New", FUNCTION)), must_exist=(source,))
    assert list(plan_lines(plan, SAME))[2:4] == [
        "these must exist already",
        "  bucket theirs, with its notifications to EventBridge on, for forget, thumbnail",
    ]
    assert plan_document(plan, SAME)["must_exist"] == [
        {
            "kind": "bucket",
            "name": "theirs",
            "condition": "with its notifications to EventBridge on",
            "functions": ["forget", "thumbnail"],
        }
    ]


def test_a_question_says_how_much_is_gained_or_undecided() -> None:
    gains = PlannedAccess(review(version(), version("dynamodb:Query", "s3:GetObject")))
    assert gained_words(gains) == "This adds access: 2 gains."
    undecided = replace(gains, unread="the roles of a template cannot be read")
    assert gained_words(undecided) == "This adds access: 2 gains, 1 undecided."


def test_what_loses_data_says_how_much_and_where_it_is_written() -> None:
    key = (Detail("KeySchema", "", "Always"),)
    table = ResourceChange("Modify", "Orders", "AWS::DynamoDB::Table", "True", ("Properties",), key)
    gone = ResourceChange("Remove", "Files", "AWS::S3::Bucket")
    held = {"Orders": "12 items, 340 bytes", "Files": "1,000 objects or more"}
    plan = replace(planned(table, gone), origins={"Orders": Origin("shared/data.py", 7, 5)}, held=held)
    replaced = "replaced, since KeySchema changes; it holds data: 12 items, 340 bytes; shared/data.py:7:5"
    assert list(plan_lines(plan, SAME))[1:3] == [
        f"  ~ AWS::DynamoDB::Table  Orders  ({replaced})",
        "  - AWS::S3::Bucket       Files  (it holds data: 1,000 objects or more)",
    ]
    assert [row["held"] for row in plan_document(plan, SAME)["resources"]] == [held["Orders"], held["Files"]]


def test_what_every_deploy_brings_is_one_line_and_a_bucket_names_whom_it_runs() -> None:
    code, role = (Detail("Code"), Detail("Role", "Role.Arn")), "AWS::IAM::Role"
    names = ("One", "Two")
    changes = [ResourceChange("Modify", f"{name}Function", FUNCTION, "False", ("Properties",), code) for name in names]
    changes += [ResourceChange("Add", f"{name}Role", role) for name in names]
    changes += [ResourceChange("Add", f"{name}Permission", "AWS::Lambda::Permission") for name in names]
    changes.append(ResourceChange("Modify", "Files", "AWS::S3::Bucket", "False", ("Properties",)))
    entry = {"Event": "s3:ObjectCreated:*", "Function": {"Fn::GetAtt": ["OneFunction", "Arn"]}}
    bucket = {"Properties": {"NotificationConfiguration": {"LambdaConfigurations": [entry, entry]}}}
    plan = replace(
        planned(*changes), template={"Resources": {"Files": bucket}}, origins={"OneFunction": Origin("app.py", 9, 1)}
    )
    assert list(plan_lines(plan, SAME))[1:-1] == [
        "  ~ AWS::S3::Bucket  Files  (runs OneFunction, app.py:9:1)",
        "  + 2 of AWS::IAM::Role, 2 of AWS::Lambda::Permission",
        "  ~ 2 of AWS::Lambda::Function (their code)",
    ]


def test_a_door_that_is_open_to_everybody_is_told_by_its_route_and_line() -> None:
    properties = {"ApiId": "a", "RouteKey": "GET /orders"}
    route = Resource("HttpApiGetRoute", "AWS::ApiGatewayV2::Route", properties, {}, Origin("app.py", 13, 1))
    opened = PlannedAccess(review(Version("old", (), giving={}), Version("new", (), giving=giving([route]))))
    plan = replace(planned(running=False), origins={"HttpApiGetRoute": Origin("app.py", 13, 1)})
    assert "  + PUBLIC: GET /orders: nobody -> everybody (app.py:13:1)" in list(plan_lines(plan, opened))
