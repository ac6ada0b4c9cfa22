"""The parts that proofs are made of, each held against every text, value or context of a small world."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from ipaddress import ip_network
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import brute_force
from random_cases import cases
from remit.iam import value_comparison
from remit.iam.policy import Condition, Globs, Policy, Principals, Statement, allow, parse_statement
from remit.iam.prove.budget import Budget, Exhausted
from remit.iam.prove.compare import denials_as_allows, equivalent, gain_of_today, gains, includes
from remit.iam.prove.compare import within as within_rail
from remit.iam.prove.condition_atoms import Atom, atom_of, with_variables, without_variables
from remit.iam.prove.context_search import find_context
from remit.iam.prove.encoded_text import decode, encode, filled, has_marks, has_shape, variables_in, widened
from remit.iam.prove.glob_sets import FRESH, UndecidedQuestion, meeting
from remit.iam.prove.key_values import Premises
from remit.iam.prove.minimise import merged, pruned
from remit.iam.prove.real_requests import can_be_asked, can_be_made, nameable
from remit.iam.prove.realistic_values import ACCOUNT, arn, in_other_places, key, regions_within, resource_of, value
from remit.iam.prove.statement_space import (
    Box,
    CompiledPolicy,
    Index,
    box_of,
    loosened,
    tightened,
    with_values,
    within,
)
from remit.iam.prove.typed_values import TYPED

if TYPE_CHECKING:
    from collections.abc import Iterable

VALUES = ("dev", "prod", "test", "DEV", "d")
STATES = (None, *VALUES, "other", "")


def conditions(*keys: str, sets: bool = False) -> st.SearchStrategy[Condition]:
    """Conditions on texts."""
    operators = st.sampled_from(
        ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"]
    )
    values = st.lists(st.sampled_from([*VALUES, "d*", "*v", "????", "*"]), min_size=1, max_size=2, unique=True)
    quantifiers = st.sampled_from(["", "ForAnyValue", "ForAllValues"] if sets else [""])
    texts = st.builds(Condition, operators, st.sampled_from(keys), values.map(tuple), quantifiers, st.booleans())
    absent = st.builds(Condition, st.just("Null"), st.sampled_from(keys), st.sampled_from([("true",), ("false",)]))
    return st.one_of(texts, texts, texts, absent)


def is_met(condition: Condition, state: Any) -> bool:
    """Whether a condition holds of a state of its key, by the words of the IAM User Guide."""
    if condition.operator == "Null":
        return (state is None) == (condition.values == ("true",))
    negated = "Not" in condition.operator
    name = condition.operator.replace("Not", "")

    def fits(one: str) -> bool:
        if name == "StringEqualsIgnoreCase":
            return any(one.lower() == wanted.lower() for wanted in condition.values)
        return any(brute_force.is_like(text, one) if name == "StringLike" else text == one for text in condition.values)

    if not condition.quantifier:
        if state is None:
            return condition.if_exists or negated
        return isinstance(state, str) and fits(state) is not negated
    several = [] if state in (None, "") else [state] if isinstance(state, str) else list(state)
    if condition.quantifier == "ForAllValues":
        return all(fits(one) is not negated for one in several)
    return any(fits(one) is not negated for one in several) if several else condition.if_exists


LAWS = settings(max_examples=cases(30, deep=400), deadline=None)
SETS = (*STATES, *product(VALUES[:3], repeat=2))


@LAWS
@given(conditions("x:k", sets=True), st.sampled_from([(), ("zz",), ("dev", "d*")]), st.booleans(), st.booleans())
def test_an_atom_holds_of_a_key_as_its_condition_does_and_implies_only_what_holds_with_it(
    one: Condition,
    more: tuple[str, ...],
    fewer: bool,
    if_exists: bool,
) -> None:
    values = one.values[:1] if fewer else (*one.values, *more)
    other = one if one.operator == "Null" else replace(one, values=values, if_exists=if_exists)
    atom, further = atom_of(one, "2012-10-17"), atom_of(other, "2012-10-17")
    states = SETS if one.quantifier or one.operator == "Null" else STATES
    assert [atom.holds(state) for state in states] == [is_met(one, state) for state in states]
    if atom.implies(further):
        assert all(further.holds(state) for state in states if atom.holds(state))
    assert atom.implies(atom)
    is_part = set(one.values) <= set(values) if not atom.negated else set(values) <= set(one.values)
    if is_part and (if_exists or not one.if_exists):
        assert atom.implies(further)
    assert atom.needs_presence is not is_met(one, None) or one.operator == "Null"


@LAWS
@given(
    st.lists(conditions("x:a", "x:b", sets=True), max_size=3),
    st.lists(st.lists(conditions("x:a", "x:b", sets=True), min_size=1, max_size=2), max_size=3),
)
def test_a_context_is_found_exactly_where_some_values_of_the_keys_make_one(
    required: list[Condition], lists: list[list[Condition]]
) -> None:
    def atoms(of: Iterable[Condition]) -> frozenset[Atom]:
        return frozenset(atom_of(condition, "2012-10-17") for condition in of)

    everything = [*required, *(condition for one in lists for condition in one)]
    premises = Premises.of([Statement("Allow", Globs(("*",)), Globs(("*",)), conditions=tuple(everything))])
    try:
        found = find_context(atoms(required), [atoms(one) for one in lists], premises, Budget())
    except UndecidedQuestion:
        assert any("IgnoreCase" in condition.operator for condition in everything)
        return

    def suits(context: dict[str, Any]) -> bool:
        return all(is_met(one, context.get(one.key)) for one in required) and all(
            any(not is_met(one, context.get(one.key)) for one in clause) for clause in lists
        )

    if found is not None:
        assert suits({name: shown(state) for name, state in found.items()})
    else:
        texts = ("dev", "prod", "test", "DEV", "d", "other", "dx", "xv", "xxxx", "dxxv", "", None, "Dev", "PROD", "xyz")
        several = {condition.key for condition in everything if condition.quantifier}
        states = {
            name: [*texts, *product(texts[:6], repeat=2)] if name in several else texts for name in ("x:a", "x:b")
        }
        assert not any(suits({"x:a": a, "x:b": b}) for a, b in product(states["x:a"], states["x:b"]))


def context_of(required: list[Condition], *lists: list[Condition]) -> Any:
    """The context in which conditions hold, and of each list one does not."""
    everything = [*required, *(condition for clause in lists for condition in clause)]
    premises = Premises.of([allow("x:y", when=tuple(everything))])
    read = [frozenset(atom_of(one, "2012-10-17") for one in clause) for clause in (required, *lists)]
    return find_context(read[0], read[1:], premises, Budget())


def test_that_no_context_is_left_is_proven_value_by_value_and_only_where_every_value_was_tried() -> None:
    three = Condition("StringEquals", "x:k", ("a", "b", "c"))
    one_by_one = [[Condition("StringEquals", "x:k", (value,))] for value in three.values]
    assert context_of([three], *one_by_one) is None
    assert context_of([three], *one_by_one[1:]) == {"x:k": "a"}
    # Of a long text without case not all spellings are tried, whichever key comes before.
    spelled = [
        Condition("StringEquals", "x:a", ("v",)),
        Condition("StringEqualsIgnoreCase", "x:k", ("example-of-a-team",)),
    ]
    either_case = [[Condition("StringLike", "x:k", (f"*{letter}*",))] for letter in "aA"]
    with pytest.raises(UndecidedQuestion, match="the conditions on `x:k` mix texts of several kinds"):
        context_of(spelled, *either_case)
    assert context_of(spelled, spelled[1:]) is None


@pytest.mark.parametrize("quantifiers", [("", "ForAnyValue"), ("ForAnyValue", "ForAllValues"), ("ForAllValues", "")])
def test_a_condition_implies_none_with_another_set_operator_at_one_look(quantifiers: tuple[str, str]) -> None:
    one, other = (
        atom_of(Condition("StringEquals", "x:k", ("a",), quantifier), "2012-10-17") for quantifier in quantifiers
    )
    assert (one.implies(one), one.implies(other), other.implies(one)) == (True, False, False)


def test_values_with_a_variable_that_has_none_are_dropped_and_the_rest_of_the_condition_stays() -> None:
    condition = Condition("StringLike", "x:k", ("${x:v}", "${x:w}*", "c"), if_exists=True)
    atom = atom_of(condition, "2012-10-17")
    bound, without = with_variables(atom, {"x:v": None, "x:w": "b"}), without_variables(atom)
    assert (bound.values, without.values) == (("b*", "c"), ("c",))
    for changed in (bound, without):
        assert (changed.operator, changed.key, changed.if_exists, changed.marked) == ("StringLike", "x:k", True, False)
    assert with_variables(atom, {"x:other": "a"}) is atom


def shown(state: Any) -> Any:
    """A state of a key as requests have it, with a letter for what no pattern spells."""
    words = ("x", "y", "z")
    return decode(state, words) if isinstance(state, str) else tuple(decode(text, words) for text in state)


NUMBERS = [None, *(Decimal(half) / 2 for half in range(-4, 14))]
ORDERS = {
    "NumericEquals": lambda one, other: one == other,
    "NumericNotEquals": lambda one, other: one != other,
    "NumericLessThan": lambda one, other: one < other,
    "NumericLessThanEquals": lambda one, other: one <= other,
    "NumericGreaterThan": lambda one, other: one > other,
    "NumericGreaterThanEquals": lambda one, other: one >= other,
}
NUMERIC = st.builds(
    Condition, st.sampled_from(sorted(ORDERS)), st.just("x:n"), st.sampled_from([("1",), ("2",), ("2.5",), ("5",)])
)


@LAWS
@given(st.lists(NUMERIC, max_size=3), st.lists(st.lists(NUMERIC, min_size=1, max_size=2), max_size=3))
def test_a_number_is_found_exactly_where_there_is_one(required: list[Condition], lists: list[list[Condition]]) -> None:
    everything = [*required, *(condition for one in lists for condition in one)]
    premises = Premises.of([Statement("Allow", Globs(("*",)), Globs(("*",)), conditions=tuple(everything))])
    read = [frozenset(atom_of(one, "2012-10-17") for one in clause) for clause in (required, *lists)]
    found = find_context(read[0], read[1:], premises, Budget())

    def holds(condition: Condition, number: Decimal | None) -> bool:
        if number is None:
            return "Not" in condition.operator
        return bool(ORDERS[condition.operator](number, Decimal(condition.values[0])))

    def suits(number: Decimal | None) -> bool:
        broken = all(any(not holds(one, number) for one in clause) for clause in lists)
        return broken and all(holds(one, number) for one in required)

    if found is None:
        assert not any(map(suits, NUMBERS))
    else:
        assert suits(Decimal(str(found["x:n"])) if "x:n" in found else None)


PARTS = ("arn", "aws", ("sqs", "sns"), ("r", ""), ("1", "2"), ("q", "q:x", "p"))
ARNS = [":".join(parts) for parts in product(*((part,) if isinstance(part, str) else part for part in PARTS))]
OF_ARNS = st.builds(
    Condition,
    st.sampled_from(["ArnLike", "ArnNotLike", "ArnEquals", "StringLike", "StringNotLike", "StringEquals"]),
    st.just("x:arn"),
    st.sampled_from(
        [("*",), ("arn:aws:s?s:*:1:q",), ("arn:aws:sqs:*",), ("arn:*:q",), (ARNS[0],), ("arn:aws:sqs:r:*:*",)]
    ),
)


@LAWS
@given(st.lists(OF_ARNS, max_size=3), st.lists(st.lists(OF_ARNS, min_size=1, max_size=2), max_size=2))
def test_an_arn_is_found_where_there_is_one(required: list[Condition], lists: list[list[Condition]]) -> None:
    everything = [*required, *(condition for one in lists for condition in one)]
    premises = Premises.of([Statement("Allow", Globs(("*",)), Globs(("*",)), conditions=tuple(everything))])
    read = [frozenset(atom_of(one, "2012-10-17") for one in clause) for clause in (required, *lists)]
    try:
        found = find_context(read[0], read[1:], premises, Budget())
    except UndecidedQuestion:
        return

    def holds(condition: Condition, text: str | None) -> bool:
        if text is None:
            return "Not" in condition.operator
        pattern = condition.values[0]
        if condition.operator.startswith("Arn"):
            six, parts = ["*"] * 6 if pattern == "*" else pattern.split(":", 5), text.split(":", 5)
            same = len(six) == len(parts) == 6 and all(map(brute_force.is_like, six, parts))
        else:
            same = brute_force.is_like(pattern, text) if "Like" in condition.operator else pattern == text
        return same is not ("Not" in condition.operator)

    def suits(text: str | None) -> bool:
        broken = all(any(not holds(one, text) for one in clause) for clause in lists)
        return broken and all(holds(one, text) for one in required)

    if found is None:
        assert not any(map(suits, (None, "", "x", "arn:aws:sqs", *ARNS)))
    else:
        assert suits(shown(found["x:arn"]) if "x:arn" in found else None)


def test_a_block_of_keys_that_the_deploy_puts_in_holds_or_does_not_and_is_never_absent() -> None:
    block = Condition("StringEquals", "${Keys}", ("${Keys}",))
    premises = Premises.of([Statement("Allow", Globs(("*",)), Globs(("*",)), conditions=(block,))])
    atom = frozenset([atom_of(block, "2012-10-17")])
    assert find_context(atom, [], premises, Budget()) == {"StringEquals ${Keys}": "true"}
    assert find_context((), [atom], premises, Budget()) == {"StringEquals ${Keys}": "false"}
    assert find_context(atom, [atom], premises, Budget()) is None
    other = frozenset([atom_of(replace(block, operator="StringLike"), "2012-10-17")])
    assert find_context(atom, [other], premises, Budget()) is not None


def test_a_key_has_several_values_where_a_condition_says_so_and_the_catalogue_does_not_know_better() -> None:
    def several(key_name: str) -> bool:
        condition = Condition("StringEquals", key_name, ("a",), "ForAnyValue")
        return key_name.lower() in Premises.of([allow("x:y", when=(condition,))]).multivalued

    assert [several(name) for name in ("x:k", "aws:TagKeys", "aws:username")] == [True, True, False]
    typed = Premises.of(
        [allow("x:y", when=(Condition("NumericLessThan", "X:k", ("1",)), Condition("Bool", "x:K", ("true",))))]
    )
    assert typed.kinds == {"x:k": ("Bool", "Numeric")}


WITH_VARIABLES = st.lists(
    st.sampled_from(["arn:aws:s3:::${x:v}/*", "arn:aws:s3:::a/*", "arn:aws:s3:::*", "arn:aws:s3:::b/${x:v}"]),
    min_size=1,
    max_size=2,
    unique=True,
)
OBJECTS = tuple(f"arn:aws:s3:::{bucket}/{name}" for bucket in "abc" for name in "abc")


@LAWS
@given(WITH_VARIABLES, st.booleans(), st.sampled_from(["StringEquals", "StringNotEquals", "StringLike"]))
def test_whatever_a_variable_is_a_statement_lies_between_its_tightest_and_its_loosest_form(
    patterns: list[str],
    negated: bool,
    operator: str,
) -> None:
    when = (Condition(operator, "x:w", ("${x:v}", "k")),)
    made = box(patterns, negated=negated, when=when)
    loose, tight = loosened(made), tightened(made, frozenset(), ())
    assert made.variables == {"x:v"}
    for filling in ("a", "b", "zz", None):
        bound = with_values(made, {"x:v": filling})
        for text in OBJECTS:
            assert loose.contains(text) or not bound.contains(text)
            assert bound.contains(text) or not tight.contains(text)
        for state in (None, "a", "b", "k", "other"):
            if all(atom.holds(state) for atom in bound.atoms):
                assert all(atom.holds(state) for atom in loose.atoms)
        assert with_values(made, {"x:other": filling}) is made
    whole = tightened(made, frozenset(made.atoms), tuple(text for text in OBJECTS if made.contains(text))[:1])
    assert whole.atoms == ()


def test_what_a_statement_means_hangs_on_whom_it_means_and_a_resource_is_told_as_it_is_spelled() -> None:
    statement = Statement("Allow", Globs(("s3:*",)), Globs(("arn:aws:sqs", "arn:aws:s3:::a")))
    for_all = replace(statement, principals=Principals((("*", "*"),)))
    one, other = (box_of(each, 0, "2012-10-17") for each in (statement, for_all))
    assert one.meaning != other.meaning
    assert one.meaning == box_of(replace(statement, sid="x"), 3, "2012-10-17").meaning
    assert [one.spelling_of(text) for text in (*one.resources, "arn:aws:s3:::b")] == [
        "arn:aws:sqs",
        "arn:aws:s3:::a",
        "arn:aws:s3:::b",
    ]
    assert box(["a"], negated=True).spelling_of("a") == "*"
    without = replace(statement, resources=None)
    assert [
        box_of(without, 0, "2012-10-17").resources,
        box_of(without, 0, "2012-10-17", speaks_without_resource=True).resources,
        box_of(replace(without, effect="Deny"), 0, "2012-10-17").resources,
    ] == [(), ("*",), ("*",)]
    unclear = replace(statement, conditions=(Condition("ArnLike", "x:y", ("${Queue.Arn}*",)),))
    with pytest.raises(UndecidedQuestion):
        box_of(unclear, 0, "2012-10-17")


ACTIONS = ("s3:getobject", "s3:putobject", "s3:getacl", "sqs:sendmessage", "x:y")
NAMED = st.lists(
    st.sampled_from(["s3:GetObject", "s3:Get*", "S3:*", "*", "s?:*", "*:Get*", "sqs:SendMessage"]),
    min_size=1,
    max_size=3,
)


@LAWS
@given(
    st.lists(st.tuples(NAMED, st.booleans()), min_size=1, max_size=5),
    st.lists(st.integers(0, 4), max_size=3),
    st.booleans(),
)
def test_an_index_has_the_statements_about_an_action_whatever_was_put_in_and_taken_out(
    drawn: list[tuple[list[str], bool]],
    dropped: list[int],
    asked_before: bool,
) -> None:
    made = [Statement("Allow", Globs(tuple(dict.fromkeys(names)), negated), Globs(("*",))) for names, negated in drawn]
    boxes = [box_of(statement, number, "2012-10-17") for number, statement in enumerate(made)]
    index = Index(boxes[1:])
    if asked_before:
        index.at("s3:getobject", Budget())
    index.put(boxes[0])
    for number in dict.fromkeys(number for number in dropped if number < len(boxes)):
        index.drop(boxes[number])
    left = {box for number, box in enumerate(boxes) if number not in dropped}
    assert set(index.boxes) == left
    for action in ACTIONS:
        found = index.at(action, Budget())
        expected = {
            box
            for box in left
            if any(brute_force.is_like(text.lower(), action) for text in box.statement.actions.patterns)
            is not box.not_actions
        }
        assert set(found) == expected
        assert len(found) == len(expected)
    only = Index(boxes, of_rcp=True)
    assert only.at("x:y", Budget()) == []
    most = max(text.count("?") for names, _ in drawn for text in names)
    assert only.most_single_wildcards == most


TEXTS = tuple("".join(letters) for size in (1, 2, 3) for letters in product("abc", repeat=size))
RESOURCES = st.lists(
    st.sampled_from(["a", "ab", "a*", "*b", "a?", "*", "b*c", "?"]), min_size=1, max_size=3, unique=True
)


def box(patterns: list[str], *, negated: bool = False, when: tuple[Condition, ...] = ()) -> Box:
    statement = Statement("Allow", Globs(("s3:*",)), Globs(tuple(patterns), negated), conditions=when)
    return box_of(statement, 0, "2012-10-17")


def has(made: Box, text: str) -> bool:
    patterns = made.statement.resources.patterns if made.statement.resources else ()
    return any(brute_force.is_like(pattern, text) for pattern in patterns) is not made.not_resources


@LAWS
@given(RESOURCES, st.booleans(), RESOURCES, st.booleans(), st.sampled_from(["a*", "ab", "*b", "a?", "*"]))
def test_a_statement_contains_covers_and_bears_on_the_resources_that_its_patterns_name(
    one: list[str],
    negated: bool,
    other: list[str],
    other_negated: bool,
    pattern: str,
) -> None:
    made, further = box(one, negated=negated), box(other, negated=other_negated)
    assert [made.contains(text) for text in TEXTS] == [has(made, text) for text in TEXTS]
    described = [text for text in TEXTS if brute_force.is_like(pattern, text)]
    if made.covers(pattern):
        assert all(has(made, text) for text in described)
    if made.includes(pattern, further) and (further.not_resources or pattern in other):
        assert all(has(made, text) for text in (TEXTS if further.not_resources else described) if has(further, text))
    assert made.includes(one[0], made)
    if made.includes_all(further):
        assert all(has(made, text) for text in TEXTS if has(further, text))
    narrowed = within((made,), pattern)
    assert [any(each.contains(text) for each in narrowed) for text in described] == [
        has(made, text) for text in described
    ]
    demanding = box(one, negated=negated, when=(Condition("StringEquals", "x:a", ("b",)),))
    assert not demanding.includes(one[0], made)
    assert made.includes(one[0], demanding)
    assert demanding.everywhere is False
    assert made.everywhere is ("*" in one and not negated)


@LAWS
@given(st.text("ab*?", min_size=1, max_size=4), st.text("ab*?", min_size=1, max_size=4))
def test_what_two_patterns_have_in_common_is_told_without_what_another_part_of_it_has(p: str, q: str) -> None:
    parts = meeting(p, q).patterns
    both = [text for text in TEXTS if brute_force.is_like(p, text) and brute_force.is_like(q, text)]
    assert [text for text in TEXTS if any(brute_force.is_like(part, text) for part in parts)] == both
    assert len(set(parts)) == len(parts)


@pytest.mark.parametrize(
    ("kind", "limits"),
    [
        ("Numeric", ["1", "3"]),
        ("Numeric", ["-2", "0.5", "0.25", "1e3"]),
        ("Numeric", ["7"]),
        ("Numeric", []),
        ("Date", ["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"]),
        ("Date", ["1767225600.5"]),
        ("Numeric", ["1e60", "-1e60"]),
    ],
)
def test_the_values_to_try_lie_at_each_limit_between_each_two_and_beyond_the_last(kind: str, limits: list[str]) -> None:
    read, points = TYPED[kind]
    found = sorted(number for number in map(read, points(limits)) if isinstance(number, Decimal))
    assert len(found) == len(list(points(limits)))
    ordered = sorted(number for number in map(read, limits) if isinstance(number, Decimal))
    assert set(ordered) <= set(found)
    assert all(any(low < number < high for number in found) for low, high in pairwise(ordered))
    if ordered:
        assert found[0] < ordered[0] <= ordered[-1] < found[-1]


@pytest.mark.parametrize(
    "blocks", [["10.0.0.0/8"], ["0.0.0.0/0"], ["2001:db8::/32", "192.0.2.7/32"], ["255.255.255.255"], []]
)
def test_the_addresses_to_try_are_the_ends_of_each_block_and_those_beside_it(blocks: list[str]) -> None:
    _, points = TYPED["IPAddress"]
    found = {value_comparison.network(text) for text in points(blocks)}
    assert None not in found
    for text in blocks:
        block = ip_network(text)
        family, first, last = block.version, int(block.network_address), int(block.broadcast_address)
        beside = [
            first,
            last,
            *([first - 1] if first else []),
            *([last + 1] if last + 1 < 2**block.max_prefixlen else []),
        ]
        assert {(family, address, address) for address in beside} <= found
    assert {4, 6} <= {one[0] for one in found if one is not None}


def test_the_bytes_to_try_are_those_that_are_spelled_and_others() -> None:
    read, points = TYPED["Binary"]
    found = [read(text) for text in points(["YQ==", "YWI=", "no base64"])]
    assert {b"a", b"ab"} < set(found)
    assert None not in found
    assert len(set(found)) == 3


WORDS = ("example", "value1", "value2")


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a*b?",
        "${aws:username}",
        "x-${aws:PrincipalTag/team, 'none'}/*",
        "${Queue.Arn}",
        "${AWS::Region}:${*}${?}${$}",
    ],
)
def test_an_encoded_text_reads_as_it_was_written(text: str) -> None:
    encoded = encode(text, "2012-10-17")
    shown = text.replace("PrincipalTag", "principaltag").replace("${*}", "*").replace("${?}", "?").replace("${$}", "$")
    assert decode(encoded, WORDS) == shown
    assert has_marks(encoded) is ("aws:" in text or "Queue" in text or "AWS::" in text)
    assert decode(encode(text, "2008-10-17"), WORDS) == text


def test_a_variable_is_filled_with_its_value_or_its_default_and_one_that_is_not_asked_about_stays() -> None:
    text = encode("${aws:username}/${x:team, 'none*'}", "2012-10-17")
    assert variables_in(text) == {"aws:username", "x:team"}
    assert widened(text) == "*/*"
    assert filled(text, {"aws:username": "al", "x:team": "red"}) == "al/red"
    assert decode(filled(text, {"aws:username": "al", "x:team": None}) or "", WORDS) == "al/none*"
    assert filled(text, {"aws:username": None, "x:team": "red"}) is None
    assert decode(filled(text, {"x:team": "red"}) or "", WORDS) == "${aws:username}/red"
    empty = encode("team-${x:team, ''}", "2012-10-17")
    assert filled(empty, {"x:team": None}) == "team-"
    assert decode(empty, WORDS) == "team-${x:team, ''}"


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("arn:aws:s3:::a*", True),
        ("${Queue.Arn}", False),
        ("arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Name}", True),
        ("arn:aws:${Service}:r:1:x", False),
        ("${AWS::Region}", True),
    ],
)
def test_a_text_has_a_shape_where_no_reference_may_be_its_first_parts(text: str, shape: bool) -> None:
    assert has_shape(encode(text, "2012-10-17")) is shape


PLACE = f"us-east-1:{ACCOUNT}"


@pytest.mark.parametrize(
    ("action", "resource", "parts"),
    [
        ("s3:GetObject", "*", ("arn:*:s3:::*/*",)),
        ("s3:GetObject", "arn:aws:s3:::b*", ("arn:aws:s3:::b*/*",)),
        ("s3:GetObject", "arn:aws:s3:::b/x", ("arn:aws:s3:::b/x",)),
        ("s3:GetObject", "arn:aws:sqs:r:1:q", ()),
        ("s3:GetObject", "arn", ()),
        ("ec2:DescribeInstances", "*", ("*",)),
        ("ec2:DescribeInstances", "arn:aws:ec2:r:1:instance/i", ()),
        ("sqs:SendMessage", f"arn:aws:sqs:{PLACE}:q", (f"arn:aws:sqs:{PLACE}:q",)),
        ("sqs:SendMessage", f"arn:aws:sns:{PLACE}:q", ()),
    ],
)
def test_of_a_pattern_a_request_can_name_what_has_the_form_of_the_actions_arns(
    action: str, resource: str, parts: tuple[str, ...]
) -> None:
    found = nameable(action, resource)
    assert (found[:1] if parts else found) == parts


@pytest.mark.parametrize(
    ("action", "resource", "can"),
    [
        ("s3:GetObject", "arn:aws:s3:::b/x", True),
        ("s3:GetObject", "arn:aws:s3:::b", False),
        ("sqs:SendMessage", f"arn:aws:sqs:{PLACE}:q", True),
        ("sqs:SendMessage", f"arn:aws:sqs::{ACCOUNT}:q", False),
        ("sqs:SendMessage", "arn:aws:sqs:us-east-1::q", False),
        ("sqs:SendMessage", f"arn:aws:sqs:nowhere:{ACCOUNT}:q", False),
        ("sqs:SendMessage", f"arn:aws-cn:sqs:us-east-1:{ACCOUNT}:q", False),
        ("sqs:SendMessage", f"arn:aws-cn:sqs:cn-north-1:{ACCOUNT}:q", True),
        ("sqs:SendMessage", "arn:aws:sqs:us-east-1:1234567890123:q", False),
        ("sqs:SendMessage", "arn:aws:sqs:us-east-1:me:q", False),
        ("sqs:SendMessage", "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:q", True),
        ("sqs:SendMessage", "${Queue.Arn}", True),
        ("sqs:SendMessage", "*", True),
    ],
)
def test_a_request_is_made_on_what_the_action_takes_where_there_is_such_a_place(
    action: str,
    resource: str,
    can: bool,
) -> None:
    assert can_be_made(action, resource) is can
    if "*" not in resource:
        assert can_be_asked(action, encode(resource, "2012-10-17")) is can


def test_an_example_stands_at_a_usual_place_and_where_that_is_open_at_others() -> None:
    anywhere = f"arn:{FRESH}:sqs:{FRESH}:{FRESH}:q"
    assert arn(anywhere) == f"arn:aws:sqs:{PLACE}:q"
    assert arn(f"arn:aws-cn:{FRESH}:{FRESH}:1:q", service="sqs") == "arn:aws-cn:sqs:cn-north-1:1:q"
    assert arn(f"x:{FRESH}:{FRESH}:{FRESH}:{FRESH}:q") == f"x:{FRESH}:{FRESH}:{FRESH}:{FRESH}:q"
    others = list(in_other_places(anywhere))
    assert arn(anywhere) not in others
    assert "arn:aws:sqs:us-east-1:444455556666:q" in others
    assert len([text for text in others if text.startswith("arn:aws-cn:")]) == 2  # one region, two accounts
    assert len([text for text in others if text.startswith("arn:aws:")]) > 20
    digits = list(in_other_places(f"arn:aws:sqs:us-east-1:1{FRESH}2:q"))
    assert [len(text.split(":")[4]) for text in digits] == [12]
    assert list(in_other_places("*")) == []
    assert next(regions_within("aws", FRESH)) == ("aws", "us-east-1")
    assert list(regions_within("aws", "eu-west-1")) == [("aws", "eu-west-1")]
    assert resource_of("ec2:DescribeInstances") == "*"
    assert resource_of("no:Action") is None


@pytest.mark.parametrize(
    ("name", "state", "expected"),
    [
        ("aws:SourceAccount", FRESH, ACCOUNT),
        ("x:unknown", FRESH, FRESH),
        ("aws:SourceIp", FRESH, "192.0.2.1"),
        ("aws:SourceVpce", "\ue800", "vpce-1a2b3c4d"),
        ("x:unknown", "\ue800", "\ue800"),
        ("aws:SourceArn", f"arn:{FRESH}:{FRESH}:{FRESH}:{FRESH}:x", f"arn:aws:sns:{PLACE}:x"),
        ("kms:ViaService", f"sqs.{FRESH}.amazonaws.com", "sqs.us-east-1.amazonaws.com"),
    ],
)
def test_a_key_of_an_example_has_a_value_of_its_form(name: str, state: str, expected: str) -> None:
    assert value(name, state) == expected
    assert key("aws:sourceaccount") == "aws:SourceAccount"
    assert key("aws:principaltag/team") == "aws:PrincipalTag/team"
    assert key("X:Own") == "X:Own"


def test_a_budget_is_paid_once_for_the_same_and_stays_spent() -> None:
    budget = Budget(10)
    for _ in range(3):
        budget.once("a", 4)
    assert (budget.spent, budget.left) == (4, 6)
    assert Budget().meet_lists(("a*", "b*"), [("*x", "*y"), ("?x", "*")]) == ["ax", "a*x", "a*y", "bx", "b*x", "b*y"]
    for steps in (100, 0):
        with pytest.raises(Exhausted):
            budget.spend(steps)


def policy(*raw: dict[str, Any]) -> Policy:
    return Policy(
        tuple(parse_statement({"Action": "s3:GetObject", "Resource": "*", "Effect": "Allow", **one}) for one in raw)
    )


def test_documents_are_the_same_only_where_they_deny_the_same() -> None:
    wide, narrow = policy({}), policy({"Resource": "arn:aws:s3:::a/*"})
    denying = policy({"Effect": "Deny", "Resource": "arn:aws:s3:::a/*"})
    assert not equivalent(denying, policy({"Effect": "Deny"}))
    assert equivalent(denying, denying)
    assert (equivalent(wide, narrow), equivalent(narrow, wide)) == (False, False)
    assert (includes(wide, narrow), includes(narrow, wide)) == (True, False)
    assert gains(narrow, wide) is not None
    assert len(within_rail(wide, narrow).gained) == 1
    statement = Statement("Deny", Globs(("s3:*",)), principals=Principals((("*", "*"),)))
    assert denials_as_allows(Policy((statement, allow("x:y")))).statements[0].resources == Globs(("*",))
    assert len(denials_as_allows(Policy((statement, allow("x:y")))).statements) == 1


def test_the_first_gain_that_a_request_of_today_can_use_is_told() -> None:
    rail = policy({"Action": "s3:PutObject"})
    role = policy({"Action": "x:Future"}, {"Action": "s3:GetObject"})
    gain = gain_of_today(role, rail)
    assert gain is not None
    assert (gain.action, gain.tier) == ("s3:GetObject", "now")
    assert gain_of_today(policy({"Action": "x:Future"}), rail) is None


def texts_of(found: tuple[Statement, ...]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(one.effect, one.actions.patterns, one.resources.patterns if one.resources else ()) for one in found]


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        ([{"Action": "s3:*"}, {"Action": "s3:GetObject"}], [("Allow", ("s3:*",), ("*",))]),
        ([{"Action": "s3:GetObject"}, {"Action": "s3:*"}], [("Allow", ("s3:*",), ("*",))]),
        (
            [{"Action": ["s3:Get*", "s3:PutObject"]}, {"Action": "s3:Put*"}],
            [("Allow", ("s3:Get*",), ("*",)), ("Allow", ("s3:Put*",), ("*",))],
        ),
        ([{"Effect": "Deny", "Action": "s3:*"}, {"Action": "s3:GetObject"}], [("Deny", ("s3:*",), ("*",))]),
        (
            [{"Effect": "Deny", "Action": "s3:GetObject"}, {"Action": "s3:*"}],
            [("Deny", ("s3:GetObject",), ("*",)), ("Allow", ("s3:*",), ("*",))],
        ),
        (
            [{"Action": "s3:*"}, {"Effect": "Deny", "Action": "s3:GetObject"}],
            [("Allow", ("s3:*",), ("*",)), ("Deny", ("s3:GetObject",), ("*",))],
        ),
        (
            [{"Resource": "arn:aws:s3:::a/*"}, {"Resource": ["arn:aws:s3:::a/x", "arn:aws:s3:::b/x"]}],
            [("Allow", ("s3:GetObject",), ("arn:aws:s3:::a/*",)), ("Allow", ("s3:GetObject",), ("arn:aws:s3:::b/x",))],
        ),
        (
            [
                {"Resource": "arn:aws:s3:::a/*"},
                {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::a/x", "arn:aws:s3:::b/x"]},
            ],
            [
                ("Allow", ("s3:GetObject",), ("arn:aws:s3:::a/*",)),
                ("Allow", ("s3:GetObject", "s3:PutObject"), ("arn:aws:s3:::a/x", "arn:aws:s3:::b/x")),
            ],
        ),
    ],
)
def test_what_other_statements_say_already_is_left_out_the_last_first(
    raw: list[dict[str, Any]], left: list[Any]
) -> None:
    assert texts_of(pruned(policy(*raw), Budget()).statements) == left


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        ([{"Action": "s3:GetObject"}, {"Action": "S3:GETOBJECT"}], [("Allow", ("s3:GetObject",), ("*",))]),
        ([{"Action": ["s3:Get*", "s3:GetObject", "S3:get*"]}], [("Allow", ("s3:Get*",), ("*",))]),
        ([{"Resource": ["a*", "ab", "A*"]}], [("Allow", ("s3:GetObject",), ("a*", "A*"))]),
        ([{"Resource": ["${x:y}*", "*"]}], [("Allow", ("s3:GetObject",), ("${x:y}*", "*"))]),
        (
            [{"Resource": "a"}, {"Resource": "b", "Effect": "Deny"}],
            [("Allow", ("s3:GetObject",), ("a",)), ("Deny", ("s3:GetObject",), ("b",))],
        ),
        ([{"Resource": "a"}, {"Resource": "b"}], [("Allow", ("s3:GetObject",), ("a", "b"))]),
        (
            [{"Action": "s3:PutObject"}, {}, {"Effect": "Deny"}],
            [("Allow", ("s3:PutObject", "s3:GetObject"), ("*",)), ("Deny", ("s3:GetObject",), ("*",))],
        ),
    ],
)
def test_statements_that_differ_in_one_list_become_one_without_what_a_pattern_covers(
    raw: list[dict[str, Any]], left: list[Any]
) -> None:
    assert texts_of(merged(policy(*raw).statements)) == left


def test_what_a_compiled_policy_tells_of_its_texts() -> None:
    one = parse_statement(
        {"Effect": "Allow", "Action": "s3:Get?*", "Resource": "a", "Condition": {"StringEquals": {"x:y": "Z"}}}
    )
    made = CompiledPolicy(Policy((one,)))
    assert made.texts == ["s3:Get?*", "a", "Z"]
    assert (made.effort, made.has_single_wildcards) == (3, True)
    assert {"Z", "?", "a"} <= made.letters
    assert made.has(made.boxes[0])
    assert not CompiledPolicy(Policy((allow("x:y"),))).has(made.boxes[0])
    assert CompiledPolicy(Policy((allow("*"),))).everything is not None
    assert CompiledPolicy(Policy((allow("*", on="a"),))).everything is None
