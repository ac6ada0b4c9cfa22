"""No role waits for what waits for it, and no statement is lost: small graphs of resources, searched one by one."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.app import Resource
from remit.synthesis.circular_dependencies import buckets_by_name, with_later_policies

NAMES: Final = ("Pool", "Function", "Bucket", "Queue")
ROLES: Final = ("WebRole", "JobRole")
SOME: Final = st.sets(st.sampled_from((*NAMES, *ROLES)), min_size=1, max_size=3)
FUNCTIONS: Final = {"WebFunction": "WebRole", "JobFunction": "JobRole"}
BUCKETS: Final = ("Uploads", "Archive")
WRITERS: Final = (*FUNCTIONS, *ROLES, "Report")
"""What may be about buckets; no bucket waits for the last one."""


def ref(name: str) -> str:
    return f"${{{name}.Arn}}"


def text(value: Any) -> str:
    return str(sorted(value.items()))


def named(resource: Resource) -> set[str]:
    """The resources that one names itself."""
    depends = resource.attributes.get("DependsOn", ())
    names = {depends} if isinstance(depends, str) else {*depends}
    return names | {name for name in (*NAMES, *ROLES) if f"${{{name}" in str(resource.properties)}


def waits_for_itself(resources: list[Resource]) -> set[str]:
    """The resources in a circular dependency, by a search from each of them."""
    names = {resource.logical_id: named(resource) for resource in resources}
    circular = set()
    for start in names:
        found, waiting = set(), [start]
        while waiting:
            for name in names.get(waiting.pop(), ()):
                if name not in found:
                    found.add(name)
                    waiting.append(name)
        circular |= {start} if start in found else set()
    return circular


@settings(max_examples=cases(30, deep=1_000))
@given(
    st.fixed_dictionaries(dict.fromkeys(NAMES, SOME)),
    st.fixed_dictionaries(
        {name: st.lists(st.sets(st.sampled_from(NAMES), min_size=1, max_size=2), max_size=3) for name in ROLES}
    ),
    st.booleans(),
)
def test_a_statement_comes_later_where_its_role_would_wait_for_itself(
    waits: dict[str, set[str]],
    statements: dict[str, list[set[str]]],
    in_text: bool,
) -> None:
    resources = []
    for place, name in enumerate(NAMES):  # each waits for later ones alone, so that only roles make a circle
        others = waits[name].intersection((*NAMES[place + 1 :], *ROLES))
        properties = {"X": [ref(other) for other in sorted(others)]} if in_text else {}
        resources.append(Resource(name, "AWS::X::Y", properties, {} if in_text else {"DependsOn": sorted(others)}))
    assert not waits_for_itself(resources)
    for role, drawn in statements.items():
        allowed = [
            {"Effect": "Allow", "Action": f"s3:{number}", "Resource": [ref(name) for name in sorted(names)] or "*"}
            for number, names in enumerate(drawn)
        ]
        policies = [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": allowed}}]
        resources.append(Resource(role, "AWS::IAM::Role", {"Policies": policies} if allowed else {}))
    made = with_later_policies(resources, ROLES)
    assert not waits_for_itself(made)
    by_id = {resource.logical_id: resource for resource in made}
    separated = 0
    for role in statements:
        own = [
            one
            for policy in by_id[role].properties.get("Policies", ())
            for one in policy["PolicyDocument"]["Statement"]
        ]
        assert all(policy["PolicyDocument"]["Statement"] for policy in by_id[role].properties.get("Policies", ()))
        later = by_id.get(f"{role}Later")
        others = [] if later is None else later.properties["PolicyDocument"]["Statement"]
        before = next(resource for resource in resources if resource.logical_id == role)
        all_statements = [
            one for policy in before.properties.get("Policies", ()) for one in policy["PolicyDocument"]["Statement"]
        ]
        assert Counter(map(text, (*own, *others))) == Counter(map(text, all_statements))
        for statement in all_statements:
            only_this = {"Policies": [{"PolicyName": "own", "PolicyDocument": {"Statement": [statement]}}]}
            alone = [*(one for one in resources if one.logical_id != role), Resource(role, "AWS::IAM::Role", only_this)]
            assert (statement in others) == (role in waits_for_itself(alone))
        separated += len(others)
        assert later is None or later.properties["Roles"] == [f"${{{role}}}"]
    event(f"separated: {min(separated, 2)}")


@settings(max_examples=cases(15, deep=1_000))
@given(
    st.fixed_dictionaries(dict.fromkeys(BUCKETS, st.sets(st.sampled_from((*FUNCTIONS,))))),
    st.fixed_dictionaries(dict.fromkeys(WRITERS, st.sets(st.sampled_from(BUCKETS)))),
)
def test_a_bucket_is_named_by_what_it_waits_for_and_referred_to_by_all_else(
    notified: dict[str, set[str]], written: dict[str, set[str]]
) -> None:
    waits = {bucket: notified[bucket] for bucket in BUCKETS}
    waits |= {name: written[name] | ({FUNCTIONS[name]} if name in FUNCTIONS else set()) for name in WRITERS}
    resources = []
    for bucket in BUCKETS:
        configuration = {"LambdaConfigurations": [{"Function": ref(name)} for name in sorted(notified[bucket])]}
        properties = {"BucketName": bucket.lower(), "NotificationConfiguration": configuration}
        resources.append(Resource(bucket, "AWS::S3::Bucket", properties))
    for name in WRITERS:
        about = [[f"${{{bucket}}}", f"${{{bucket}.Arn}}/*"] for bucket in sorted(written[name])]
        role = {"Role": ref(FUNCTIONS[name])} if name in FUNCTIONS else {}
        resources.append(Resource(name, "AWS::X::Y", {"X": about, **role}))
    waited_for: dict[str, set[str]] = {}
    for bucket in BUCKETS:
        waiting, waited_for[bucket] = [bucket], set()
        while waiting:
            new = waits[waiting.pop()] - waited_for[bucket]
            waited_for[bucket] |= new
            waiting += new
    made = {resource.logical_id: resource for resource in buckets_by_name(resources)}
    for name in WRITERS:
        expected = [
            [bucket.lower(), f"arn:${{AWS::Partition}}:s3:::{bucket.lower()}/*"]
            if name in waited_for[bucket]
            else [f"${{{bucket}}}", f"${{{bucket}.Arn}}/*"]
            for bucket in sorted(written[name])
        ]
        assert expected == made[name].properties["X"]
    event(f"named by name: {sum(name in waited_for[bucket] for name in WRITERS for bucket in written[name])}")
