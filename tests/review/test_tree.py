"""Two stages of one tree: the namespace is put equal, and nothing else."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from remit.app import Grant, Reason
from remit.holders import Holder, bounded, inline
from remit.iam.policy import Condition, Globs, Policy, Principals, Statement, allow
from remit.review.access_change import AccessSetting, Given, Version
from remit.review.changes import review
from remit.review.working_tree import renamed_to, tree

if TYPE_CHECKING:
    from conftest import Make

TABLE = 'f"arn:aws:dynamodb:eu-central-1:111122223333:table/{project.namespace}-orders"'
POLICY = f'config.lambda_.iam.policy = [{{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": {TABLE}}}]'


def version(namespace: str, *resources: str) -> Version:
    statement = allow("s3:GetObject", on=resources, when=(Condition("StringEquals", "aws:ResourceTag/of", resources),))
    return Version(
        namespace, (Holder("R", (inline((Grant(statement, Reason("text", "")),)),), ("f",)),), namespace=namespace
    )


def test_names_that_hold_the_namespace_agree_between_stages(make: Make) -> None:
    folder = make(config=POLICY).folder
    dev, prod = tree(folder, "dev"), tree(folder, "prod")
    assert review(dev, prod).broadens
    assert review(renamed_to(dev, prod.namespace), prod).changes == ()


def test_only_the_whole_namespace_is_put_equal() -> None:
    old = version("app-dev", "app-dev/x", "my-app-dev/x", "app-develop/x", "dev/app-dev-logs/x", "app-devX")
    (role,) = renamed_to(old, "app-prod").roles
    (grant,) = role.grants
    expected = ("app-prod/x", "my-app-dev/x", "app-develop/x", "dev/app-prod-logs/x", "app-devX")
    assert grant.statement.resources is not None
    assert (grant.statement.resources.patterns, grant.statement.conditions[0].values) == (expected, expected)


def test_what_policies_beside_the_roles_say_is_put_equal_as_well() -> None:
    def stage(namespace: str) -> Version:
        arn = f"arn:aws:iam::111122223333:policy/{namespace}-limit"
        limit = Policy((allow("s3:GetObject", on=f"arn:aws:s3:::{namespace}-in/*"),))
        who = Principals((("AWS", f"arn:aws:iam::111122223333:role/{namespace}-caller"),))
        trust = Policy((Statement("Allow", Globs(("sts:AssumeRole",)), principals=who),))
        role = Holder(
            "R", (inline((Grant(allow("s3:*"), Reason("text", "")),)),), ("f",), limits=bounded(arn), trust=trust
        )
        return Version(namespace, (role,), documents={arn: limit}, namespace=namespace)

    assert review(renamed_to(stage("app-dev"), "app-prod"), stage("app-prod")).changes == ()


def test_what_resources_let_others_do_is_put_equal_between_stages() -> None:
    def stage(namespace: str) -> Version:
        setting = AccessSetting("Principals", "grant", "adds", (f"reader of {namespace}-in",))
        public = Given("AWS::S3::Bucket", settings=(setting,))
        return Version(namespace, (), namespace=namespace, giving={"Uploads": public})

    assert review(renamed_to(stage("app-dev"), "app-prod"), stage("app-prod")).changes == ()


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
