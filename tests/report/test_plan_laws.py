"""What a plan and a status tell, read back: every resource stands there once, in its place, and the numbers agree."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from remit.app import Grant, Reason
from remit.deploy.operators import PlanQuestion
from remit.deploy.plan import ResourceChange, StackPlan
from remit.deploy.planned_access import PlannedAccess
from remit.deploy.session import Account
from remit.deploy.stack import DeployedStack, StackOutput
from remit.deploy.status import DeployedResource, StackStatus
from remit.errors import Origin
from remit.holders import Holder, inline
from remit.iam.policy import allow
from remit.report.plan import data_words, loss_words, plan_document, plan_lines, refusal
from remit.report.stacks import role_summary, status_document, status_lines
from remit.review.access_change import Review

FUNCTION: Final = "AWS::Lambda::Function"
DATA: Final = {"AWS::DynamoDB::Table": "table", "AWS::SQS::Queue": "queue", "AWS::S3::Bucket": "bucket"}
"""Types that hold data, and what a person calls one."""
ROLE: Final = "AWS::IAM::Role"
"""A type of which two are counted: what it may is told as access."""
TYPES: Final = (FUNCTION, ROLE, "AWS::Events::Rule", *DATA)
LISTED: Final = 40
"""So many changes are listed one by one; of more, what is added is counted by its type."""
HERE: Final = Account("111122223333", "eu-central-1", "aws", None)
SAME: Final = PlannedAccess(Review("the last deploy", "this deploy", ()))
ENDS: Final = {
    "Add": ("+", ""), "Import": (">", ""), "Remove": ("-", "removes"), "True": ("~", "replaces"),
    "Conditional": ("~", "may replace"), "False": ("~", ""),
}  # fmt: skip
"""The sign of a change, and what it does to the data of a resource."""

ORIGINS: Final = {f"It{number}": Origin("app.py", number) for number in range(0, 100, 2)}
"""The lines of some resources, which are told of those that are replaced."""


@st.composite
def changes(draw: st.DrawFn) -> tuple[ResourceChange, ...]:
    some = draw(st.lists(st.tuples(st.sampled_from(tuple(ENDS)), st.sampled_from(TYPES)), max_size=12))
    further = draw(st.sampled_from([0, 0, LISTED - len(some), LISTED - len(some) + 1, LISTED + 10]))
    some += [("Add", draw(st.sampled_from(TYPES)))] * further
    numbers = draw(st.permutations(range(len(some))))
    return tuple(
        ResourceChange(how, f"It{number}", kind)
        if how in ("Add", "Import", "Remove")
        else ResourceChange("Modify", f"It{number}", kind, how, ("Properties",))
        for number, (how, kind) in zip(numbers, some, strict=True)
    )


def end(change: ResourceChange) -> str:
    return change.replacement or change.action


def planned(some: tuple[ResourceChange, ...]) -> StackPlan:
    template = {"Resources": {one.logical_id: {"Type": one.type, "Properties": {"X": one.logical_id}} for one in some}}
    return StackPlan("orders-dev", "arn:stack", "arn:change-set", "UPDATE", some, template, template, origins=ORIGINS)


@settings(max_examples=40)
@given(changes())
def test_each_change_stands_on_one_line_or_is_counted_and_the_last_line_has_the_numbers(
    some: tuple[ResourceChange, ...],
) -> None:
    _, *lines, summary = plan_lines(planned(some), SAME)
    rows = [match.groups() for line in lines if (match := re.match(r"  ([+~>-]) (AWS::\S+) +(It\d+)", line))]
    counting = [line for line in lines if re.match(r"  [+~>-] \d", line)]
    counted = {
        (line[2], kind): int(number)
        for line in counting
        for number, kind in re.findall(r"(\d+) of (\S+?)(?:,|$)", line)
    }
    kinds = Counter((ENDS[end(change)][0], change.type) for change in some)
    assert counted == {
        (sign, kind): number
        for (sign, kind), number in kinds.items()
        if (kind == ROLE and number > 1) or (sign == "+" and len(some) > LISTED)
    }
    listed = [change for change in some if (ENDS[end(change)][0], change.type) not in counted]
    told = sorted((change.type, change.logical_id, ENDS[end(change)][0]) for change in listed)
    assert [(kind, name, sign) for sign, kind, name in rows] == told
    assert len(lines) == len(rows) + len(counting)
    assert len(counting) == len({sign for sign, _ in counted})
    assert len({line.index("It") for line in lines if "It" in line}) <= 1, "the names do not stand below each other"
    for line in lines:
        if name := re.search(r"It\d+", line):
            (change,) = (change for change in some if change.logical_id == name[0])
            does = ENDS[end(change)][1]
            replaced = {"replaces": ["replaced"], "may replace": ["perhaps replaced"]}.get(does, [])
            imported = ["imported, since it exists"] if end(change) == "Import" else []
            notes = imported + replaced + (["it holds data"] if does and change.type in DATA else [])
            notes += [str(ORIGINS[name[0]])] if replaced and name[0] in ORIGINS else []
            assert line.partition("  (")[2].removesuffix(")") == "; ".join(notes)
    signs = Counter(ENDS[end(change)][0] for change in some)
    replaced = sum(end(change) == "True" for change in some)
    numbers = f"{signs['+']} to add, {signs['~']} to change, {signs['-']} to remove"
    numbers += f", {replaced} of them replaced" if replaced else ""
    numbers += f", {signs['>']} to import" if signs[">"] else ""
    assert summary == f"{numbers}; access: 0 gained, 0 lost"
    assert [row["logical_id"] for row in plan_document(planned(some), SAME)["resources"]] == [
        change.logical_id for change in some
    ]
    event(f"counted: {bool(counted)}")


@settings(max_examples=40)
@given(changes(), st.sets(st.integers(0, 11)), st.booleans())
def test_all_data_that_goes_is_named_until_its_name_agrees(
    some: tuple[ResourceChange, ...],
    agreed: set[int],
    yes: bool,
) -> None:
    goes = [change for change in some if change.type in DATA and ENDS[end(change)][1]]
    by_verb = {
        verb: [f"{DATA[change.type]} {change.logical_id}" for change in goes if ENDS[end(change)][1] == verb]
        for verb in ("removes", "replaces", "may replace")
    }
    parts = [f"{verb} {', '.join(names)}" for verb, names in by_verb.items() if names]
    them = "it" if len(goes) == 1 else "them"
    assert loss_words(planned(some)) == (f"This {' and '.join(parts)}, with all that is in {them}." if goes else "")
    names = {f"It{number}" for number in agreed}
    reasons, way = refusal(PlanQuestion(HERE, planned(some), SAME, yes=yes, yes_delete=names, lacks_access=False))
    reason = " and ".join(reasons)
    unnamed = [change for change in goes if change.logical_id not in names]
    assert (f"data goes ({data_words(unnamed)})" in reason) == bool(unnamed)
    assert re.findall(r"--yes-delete (\w+)", way) == [change.logical_id for change in unnamed]
    others = [
        change.logical_id
        for change in some
        if end(change) in ("Remove", "True") and change.logical_id not in names and change not in unnamed
    ]
    assert ("resources go (" in reason) == (bool(others) and not yes)
    if others and not yes:
        assert others[0] in reason


TEXTS: Final = st.text("abz- ", min_size=1, max_size=8).map(str.strip).filter(bool)
RESOURCES: Final = st.lists(
    st.builds(
        DeployedResource,
        logical_id=st.text("ABC", min_size=1, max_size=5),
        type=st.sampled_from([FUNCTION, "AWS::IAM::Role", "AWS::SQS::Queue"]),
        physical_id=st.text("abc", min_size=1, max_size=5),
        status=st.sampled_from(["CREATE_COMPLETE", "UPDATE_FAILED"]),
        reason=st.just("it was refused"),
    ),
    max_size=6,
    unique_by=lambda resource: resource.logical_id,
)


@settings(max_examples=40)
@given(
    RESOURCES,
    st.lists(
        st.builds(StackOutput, st.text("ABz9", min_size=1, max_size=6), TEXTS),
        max_size=3,
        unique_by=lambda output: output.name,
    ),
)
def test_a_status_tells_each_output_function_role_and_failure_under_its_heading(
    resources: list[DeployedResource], outputs: list[StackOutput]
) -> None:
    stack = DeployedStack(
        "orders-dev", "arn:stack", "CREATE_COMPLETE", "", "2026-03-01T12:03:04", tuple(outputs), (),
        protected=False, drift="NOT_CHECKED",
    )  # fmt: skip
    status = StackStatus(stack, tuple(resources))
    _, *lines = status_lines(status, HERE)
    tables = {
        "outputs": [(output.name, output.value) for output in outputs],
        "functions": [(one.logical_id, one.physical_id) for one in resources if one.type == FUNCTION],
        "roles": [(one.logical_id, one.physical_id) for one in resources if one.type == "AWS::IAM::Role"],
        "failed": [(one.logical_id, "UPDATE_FAILED  it was refused") for one in resources if "FAILED" in one.status],
    }
    assert read_tables(lines) == {heading: rows for heading, rows in tables.items() if rows}
    document = status_document(status, HERE)
    assert [*document["outputs"].items()] == tables["outputs"]
    assert [*document["functions"].items()] == tables["functions"]
    assert [*document["roles"].items()] == tables["roles"]
    assert [row["logical_id"] for row in document["resources"]] == [one.logical_id for one in resources]


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.lists(st.text("fg", min_size=1, max_size=4), min_size=1, max_size=3)),
    ),
    st.booleans(),
)
def test_each_role_is_summed_up_with_its_statements_and_its_functions(
    rows: list[tuple[int, list[str]]],
    for_services: bool,
) -> None:
    """A role that no function runs under is the services' that take it on."""
    grant = Grant(allow("s3:GetObject", on="*"), Reason("text", "reads"))
    roles = [
        Holder(f"R{n}", (inline((grant,) * count),), *(((), (), tuple(names)) if for_services else (tuple(names),)))
        for n, (count, names) in enumerate(rows)
    ]
    words = [f"{count} statement{'s' * (count != 1)} for {', '.join(names)}" for count, names in rows]
    told = {"roles": [(role.logical_id, text) for role, text in zip(roles, words, strict=True)]}
    assert read_tables([*role_summary(roles)]) == (told if rows else {})


def read_tables(lines: list[str]) -> dict[str, list[tuple[str, str]]]:
    """The rows below each heading; the values of a table stand below each other."""
    tables: dict[str, list[tuple[str, str]]] = {}
    heading = ""
    for is_row, group in groupby(lines, lambda line: line.startswith("  ")):
        if not is_row:
            *_, heading = group
            continue
        rows = list(group)
        width = max(len(row[2:].partition("  ")[0]) for row in rows)
        tables[heading] = [(row[2 : 2 + width].rstrip(), row[4 + width :]) for row in rows]
    return tables
