"""Values of a template as Python: what the written source gives is what CloudFormation's functions give.

The rules are written down again from "Intrinsic function reference" (CloudFormation); Python itself reads the source.
"""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remit.errors import RemitError
from remit.importing.app_model import Leftovers, app_name, referred_to
from remit.importing.events import trigger
from remit.importing.parameters import constants_of
from remit.importing.python_text import (
    WIDTH,
    Bracketed,
    Item,
    call,
    conditional,
    flat,
    joined,
    literal,
    quoted,
    written,
)
from remit.importing.template_values import TemplateNames, unused
from remit.template.sam.resources import SamEvent

if TYPE_CHECKING:
    from remit.importing.python_text import Source

PARAMETERS: Final = {
    "Stage": "dev",
    "Size": 5,
    "Names": "a, b,c",
    "Quote": 'say "it\'s"',
    "Lines": "one\ntwo {x}\n" * 9,
}
TYPES: Final = {"Stored": "AWS::SSM::Parameter::Value<String>", "Size": "Number", "Names": "CommaDelimitedList"}
MAPPINGS: Final = {"Sizes": {"dev": {"memory": 256, "kind": "small"}, "prod": {"memory": 512, "kind": "big"}}}
NO_VALUE: Final = {"Ref": "AWS::NoValue"}
TEXTS: Final = st.sampled_from(
    ["", "a", "it's", 'a "b"', "{x}", "a\tb", "back\\slash", "two\nlines", "\u200b", "é" * 90]
)
SIDES: Final = st.sampled_from(
    [{"Ref": "Stage"}, "dev", "prod", "a == b", {"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "kind"]}]
)
EQUATIONS: Final = st.builds(lambda *sides: {"Fn::Equals": list(sides)}, SIDES, SIDES)
CONDITIONS: Final = st.recursive(
    EQUATIONS | st.just({"Condition": "First"}),
    lambda inner: (
        inner.map(lambda one: {"Fn::Not": [one]})
        | st.lists(inner, min_size=2, max_size=3).map(lambda some: {"Fn::And": some})
        | st.lists(inner, min_size=2, max_size=3).map(lambda some: {"Fn::Or": some})
    ),
    max_leaves=5,
)
NAMED: Final = st.sampled_from(["First", "Last"])
KNOWN_TEXTS: Final = st.recursive(
    TEXTS
    | st.sampled_from([
        {"Ref": "Stage"}, {"Ref": "Quote"}, {"Ref": "Lines"}, {"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "kind"]},
        {"Fn::Sub": "${Stage}-in"}, {"Fn::Sub": "${Size}{}/${Quote}"}, {"Fn::Sub": ["${Own}-${Stage}", {"Own": "x"}]},
        {"Fn::Sub": ["${Own}", {"Own": {"Ref": "Stage"}}]}, {"Fn::Select": [1, {"Ref": "Names"}]},
        {"Fn::Select": ["0", {"Fn::Split": ["-", {"Fn::Sub": "${Stage}-${Stage}"}]}]},
        {"Fn::Join": ["-", ["a", {"Ref": "Stage"}]]}, {"Fn::Join": ["+", {"Ref": "Names"}]},
    ]),
    lambda inner: st.builds(lambda name, *both: {"Fn::If": [name, *both]}, NAMED, inner, inner),
    max_leaves=3,
)  # fmt: skip
OPTIONAL: Final = st.builds(
    lambda name, *both: {"Fn::If": [name, *both]}, NAMED, KNOWN_TEXTS, st.just(NO_VALUE) | TEXTS
)
VALUES: Final = st.recursive(
    KNOWN_TEXTS | st.sampled_from([0, 3.5, True, False, {"Ref": "Size"}, {"Ref": "Names"}]),
    lambda inner: (
        st.lists(inner | OPTIONAL | st.just(NO_VALUE), max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b c", 'd"']), inner | st.just(NO_VALUE), max_size=3)
        | st.builds(
            lambda key, name, *both: {key: {"Fn::If": [name, *both]}},
            st.sampled_from(["a", "b c"]),
            NAMED,
            inner | st.just(NO_VALUE),
            inner | OPTIONAL | st.just(NO_VALUE),
        )
    ),
    max_leaves=6,
)
"""In a list, no condition chooses a whole list: a list in a list is nothing that properties have."""


def decided(condition: dict[str, Any], named: dict[str, Any]) -> bool:
    ((function, argument),) = condition.items()
    if function == "Condition":
        return decided(named[argument], named)
    if function == "Fn::Equals":
        one, other = (resolved(side, named) for side in argument)
        return bool(one == other)
    results = [decided(each, named) for each in argument]
    return {"Fn::Not": not results[0], "Fn::And": all(results), "Fn::Or": any(results)}[function]


def resolved(value: Any, named: dict[str, Any]) -> Any:  # noqa: PLR0911 - one function after the other
    """A value as CloudFormation has it at last; NO_VALUE stays, for what holds it to leave out."""
    if isinstance(value, list):
        return [item for each in value if (item := resolved(each, named)) != NO_VALUE]
    if not isinstance(value, dict) or value == NO_VALUE:
        return value
    function, argument = next(iter(value.items()), ("", None))
    if function == "Ref":
        given = PARAMETERS[argument]
        return [text.strip() for text in given.split(",")] if argument == "Names" else given
    if function == "Fn::If":
        name, there, otherwise = argument
        return resolved(there if decided(named[name], named) else otherwise, named)
    if function == "Fn::Sub":
        text, variables = argument if isinstance(argument, list) else (argument, {})
        for name, content in {**{name: {"Ref": name} for name in ("Stage", "Size", "Quote")}, **variables}.items():
            text = text.replace(f"${{{name}}}", str(resolved(content, named)))
        return text
    if function in ("Fn::Join", "Fn::Select", "Fn::Split", "Fn::FindInMap"):
        arguments = resolved(argument, named)
        if function == "Fn::FindInMap":
            return MAPPINGS[arguments[0]][arguments[1]][arguments[2]]
        first, second = arguments
        return {
            "Fn::Join": lambda: first.join(second),
            "Fn::Select": lambda: second[int(first)],
            "Fn::Split": lambda: second.split(first),
        }[function]()
    return {key: item for key, each in value.items() if (item := resolved(each, named)) != NO_VALUE}


def read(conditions: dict[str, Any]) -> tuple[TemplateNames, dict[str, Any]]:
    """Python's names of a template with these conditions, and what they are."""
    template = {
        "Parameters": {
            name: {"Type": TYPES.get(name, "String"), "Default": default} for name, default in PARAMETERS.items()
        },
        "Mappings": MAPPINGS,
        "Conditions": conditions,
        "Resources": {"Role": {"Properties": {"FunctionName": {"Ref": "Stage"}}}},
    }
    constants, names, _ = constants_of(template, lambda _: None, leftovers := Leftovers())
    assert not leftovers.found
    known: dict[str, Any] = {}
    for constant in constants:
        known[constant.name] = run(constant.value, known)
    return names, known


def run(source: Source, names: dict[str, Any]) -> Any:
    """What Python makes of a source, which is the same on one line and on many."""
    lines = written(source, 1, "value = ")
    text = "if True:\n" + "\n".join(line.text for line in lines)
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(f"if True:\n    value = {flat(source)}"))
    held = {"existing": SimpleNamespace(parameter=str), **names}
    exec(text, held)  # noqa: S102 - it is what the test is about
    return held["value"]


@settings(max_examples=60)
@given(st.lists(VALUES, min_size=1, max_size=2), EQUATIONS, CONDITIONS)
def test_the_source_of_a_value_gives_what_cloudformation_makes_of_it(
    values: list[Any], first: dict[str, Any], last: dict[str, Any]
) -> None:
    conditions = {"Last": last, "First": first}
    names, known = read(conditions)
    for value in values:
        source = names.source(value)
        assert resolved(value, conditions) == run(source, known), flat(source)


@settings(max_examples=60)
@given(CONDITIONS)
def test_a_condition_is_as_true_in_python_as_in_the_template(condition: dict[str, Any]) -> None:
    conditions = {"First": {"Fn::Equals": ["dev", {"Ref": "Stage"}]}}
    names, known = read(conditions)
    assert decided(condition, conditions) == run(names.condition(condition), known)


@pytest.mark.parametrize("value", [True, False, 3, {"Ref": "Size"}, {"Ref": "Stage"}, {"Fn::Sub": "${Size}-${Stage}"}])
def test_a_value_is_a_text_where_python_must_give_one(value: Any) -> None:
    names, known = read({})
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(resolved(value, {}))
    assert text == run(names.text(value), known)


def test_a_plain_text_that_reads_as_a_reference_stays_a_text() -> None:
    names, known = read({})
    assert {"Fn::Sub": "${!Stage} and ${!AWS::Region}"} == run(names.source("${Stage} and ${AWS::Region}"), known)
    with pytest.raises(RemitError, match="which remit takes for a reference"):
        names.text("${Stage}")


PLAIN: Final = TEXTS.map(literal) | TEXTS.map(quoted) | st.sampled_from(["name", "3", "[*some]"])
SOURCES: Final = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda some: Bracketed("[", tuple(map(Item, some)), "]"))
        | st.lists(inner, max_size=3).map(
            lambda some: call("f", *(Item(one, f"k{at}=") for at, one in enumerate(some)))
        )
        | st.lists(inner, max_size=3).map(
            lambda some: Bracketed("{", tuple(Item(one, f'"{at}": ') for at, one in enumerate(some)), "}")
        )
        | st.tuples(inner, inner).map(lambda both: conditional(both[0], "name", both[1]))
        | inner.map(lambda one: Bracketed("[", (Item(conditional(one, "name", "()"), "*"),), "]"))
    ),
    max_leaves=8,
)


@settings(max_examples=60)
@given(SOURCES)
def test_a_source_says_the_same_on_many_lines_which_it_takes_where_one_is_too_long(source: Source) -> None:
    lines = [line.text for line in written(source, 0, "value = ")]
    assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(f"value = {flat(source)}"))
    whole = f"value = {flat(source, bare=True)}"
    assert (len(lines) == 1) == (len(whole) <= WIDTH or isinstance(source, str))


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), TEXTS), max_size=4))
def test_texts_and_expressions_are_joined_as_they_follow_each_other(pieces: list[tuple[bool, str]]) -> None:
    names = {f"v{at}": text for at, (is_code, text) in enumerate(pieces) if is_code}
    source = joined((is_code, f"v{at}" if is_code else text) for at, (is_code, text) in enumerate(pieces))
    assert "".join(text for _, text in pieces) == run(source, names)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "kind"]}, "looks into a mapping by what only the deploy"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stored"}, "kind"]}, "looks into a mapping by what only the deploy"),
        ({"Fn::FindInMap": ["Other", "dev", "kind"]}, "the mapping that it looks into is not known here"),
        ({"Fn::If": ["Nobody", 1, 2]}, "condition Nobody is decided by what only the deploy knows"),
        ({"Ref": "Nothing"}, "Nothing is not in the template"),
    ],
)
def test_a_value_that_python_cannot_know_is_refused_with_the_reason(value: Any, why: str) -> None:
    names, _ = read({})
    with pytest.raises(RemitError, match=why):
        names.source(value)


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ({"Fn::Not": [{"Condition": "First"}, {"Condition": "First"}]}, "its form is not known here"),
        ({"Fn::Equals": ["a"]}, "its form is not known here"),
        ({"Fn::And": []}, "its form is not known here"),
        ({"Fn::Contains": [["a"], "a"]}, "its form is not known here"),
        ("First", "its form is not known here"),
        ({"Condition": "Nobody"}, "condition Nobody is decided by what only the deploy knows"),
        ({"Fn::Not": [{"Fn::Equals": [{"Ref": "AWS::Region"}, "a"]}]}, "it compares what only the deploy knows"),
        ({"Fn::Or": [{"Condition": "First"}, {"Fn::Equals": [{"Ref": "Stored"}, "a"]}]}, "it compares what only the"),
    ],
)
def test_a_condition_that_python_cannot_decide_is_refused_with_the_reason(condition: Any, why: str) -> None:
    names, _ = read({"First": {"Fn::Equals": ["dev", {"Ref": "Stage"}]}})
    with pytest.raises(RemitError, match=why):
        names.condition(condition)


def test_names_that_differ_in_signs_alone_are_all_there() -> None:
    taken: set[str] = set()
    names = [unused(name, taken) for name in ("a", "a", "a", "", "", "1")]
    assert ["a", "a_", "a__", "_", "__", "_1"] == names
    assert taken == set(names)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("My_Shop--X", "my-shop-x"),
        (f"{'a' * 39}-b", "a" * 39),
        ("A" * 50, "a" * 40),
        ("1 shop", "app-1-shop"),
        ("***", "app"),
        (None, "none"),
    ],
)
def test_an_app_is_named_by_small_letters_digits_and_single_hyphens(name: Any, expected: str) -> None:
    assert app_name(name) == expected


@pytest.mark.parametrize(
    ("value", "logical_id"),
    [
        ({"Ref": "Jobs"}, "Jobs"),
        ({"Fn::GetAtt": ["Jobs", "Arn"]}, "Jobs"),
        ({"Fn::GetAtt": "Jobs.Arn"}, "Jobs"),
        ({"Fn::GetAtt": []}, ""),
        ({"Fn::Sub": "${Jobs}"}, ""),
        ("Jobs", ""),
    ],
)
def test_a_value_refers_to_a_resource_by_its_ref_or_an_attribute(value: Any, logical_id: str) -> None:
    assert referred_to(value) == logical_id


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("Schedule", {"Enabled": False, "Schedule": "rate(1 day)"}, 'on.schedule("rate(1 day)", enabled=False)'),
        (
            "S3",
            {
                "Filter": {"S3Key": {"Rules": [{"Name": "Prefix", "Value": "in/"}]}},
                "Bucket": {"Ref": "Files"},
                "Events": "s3:ObjectCreated:*",
            },
            'on.s3(Data.files, prefix="in/", events="s3:ObjectCreated:*")',
        ),
        (
            "SQS",
            {"BatchSize": 5, "Queue": {"Fn::GetAtt": "Jobs.Arn"}, "Enabled": "true"},
            "on.sqs(Data.jobs, batch_size=5)",
        ),
    ],
)
def test_a_trigger_has_its_source_first_whatever_comes_first_in_the_event(
    kind: str, properties: dict[str, Any], expected: str
) -> None:
    names = TemplateNames(resources={"Files": "files", "Jobs": "jobs"})
    assert flat(trigger(SamEvent("FOne", "One", kind, properties, ()), names)) == expected
