"""Roles that are too long: minimised, parted, or refused, to the character; and nothing is touched that fits."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

import cfn_lint
from projects import at
from random_cases import cases, in_all_cases
from remit.app import Grant, Reason, Resource
from remit.build import grant_document
from remit.catalogue.managed_policies import managed_policy
from remit.catalogue.partitions import partitions
from remit.errors import Origin, RemitError
from remit.holders import Holder, by_arn, inline
from remit.iam.policy import Condition, Globs, Policy, Statement, allow, parse, render
from remit.iam.prove.compare import equivalent
from remit.roles.document_split import fewest, packed
from remit.roles.fit_quotas import fit
from remit.roles.policy_size import LONGEST, Sizes, headroom, own_policies

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conftest import Make

SIZES = Sizes("orders-dev", {})
TABLE = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"


def as_iam(statements: tuple[Statement, ...]) -> str:
    """A document without white space, its late-bound parts as long as any."""
    text = json.dumps(render(Policy(statements)), separators=(",", ":"))
    for name, length in LONGEST.items():
        text = text.replace(f"${{{name}}}", "x" * length)
    return text


def conditioned(number: int, filler: str = "") -> Grant:
    """A statement that no other can be merged with."""
    when = Condition("StringEquals", "aws:PrincipalTag/team", (f"team{number:03}{filler}",))
    statement = allow("dynamodb:GetItem", on=f"{TABLE}orders{number:03}", when=(when,))
    return Grant(statement, Reason("text", f"reads orders{number:03}"), Origin("app.py", number + 1))


def role_of(*grants: Grant, managed: tuple[str, ...] = ()) -> Holder:
    return Holder("IngestRole", (inline(grants), *by_arn(managed)), ("ingest",))


def counts(role: Holder) -> tuple[int, ...]:
    return tuple(len(policy.grants) for policy in own_policies(role))


def filled(count: int, size: int, first: int = 0) -> Holder:
    """A role of `count` conditioned statements whose one document would have exactly `size` characters."""
    grants = [conditioned(first + number) for number in range(count)]
    short = size - len(as_iam(tuple(grant.statement for grant in grants)))
    return role_of(*grants[:-1], conditioned(first + count - 1, "x" * short))


def proven_same(role: Holder, other: Holder) -> bool:
    """By the comparison, over all of each role's documents."""
    one, two = (
        [Policy(tuple(one.statement for one in policy.grants)) for policy in own_policies(role)]
        for role in (role, other)
    )
    return equivalent(one, two) and equivalent(denials(one), denials(two))


def denials(policies: list[Policy]) -> Policy:
    """What they deny, as if each allowed."""
    every = (statement for policy in policies for statement in policy.statements)
    return Policy(tuple(replace(one, effect="Allow") for one in every if one.effect == "Deny"))


def test_a_role_of_exactly_10240_characters_fits_and_is_not_touched() -> None:
    role = filled(40, 10_240)
    assert 10_240 == SIZES.policy(role)
    assert role is fit(role, SIZES)


def test_one_character_more_is_parted() -> None:
    role = filled(40, 10_241)
    fitted = fit(role, SIZES)
    assert (10_241, (39, 1)) == (SIZES.policy(role), counts(fitted))
    assert proven_same(role, fitted)
    assert role.grants == fitted.grants


@pytest.mark.parametrize(("size", "policies"), [(6_144, 1), (6_145, 2)])
def test_a_managed_policy_holds_6144_characters(size: int, policies: int) -> None:
    """Beside an inline policy that is full."""
    role = role_of(*filled(40, 10_240).grants, *filled(20, size, first=100).grants)
    assert policies == len(own_policies(fit(role, SIZES))) - 1


def test_60_long_conditioned_statements_fit_and_say_the_same() -> None:
    role = _role_of_long_statements(60)
    fitted = fit(role, SIZES)
    documents = [policy.grants for policy in own_policies(fitted)]
    sizes = [len(as_iam(tuple(grant.statement for grant in part))) for part in documents]
    assert sizes == [SIZES.policy(policy) for policy in own_policies(fitted)]
    assert sizes[0] <= 10_240
    assert max(sizes[1:]) <= 6_144
    assert role.grants == tuple(itertools.chain(*documents))
    assert proven_same(role, fitted)


def test_documents_are_as_few_as_their_length_takes() -> None:
    """In their order, these three would take one each."""
    short, long, middle = (allow("sqs:SendMessage", on=f"arn:aws:sqs:::{'q' * length}") for length in (300, 800, 600))
    laid = fewest((short, long, middle), SIZES, 1_100)
    assert laid is not None
    assert sorted(map(set, laid), key=len) == [{long}, {short, middle}]
    assert max(SIZES.document(document) for document in laid) <= 1_100


STATEMENTS: Final = st.lists(
    st.builds(
        lambda lengths, letter: allow(
            "sqs:SendMessage", on=tuple(f"arn:aws:sqs:::{letter * length}" for length in lengths)
        ),
        st.lists(st.integers(10, 350), min_size=1, max_size=3),
        st.sampled_from("pqr"),
    ),
    min_size=1,
    max_size=7,
    unique=True,
)


@settings(max_examples=cases(20, deep=1_000))
@given(STATEMENTS, st.integers(500, 900), st.integers(500, 900))
def test_statements_are_laid_whole_in_their_order_into_documents_that_hold_them(
    statements: list[Statement], first: int, further: int
) -> None:
    def said(laid: Iterable[Statement]) -> Counter[str]:
        return Counter(pattern for one in laid for pattern in (one.resources.patterns if one.resources else ()))

    length = sum(len(as_iam((one,))) - len(as_iam(())) for one in statements)
    for spare in (None, 3, 2, 1, 0):
        laid = packed(tuple(statements), SIZES, first_length=first, further_length=further, spare=spare)
        if laid is None:  # each ARN fits by itself, so that only the number of documents can be too small
            assert spare is not None
            frames = (spare + 2) * len(as_iam(()))  # of each document, which its size has besides
            assert length + frames > (first + spare * further) / 2
            continue
        assert said(itertools.chain(*laid)) == said(statements)
        assert spare is None or len(laid) <= spare + 1
        for most, document in zip([first, *[further] * len(laid)], laid, strict=False):
            assert len(as_iam(document)) <= most
        is_whole = Counter(itertools.chain(*laid)) == Counter(statements)
        event(f"documents: {min(len(laid), 3)}, whole: {is_whole}")
        if is_whole:
            for document in laid:
                following = iter(statements)  # equal ones may come twice
                assert all(statement in following for statement in document)


def test_the_longest_policy_of_aws_is_laid_into_documents_that_say_the_same() -> None:
    aws = managed_policy("ReadOnlyAccess")
    assert aws is not None
    whole = parse(aws.document)
    laid = packed(whole.statements, SIZES, first_length=6_144, further_length=6_144)
    assert laid is not None
    assert len(laid) > 1
    assert max(len(as_iam(part)) for part in laid) <= 6_144
    assert equivalent([Policy(part, whole.version) for part in laid], whole)


def test_ten_attachments_are_the_most_and_those_of_others_count() -> None:
    """As many statements as one inline and ten managed policies hold; then one more; then one policy of AWS's."""
    most = _role_of_long_statements(_held_in(10_240) + 10 * _held_in(6_144))
    assert 11 == len(own_policies(fit(most, SIZES)))
    of_aws = by_arn(("arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess",))
    one_more = _role_of_long_statements(len(most.grants) + 1)
    for more in (replace(most, policies=(*most.policies, *of_aws)), one_more):
        with pytest.raises(RemitError) as caught:
            fit(more, SIZES)
        assert "and does not fit" in caught.value.message


def _role_of_long_statements(count: int) -> Holder:
    return role_of(*(conditioned(number, "x" * 500) for number in range(count)))


def _held_in(length: int) -> int:
    """How many long statements a document of so many characters holds, with a comma between each two."""
    empty, alone = (len(as_iam(tuple(g.statement for g in _role_of_long_statements(n).grants))) for n in (0, 1))
    return (length - empty + 1) // (alone - empty + 1)


def test_what_cannot_fit_is_told_with_the_numbers_and_the_longest_statements() -> None:
    role = role_of(*(conditioned(number, "y" * 500) for number in range(107)), conditioned(999, "y" * 900))
    with pytest.raises(RemitError) as caught:
        fit(role, SIZES)
    all_of_it = f"{len(as_iam(tuple(grant.statement for grant in role.grants))):,}"
    needs = f"has {all_of_it} characters in 108 statements, {all_of_it} when it is minimised, and does not fit"
    rooms = "10,240 for the inline policies of a role, and 6,144 in each of 10 managed policies (0 are taken)"
    takes = "71,680 in all; it would take 12 managed policies beside a full inline policy"
    assert [f"the policy of ingest {needs}", f"IAM allows {rooms}: {takes}", "the longest statements:"] == [
        line.strip() for line in caught.value.message.splitlines()[:3]
    ]
    assert "because reads orders999  (app.py:1000)" in caught.value.message.splitlines()[3]
    assert "app.py:1000" == at(caught.value)


def test_statements_are_merged_first_and_keep_their_reasons_and_lines() -> None:
    grants = [
        Grant(
            allow("dynamodb:GetItem", on=f"{TABLE}t{number:03}"),
            Reason("text", f"reads t{number:03}"),
            Origin("app.py", number + 1),
        )
        for number in range(150)
    ]
    role = role_of(*grants)
    fitted = fit(role, SIZES)
    assert SIZES.policy(role) > 10_240 > SIZES.policy(fitted)
    (merged,) = fitted.grants
    assert (1,) == counts(fitted)
    assert merged.because == "; ".join(grant.because for grant in grants)
    assert (Origin("app.py", 1), tuple(grants)) == (merged.origin, merged.stands_for)
    assert proven_same(role, fitted)
    assert fitted is fit(fitted, SIZES)
    assert [grant_document(grant) for grant in grants] == grant_document(merged)["stands_for"]


def test_where_merging_is_enough_a_statement_that_another_covers_stays_as_it_is_written() -> None:
    many = [Grant(allow("dynamodb:GetItem", on=f"{TABLE}t{n:03}"), Reason("text", f"reads {n}")) for n in range(140)]
    wide = Grant(allow("s3:Get*", on="arn:aws:s3:::a*"), Reason("text", "reads"))
    narrow = Grant(allow("s3:GetObject", on="arn:aws:s3:::ab/*"), Reason("text", "also reads"))
    fitted = fit(role_of(*many, wide, narrow), SIZES)
    assert [wide.statement, narrow.statement] == [grant.statement for grant in fitted.grants[1:]]


def test_merging_is_proven_where_late_bound_parts_leave_the_comparison_in_doubt() -> None:
    """Denials and exceptions on names that only CloudFormation knows: no statement is kept apart for their sake."""
    many = [Grant(allow("dynamodb:GetItem", on=f"{TABLE}t{n:03}"), Reason("text", f"reads {n}")) for n in range(140)]
    deny = Grant(
        Statement("Deny", Globs(("dynamodb:*",)), Globs((f"{TABLE}${{AWS::StackName}}-*",))),
        Reason("text", "keeps out"),
    )
    rest = Grant(
        Statement("Allow", Globs(("dynamodb:Get*",)), Globs((f"{TABLE}x*",), negated=True)), Reason("text", "most")
    )
    wide = Grant(
        allow("sqs:SendMessage", "sqs:Send*", on=("arn:aws:sqs:*:*:a", "arn:aws:sqs:*:*:a*")), Reason("text", "sends")
    )
    fitted = fit(role_of(*many, deny, rest, wide), SIZES)
    assert (1, 4) == (len(own_policies(fitted)), len(fitted.grants))
    assert "arn:aws:sqs:*:*:a*" == fitted.grants[3].statement.resources.patterns[0]


def test_a_reason_is_never_lost() -> None:
    """Also that of a statement that others make redundant together."""
    wide = Grant(allow("s3:Get*", on="arn:aws:s3:::a*"), Reason("text", "reads"), Origin("app.py", 1))
    narrow = Grant(allow("s3:GetObject", on="arn:aws:s3:::ab/*"), Reason("text", "also reads"), Origin("app.py", 2))
    denied = Grant(allow("sqs:SendMessage", on="q"), Reason("text", "sends"), Origin("app.py", 3))
    deny = Grant(Statement("Deny", Globs(("sqs:*",)), Globs(("*",))), Reason("text", "no queues"), Origin("app.py", 4))
    many = [conditioned(number) for number in range(60)]
    fitted = fit(role_of(wide, narrow, denied, deny, *many), SIZES)
    reasons = {grant.because for grant in fitted.grants}
    assert {"reads; also reads", "sends; no queues"} <= reasons
    assert proven_same(role_of(wide, narrow, denied, deny, *many), fitted)


def test_a_statement_longer_than_a_document_is_taken_apart() -> None:
    """By its resources, and by its actions where it has but one resource."""
    resources = tuple(f"{TABLE}a-table-with-a-long-name-{'x' * 200}{number:04}" for number in range(90))
    by_resource = role_of(Grant(allow("dynamodb:GetItem", on=resources, sid="Read"), Reason("text", "reads")))
    actions = tuple(f"dynamodb:{'X' * 300}{number:04}" for number in range(70))
    by_action = role_of(Grant(allow(*actions, on=f"{TABLE}orders"), Reason("text", "reads")))
    denies = role_of(
        Grant(Statement("Deny", Globs(("dynamodb:GetItem",)), Globs(resources)), Reason("text", "keeps out"))
    )
    for role in (by_resource, by_action, denies):
        fitted = fit(role, SIZES)
        assert (True, True) == (len(own_policies(fitted)) > 1, proven_same(role, fitted))
        assert {role.grants[0].because} == {grant.because for grant in fitted.grants}
        assert all(
            size <= most
            for size, most in zip(map(SIZES.policy, own_policies(fitted)), (10_240, *[6_144] * 9), strict=False)
        )
    sids = [grant.statement.sid for grant in fit(by_resource, SIZES).grants]
    assert ["Read", *[""] * (len(sids) - 1)] == sids


@pytest.mark.parametrize(("actions", "resources"), [(1, 12), (12, 1), (8, 8)])
def test_what_is_taken_apart_keeps_the_order_of_its_actions_and_resources(actions: int, resources: int) -> None:
    """Also where no document has room for one action on all resources, or for all actions on one resource."""
    done = tuple(f"dynamodb:{'X' * 150}{number}" for number in range(actions))
    statement = allow(*done, on=tuple(f"{TABLE}{'x' * 100}{number}" for number in range(resources)), sid="Read")
    laid = packed((statement,), SIZES, first_length=900, further_length=900)
    assert laid is not None
    pieces = [*itertools.chain(*laid)]
    assert max(len(as_iam(document)) for document in laid) <= 900
    assert list(done) == list(dict.fromkeys(action for piece in pieces for action in piece.actions.patterns))
    on = dict.fromkeys(pattern for piece in pieces if piece.resources for pattern in piece.resources.patterns)
    assert statement.resources == Globs(tuple(on))
    assert ["Read", *[""] * (len(pieces) - 1)] == [piece.sid for piece in pieces]
    assert equivalent([Policy(tuple(pieces))], Policy((statement,)))


def test_a_statement_that_cannot_be_taken_apart_stands_inline_or_is_refused() -> None:
    def not_on(length: int) -> Grant:
        return Grant(
            Statement("Allow", Globs(("s3:*",)), Globs(("x" * length, "y"), negated=True)), Reason("text", "most")
        )

    few = [conditioned(number) for number in range(40)]
    fitted = fit(role_of(*few, not_on(9_000)), SIZES)
    assert "most" in {grant.because for grant in own_policies(fitted)[0].grants}
    with pytest.raises(RemitError, match="cannot be taken apart"):
        fit(role_of(*few, not_on(11_000)), SIZES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("orders", 6),
        ("or ders", 7),  # white space inside a text counts
        ("Zoë", 4),  # in bytes
        ('a"b', 4),  # as JSON escapes it
        ("${AWS::Region}", 15),
        ("${AWS::Partition}${AWS::AccountId}${AWS::URLSuffix}", 38),
        ("${AWS::StackName}", 10),
        ("${AWS::StackId}", len("arn:aws-us-gov:cloudformation:us-isof-south-1:111122223333:stack/orders-dev/") + 36),
        ("${aws:username}", 15),  # IAM's own variable stays as it is
    ],
)
def test_texts_are_counted_as_they_will_be(text: str, expected: int) -> None:
    base = SIZES.statement(allow("s3:GetObject", on=""))
    assert expected == SIZES.statement(allow("s3:GetObject", on=text)) - base


def test_no_partition_or_region_is_longer_than_counted() -> None:
    assert LONGEST["AWS::Partition"] == max(len(one.name) for one in partitions())
    assert LONGEST["AWS::Region"] >= max(len(region) for one in partitions() for region in one.regions)
    assert LONGEST["AWS::URLSuffix"] == max(len(one.dns_suffix) for one in partitions())


def test_references_are_counted_by_what_they_name() -> None:
    resources = (
        Resource("Data", "AWS::DynamoDB::Table", {"TableName": "orders"}),
        Resource("Jobs", "AWS::SQS::Queue", {}),
        Resource("Logs", "AWS::Logs::LogGroup", {"LogGroupName": "/aws/lambda/${AWS::StackName}-hello"}),
        Resource("Db", "AWS::RDS::DBInstance", {"DBInstanceIdentifier": "d" * 60}),
        Resource("Cluster", "AWS::RDS::DBCluster", {}),
    )
    sizes = Sizes("orders-dev", {one.logical_id: one for one in resources})
    place = "aws-us-gov:%s:us-isof-south-1:111122223333"
    assert [
        len(f"arn:{place % 'dynamodb'}:table/orders"),
        len(f"arn:{place % 'sqs'}:orders-dev-Jobs-1234567890123"),
        len(f"arn:{place % 'logs'}:log-group:/aws/lambda/orders-dev-hello:*"),
        len("/aws/lambda/orders-dev-hello"),
        60,
        len(f"arn:{place % 'rds'}:cluster:orders-dev-cluster-1234567890123"),
    ] == [
        sizes.text(f"${{{name}}}")
        for name in ("Data.Arn", "Jobs.Arn", "Logs.Arn", "Logs", "Db", "Cluster.DBClusterArn")
    ]


def test_an_imported_value_in_a_policy_is_counted() -> None:
    """Its text in a document is JSON inside JSON."""
    assert SIZES.statement(allow("s3:GetObject", on='${{"Fn::ImportValue":"x"}}/*')) > 60


def test_a_function_of_cloudformation_anywhere_in_a_document_is_counted_at_its_longest() -> None:
    document = {"Statement": [{"Resource": {"Ref": "AWS::Region"}}]}
    assert len('{"Statement":[{"Resource":"us-isof-south-1"}]}') == SIZES.written(document)


def test_headroom_is_remarkable_from_four_fifths_on() -> None:
    below, above = filled(30, 8_192), filled(30, 8_193)
    rooms = [headroom(role, fit(role, SIZES), SIZES) for role in (below, above)]
    assert [False, True] == [room.remarkable for room in rooms]
    assert "IngestRole: 8,193 of 10,240 characters inline" == rooms[1].text


BIG = """
@app.function(sqs("incoming"), policy=[
    {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": f"arn:aws:dynamodb:*:*:table/orders{n:03}",
     "Condition": {"StringEquals": {"aws:PrincipalTag/team": f"team{n:03}"}}} for n in range(75)])
def ingest(event, context): ...
"""


def test_a_build_makes_managed_policies_and_attaches_them(make: Make) -> None:
    project = make(app=BIG)
    built = project.built()
    template = json.loads(built.body)["Resources"]
    policies = [name for name, one in template.items() if one["Type"] == "AWS::IAM::ManagedPolicy"]
    role = template["IngestRole"]["Properties"]
    assert (["IngestRolePolicy1"], [{"Ref": "IngestRolePolicy1"}]) == (policies, role["ManagedPolicyArns"])
    statements: list[Any] = [
        *role["Policies"][0]["PolicyDocument"]["Statement"],
        *template["IngestRolePolicy1"]["Properties"]["PolicyDocument"]["Statement"],
    ]
    assert len(project.role("ingest").grants) == len(statements)
    assert [f"IngestRole: {built.headroom[0].inline:,} of 10,240 characters inline; "] == [
        note.split(f"{built.headroom[0].declared:,}")[0] for note in built.notes if note.startswith("IngestRole")
    ]
    assert built.body == project.built().body


@in_all_cases
def test_cfn_lint_takes_a_template_with_parted_roles(make: Make) -> None:
    path = make(app=BIG).built().folder / ".remit/build/template.json"
    assert [] == cfn_lint.findings(path, regions=("eu-west-1", "cn-north-1"))


def test_a_role_that_cannot_fit_stops_the_build_at_its_line(make: Make) -> None:
    error = make(app=BIG.replace("range(75)", "range(500)")).error()
    assert "the policy of ingest has" in error.message
    assert at(error).startswith("app.py:")


def test_functions_whose_access_is_too_long_for_an_inline_policy_share_roles_all_the_same(make: Make) -> None:
    grants = BIG.partition("policy=")[2].partition(")\ndef")[0]
    body = f"POLICY = {grants.strip()}\n"
    body += "".join(f"@app.function(policy=POLICY)\ndef fn_{n}(event, context): ...\n" for n in range(60))
    built = make(config="config.lambda_.iam.share_roles = True", app=body).built()
    assert 2 == len(built.roles)
    assert all(len(own_policies(role)) > 1 for role in built.roles)


def test_the_size_of_every_role_is_in_the_json_of_a_build(make: Make) -> None:
    project = make(app=BIG + "@app.function\ndef hello(event, context): ...\n")
    ran = project.remit("build", "--no-package", "--json")
    roles = json.loads(ran.out)["roles"]
    assert ["IngestRole", "HelloRole"] == [role["role"] for role in roles]
    assert {
        "declared": roles[1]["size"]["declared"],
        "minimised": False,
        "inline": {"used": roles[1]["size"]["declared"], "limit": 10_240},
        "managed": [],
        "attached": {"used": 0, "limit": 10},
    } == roles[1]["size"]
    assert (["inline", "IngestRolePolicy1"], len(roles[0]["grants"])) == (
        list(roles[0]["policies"]),
        sum(roles[0]["policies"].values()),
    )
    assert ["IngestRole"] == [note.split(":")[0] for note in json.loads(ran.out)["notes"]]
    assert "IngestRole: " in project.remit("build", "--no-package").err


_HERE = "arn:aws:dynamodb:eu-west-1:111122223333:table/"
_TABLES = st.lists(st.integers(0, 30).map(lambda n: f"{_HERE}{'t' * 60}{n}*"), min_size=1, max_size=4, unique=True).map(
    tuple
)
_NAMES = st.sampled_from(("dynamodb:GetItem", "dynamodb:Put*", "dynamodb:*", "sqs:SendMessage"))
_DONE = st.lists(_NAMES, min_size=1, max_size=2, unique=True).map(tuple)
_WHEN = st.sampled_from(((), (), *((Condition("StringEquals", "aws:PrincipalTag/t", (t,)),) for t in "abc")))


@st.composite
def _grants(draw: st.DrawFn) -> Grant:
    effect = draw(st.sampled_from(("Allow", "Allow", "Allow", "Deny")))
    statement = Statement(
        effect,
        Globs(draw(_DONE)),
        Globs(draw(_TABLES), negated=draw(st.integers(0, 60)) == 0),
        conditions=draw(_WHEN),
    )
    number = draw(st.integers(1, 99))
    return Grant(statement, Reason("text", f"reason {number}"), Origin("app.py", number))


@settings(max_examples=cases(3, deep=20))
@given(st.lists(_grants(), min_size=30, max_size=60))
def test_any_role_that_is_made_to_fit_means_the_same(grants: list[Grant]) -> None:
    """Within the quotas, each reason still there, and twice the same."""
    role = role_of(*dict.fromkeys(grants))
    fitted = fit(role, SIZES)
    assert proven_same(role, fitted)
    assert all(
        size <= most
        for size, most in zip(map(SIZES.policy, own_policies(fitted)), (10_240, *[6_144] * 10), strict=False)
    )
    assert fitted == fit(role, SIZES)
    told = "; ".join(grant.because for grant in fitted.grants) + ";"
    denied = [grant for grant in grants if f"{grant.because};" not in told]
    assert [] == denied


def test_the_stream_of_a_table_is_as_long_as_its_date_makes_it() -> None:
    sizes = Sizes("orders-dev", {"Orders": Resource("Orders", "AWS::DynamoDB::Table", {"TableName": "orders"})})
    longest = "arn:aws-us-gov:dynamodb:us-isof-south-1:111122223333:table/orders/stream/2026-01-01T00:00:00.000"
    assert sizes.text("${Orders.StreamArn}") == len(longest)
