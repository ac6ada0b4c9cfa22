"""Parts of an audit, each by itself: the ways to an administrator, documents in parts, what a caller decides.

Each is worked out again in a plainer way: by looking at all ways, by the evaluator on the whole policies.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from brute_force import names
from random_cases import cases
from remit.audit.caller_pins import PinnedCaller, pinned_context, pins, with_callers_values
from remit.audit.document_parts import DocumentParts, Profile
from remit.audit.documents import Documents
from remit.audit.escalation_paths import escalation_paths, leading_edges
from remit.audit.results import AccountResult, Edge, PrincipalRow, administrator
from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.policy import OLD_VERSION, VERSION, Condition, Globs, Policy, Statement, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST, SECOND = "111122223333", "444455556666"
ACCOUNTS: Final = (FIRST, SECOND)
NAMES: Final = {account: [f"arn:aws:iam::{account}:role/{name}" for name in "abc"] for account in ACCOUNTS}
ALL: Final = [*NAMES[FIRST], *NAMES[SECOND]]


@st.composite
def accounts(draw: st.DrawFn) -> list[AccountResult]:
    """The edges of two accounts: between roles, to everything in an account, to a vertex that stands for several."""
    found = []
    for account in ACCOUNTS:
        several = f"roles of {account}"
        targets = [*NAMES[account], *NAMES[account], *ALL, administrator(account), several]
        edges = [Edge(several, arn) for arn in draw(st.lists(st.sampled_from(NAMES[account]), max_size=2, unique=True))]
        for source in NAMES[account]:
            for target in draw(st.lists(st.sampled_from(targets), max_size=3, unique=True)):
                if target != source:
                    assumes = draw(st.sampled_from(["", "an instance takes commands"]))
                    edges.append(Edge(source, target, f"t{len(edges)}", (), assumes))
        administrators = tuple(draw(st.lists(st.sampled_from(NAMES[account]), max_size=1)))
        of_others = [edge for edge in edges if edge.source not in administrators]
        rows = tuple(PrincipalRow(arn) for arn in NAMES[account])
        found.append(AccountResult(account, rows, administrators, tuple(of_others)))
    return found


def steps_to(goals: set[str], edges: Iterable[Edge]) -> dict[str, int]:
    """How many edges lead from each vertex to a goal, at least."""
    every = list(edges)
    steps = dict.fromkeys(goals, 0)
    for _ in range(len(every) + 1):
        for edge in every:
            if edge.target in steps:
                steps[edge.source] = min(steps.get(edge.source, 99), steps[edge.target] + 1)
    return steps


@settings(max_examples=cases(37, deep=600))
@given(accounts())
def test_whoever_can_become_an_administrator_has_a_shortest_way_and_a_proven_one_if_there_is_one(
    results: list[AccountResult],
) -> None:
    administrators = {arn for result in results for arn in result.administrators}
    goals = administrators | {administrator(account) for account in ACCOUNTS}
    edges = [edge for result in results for edge in result.edges]
    proven = steps_to(goals, [edge for edge in edges if not edge.assumes])
    assumed = steps_to(goals, edges)
    paths = {path.principal: path for path in escalation_paths(list(map(leading_edges, results)), administrators)}
    assert paths.keys() == (assumed.keys() & set(ALL)) - administrators
    for principal, path in paths.items():
        assert bool(path.assumes) == (principal not in proven)
        assert path.steps[0].source == principal
        assert path.steps[-1].target in goals
        length, vertex = 0, principal
        for step in path.steps:
            assert step.source == vertex
            vertex = step.target
            made = next(edge for edge in edges if (edge.source, edge.technique) == (step.source, step.technique))
            length += 1 if made.target == step.target else 2  # by a vertex that stands for several
        assert length == (proven if principal in proven else assumed)[principal]
        assert set(path.ways) == {edge.technique for edge in edges if edge.source == principal}
    event(f"{len(paths)} ways")


ACTIONS: Final = ("iam:PassRole", "iam:PutRolePolicy", "s3:GetObject", "kms:Decrypt")
PATTERNS: Final = st.sampled_from(["*", "iam:*", "iam:P*Role*", "S3:getobject", "s3:*", "kms:Decrypt"])
RESOURCES: Final = st.sampled_from(
    ["*", "arn:aws:iam::*:role/app/*", "arn:aws:s3:::data/*", "arn:aws:s3:::data/a", "arn:aws:s3:::${aws:username}/a"]
)


def either(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An element of a statement, or the one that excepts its values."""
    lists = st.lists(values, min_size=1, max_size=2, unique=True)
    return st.tuples(st.sampled_from([name, name, f"Not{name}"]), lists).map(lambda pair: dict([pair]))


STATEMENTS: Final = st.tuples(
    st.sampled_from(["Allow", "Allow", "Deny"]),
    either("Action", PATTERNS),
    either("Resource", RESOURCES),
    st.sampled_from([{}, {}, {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]),
).map(lambda parts: {"Effect": parts[0], **parts[1], **parts[2], **parts[3]})
EVERYTHING: Final = {"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}
POLICIES: Final = st.tuples(
    st.sampled_from([VERSION, VERSION, OLD_VERSION]),
    st.lists(st.one_of(STATEMENTS, STATEMENTS, st.just(EVERYTHING)), min_size=1, max_size=3),
).map(lambda parts: {"Version": parts[0], "Statement": parts[1]})
REQUESTS: Final = st.tuples(
    st.sampled_from(ACTIONS),
    st.sampled_from(["arn:aws:iam::111122223333:role/app/x", "arn:aws:s3:::data/a", "arn:aws:s3:::ann/a"]),
    st.sampled_from([{}, {"aws:MultiFactorAuthPresent": "true"}]),
).map(lambda parts: Request(parts[0], parts[1], "arn:aws:iam::111122223333:user/ann", parts[2]))


@settings(max_examples=cases(20, deep=400))
@given(st.lists(POLICIES, max_size=2), st.lists(POLICIES, max_size=1), st.lists(POLICIES, max_size=2), REQUESTS)
def test_the_parts_of_documents_about_an_action_decide_as_the_whole_documents(
    identity: list[Any], boundary: list[Any], scp: list[Any], request: Request
) -> None:
    documents = Documents()
    keys = [tuple(documents.add(policy, FIRST) for policy in layer) for layer in (identity, boundary, scp)]
    parts = DocumentParts(documents, ACTIONS)
    profile = Profile(keys[0], keys[1], (keys[2],) if keys[2] else ())
    whole = Layers(*(tuple(map(parse, layer)) for layer in (identity, boundary)), scp=_levels(scp))
    expected = evaluate(request, whole).verdict
    assert evaluate(request, parts.layers_of(profile, request.action)).verdict == expected
    for key, policy in zip(keys[0], identity, strict=True):
        mask = parts.mask(key)
        assert mask is not None
        allows = [statement for statement in policy["Statement"] if statement["Effect"] == "Allow"]
        may_allow = {action for action in ACTIONS for statement in allows if names(statement, action)}
        assert mask.may_allow == parts.mask_of(may_allow)
        assert mask.allows_everything == any(
            "*" in statement.get("Action", ()) and "*" in statement.get("Resource", ()) and "Condition" not in statement
            for statement in allows
        )


def _levels(policies: list[Any]) -> tuple[tuple[Policy, ...], ...]:
    return (tuple(map(parse, policies)),) if policies else ()


ANN: Final = PinnedCaller(
    "user",
    "arn:aws:iam::111122223333:user/ann",
    (
        ("aws:username", "ann"), ("aws:userid", "AIDA1"), ("aws:principalarn", "arn:aws:iam::111122223333:user/ann"),
        ("aws:tokenissuetime", None), ("aws:principalorgpaths", ("o-1/r-1/ou-1/", "o-1/r-1/")),
        ("aws:principaltype", "User"), ("aws:currenttime", "2026-11-27T00:00:00Z"), ("aws:viaawsservice", "false"),
    ),
    (("Team", "blue"), ("Odd", "a*b")),
)  # fmt: skip
WORKER: Final = PinnedCaller(
    "role",
    "arn:aws:iam::111122223333:role/worker",
    (
        ("aws:username", None), ("aws:userid", "AROA1:*"), ("aws:principaltype", "AssumedRole"),
        ("aws:principalarn", "arn:aws:iam::111122223333:role/worker"), ("aws:tokenissuetime", "2026-11-27T00:00:00Z"),
        ("aws:viaawsservice", "false"),
    ),
    (("team", "red"),),
)  # fmt: skip
REQUEST_CONTEXT: Final[dict[str, dict[str, Any]]] = {
    "user": {
        "aws:username": "ann", "aws:userid": "AIDA1", "aws:PrincipalArn": ANN.arn, "aws:PrincipalType": "User",
        "aws:PrincipalOrgPaths": ("o-1/r-1/ou-1/", "o-1/r-1/"), "aws:CurrentTime": "2026-11-27T00:00:00Z",
        "aws:ViaAWSService": "false", "aws:PrincipalTag/Team": "blue", "aws:PrincipalTag/Odd": "a*b",
    },
    "role": {
        "aws:userid": "AROA1:session", "aws:PrincipalArn": WORKER.arn, "aws:PrincipalType": "AssumedRole",
        "aws:TokenIssueTime": "2026-11-27T00:00:00Z", "aws:ViaAWSService": "false", "aws:PrincipalTag/team": "red",
    },
}  # fmt: skip
"""What requests of the two have, as AWS fills it in."""
VARIABLES: Final = (
    "${aws:username}",
    "${aws:PrincipalTag/team}",
    "${aws:PrincipalTag/gone}",
    "${aws:PrincipalTag/odd}",
)
TEXTS: Final = st.sampled_from([*VARIABLES, "blue", "ann", "b*", "${aws:username}-${aws:PrincipalTag/Team}", "*"])
CONDITIONS: Final = st.one_of(
    st.tuples(
        st.sampled_from(["StringEquals", "StringLike", "StringNotEquals", "StringNotLike", "StringEqualsIfExists"]),
        st.sampled_from(["aws:username", "aws:PrincipalTag/TEAM", "aws:PrincipalType", "aws:PrincipalTag/gone"]),
        st.lists(TEXTS, min_size=1, max_size=2, unique=True),
    ),
    st.sampled_from([
        ("Null", "aws:TokenIssueTime", ["true"]), ("Bool", "aws:ViaAWSService", ["false"]),
        ("ArnLike", "aws:PrincipalArn", ["arn:aws:iam::*:user/*"]), ("StringLike", "aws:userid", ["AROA1:*"]),
        ("DateLessThan", "aws:CurrentTime", ["2027-01-01T00:00:00Z"]),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", ["o-1/*"]),
    ]),
)  # fmt: skip


@settings(max_examples=cases(30, deep=600))
@given(st.sampled_from([ANN, WORKER]), st.lists(CONDITIONS, max_size=2), TEXTS, st.sampled_from(["Allow", "Deny"]))
def test_a_policy_with_the_values_of_a_caller_in_it_decides_as_its_variables_do(
    caller: PinnedCaller, conditions: list[tuple[str, str, list[str]]], text: str, effect: Any
) -> None:
    written = tuple(
        Condition(operator.rpartition(":")[2], key, tuple(values), operator.rpartition(":")[0])
        for operator, key, values in conditions
    )
    resources = Globs((f"arn:aws:s3:::data/{text}",))
    said = Statement(effect, Globs(("s3:GetObject",)), resources, conditions=written)
    everything = Statement("Allow", Globs(("s3:*",)), Globs(("*",)))
    policy = Policy((said, *([everything] if effect == "Deny" else [])))
    certain = pins(caller, [policy])
    context = REQUEST_CONTEXT[caller.kind]
    assert {key.lower() for key in pinned_context(certain)} <= {key.lower() for key in context}
    filled = with_callers_values(policy, caller)
    of_old = replace(policy, version=OLD_VERSION)  # which has no variables
    assert with_callers_values(of_old, caller) == of_old
    for name in ("ann", "blue", "red", "a*b", "axb", "ann-blue", "other", ""):
        request = Request("s3:GetObject", f"arn:aws:s3:::data/{name}", caller.arn, context)
        assert evaluate(request, Layers((filled,))).verdict == evaluate(request, Layers((policy,))).verdict
    # What is certain of the caller holds in its requests.
    pinned = Policy((Statement("Allow", Globs(("s3:*",)), Globs(("*",)), conditions=certain),))
    assert (
        evaluate(Request("s3:GetObject", "arn:aws:s3:::a", caller.arn, context), Layers((pinned,))).verdict == "Allowed"
    )
    # And of no request without one of its values.
    for key in context:
        if key.lower() in {condition.key.lower() for condition in certain}:
            others = {name: value for name, value in context.items() if name != key}
            request = Request("s3:GetObject", "arn:aws:s3:::a", None, others, open=frozenset())
            assert evaluate(request, Layers((pinned,))).verdict == "ImplicitlyDenied"
