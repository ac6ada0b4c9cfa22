"""Laws of two templates: doubtful names are told and no others, parts are told as they are alone, in any order."""

from __future__ import annotations

import json
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.report.access_documents import review_document
from remit.review.role_files import review_files

if TYPE_CHECKING:
    from collections.abc import Sequence

CASES: Final = cases(12, deep=300)
TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
Declared = dict[str, Any]


def role(statements: list[Any], **properties: Any) -> Declared:
    policy = {"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}
    own = (
        {"AssumeRolePolicyDocument": TRUST, "Policies": [policy]} if statements else {"AssumeRolePolicyDocument": TRUST}
    )
    return {"Type": "AWS::IAM::Role", "Properties": {**own, **properties}}


def allow(action: str, resource: Any = "*", **more: Any) -> Declared:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def compared(old: Declared, new: Declared) -> Declared:
    return review_document(review_files((json.dumps(old).encode(), "old.json"), (json.dumps(new).encode(), "new.json")))


def test_another_default_is_told_in_words_unless_either_side_hides_it() -> None:
    def template(**parameter: Any) -> Declared:
        reads = role([allow("s3:GetObject", {"Ref": "P"})])
        return {"Parameters": {"P": {"Type": "String", **parameter}}, "Resources": {"R": reads}}

    for was, now, words in (
        ({"Default": "aa1"}, {"Default": "bb2"}, "has another default: bb2 in place of aa1"),
        ({"Default": "aa1", "NoEcho": True}, {"Default": "bb2"}, "has another default"),
        ({"Default": "aa1"}, {"Default": "bb2", "NoEcho": True}, "has another default"),
    ):
        told = json.dumps(compared(template(**was), template(**now)))
        assert f'parameter P, on which it depends, {words}"' in told


STORED: Final = "AWS::SSM::Parameter"
LATE: Final = "what it gives is known at the deploy only"


@pytest.mark.parametrize(
    ("was", "now", "difference"),
    [
        ({"Value": "a", "Type": "String"}, {"Value": "b", "Type": "String"}, "has another Properties.Value"),
        (
            {"Value": "a", "Tags": {"k": "1", "l": "2"}}, {"Value": {"Ref": "X"}, "Tags": {"k": "2", "l": "2"}},
            "has another Properties.Value, Properties.Tags.k",
        ),
        ({"Value": {"Ref": "X"}}, {"Value": {"Ref": "Y"}}, "has another Properties.Value"),
        ({"Value": ["a"]}, {"Value": ["b"], "Tags": None}, "has another Properties.Value"),
        ({}, {"Value": "a"}, "has another Properties.Value"),
        ({"Value": "a"}, {"Value": "a"}, None),
    ],
)  # fmt: skip
def test_what_a_role_refers_to_is_told_with_the_properties_that_differ(
    was: Declared, now: Declared, difference: str | None
) -> None:
    def template(properties: Declared, kind: str = STORED) -> Declared:
        reads = role([allow("s3:GetObject", {"Fn::GetAtt": ["Own", "Value"]})])
        return {"Resources": {"Own": {"Type": kind, "Properties": properties}, "R": reads}}

    def reasons(old: Declared, new: Declared) -> list[str]:
        return [item["reason"] for item in compared(old, new)["undecided"]]

    expected = [] if difference is None else [f"Own, on which it depends, {difference}: {LATE}"]
    assert expected == reasons(template(was), template(now))
    retyped = [f"Own, on which it depends, is of another type: {LATE}"]
    assert retyped == reasons(template(was), template(now, "Custom::Own"))
    assert [] == reasons(template(was, "AWS::S3::Bucket"), template(now, "AWS::S3::Bucket"))


def test_a_policy_of_a_bucket_gives_a_role_what_it_says_of_the_bucket_and_its_objects_alone() -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "data"}}
    without = {"R": role([], RoleName="reader"), "B": bucket}
    named = {"Effect": "Allow", "Principal": {"AWS": {"Fn::GetAtt": ["R", "Arn"]}}, "Resource": "*"}
    for said, is_given in (
        ({"Action": "*"}, lambda action: action.startswith("s3:")),
        ({"Action": "s3:GetObject"}, lambda action: action == "s3:GetObject"),
        ({"NotAction": "s3:Get*"}, lambda action: not action.startswith("s3:Get")),
    ):
        document = {"Version": "2012-10-17", "Statement": [{**named, **said}]}
        policy = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "B"}, "PolicyDocument": document}}
        gained = compared({"Resources": without}, {"Resources": {**without, "P": policy}})["gained"]
        objects = "arn:${AWS::Partition}:s3:::data/example"
        assert ["${B.Arn}", objects] == [piece["resource"] for piece in gained]
        assert all(is_given(piece["action"]) for piece in gained)


def test_a_policy_of_a_bucket_says_nothing_of_buckets_whose_names_begin_alike() -> None:
    without = {"R": role([], RoleName="reader")}
    reader = {"AWS": {"Fn::GetAtt": ["R", "Arn"]}}
    alike = {"Fn::Sub": "arn:${AWS::Partition}:s3:::data*"}
    statement = {"Effect": "Allow", "Principal": reader, "Action": "*", "Resource": alike}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    policy = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "data", "PolicyDocument": document}}
    gained = compared({"Resources": without}, {"Resources": {**without, "P": policy}})["gained"]
    named = "arn:${AWS::Partition}:s3:::data"
    assert {named, f"{named}/example"} == {piece["resource"] for piece in gained}


DEFAULTS: Final = ({}, {"Default": "aa1"}, {"Default": "bb2"}, {"Default": "bb2", "NoEcho": True})
SAYING: Final[tuple[Declared, ...]] = (
    {"Type": "Custom::Lookup", "Properties": {"ServiceToken": "arn:aws:lambda:eu-west-1:111122223333:function:f"}},
    {"Type": "Custom::Lookup", "Properties": {"ServiceToken": "arn:aws:lambda:eu-west-1:111122223333:function:g"}},
    {"Type": "AWS::SSM::Parameter", "Properties": {"Value": "a"}},
    {"Type": "AWS::SQS::Queue"},
)
NAMES: Final = ("P0", "P1", "L0", "L1", "M0", "C0")


@st.composite
def doubtful(draw: st.DrawFn) -> tuple[Declared, Declared, set[str]]:
    """Two templates, and the names that mean something else in the second: parameters, resources, mappings.

    `C0` is a parameter that a condition asks for.
    """
    templates: list[Declared] = [{"Parameters": {}, "Resources": {}, "Mappings": {}} for _ in range(2)]
    differing = set()
    for name in NAMES:
        pool: tuple[Any, ...] = {"L": SAYING, "M": ("a", "b")}.get(name[0], DEFAULTS)
        before = draw(st.sampled_from(range(len(pool))), name)
        after = draw(st.just(before) | st.sampled_from(range(len(pool))), name)
        is_other = before != after and (name[0] in "LM" or pool[before].get("Default") != pool[after].get("Default"))
        differing |= {name} if is_other else set()
        for template, place in zip(templates, (before, after), strict=True):
            if name[0] == "L":
                template["Resources"][name] = pool[place]
            elif name[0] == "M":
                template["Mappings"][name] = {"x": {"y": pool[place]}}
            else:
                template["Parameters"][name] = {"Type": "String", **pool[place]}
    for template in templates:
        template["Conditions"] = {"IsC": {"Fn::Equals": [{"Ref": "C0"}, "aa1"]}}
    return templates[0], templates[1], differing


@settings(max_examples=CASES)
@given(doubtful(), st.sets(st.sampled_from(NAMES)))
def test_each_thing_that_means_something_else_is_undecided_for_the_role_that_mentions_it(
    drawn: tuple[Declared, Declared, set[str]], mentioned: set[str]
) -> None:
    old, new, differing = drawn
    spoken = [
        {"Fn::FindInMap": [name, {"Ref": "AWS::Region"}, "y"]}
        if name[0] == "M"
        else {"Fn::GetAtt": [name, "Arn"]} if name[0] == "L" else {"Ref": name}
        for name in sorted(mentioned - {"C0"})
    ]  # fmt: skip
    statements: list[Any] = [allow("s3:GetObject", text) for text in spoken] or [
        allow("s3:GetObject", "arn:aws:s3:::x")
    ]
    if "C0" in mentioned:
        statements.append({"Fn::If": ["IsC", allow("sqs:SendMessage"), {"Ref": "AWS::NoValue"}]})
    for template in (old, new):
        template["Resources"]["Reader"] = role(statements)
        template["Resources"]["Other"] = role([allow("sqs:ListQueues")])
    document = compared(old, new)
    doubts = {
        next(word.strip(",") for word in item["reason"].split() if word.strip(",") in NAMES)
        for item in document["undecided"]
        if item["role"] == "Reader"
    }
    event(f"doubts: {len(doubts)}")
    assert differing & mentioned == doubts
    for item in document["undecided"]:
        name = next(word.strip(",") for word in item["reason"].split() if word.strip(",") in NAMES)
        sides = [template["Parameters"].get(name, {"NoEcho": True}) for template in (old, new)]
        is_hidden = any("NoEcho" in side for side in sides)
        assert ("aa1" in item["reason"] or "bb2" in item["reason"]) == (not is_hidden)
    assert {item["role"] for item in document["undecided"]} <= {"Reader"}
    told = {piece["allows"]["resource"].removeprefix("${").removesuffix(".Arn}") for piece in document["gained"]}
    assert told <= differing  # of another type it has another ARN


ROLES: Final = {f"Role{number}": role([allow(f"sqs:{action}")]) for number, action in enumerate(
    ("SendMessage", "ReceiveMessage", "DeleteMessage", "PurgeQueue")
)}  # fmt: skip
TREES: Final = st.recursive(
    st.integers(0, 3),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3) | st.dictionaries(st.sampled_from(["A", "B"]), inner, min_size=1)
    ),
    max_leaves=5,
)


PLACES: Final = (("AWS::Shop::Order", "It"), ("AWS::Cognito::IdentityPoolRoleAttachment", "Roles"))
"""A property that nobody knows, and one that is known to hold roles."""


PROFILES: Final = {
    f"Profile{number}": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": f"Role{number}"}]}}
    for number in range(4)
}


def handing(tree: Any, order: Sequence[int], *, by_profile: bool) -> Any:
    """A tree with a role at each leaf, by its ARN or its instance profile; `order` has the one for each number."""
    if isinstance(tree, list):
        return [handing(item, order, by_profile=by_profile) for item in tree]
    if isinstance(tree, dict):
        return {name: handing(item, order, by_profile=by_profile) for name, item in tree.items()}
    name = f"{'Profile' if by_profile else 'Role'}{order[tree]}"
    return {"Fn::GetAtt": [name, "Arn"]}


def leaves(tree: Any, path: str = "") -> list[tuple[str, int]]:
    if isinstance(tree, list):
        return [leaf for item in tree for leaf in leaves(item, f"{path}[]")]
    if isinstance(tree, dict):
        return [leaf for name, item in tree.items() for leaf in leaves(item, f"{path}.{name}")]
    return [(path, tree)]


@settings(max_examples=CASES)
@example(tree={"A": 0, "B": [1, 2, 3]}, order=(1, 2, 3, 0), place=PLACES[0], by_profile=False)
@example(tree=[0, [1, 2, 3]], order=(1, 2, 3, 0), place=PLACES[0], by_profile=True)
@example(tree={"A": 0, "B": 1}, order=(1, 0, 2, 3), place=PLACES[0], by_profile=False)
@given(tree=TREES, order=st.permutations(range(4)), place=st.sampled_from(PLACES), by_profile=st.booleans())
def test_each_role_is_handed_over_wherever_it_stands(
    *, tree: Any, order: Sequence[int], place: tuple[str, str], by_profile: bool
) -> None:
    """A place is compared with the same place of before, in which the roles together may do what each of them may."""
    actions = [role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]["Action"] for role in ROLES.values()]
    old, new = (
        {
            "Resources": {
                **ROLES,
                **PROFILES,
                "R": {"Type": place[0], "Properties": {place[1]: handing(tree, roles, by_profile=by_profile)}},
            }
        }
        for roles in (range(4), order)
    )
    places: dict[str, tuple[set[str], set[str]]] = {}
    for path, number in leaves(tree):
        before, after = places.setdefault(path, (set(), set()))
        before.add(actions[number])
        after.add(actions[order[number]])
    gained = Counter(action for before, after in places.values() for action in after - before)
    document = compared(old, new)
    event(f"places: {len(places)}")
    assert {piece["allows"]["action"] for piece in document["gained"]} == set(gained)


def shuffled(template: Declared, order: list[str]) -> Declared:
    return {**template, "Resources": {name: template["Resources"][name] for name in order}}


STATEMENTS: Final = st.lists(
    st.builds(
        lambda effect, action, resource: {"Effect": effect, "Action": action, "Resource": resource},
        st.sampled_from(["Allow", "Allow", "Deny"]),
        st.sampled_from(["s3:GetObject", "s3:*", "iam:PassRole", "sqs:SendMessage"]),
        st.sampled_from(["*", "arn:aws:s3:::a/*"]),
    ),
    min_size=1,
    max_size=2,
)


@st.composite
def parts(draw: st.DrawFn, name: str) -> Declared:
    """A role with what is attached to it, a user in a group, or a bucket's policy; none of it is of another part."""
    resources: Declared = {name: role(draw(STATEMENTS))}
    if draw(st.booleans()):
        document = {"Version": "2012-10-17", "Statement": draw(STATEMENTS)}
        properties = {"PolicyName": "more", "PolicyDocument": document, "Roles": [{"Ref": name}]}
        resources[f"{name}More"] = {"Type": draw(st.sampled_from(["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"]))}
        resources[f"{name}More"]["Properties"] = properties
        if resources[f"{name}More"]["Type"].endswith("ManagedPolicy"):
            del properties["PolicyName"]
    if draw(st.booleans()):
        group = {"Policies": [{"PolicyName": "g", "PolicyDocument": {"Statement": draw(STATEMENTS)}}]}
        resources[f"{name}Group"] = {"Type": "AWS::IAM::Group", "Properties": group}
        resources[f"{name}User"] = {"Type": "AWS::IAM::User", "Properties": {"Groups": [{"Ref": f"{name}Group"}]}}
    if draw(st.booleans()):
        resources[f"{name}Door"] = {
            "Type": "AWS::Lambda::Permission",
            "Properties": {"Action": draw(st.sampled_from(["lambda:InvokeFunction", "lambda:GetFunction"])),
                           "FunctionName": name, "Principal": draw(st.sampled_from(["*", "444455556666"]))},
        }  # fmt: skip
    return resources


def pieces(document: Declared) -> Counter[str]:
    """All that is told, without the lines."""
    told = []
    for name in ("gained", "lost", "undecided", "doors", "policies", "resources", "losses"):
        for item in document[name] or ():
            kept = {key: value for key, value in item.items() if key not in ("origin", "context")}
            told.append(json.dumps([name, kept], sort_keys=True))
    return Counter(told)


@settings(max_examples=cases(6, deep=200))
@given(parts("A"), parts("A"), parts("B"), parts("B"), st.randoms())
def test_parts_are_told_as_they_are_alone_in_whatever_order_they_stand(
    old_a: Declared, new_a: Declared, old_b: Declared, new_b: Declared, random: Any
) -> None:
    both = {"Resources": {**old_a, **old_b}}, {"Resources": {**new_a, **new_b}}
    alone = [compared({"Resources": old}, {"Resources": new}) for old, new in ((old_a, new_a), (old_b, new_b))]
    together = pieces(compared(*both))
    event(f"told: {bool(together)}")
    assert together == pieces(alone[0]) + pieces(alone[1])
    orders = [sorted(template["Resources"], key=lambda _: random.random()) for template in both]
    assert together == pieces(compared(shuffled(both[0], orders[0]), shuffled(both[1], orders[1])))
    assert pieces(compared(both[0], shuffled(both[0], orders[0]))) == Counter()


NO_VALUE: Final = {"Ref": "AWS::NoValue"}
BRANCHES: Final = st.sampled_from([None, "s3:GetObject", "s3:PutObject", "sqs:SendMessage"])
CHOICES: Final = st.tuples(st.sampled_from(["IsA", "IsB"]), BRANCHES, BRANCHES)
"""A condition, and the action that is allowed where it holds, and where it does not."""
Chosen = tuple[str, str | None, str | None]


def chosen(choices: list[Chosen], attached: Chosen | None, holds: dict[str, bool] | None) -> Declared:
    """A template with a statement for each choice; where it is told what holds, without conditions."""

    def branch(action: str | None) -> Any:
        return NO_VALUE if action is None else allow(action)

    statements: list[Any] = [allow("sns:Publish")]
    for condition, first, second in choices:
        if holds is None:
            statements.append({"Fn::If": [condition, branch(first), branch(second)]})
        elif (action := first if holds[condition] else second) is not None:
            statements.append(allow(action))
    resources = {"Reader": role(statements)}
    if attached is not None and attached[1] is not None and (holds is None or holds[attached[0]]):
        document = {"Version": "2012-10-17", "Statement": [allow(attached[1])]}
        properties = {"PolicyName": "more", "PolicyDocument": document, "Roles": [{"Ref": "Reader"}]}
        resources["More"] = {"Type": "AWS::IAM::Policy", "Properties": properties}
        if holds is None:
            resources["More"]["Condition"] = attached[0]
    conditions = {"IsA": {"Fn::Equals": [{"Ref": "A"}, "a"]}, "IsB": {"Fn::Equals": [{"Ref": "B"}, "b"]}}
    parameters = {"A": {"Type": "String"}, "B": {"Type": "String"}}
    return {"Parameters": parameters, "Conditions": conditions, "Resources": resources}


@settings(max_examples=cases(6, deep=200))
@given(*[st.lists(CHOICES, max_size=2), st.none() | CHOICES] * 2)
def test_conditions_tell_each_change_once_and_hold_what_they_say_in_each_way_they_turn_out(
    old: list[Chosen], old_attached: Chosen | None, new: list[Chosen], new_attached: Chosen | None
) -> None:
    joint = compared(chosen(old, old_attached, None), chosen(new, new_attached, None))
    told: list[tuple[tuple[str, str], list[str]]] = []
    places = []
    for part in ("gained", "lost"):
        for piece in joint[part]:
            told.append(((part, piece["allows"]["action"]), piece.get("when", [])))
            places.append((part, piece["allows"]["action"], str(piece["origin"])))
    assert len(places) == len(set(places))
    found: set[tuple[str, str]] = set()
    for is_a, is_b in product([True, False], repeat=2):
        holds = {"IsA": is_a, "IsB": is_b}
        settled = compared(chosen(old, old_attached, holds), chosen(new, new_attached, holds))
        pieces_here = {(part, piece["allows"]["action"]) for part in ("gained", "lost") for piece in settled[part]}
        found |= pieces_here
        true_here = {f"A {'=' if is_a else 'is not'} a", f"B {'=' if is_b else 'is not'} b"}
        assert {what for what, when in told if true_here.issuperset(when)} <= pieces_here
    event(f"changes: {min(len(found), 3)}")
    assert found == {what for what, _ in told}
