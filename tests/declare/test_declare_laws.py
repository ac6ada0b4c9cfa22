"""What a call gives is fitted to what its function takes, and each value to its annotation, as Python has them."""

from __future__ import annotations

import contextlib
import inspect
import operator
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ConfigDict, TypeAdapter, ValidationError

from random_cases import cases
from remit.declare.field_types import kinds_of, type_mistakes
from remit.declare.fitting import FurtherOptions, declaring, fitted, judged_at_once, option_names
from remit.declare.recording import Recorder, is_recording, judging_now, note, recording
from remit.declare.resource_references import AnyRef, AnyRefs, KeyRef, QueueRef, TopicRef
from remit.declare.unread import Unread
from remit.errors import Mistakes, Origin, RemitError, UnreadError


def plain(first: int, second: int = 2, *, third: int, fourth: int = 4) -> Any: ...
def many(*names: int, size: int = 1) -> Any: ...
def placed(first: int, /, second: int) -> Any: ...
def nothing() -> Any: ...
def any_name(first: int, **others: int) -> Any: ...


FUNCTIONS: list[Callable[..., Any]] = [plain, many, placed, nothing, any_name]
NAMES = ("first", "second", "third", "fourth", "size", "zzzz")
BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@settings(max_examples=cases(30, deep=250), deadline=None)
@given(
    st.sampled_from(FUNCTIONS),
    st.lists(st.integers(), max_size=3).map(tuple),
    st.dictionaries(st.sampled_from(NAMES), st.integers(), max_size=4),
)
@example(placed, (), {"first": 0})  # one that has no name, given with one
def test_what_a_call_gives_fits_afterwards_and_each_part_that_did_not_is_told_once(
    function: Callable[..., Any], arguments: tuple[int, ...], options: dict[str, int]
) -> None:
    signature = inspect.signature(function)
    fit = fitted(function, arguments, options)
    bound = signature.bind(*fit.arguments, **fit.options)
    try:
        as_given = signature.bind(*arguments, **options)
    except TypeError:
        assert fit.mistakes
    else:
        assert (fit.arguments, fit.options, fit.mistakes) == (arguments, options, ())
        assert bound == as_given
    parameters = signature.parameters.values()
    positional = [one.name for one in parameters if one.kind in BY_POSITION]
    by_name = [one.name for one in parameters if one.kind not in (one.POSITIONAL_ONLY, one.VAR_POSITIONAL)]
    is_open = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters)
    taken = positional[: len(arguments)]
    expected = [] if is_open or len(arguments) <= len(positional) else [" without a name"]
    for name in options:
        if name in taken:
            expected.append(f" gets `{name}` twice, once without its name")
        elif name not in by_name and not takes_any:
            expected.append(f" has no option `{name}`")
    given_names = {*taken, *options}
    for one in parameters:
        is_needed = one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        if is_needed and one.name not in given_names:
            expected.append(f" lacks `{one.name}`")
            values = [*fit.options.items(), *zip(positional, fit.arguments, strict=False)]
            assert [type(value) for name, value in values if name == one.name] == [Unread]
    told = [mistake.message for mistake in fit.mistakes]
    assert len(told) == len(expected)
    assert all(message.endswith(ending) for message, ending in zip(told, expected, strict=True))
    kept = {name: value for name, value in options.items() if name in by_name and name not in taken}
    assert kept.items() <= fit.options.items()


def test_an_option_that_is_misspelt_counts_as_the_one_that_is_meant() -> None:
    fit = fitted(plain, (1,), {"thirdd": 3})
    assert (fit.options, [mistake.hint for mistake in fit.mistakes]) == ({"third": 3}, ["did you mean `third`?"])
    unlike = fitted(plain, (1,), {"thin": 3})
    assert [mistake.hint for mistake in unlike.mistakes] == ["did you mean `third`?"]
    assert type(unlike.options["third"]) is Unread
    taken = fitted(plain, (1,), {"third": 3, "thirdd": 4})
    assert (taken.options, len(taken.mistakes)) == ({"third": 3}, 1)


def test_further_options_are_taken_by_their_names_alone_and_advised_on_by_whoever_takes_them() -> None:
    further = FurtherOptions(frozenset({"memory"}), lambda name: f"see {name}")
    fit = fitted(any_name, (1,), {"memory": 2, "zzzz": 3}, further)
    assert (fit.options, [mistake.hint for mistake in fit.mistakes]) == ({"memory": 2}, ["see zzzz"])


def test_a_call_with_too_much_is_told_what_it_takes_by_name() -> None:
    hints = {function.__name__: fitted(function, (1, 2, 3), {}).mistakes[0] for function in (plain, placed, nothing)}
    assert {name: mistake.hint for name, mistake in hints.items()} == {
        "plain": "what it takes with a name: third, fourth", "placed": None, "nothing": None,
    }  # fmt: skip
    counts = [mistake.message.partition(" takes ")[2] for mistake in hints.values()]
    assert counts == ["2 arguments without a name", "2 arguments without a name", "no argument without a name"]
    assert list(option_names(inspect.signature(many).parameters.values())) == ["*names", "size"]

    def mixed(only: int, /, either: int, *more: int, named: int, **rest: int) -> None: ...

    assert list(option_names(inspect.signature(mixed).parameters.values())) == ["either", "*more", "named"]


ANNOTATIONS = (
    str,
    int,
    float,
    bool,
    str | None,
    Sequence[str],
    Sequence[str] | str,
    list[int] | None,
    Mapping[str, Any],
    Sequence[Mapping[str, Any]],
    Literal["a", "b"],
    Sequence[Literal["a", "b"]],
    Literal["a", "b"] | None,
    Any,
    bytes,
)
VALUES: tuple[Any, ...] = (
    "a", "x", "", 1, 0, 1.5, True, None, [], ["a"], ["x"], ["a", 1], [1, 2], [True], {}, {"a": 1}, [{}], [{}, 1], b"a",
)  # fmt: skip


@pytest.mark.parametrize("annotation", ANNOTATIONS, ids=str)
def test_a_value_is_refused_where_its_annotation_does_not_take_it(annotation: Any) -> None:
    taken = TypeAdapter(annotation, config=ConfigDict(strict=True))
    kinds = kinds_of(annotation)
    assert bool(kinds) is (annotation not in (Any, bytes))
    for value in VALUES if kinds else ():
        told = list(type_mistakes("size", value, kinds))
        try:
            taken.validate_python(value)
        except ValidationError as error:
            places = {"".join(f"[{step}]" for step in one["loc"] if isinstance(step, int)) for one in error.errors()}
            assert {mistake.message.partition(" ")[0] for mistake in told} <= {
                f"size{place}" for place in (*places, "")
            }
            assert told
        else:
            assert told == []


TOPIC = SimpleNamespace(type="AWS::SNS::Topic", arn="arn:aws:sns:a:1:t", spelled="Data.topic")
KEYS = ("AWS::KMS::Key", "AWS::KMS::Alias", "AWS::KMS::ReplicaKey")


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (TOPIC, TopicRef), (TOPIC, AnyRef), ([TOPIC, "a"], AnyRefs), ("a", QueueRef), (None, TopicRef | None),
        (SimpleNamespace(type="AWS::Newer::Thing", arn="a"), QueueRef), (SimpleNamespace(arn="a"), QueueRef),
    ],
)  # fmt: skip
def test_an_option_takes_a_resource_of_its_types_and_of_types_that_remit_does_not_know(
    value: Any, annotation: Any
) -> None:
    assert [] == list(type_mistakes("size", value, kinds_of(annotation)))


def test_each_item_of_a_list_is_told_at_its_place() -> None:
    told = type_mistakes("to", ["a", TOPIC, 3, SimpleNamespace(arn=4)], kinds_of(Sequence[QueueRef]))
    assert ["to[1] takes", "to[2] must", "to[3] must"] == [" ".join(each.message.split()[:2]) for each in told]


@pytest.mark.parametrize(
    ("value", "annotation", "message", "hint"),
    [
        ("a", Sequence[str], "size must be a list of strings, got str 'a'", "write ['a']"),
        (1, Sequence[str], "size must be a list of strings, got int '1'", None),
        ({}, Sequence[Mapping[str, Any]], "size must be a list of dicts, got dict '{}'", "write [{}]"),
        (None, str, "size must be a string, got None", "usually os.environ.get() of a variable that is not set"),
        (None, int, "size must be a whole number, got None", None),
        (1.5, int | None, "size must be a whole number, got float '1.5'", None),
        ("1", bool | int, "size must be True or False or a whole number, got str '1'", None),
        ("aa", Literal["ab", "cd"], "size cannot be 'aa'", "did you mean `ab`?"),
        ("zz", Literal["ab", "cd"], "size cannot be 'zz'", "it can be ab or cd"),
        ("z", Literal["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"], "size cannot be 'z'", "such as a1"),
        ("z", Literal["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8"], "size cannot be 'z'",
         "it can be a1 or a2 or a3 or a4 or a5 or a6 or a7 or a8"),
        (3, Literal["ab"] | Sequence[Literal["ab"]], "size must be a string or a list of strings, got int '3'", None),
        ("zz", Literal["ab"] | Sequence[str], "size cannot be 'zz'", "it can be ab"),
        ("z" * 80, Literal["ab"], f"size cannot be '{'z' * 59}", "it can be ab"),
        (3, tuple[str, ...] | list[str] | bool, "size must be a list of strings or True or False, got int '3'", None),
        (3, Sequence[Any], "size must be a list, got int '3'", None),
        (3, Sequence[Literal["ab"]], "size must be a list of strings, got int '3'", None),
        (1, QueueRef, "size must be a name, an ARN or a resource, got int '1'", None),
        (TOPIC, QueueRef, "size takes AWS::SQS::Queue, and `Data.topic` is AWS::SNS::Topic", None),
        (TOPIC, KeyRef | None, f"size takes {' or '.join(KEYS)}, and `Data.topic` is AWS::SNS::Topic", None),
        (
            None,
            QueueRef,
            "size must be a name, an ARN or a resource, got None",
            "usually os.environ.get() of a variable that is not set",
        ),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_told_in_plain_words(value: Any, annotation: Any, message: str, hint: str) -> None:
    (told,) = type_mistakes("size", value, kinds_of(annotation))
    assert (told.message, told.hint) == (message, hint)


def test_an_annotation_that_leaves_open_what_a_value_may_be_refuses_nothing() -> None:
    for annotation in (str | bytes, Any, set[str], Sequence[str] | bytes):
        assert (kinds_of(annotation), list(type_mistakes("size", 3, kinds_of(annotation)))) == ((), [])


def test_an_option_whose_value_is_there_already_is_not_meant_by_a_slip() -> None:
    fit = fitted(plain, (1,), {"firs": 2, "third": 3})
    assert (fit.options, [mistake.hint for mistake in fit.mistakes]) == (
        {"third": 3}, ["it takes first, second, third, fourth"],
    )  # fmt: skip


def test_a_record_inside_of_another_gives_it_back() -> None:
    outer = Recorder(Mistakes())
    with recording(outer):
        with recording(Recorder(Mistakes())):
            pass
        note(RemitError("one"))
    assert [mistake.message for mistake in outer.mistakes.errors] == ["one"]


READS: list[tuple[Callable[[Any], Any], Any]] = [
    (bool, False),
    (len, 0),
    (list, []),
    (str, "unread"),
    (repr, "unread"),
    (int, 0),
    (float, 0.0),
    (lambda value: f"{value}", "unread"),
    (lambda value: "a" in value, False),
    (lambda value: [1, 2][value], 1),
    (lambda value: {value: 1}[value], 1),
    (lambda value: value.__class__, Unread),
]
USES: list[Callable[[Any], Any]] = [
    lambda value: value + 1,
    lambda value: 1 + value,
    lambda value: -value,
    lambda value: value % 2,
    lambda value: 2 / value,
    lambda value: value == 1,
    lambda value: value < 1,
    lambda value: value.name,
    lambda value: value["name"],
    lambda value: value(1, a=2),
    lambda value: value.__enter__(),
    lambda value: value | {},
]
OPERATORS: tuple[Callable[[Any, Any], Any], ...] = (
    operator.add, operator.sub, operator.mul, operator.truediv, operator.mod, operator.or_,
    operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge,
)  # fmt: skip


def test_a_value_that_is_unread_takes_all_while_code_runs_and_says_nothing_afterwards() -> None:
    value: Any = Unread()
    record = Recorder(Mistakes())
    with recording(record):
        for read, expected in READS:
            assert read(value) == expected
        for use in USES:
            assert use(value) is value
        value.name = value["name"] = 3
        with value as entered:
            assert entered is value
        for operate in OPERATORS:
            assert operate(value, 2) is value, operate
            assert operate(2, value) is value, operate
        with pytest.raises(RuntimeError, match="of the block"), value:
            raise RuntimeError("of the block")
    record.is_over = True
    for ask in (*(read for read, _ in READS), *USES, lambda one: isinstance(one, str)):
        with pytest.raises(UnreadError):
            ask(value)
        with recording(record), pytest.raises(UnreadError):
            ask(value)


def test_what_is_judged_at_once_reads_as_if_the_code_had_ended() -> None:
    record = Recorder(Mistakes())
    error = RemitError("wrong")
    with pytest.raises(RemitError, match="wrong"):
        note(error)
    with recording(record):
        assert is_recording()
        with contextlib.suppress(RuntimeError), judging_now():
            assert not is_recording()
            raise RuntimeError
        assert is_recording()
        with judging_now(), pytest.raises(RemitError, match="wrong"):
            note(error)
        note(error)
    assert record.mistakes.errors == [error]
    assert not is_recording()


@judged_at_once
def halved(number: int) -> int:
    """Half of an even number."""
    if number % 2:
        raise RemitError(f"{number} is odd")
    return number // 2 + int("0")


def test_a_function_whose_value_is_needed_at_once_gives_nothing_to_read_where_it_is_called_wrongly() -> None:
    record = Recorder(Mistakes())
    with recording(record):
        assert halved(4) == 2
        wrong = (halved(3), halved(4, 5), halved(), halved(numbr=4))  # type: ignore[call-arg] # on purpose
    assert [type(value) for value in wrong[:3]] == [Unread] * 3
    told = [mistake.message for mistake in record.mistakes.errors]
    assert told[0] == "3 is odd"
    assert [message.partition("` ")[2] for message in told[1:]] == [
        "takes one argument without a name", "lacks `number`", "has no option `numbr`",
    ]  # fmt: skip
    assert all(mistake.origin is not None for mistake in record.mistakes.errors)
    with pytest.raises(RemitError, match="3 is odd"):
        halved(3)
    elsewhere = Origin("app.py", 3)

    @judged_at_once
    def told_elsewhere() -> int:
        raise RemitError("wrong", origin=elsewhere)

    with recording(record):
        told_elsewhere()
    assert record.mistakes.errors[-1].origin == elsewhere
    with recording(record), pytest.raises(TypeError):
        halved("4")  # type: ignore[arg-type] # what its own code raises is not the caller's mistake


def test_what_is_called_runs_once_where_its_own_code_fails_and_both_its_mistakes_and_the_calls_are_told() -> None:
    calls: list[str] = []

    def failing(name: str, size: int = 1) -> None:
        calls.append(name)
        if size == 0:
            raise RemitError("size is zero")
        raise TypeError("of its own code")

    class Owner:
        """Has a method that declares something."""

        declare = declaring()(lambda _, name: failing(name))

    record = Recorder(Mistakes())
    with recording(record):
        for call in (judged_at_once(failing), Owner().declare):
            with pytest.raises(TypeError, match="of its own code"):
                call("once")
        assert calls == ["once"] * 2
        judged_at_once(failing)("b", 0, 3)  # type: ignore[call-arg] # one too much
    assert sorted(mistake.message.partition("` ")[2] or mistake.message for mistake in record.mistakes.errors) == [
        "size is zero",
        "takes 2 arguments without a name",
    ]
