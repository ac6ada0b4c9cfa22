"""YAML has the values of PyYAML's nodes, with CloudFormation's short forms spelled out, each at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.documents.read import read_on

if TYPE_CHECKING:
    from remit.errors import Path

FUNCTIONS = {"!Ref": "Ref", "!Sub": "Fn::Sub", "!GetAtt": "Fn::GetAtt"}
SCALARS = (
    "1", "-7", "1_000", "0x1F", "0.5", "1e3", "true", "Off", "~", "x", '"1"', "'yes'", '"a: b"', "!!str 5",
    "!Ref Queue", "!Ref 12", "!GetAtt Queue.Arn.Of", '!Sub "${A}"', '"<<"',
)  # fmt: skip
KEYS = ("a", "b", "c", '"a b"', "1", "d")
SPACE = st.sampled_from(["", " ", "\n  ", "\n    "])


@st.composite
def flows(draw: st.DrawFn, anchors: dict[str, str], depth: int) -> str:
    """A value in flow style. `anchors` has the kinds of those before it, and gets its own."""
    kind = draw(st.sampled_from(["scalar", "scalar", "alias", "list", "object", "object"])) if depth else "scalar"
    if kind == "alias" and anchors:
        return f"*{draw(st.sampled_from(sorted(anchors)))} "
    if kind not in ("list", "object"):
        return draw(st.sampled_from(SCALARS))
    count = draw(st.integers(0, 3))
    if kind == "list":
        items = [draw(flows(anchors, depth - 1)) for _ in range(count)]
        opening, closing = "[", "]"
    else:
        objects = sorted(name for name, anchored in anchors.items() if anchored == "object")
        keys = draw(st.permutations(KEYS))[:count]
        items = [f"{key}:{draw(SPACE) or ' '}{draw(flows(anchors, depth - 1))}" for key in keys]
        if objects and draw(st.booleans()):
            sources = draw(st.lists(st.sampled_from(objects), min_size=1, max_size=2))
            source = f"*{sources[0]} " if len(sources) == 1 else f"[*{sources[0]} , *{sources[1]} ]"
            items.insert(draw(st.integers(0, len(items))), f"<<: {source}")
        opening, closing = "{", "}"
    text = f"{opening}{','.join(f'{draw(SPACE)}{item}' for item in items)}{draw(SPACE)}{closing}"
    if draw(st.booleans()):
        name = f"n{len(anchors)}"
        anchors[name] = kind
        text = f"&{name} {text}"
    return text


@st.composite
def documents(draw: st.DrawFn) -> str:
    anchors: dict[str, str] = {}
    lines = [
        f"k{number}:{draw(st.sampled_from([' ', chr(10) + '  ']))}{draw(flows(anchors, 3))}\n" for number in range(3)
    ]
    return "".join(lines)


def mark(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


Built = tuple[Any, dict["Path", tuple[int, int]]]
"""A value, and the places of its parts below it."""


def built(node: yaml.Node, seen: dict[int, Built]) -> Built:
    """The value of a node as CloudFormation takes it. What an alias names has been seen: its parts stand there."""
    if id(node) not in seen:
        if node.tag in FUNCTIONS:
            function = FUNCTIONS[node.tag]
            argument = node.value.split(".", 1) if function == "Fn::GetAtt" else node.value
            seen[id(node)] = {function: argument}, {(): mark(node), (function,): mark(node)}
        elif isinstance(node, yaml.MappingNode):
            seen[id(node)] = of_mapping(node, seen)
        elif isinstance(node, yaml.SequenceNode):
            parts = [built(item, seen) for item in node.value]
            places = {(n, *path): place for n, (_, inner) in enumerate(parts) for path, place in inner.items()}
            seen[id(node)] = [value for value, _ in parts], {(): mark(node), **places}
        else:
            seen[id(node)] = yaml.SafeLoader("").construct_object(node), {(): mark(node)}
    return seen[id(node)]


def of_mapping(node: yaml.MappingNode, seen: dict[int, Built]) -> Built:
    """Its own members, then those that it takes over: the first mapping that has a key counts."""
    value: dict[str, Any] = {}
    places = {(): mark(node)}
    merged: list[yaml.Node] = []
    for key, member in node.value:
        if key.tag.endswith(":merge"):
            merged += member.value if isinstance(member, yaml.SequenceNode) else [member]
            continue
        value[key.value], inner = built(member, seen)
        if inner[()][0] > mark(key)[0]:  # what begins below its key is told there
            inner = {**inner, (): mark(key)}
        places |= {(key.value, *path): place for path, place in inner.items()}
    for source in merged:
        of_source, inner = built(source, seen)
        for name in of_source.keys() - value.keys():
            value[name] = of_source[name]
            places[name,] = inner[name,]
    return value, places


@settings(max_examples=cases(30, deep=2_000), deadline=None)
@given(documents())
def test_yaml_has_the_values_and_places_of_pyyamls_nodes(text: str) -> None:
    value, places = built(yaml.compose(text, Loader=yaml.SafeLoader), {})
    source = read_on(text.encode(), "t.yaml")
    assert source.value == value
    for path, place in places.items():
        origin = source.locate(path)
        assert (origin.line, origin.column) == place, path


def test_an_operator_of_a_condition_is_found_at_its_name() -> None:
    locate = read_on(b"Condition: {Bool: {a: 1}, Null: &n {b: 1}}\nOther: {Bool: x}\n", "t.yaml").locate
    paths: tuple[Path, ...] = (("Condition", "Null"), ("Condition", "Null", "b"), ("Other", "Bool"), ("Other", "No"))
    assert [str(locate(path)) for path in paths] == ["t.yaml:1:27", "t.yaml:1:40", "t.yaml:2:15", "t.yaml:2:8"]
