"""JSON and files that are none: where it is wrong, what is, and what to do, in full."""

from __future__ import annotations

import pytest

from remit.documents.foreign_text import unfilled
from remit.documents.json_text import LONGEST_NUMBER, MOST_REPEATED, decode, read_json, texts_in
from remit.documents.read import NotFilledInError, may_be_plan, read_as_written, read_on
from remit.documents.yaml_text import LARGEST as LARGEST_YAML
from remit.errors import RemitError

NO_STRING = "a value starts here and is not a valid JSON string | close it, and escape \\ and newlines"
NO_NAN = "JSON has no NaN and no Infinity: write a number"
DOUBLE = "JSON strings have double quotes"
MERGE = "JSON readers keep only the last one: merge them"
MISTAKES = {
    '{"a": 1,}': "1:8 there is a comma before the }: JSON has no trailing commas | remove it",
    "[1, 2, ]": "1:6 there is a comma before the ]: JSON has no trailing commas | remove it",
    '{"a" 1}': "1:6 a colon was expected after the key, not '1}'",
    '{"a" 1\n}': "1:6 a colon was expected after the key, not '1'",
    '{"a": ,}': "1:7 a JSON value was expected here, not ',}'",
    '{"a": }': "1:7 a JSON value was expected here, not '}'",
    '{"a": tru}': "1:7 tru is not valid JSON | put text in double quotes",
    '{"a": True}': "1:7 True is not valid JSON | write true",
    '{"a": None, "b": nul}': "1:7 None is not valid JSON | write null",
    "[tRue, x]": "1:2 tRue is not valid JSON | write true",
    "[FALSE]": "1:2 FALSE is not valid JSON | write false",
    "[NaN]": f"1:2 NaN is not valid JSON | {NO_NAN}",
    '["NaN", -Infinity]': f"1:9 -Infinity is not valid JSON | {NO_NAN}",
    "[1e999]": "1:2 the number 1e999… is too large",
    "[1e9, 1e999]": "1:7 the number 1e999… is too large",
    f'["{"9" * 301}", 1, -{"9" * 301}]': "1:310 the number -99999999999… is too large",
    "{a: 1}": "1:2 a key in double quotes was expected here, not 'a: 1}'",
    "{'a': 1}": f"1:2 a key in double quotes was expected here, not \"'a': 1}}\" | {DOUBLE}",
    "[\"a\", 'b']": f"1:7 a JSON value was expected here, not \"'b']\" | {DOUBLE}",
    '["a]': f"1:2 {NO_STRING}",
    '["a\nb"]': f"1:2 {NO_STRING}",
    '["\\q"]': f"1:2 {NO_STRING}",
    '"': f"1:1 {NO_STRING}",
    '{"a': f"1:2 {NO_STRING.replace('value', 'key')}",
    '{"a": "b" "c": 1}': "1:11 a comma or } was expected in this object, not '\"c\": 1}'",
    "[1,\n 2\n 3]": "3:2 a comma or ] was expected in this list, not '3]'",
    '{"a": 1]': "1:8 a comma or } was expected in this object, not ']'",
    "[1}": "1:3 a comma or ] was expected in this list, not '}'",
    "[1] x": "1:5 there is more after the end of the JSON value: 'x'",
    '{"a": 1} {"b": "0123456789"}': '1:10 there is more after the end of the JSON value: \'{"b": "01234\'',
    '{"a": 1 // x\n}': "1:9 JSON has no comments | remove it",
    "/* x */ {}": "1:1 JSON has no comments | remove it",
    "[\n  # x\n]": "2:3 JSON has no comments | remove it",
    "[1,,2]": "1:4 a JSON value was expected here, not ',2]'",
    '{"a": 1, , "b": 2}': "1:10 a key in double quotes was expected here, not ', \"b\": 2}'",
    "": "1:1 a JSON value was expected here, not the end",
    '{"a":': "1:6 a JSON value was expected here, not the end",
    '{"a"': "1:5 a colon was expected after the key, not the end",
    "[": "1:2 a JSON value was expected here, not the end",
    '{"a": 01}': "1:7 a JSON value was expected here, not '01}'",
    '{"a": .5}': "1:7 a JSON value was expected here, not '.5}'",
    '{"a\\u0062": 1,\n "ab": 2}': f'2:2 the key "ab" stands twice in one object, first at t:1:2 | {MERGE}',
    '[{"a": 1}, {"b": {"c": 1, "c": 2}, "b": 1}]': (
        f'1:27 the key "c" stands twice in one object, first at t:1:19 | {MERGE}'
    ),
    "[" * 65 + "]" * 65: "1:65 the JSON nests deeper than 64 | flatten it",
    "[" * 64 + '{"a": 1, "a": 2}': "1:65 the JSON nests deeper than 64 | flatten it",
}


def in_full(error: RemitError) -> str:
    assert error.origin is not None
    text = f"{error.origin.line}:{error.origin.column} {error.message}"
    return text if error.hint is None else f"{text} | {error.hint}"


@pytest.mark.parametrize("text", MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_told_in_full_at_its_place(text: str) -> None:
    with pytest.raises(RemitError) as refused:
        read_json(text, "t")
    assert in_full(refused.value) == MISTAKES[text]
    assert refused.value.exit_code == 2


def test_a_number_and_a_text_may_be_as_long_as_is_said() -> None:
    assert read_json(f"[{'9' * LONGEST_NUMBER}]", "t")[0] == [10**LONGEST_NUMBER - 1]
    assert read_json("[1]", "t", most=3)[0] == [1]
    with pytest.raises(RemitError, match="4 bytes: no policy"):
        read_json("[1] ", "t", most=3)


def test_a_byte_that_is_no_utf_8_is_told_at_its_line_behind_the_first_one() -> None:
    with pytest.raises(RemitError) as refused:
        read_json(b'[\n "\xe9"]', "t", line=5)
    assert in_full(refused.value) == "6:3 t is not UTF-8: byte 4 is 0xe9 | save it as UTF-8"


def test_of_keys_that_stand_twice_the_first_are_told_and_the_last_values_count() -> None:
    text = "[" + ", ".join('{"a": 1, "a": 2}' for _ in range(MOST_REPEATED + 1)) + "]"
    mistakes: list[RemitError] = []
    value, locate = read_json(text, "t", line=3, mistakes=mistakes)
    assert value == [{"a": 2}] * (MOST_REPEATED + 1)
    assert [str(mistake.origin) for mistake in mistakes] == [f"t:3:{11 + 18 * n}" for n in range(MOST_REPEATED)]
    assert str(locate((1, "a"))) == "t:3:34"


def test_the_texts_of_a_document_are_told_with_their_paths_in_order() -> None:
    assert list(texts_in({"a": ["x", 1, {"b": "y"}], "c": "z", "d": None})) == [
        (("a", 0), "x"),
        (("a", 2, "b"), "y"),
        (("c",), "z"),
    ]
    assert list(texts_in("x")) == [((), "x")]


def test_what_a_condition_compares_is_found_at_its_name_and_all_else_at_its_value() -> None:
    _, locate = read_json('\n {"Condition": {"Bool":\n {"a":\n 1}}}', "t")
    paths: list[tuple[str, ...]] = [(), ("Condition",), ("Condition", "Bool"), ("Condition", "Bool", "a")]
    places = ["t:2:2", "t:2:16", "t:2:17", "t:4:2"]
    assert places == [str(locate(path)) for path in paths]
    assert places[::-1] == [str(locate(path)) for path in reversed(paths)]


# Files


@pytest.mark.parametrize(
    ("content", "file", "said"),
    [
        (b"", "t.json", "1:1 t.json is empty"),
        (b"\xef\xbb\xbf \n", "t.yaml", "1:1 t.yaml is empty"),
        (b"{\0", "t.json", "1:1 t.json is not UTF-8: it looks like UTF-16 | save it as UTF-8"),
        (b"\xff\xfe{\0", "t.json", "1:1 t.json is not UTF-8: byte 0 is 0xff | save it as UTF-8"),
        (b"a: 1\na: \xe9", "t.yaml", "2:4 t.yaml is not UTF-8: byte 8 is 0xe9 | save it as UTF-8"),
        (b" " * 8_000_001, "t.json", "1:1 t.json has 8,000,001 bytes: no policy and no template is so large"),
        (b"a: *b", "t.json", "1:1 a is not valid JSON | put text in double quotes"),
        (b'"a', "t", f"1:1 {NO_STRING}"),
        (b'{"a": 1, b}', "t.yml", "1:10 a key in double quotes was expected here, not 'b}'"),
    ],
)
def test_what_is_no_document_is_refused_in_full(content: bytes, file: str, said: str) -> None:
    with pytest.raises(RemitError) as refused:
        read_as_written(content, file)
    assert in_full(refused.value) == said


@pytest.mark.parametrize(
    ("text", "file", "value"),
    [
        ('{"a": 1}', "t.json", {"a": 1}),
        ('{"a": 1}', "t", {"a": 1}),
        ('\n ["a"]', "t.txt", ["a"]),
        ('"a": 1', "t.yaml", {"a": 1}),
        ('"a"', "t.yaml", "a"),
        ("{a: 1, b: !Ref C}", "t.yaml", {"a": 1, "b": {"Ref": "C"}}),
        ("{!Ref a: 1}", "t.yml", {"a": 1}),
        ("a: 1", "t.template", {"a": 1}),
    ],
)
def test_a_file_is_json_by_its_name_or_as_it_begins_and_else_yaml(text: str, file: str, value: object) -> None:
    assert read_as_written(text.encode(), file).value == value


def test_what_may_be_a_plan_may_be_larger_than_other_files() -> None:
    plan = b'{"planned_values": {}}' + b" " * 8_000_000
    assert read_as_written(plan, "plan.json").value == {"planned_values": {}}
    assert [may_be_plan(word) for word in (b'"terraform_version"', b"planned_values", b"planned")] == [
        True,
        True,
        False,
    ]


def test_a_key_that_stands_twice_in_a_template_is_a_warning_and_in_a_policy_a_mistake() -> None:
    template = read_on(b"Resources: {A: 1}\nResources: {B: 2}\n", "t.yaml")
    assert (template.value, template.mistakes) == ({"Resources": {"B": 2}}, ())
    assert template.warnings == (
        "t.yaml:2:1: the key Resources stands twice, first at t.yaml:1:1: the last one counts",
    )
    policy = read_on(b"Statement:\n- {Sid: a, Sid: b}\n", "t.yaml")
    assert (policy.value, policy.warnings) == ({"Statement": [{"Sid": "b"}]}, ())
    (mistake,) = policy.mistakes
    assert mistake.message == "the key 'Sid' stands twice in one mapping, first at t.yaml:2:4"
    assert (str(mistake.origin), mistake.hint) == ("t.yaml:2:12", "YAML readers keep only the last one: merge them")


def test_what_stands_twice_in_both_branches_of_a_tool_is_no_mistake() -> None:
    text = (
        "Statement:\n- Sid: a\n{% if x %}\n  Effect: Allow\n{% else %}\n  Effect: Deny\n{% endif %}\n  Sid: {{ b }}\n"
    )
    source = read_on(text.encode(), "t.yaml")
    assert (source.text, source.mistakes, len(source.languages)) == (text, (), 1)
    assert source.value["Statement"][0]["Effect"] == "Deny"


def test_a_date_is_neither_a_warning_nor_a_language() -> None:
    source = read_on(b"Version: 2012-10-17\nA: 017\n", "t.yaml")
    assert ((), (), 2) == (source.warnings, source.languages, len(source.slips))


def test_what_is_wrong_in_a_text_that_a_tool_fills_in_is_told_where_nothing_can_be_read_and_else_not() -> None:
    assert () == read_on(b"a: !Foo x\n{% if y %}\n", "t.yaml").mistakes
    with pytest.raises(NotFilledInError) as refused:
        read_on(b'[\n{{ x }} "a"\n]', "t.json")
    assert in_full(refused.value) == (
        "2:2 t.json cannot be read before it is filled in: it holds text of Jinja, cookiecutter or Go templates"
        " | lint what your tool makes of it"
    )


def test_of_a_yaml_text_that_is_too_long_its_beginning_is_read_to_the_end_of_an_entry() -> None:
    head, tail = "a: 1\n", "b: 2\nc: 3\n"
    text = f"{head}{'#' * (LARGEST_YAML - 100)}\n{tail}{'#' * 200}\nd: 4\n"
    source = read_on(text.encode(), "t.yaml")
    assert source.value == {"a": 1, "b": 2}
    (mistake,) = source.mistakes
    assert mistake.message == f"t.yaml has {len(text):,} characters: its first 3 lines of 6 are looked at"
    assert (str(mistake.origin), mistake.hint) == ("t.yaml:4:1", "no quota of AWS is near that: take it apart")
    with pytest.raises(RemitError, match="no template is so large"):
        read_as_written(text.encode(), "t.yaml")
    with pytest.raises(RemitError, match="no template is so large"):  # no entry ends near enough
        read_on(f"{head}{'#' * LARGEST_YAML}\nb: 2\n".encode(), "t.yaml")
    whole = f"{head}{'#' * (LARGEST_YAML - len(head))}"
    assert read_as_written(whole.encode(), "t.yaml").value == {"a": 1}


def test_a_byte_order_mark_is_no_part_of_a_text_and_counts_where_bytes_are_told() -> None:
    assert {} == read_json("\ufeff{}", "t")[0] == read_json(b"\xef\xbb\xbf{}", "t")[0]
    with pytest.raises(RemitError, match=r"t is not UTF-8: byte 5 is 0xff") as refused:
        decode(b"\xef\xbb\xbf[\n\xff]", "t", 3)
    assert "t:4:1" == str(refused.value.origin)
    with pytest.raises(RemitError, match=r"t has 11 bytes") as refused:
        read_json("[" * 11, "t", line=3, most=10)
    assert "t:3:1" == str(refused.value.origin)


def test_what_the_serverless_framework_fills_in_is_not_known_and_told_as_its_own() -> None:
    text = '{"Resources": {"${self:service}": {"Type": "AWS::SNS::Topic"}}, "a": "x-${opt:stage}-y"}'
    source = read_on(text.encode(), "t.json")
    service, stage = (unfilled(f"${{{name}}}") for name in ("self:service", "opt:stage"))
    assert {"Resources": {service: {"Type": "AWS::SNS::Topic"}}, "a": f"x-{stage}-y"} == source.value
    assert (text, ("the Serverless Framework",), ()) == (source.text, source.languages, source.mistakes)
