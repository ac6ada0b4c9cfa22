"""What CloudFormation's references stand for is not known: "nothing gained" must be true of every text they may be."""

from __future__ import annotations

import random
import re
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from iam.small_worlds import glob
from iam.test_compare import allow, deny, policy
from random_cases import cases
from remit.iam.decide.evaluate import Layers
from remit.iam.prove.compare import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = cases(25, deep=500)
MEANT = tuple("".join(letters) for length in range(4) for letters in product("ab", repeat=length))
"""What a reference may stand for."""
FEWER = 7
ASKED = tuple("".join(letters) for length in range(5) for letters in product("abz", repeat=length))
VALUES: tuple[str | None, ...] = (None, *(text for text in ASKED if len(text) < 4))
PIECES = ("a", "b", "*", "?", "${Q}", "${Q}", "${R}")
OPERATORS = ("StringLike", "StringLike", "StringNotLike", "StringEquals", "StringNotEquals", "StringLikeIfExists")

Given = list[dict[str, Any]]


def texts(chance: random.Random) -> list[str]:
    return [
        "r:" + "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 4)))
        for _ in range(chance.choice((1, 1, 2)))
    ]


def statement(chance: random.Random) -> dict[str, Any]:
    made = (deny if chance.random() < 0.25 else allow)("s:a", "*")
    if chance.random() < 0.25:
        del made["Resource"]
        made["NotResource"] = texts(chance)
    elif chance.random() < 0.8:
        made["Resource"] = texts(chance)
    if chance.random() < 0.4:
        condition: dict[str, Any] = {}
        for _ in range(chance.choice((1, 1, 2))):
            condition[chance.choice(OPERATORS)] = {"t:k": [text[2:] for text in texts(chance)]}
        made["Condition"] = condition
    return made


def pair(seed: str) -> tuple[Given, Given]:
    """Two policies; the old one often says the same in wider patterns."""
    chance = random.Random(seed)  # noqa: S311 - cases, not secrets
    new = [allow("s:a", **some(chance)), *(statement(chance) for _ in range(chance.randint(0, 1)))]
    if chance.random() < 0.6:
        old = [wider(one, chance) for one in new]
    else:
        old = [allow("s:a", **some(chance)), *(statement(chance) for _ in range(chance.randint(0, 2)))]
    if chance.random() < 0.4:
        new.append(deny("s:a", **some(chance)))
    return old, new


def wider(one: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A statement with some pieces of its patterns as wildcards."""

    def more(text: str) -> str:
        return re.sub(
            r"\$\{\w\}|[ab?]", lambda found: chance.choice((found[0], found[0], "*", "?", "?*", "*?", "??")), text
        )

    made = dict(one)
    for name in {"Resource", "NotResource"} & made.keys():
        listed = [made[name]] if isinstance(made[name], str) else made[name]
        made[name] = [f"r:{more(text[2:])}" if text != "*" else text for text in listed]
    for operator, keys in one.get("Condition", {}).items():
        made["Condition"] = {**made["Condition"], operator: {"t:k": [more(text) for text in keys["t:k"]]}}
    return made


def some(chance: random.Random) -> dict[str, Any]:
    return {"Resource": texts(chance)}


def fits(operator: str, patterns: list[str], value: str | None) -> bool:
    negated = "Not" in operator
    if value is None:
        return negated or operator.endswith("IfExists")
    found = (glob(text, value) if "Like" in operator else text == value for text in patterns)
    return any(found) is not negated


def put(texts: list[str], meant: dict[str, str]) -> list[str]:
    return [text.replace("${Q}", meant["Q"]).replace("${R}", meant["R"]) for text in texts]


def places(one: dict[str, Any], meant: dict[str, str]) -> list[str]:
    """Where a statement holds."""
    listed = one.get("Resource") or one["NotResource"]
    patterns = put([listed] if isinstance(listed, str) else listed, meant)
    return [text for text in ASKED if any(glob(one, f"r:{text}") for one in patterns) is not ("NotResource" in one)]


def allowed(given: Given, meant: dict[str, str], of: tuple[str | None, ...]) -> set[tuple[str, str | None]]:
    """Every resource with every value of the key that the policy allows."""
    reach: dict[str, set[tuple[str, str | None]]] = {"Allow": set(), "Deny": set()}
    for one in given:
        terms = [(operator, put(keys["t:k"], meant)) for operator, keys in one.get("Condition", {}).items()]
        values = [value for value in of if all(fits(operator, texts, value) for operator, texts in terms)]
        reach[one["Effect"]] |= set(product(places(one, meant), values))
    return reach["Allow"] - reach["Deny"]


def meanings(given: Given) -> Iterator[dict[str, str]]:
    """What the references that are there may stand for; of two, fewer texts each."""
    there = [f"${{{name}}}" in str(given) for name in "QR"]
    pools = ((MEANT[:FEWER] if all(there) else MEANT) if one else ("",) for one in there)
    return (dict(zip("QR", chosen, strict=True)) for chosen in product(*pools))


def judged(seed: str, tally: Counter[str]) -> str | None:
    """What is wrong with a case: nothing is gained, but for some meaning of the references something is."""
    old, new = pair(seed)
    found = compare(policy(*old), policy(*new), actions_of=lambda _: ())
    verdict = "gained" if found.gained else "undecided" if found.undecided else "nothing"
    tally[verdict] += 1
    if verdict != "nothing":
        return None
    values = VALUES if any("Condition" in one for one in (*old, *new)) else VALUES[:1]
    for meant in meanings([*old, *new]):
        more = allowed(new, meant, values) - allowed(old, meant, values)
        if more:
            return f"{seed}: {old} to {new} gains {min(more, key=str)} where {meant}"
    return None


def test_nothing_is_gained_whatever_references_stand_for() -> None:
    tally: Counter[str] = Counter()
    wrong = [said for number in range(CASES) if (said := judged(f"pytest/{number}", tally))]
    assert wrong == []
    assert tally["nothing"] > CASES // 10
    assert tally["gained"] > CASES // 10


def test_a_single_letter_of_what_must_not_hold_may_be_all_that_a_reference_is_too_short_for() -> None:
    """A Deny that goes where the new one spares fewer: with an empty reference an empty value is gained."""
    old = policy(allow("s:a"), deny("s:a", "*", Condition={"StringNotLike": {"t:k": "${Q}??*"}}))
    new = policy(allow("s:a"), deny("s:a", "*", Condition={"StringNotLike": {"t:k": "${Q}${Q}*"}}))
    found = compare(old, new, actions_of=lambda _: ())
    assert found.gained or found.undecided


def test_a_reference_may_come_by_way_of_a_variable() -> None:
    """The key equals a reference that may be empty, and then the resource is too short for the old pattern."""
    is_late = {"Condition": {"StringEquals": {"t:v": "${Q}"}}}
    found = compare(
        policy(allow("s:a", "arn:::::x?*")), policy(allow("s:a", "arn:::::x${t:v}", **is_late)), actions_of=lambda _: ()
    )
    assert found.gained or found.undecided


ON_SOURCES: dict[str, dict[str, Any]] = {
    "a reference": {"ArnLike": {"aws:SourceArn": "${Topic}"}},
    "a reference, and a pattern that takes it": {"ArnEquals": {"aws:SourceArn": ["${Topic}", "arn:aws:sns:*:*:*"]}},
    "a variable": {"ArnEquals": {"aws:SourceArn": "${aws:PrincipalArn}"}},
    "the beginning of one": {"ArnLike": {"aws:SourceArn": "${Start}:orders"}},
    "a pattern with one": {"ArnLike": {"aws:SourceArn": "${Topic}*"}},
}


@pytest.mark.parametrize("condition", ON_SOURCES.values(), ids=ON_SOURCES)
def test_a_reference_may_be_a_whole_arn_under_an_operator_for_arns(condition: dict[str, Any]) -> None:
    found = compare(policy(), policy(allow("s:a", Condition=condition)), actions_of=lambda _: ())
    assert found.gained or found.undecided
    kept = allow("s:a", Condition=condition)
    found = compare(policy(kept), policy(kept, allow("s:b")), actions_of=lambda _: ())
    assert [one.action for one in found.gained] == ["s:b"]


def test_a_deny_of_all_sources_but_a_reference_leaves_the_reference() -> None:
    spared = deny("s:a", Condition={"ArnNotLike": {"aws:SourceArn": "${Topic}"}})
    found = compare(policy(allow("s:a"), deny("s:a")), policy(allow("s:a"), spared), actions_of=lambda _: ())
    assert found.gained


@pytest.mark.parametrize("spelled", [{"Resource": "arn:${Rest}"}, {"Condition": ON_SOURCES["a pattern with one"]}])
def test_a_deny_that_cannot_be_compared_is_undecided_where_it_goes(spelled: dict[str, Any]) -> None:
    found = compare(policy(allow("s:a"), deny("s:a", **spelled)), policy(allow("s:a")), actions_of=lambda _: ())
    assert [one.source.index for one in found.undecided] == [1]


def test_what_an_action_becomes_that_only_cloudformation_knows_is_undecided() -> None:
    for old in ({"Effect": "Allow", "NotAction": "s:ab", "Resource": "*"}, allow("s:a?????")):
        found = compare(policy(old), policy(allow("s:a${Name}")), actions_of=lambda _: ())
        assert [one.reason for one in found.undecided] == ["an action has a part that only CloudFormation knows"]


def test_an_action_without_resources_has_no_effect_on_an_arn_whatever_its_references_stand_for() -> None:
    cluster = "arn:${AWS::Partition}:eks:${AWS::Region}:${AWS::AccountId}:cluster/${Name}"
    found = compare(policy(), policy(allow("eks:ListClusters", cluster)))
    assert [(piece.action, piece.tier) for piece in found.gained] == [("eks:ListClusters", "future")]
    assert found.undecided == ()


def test_an_example_on_a_named_bucket_calls_an_action_that_takes_buckets() -> None:
    (gain,) = compare(policy(), policy(allow("s3:List*", "arn:aws:s3:::${Name}"))).gained
    assert gain.request.action == "s3:ListBucket"


@pytest.mark.parametrize(("action", "shown"), [("logs:PutLogEvents", None), ("logs:*", "*")])
def test_no_example_is_in_another_partition_than_the_stack(action: str, shown: str | None) -> None:
    """Beyond its own partition a role reaches nothing; on `*` it may do what takes no resource."""
    stacks_own = policy(allow(action, "arn:${AWS::Partition}:logs:*:*:*"))
    found = compare(policy(allow(action, "*")), stacks_own)
    (piece,) = found.lost
    assert (piece.request.resource if piece.tier == "now" else None, found.undecided) == (shown, ())


def test_a_boundary_with_references_that_stays_leaves_nothing_undecided() -> None:
    boundary = policy(allow("s3:*", ["r:x${Q}", "r:*a"]))
    again = policy(allow("s3:*", ["r:x${Q}", "r:*a"]))
    old = Layers((policy(allow("s3:Get*", "r:x?")),), boundary=(boundary,))
    assert compare(old, Layers((policy(allow("s3:Get*", "r:x?")),), boundary=(again,))).undecided == ()


def test_what_is_told_as_gained_is_not_undecided_too() -> None:
    """Whether the Deny that goes says anything about the new resource, the reference decides: it is gained anyhow."""
    found = compare(policy(deny("s3:Get*", "r:${Q}")), policy(allow("s3:Get*", "r:${t:v}${t:w}")))
    assert [(piece.action, piece.resource) for piece in found.gained] == [("s3:Get*", "r:${t:v}${t:w}")]
    assert found.undecided == ()


Q, OTHER = {"Fn::GetAtt": ["Queue", "Arn"]}, {"Fn::GetAtt": ["Other", "Arn"]}
QUEUE, PLACED = "arn:aws:sqs:us-east-1:111122223333:q", "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:q"
IN_VPC = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
SHAPELESS = "which resource a reference means is known at the deploy only"


def on(resource: object, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "sqs:*", "Resource": resource, **more}


def sources(operator: str, *texts: object, key: str = "aws:SourceArn") -> dict[str, Any]:
    return on("*", Condition={operator: {key: list(texts)}})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # Some statement of the old side may have the ARN in mind, of which it is a part.
        (on(QUEUE), on(Q), "undecided"),
        (on("arn:aws:sqs:*:*:q"), on(Q), "undecided"),
        # Wherever the statement has everything, its condition alone makes the difference.
        (on("*", Condition=IN_VPC), on(Q), "gained"),
        ({"Effect": "Allow", "Action": "sqs:*", "NotResource": QUEUE, "Condition": IN_VPC}, on(Q), "gained"),
        # A reference equals itself alone.
        (on(OTHER), on(Q), "gained"),
        (on([OTHER, Q]), on(Q), "nothing"),
        # The same of the ARNs in a condition, key by key.
        (sources("ArnLike", QUEUE), sources("ArnEquals", Q), "undecided"),
        (sources("ArnLike", QUEUE, key="aws:PrincipalArn"), sources("ArnEquals", Q), "gained"),
        (sources("ArnLike", "arn:aws:sqs:us-east-1:*:q"), sources("ArnLike", PLACED), "gained"),
    ],
)
def test_what_may_be_the_same_arn_is_undecided_and_what_cannot_be_is_gained(
    old: dict[str, Any], new: dict[str, Any], expected: str
) -> None:
    found = compare(policy(old), policy(new), actions_of=lambda _: ("sqs:SendMessage",))
    reasons = {item.reason for item in found.undecided}
    now = [piece for piece in found.gained if piece.tier == "now"]
    told = "undecided" if reasons == {SHAPELESS} and not now else "gained" if now and not reasons else "nothing"
    assert told == expected
    assert expected != "nothing" or (found.gained, found.undecided) == ((), ())
