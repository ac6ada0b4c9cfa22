"""Two stages of one tree: the namespace is put equal, and nothing else."""

from __future__ import annotations

import textwrap
from dataclasses import fields
from typing import TYPE_CHECKING

from remit.app import Grant, Reason
from remit.holders import HeldPolicy, Holder, bounded, by_arn, inline
from remit.iam.policy import Condition, Globs, Policy, Principals, Statement, allow
from remit.review.access_change import AccessSetting, Given, Version
from remit.review.changes import review
from remit.review.working_tree import renamed_to, tree
from remit.roles.reference_shapes import Shapes

if TYPE_CHECKING:
    from conftest import Make

TABLE = 'f"arn:aws:dynamodb:eu-central-1:111122223333:table/{project.namespace}-orders"'
POLICY = f'config.lambda_.iam.policy = [{{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": {TABLE}}}]'


def version(namespace: str, *resources: str) -> Version:
    statement = allow("s3:GetObject", on=resources, when=(Condition("StringEquals", "aws:ResourceTag/of", resources),))
    return Version(
        namespace, (Holder("R", (inline((Grant(statement, Reason("text", "")),)),), ("f",)),), namespace=namespace
    )


EVERYWHERE = """
from remit import Shared, project, resource

STAGE = project.namespace
POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "s3:PutObject", "Principal": {"AWS": "${HelloRole.Arn}"}, "Resource": "*"},
    {"Effect": "Allow", "Action": "s3:GetObject", "Principal": {"AWS": f"arn:aws:iam::444455556666:role/{STAGE}"},
     "Resource": f"arn:aws:s3:::{STAGE}-files/*"},
]}


class Stores(Shared):
    files_policy = resource("AWS::S3::BucketPolicy", bucket=f"{STAGE}-files", policy_document=POLICY)
    work = resource("AWS::SQS::Queue", queue_name=f"{STAGE}-work")
    limit = resource("AWS::IAM::ManagedPolicy", policy_document={"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::{STAGE}-files/*"}]})
    alias = resource("AWS::Lambda::Permission", action="lambda:InvokeFunction", function_name="${HelloFunction}",
        principal="s3.amazonaws.com", source_arn=f"arn:aws:s3:::{STAGE}-files")
"""
RUNS = """
from remit import project
from shared.resources.stores import Stores

@app.function(policy=[{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": Stores.work.arn}])
def hello(event, context): ...


@app.function(properties={"Role": f"arn:aws:iam::111122223333:role/{project.namespace}-runner"})
def other(event, context): ...
"""


def test_a_stage_by_the_name_of_another_is_that_stage_in_all_that_it_says(make: Make) -> None:
    limits = "config.lambda_.iam.permissions_boundary = f'arn:aws:iam::111122223333:policy/{project.namespace}-most'"
    config = f"from remit import project\n{limits}\n{POLICY}"
    folder = make(app=RUNS, config=config, **{"shared/resources/stores.py": EVERYWHERE}).folder
    dev, prod = tree(folder, "dev"), tree(folder, "prod")
    renamed = renamed_to(dev, prod.namespace)
    assert review(dev, prod).broadens
    assert review(renamed, prod).changes == ()
    for field in fields(Version):
        sides = [getattr(version, field.name) for version in (renamed, prod)]
        if field.name == "roles":  # whose documents are made of the grants
            sides = [[(role.grants, role.managed, role.boundary, role.trust) for role in roles] for roles in sides]
        assert sides[0] == sides[1], field.name


def test_only_the_whole_namespace_is_put_equal() -> None:
    old = version("app-dev", "app-dev/x", "my-app-dev/x", "app-develop/x", "dev/app-dev-logs/x", "app-devX")
    (role,) = renamed_to(old, "app-prod").roles
    (grant,) = role.grants
    expected = ("app-prod/x", "my-app-dev/x", "app-develop/x", "dev/app-prod-logs/x", "app-devX")
    assert grant.statement.resources is not None
    assert (grant.statement.resources.patterns, grant.statement.conditions[0].values) == (expected, expected)


def test_a_version_without_a_namespace_or_with_this_one_stays_as_it_is() -> None:
    for namespace in ("", "app-prod"):
        old = version(namespace, "app-dev/x")
        assert old is renamed_to(old, "app-prod")


def test_every_text_of_a_version_that_names_its_stage_is_put_equal() -> None:
    def stage(namespace: str) -> Version:
        arn = f"arn:aws:iam::111122223333:policy/{namespace}-limit"
        who = Principals((("AWS", f"arn:aws:iam::111122223333:role/{namespace}-caller"),))
        trust = Policy((Statement("Allow", Globs(("sts:AssumeRole",)), principals=who),))
        grants = (Grant(allow("s3:GetObject", on=f"arn:aws:s3:::{namespace}-in/*"), Reason("text", "")),)
        policies = (HeldPolicy("own", grants=grants), *by_arn((arn,)))
        setting = AccessSetting("Principals", "grant", "adds", (f"reader of {namespace}",), f"GET /{namespace}")
        uploads = Given(
            "AWS::S3::Bucket",
            documents=(grants,),
            on=(f"{namespace}-in",),
            arns=(f"arn:aws:s3:::{namespace}-in",),
            settings=(setting,),
            unread=frozenset((f"{namespace}-late",)),
        )
        return Version(
            "a stage",
            (Holder("R", policies, ("f",), limits=bounded(arn), trust=trust),),
            documents={arn: trust},
            versions={arn: "v3"},
            namespace=namespace,
            others={"other": arn},
            shapes=Shapes(names={"${In.Arn}": f"arn:aws:s3:::{namespace}-in"}),
            giving={"Uploads": uploads},
        )

    assert renamed_to(stage("app-dev"), "app-prod") == stage("app-prod")


def test_a_shared_permission_for_a_named_account_is_compared_and_one_for_a_service_is_its_triggers(make: Make) -> None:
    """What everyone may call is told of the functions themselves."""

    def shared(principal: str) -> Version:
        source = (
            "from remit import Shared, resource\nclass Calls(Shared):\n"
            "    permission = resource('AWS::Lambda::Permission', function_name='${HelloFunction}',\n"
            f"        action='lambda:InvokeFunction', principal='{principal}')\n"
        )
        return tree(make(**{"shared/resources/calls.py": source}).folder)

    account, other, service = shared("111122223333"), shared("444455556666"), shared("s3.amazonaws.com")
    compared = review(account, other)
    assert ["444455556666"] == [piece.principal for change in compared.changes for piece in change.access.gained]
    assert not review(account, service).broadens


def test_a_function_under_a_shared_role_is_under_no_foreign_one(make: Make) -> None:
    shared = """
    from remit import Shared, resource

    TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"}}]}


    class Access(Shared):
        worker = resource("AWS::IAM::Role", assume_role_policy_document=TRUST)
    """
    files = {"shared/resources/access.py": textwrap.dedent(shared)}
    app = (
        "from shared.resources.access import Access\n\n"
        '@app.function(properties={"Role": Access.worker.arn})\ndef hello(event, context): ...\n'
    )
    assert {} == tree(make(app=app, **files).folder).others
