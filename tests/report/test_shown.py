"""What people read of texts that hold what only the deploy knows."""

from __future__ import annotations

import pytest

from remit.iam.tokens import from_intrinsic
from remit.report.terminal_text import line, readable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('arn:aws:s3:::${{"Fn::ImportValue":{"Fn::Sub":"${Up}-Name"}}}/*', "arn:aws:s3:::{!ImportValue ${Up}-Name}/*"),
        (
            from_intrinsic({"Fn::If": ["IsProd", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}),
            "{!If [IsProd, ${A}, ${AWS::NoValue}]}",
        ),
        (
            from_intrinsic({"Fn::Select": [0, {"Fn::Split": [",", {"Fn::GetAtt": ["A", "B"]}]}]}),
            '{!Select [0, !Split [",", ${A.B}]]}',
        ),
        (
            from_intrinsic({"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://a/b c"}}}),
            '{!Transform {Name: AWS::Include, Parameters: {Location: "s3://a/b c"}}}',
        ),
        ('a ${{"Fn::Resolve":"ssm:/x"}} b', "a {{resolve:ssm:/x}} b"),
        ("${{ github.ref }} and ${Queue.Arn}", "${{ github.ref }} and ${Queue.Arn}"),
        ('cut: ${{"Fn::Join":["",["a', 'cut: ${{"Fn::Join":["",["a'),
        ('${{"a":1}}', '${{"a":1}}'),
    ],
)
def test_a_function_is_shown_as_a_template_spells_it(text: str, expected: str) -> None:
    """In one place, through which all text for people goes."""
    assert line(text) == expected


def test_in_a_document_sentences_are_spelled_so_and_data_is_not() -> None:
    raw = from_intrinsic({"Fn::ImportValue": "x"})
    document = {"resource": raw, "notes": [f"in {raw}"], "grants": [{"because": f"of {raw}", "action": raw}]}
    assert readable(document) == {
        "resource": raw,
        "notes": ["in {!ImportValue x}"],
        "grants": [{"because": "of {!ImportValue x}", "action": raw}],
    }
