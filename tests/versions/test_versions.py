"""The comparison of two versions notices what differs, and lets pass what `CHANGES.md` permits."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from random_cases import in_all_cases
from versions import changes, compare, corpus

if TYPE_CHECKING:
    from collections.abc import Callable

    from versions.compare import Difference, Version

PERMITTED = """
# Severities are whole words

```change
command: lint FILE*
- (\\s*)"severity": "warn"(,?)
+ \\1"severity": "warning"\\2
```

# A count is printed last

```change
command: lint FILE
+ [0-9]+ findings
```
"""
WARN = '{\n  "severity": "warn",\n  "rule": "R1"\n}'
WARNING = '{\n  "severity": "warning",\n  "rule": "R1"\n}'


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[..., Version]:
    """Write a package that is called remit and whose command line is `body`, of `arguments`."""

    def written(name: str, body: str, number: str = "1.0") -> Version:
        package = tmp_path / name / "remit"
        package.mkdir(parents=True)
        package.joinpath("__init__.py").write_text(f'__version__ = "{number}"\n', "utf-8")
        lines = ["import os, signal, sys", "def main(arguments):", *(f"    {line}" for line in body.splitlines())]
        package.joinpath("cli.py").write_text("\n".join(lines) + "\n", "utf-8")
        return compare.Version(Path(sys.executable), str(tmp_path / name))

    return written


def job(*commands: str, **more: Any) -> dict[str, Any]:
    return {"files": {}, "steps": [corpus.step(*command.split(), **more) for command in commands]}


def compared(before: Version, after: Version, *commands: str, permitted: str = "") -> list[Difference]:
    return compare.compare(before, after, {"input": job(*commands)}, changes.read(permitted))


def test_two_runs_of_one_version_differ_in_nothing(stand_in: Callable[..., Version]) -> None:
    before = stand_in("before", "print(arguments, os.getcwd())")
    assert [] == compared(before, before, "lint", "diff --json")


def test_a_planted_difference_is_listed_with_its_command_and_its_lines(stand_in: Callable[..., Version]) -> None:
    before = stand_in("before", "print('one')\nprint('two')")
    after = stand_in("after", "print('one')\nprint('2' if 'diff' in arguments else 'two')")
    [difference] = compared(before, after, "lint", "diff --json")
    assert ("input", "diff --json", None) == (difference.source, difference.command, difference.permitted)
    assert "remit diff --json   [input]" in difference.text()
    assert "-two\n+2" in difference.text()
    assert "not permitted, 1 times: diff --json" in compare.summary([difference], ())
    assert "-two\n+2" in compare.report([difference])


@pytest.mark.parametrize("change", ["print('x', file=sys.stderr)", "sys.exit(1)", "raise ValueError('no')"])
def test_messages_exit_codes_and_exceptions_are_part_of_an_output(
    stand_in: Callable[..., Version], change: str
) -> None:
    [difference] = compared(stand_in("before", "pass"), stand_in("after", change), "lint")
    assert difference.permitted is None


def test_a_file_that_a_command_writes_is_part_of_its_output(stand_in: Callable[..., Version]) -> None:
    jobs = {"input": job("build", read=["made/*.json"])}
    write = "os.mkdir('made')\nopen('made/a.json', 'w').write('%s')"
    before, after = stand_in("before", write % "1"), stand_in("after", write % "2")
    [difference] = compare.compare(before, after, jobs, ())
    assert "-1\n" in difference.text()


def test_paths_and_the_number_of_the_version_are_taken_out(stand_in: Callable[..., Version]) -> None:
    body = "import remit\nprint(os.getcwd(), remit.__file__, sys.prefix, 'remit', remit.__version__)"
    assert [] == compared(stand_in("before", body), stand_in("after", body, "1.1"), "lint")


def test_a_number_that_holds_the_version_stays() -> None:
    plain = compare._Plain("1.0", {"/home/anna/orders": "<here>"})
    assert "<here>/a.py: <version>, 11.0, 1.0.3" == plain("/home/anna/orders/a.py: 1.0, 11.0, 1.0.3")


def test_the_commit_of_what_a_command_wrote_before_is_taken_out() -> None:
    plain = compare._Plain("1.0", {})
    assert ("HEAD (<commit>)", "bucket 6bdd772") == (plain("HEAD (6bdd772)"), plain("bucket 6bdd772"))


@in_all_cases
@pytest.mark.parametrize(
    ("crash", "ended"),
    [
        ("os._exit(3)", "the process died"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", f"the process died of signal {11}"),
        ("while True: pass", "the process took too much processor time"),
    ],
)
def test_a_crash_is_the_result_of_its_command_and_the_next_one_runs(
    stand_in: Callable[..., Version], crash: str, ended: str
) -> None:
    before = stand_in("before", "print(arguments)")
    after = stand_in("after", f"if arguments == ['diff']:\n    {crash}\nprint(arguments)")
    jobs = {"input": job("lint", "diff", "explain", seconds=1)}
    [difference] = compare.compare(before, after, jobs, ())
    assert "diff" == difference.command
    assert ended in difference.after


def test_what_one_input_leaves_behind_reaches_no_other(stand_in: Callable[..., Version]) -> None:
    body = "sys.counter = getattr(sys, 'counter', 0) + 1\nprint(sys.counter, os.listdir())\nopen('left', 'w')"
    version = stand_in("before", body)
    jobs = {"first": job("lint"), "second": job("lint")}
    outputs = compare.compare(version, stand_in("after", "pass"), jobs, ())
    assert [outputs[0].before] == list({difference.before for difference in outputs})


@pytest.mark.parametrize(
    ("before", "after", "permitted"),
    [
        (WARN, WARNING, {"Severities are whole words"}),
        (
            f"{WARN}\n{WARN}",
            f"{WARNING}\n{WARNING}\n2 findings",
            {"Severities are whole words", "A count is printed last"},
        ),
        (WARN, WARNING.replace("R1", "R2"), None),
        (WARN, WARNING.replace(",", ""), None),
        (WARN, WARN, set()),
        (WARNING, WARN, None),
        ("", "2 findings, and more", None),
        ("3 findings", "2 findings", None),
    ],
)
def test_a_difference_is_permitted_only_where_every_changed_line_is(
    before: str, after: str, permitted: set[str] | None
) -> None:
    assert permitted == changes.permitting("lint FILE", before, after, changes.read(PERMITTED))


def test_a_kind_holds_for_the_commands_that_it_names() -> None:
    permitted = changes.read(PERMITTED)
    assert {"Severities are whole words"} == changes.permitting("lint FILE --json", WARN, WARNING, permitted)
    assert changes.permitting("diff FILE --json", WARN, WARNING, permitted) is None
    assert changes.permitting("lint FILE --json", "", "2 findings", permitted) is None


def test_a_permitted_difference_does_not_fail(stand_in: Callable[..., Version]) -> None:
    before, after = stand_in("before", f"print({WARN!r})"), stand_in("after", f"print({WARNING!r})")
    [difference] = compared(before, after, "lint FILE", permitted=PERMITTED)
    assert frozenset({"Severities are whole words"}) == difference.permitted
    assert "permitted, 1 times: Severities are whole words" in compare.summary([difference], changes.read(PERMITTED))


@pytest.mark.parametrize("line", ["error: this is a bug in remit: KeyError", "exit 70", "the process died"])
def test_a_crash_is_never_permitted(line: str) -> None:
    permitted = changes.read("# Any\n\n```change\ncommand: lint\n+ (error|exit|the).*[0-9a-zA-Z]{2,}.*\n```\n")
    assert {"Any"} == changes.permitting("lint", "", "error: no file", permitted)
    assert changes.permitting("lint", "", line, permitted) is None


@pytest.mark.parametrize(
    "block",
    [
        "command: lint\n- .*\n+ .*",
        "command: lint\n- \\s*",
        "command: lint\n- (a.*)\n+ \\1",
        "command: lint\n+ [^{]+",
        "command: *\n- abc",
        "command: lint",
        "- abc\n+ def",
        "command: lint\n+ def\n- abc",
        "command: lint\nabc",
    ],
)
def test_a_kind_that_takes_any_line_or_cannot_be_read_is_refused(block: str) -> None:
    with pytest.raises(ValueError, match="Any"):
        changes.read(f"# Any\n\n```change\n{block}\n```\n")


def test_a_line_that_is_spelled_out_may_be_an_exit_code_or_empty() -> None:
    kinds = changes.read("# A\n\n```change\ncommand: diff*\n- exit 0\n+ exit 1\n+ \n```\n")
    assert {"A"} == changes.permitting("diff --json", "exit 0\n", "exit 1\n\n", kinds)


def test_the_kinds_that_this_version_permits_can_be_read() -> None:
    changes.read(compare.PERMITTED.read_text("utf-8"))


def test_every_command_is_run_and_every_stored_input_is_put_to_some() -> None:
    jobs = corpus.jobs()
    names = {step["name"].split()[0] for job in jobs.values() for step in job["steps"]}
    assert {"build", "data", "diff", "evaluate", "explain", "init", "lint", "minimise", "policy", "why"} <= names
    assert all(job["steps"] for job in jobs.values())
    assert len(jobs) > 1000


def test_a_document_is_compared_with_one_that_has_another_access() -> None:
    text = '{"Action": ["s3:GetObject", "sqs:SendMessage", "kms:Decrypt"]}'
    assert '{"Action": ["s3:*", "sqs:TagResource", "kms:Decrypt"]}' == corpus.changed(text)
    assert '{"Effect": "Deny"}' == corpus.changed('{"Effect": "Allow"}')


@in_all_cases
def test_this_remit_answers_the_commands_on_an_example() -> None:
    jobs = compare.chosen(corpus.jobs(), 1, "policy function")
    example = {"examples/orders": jobs["examples/orders"]}
    version = compare.version(str(compare.ROOT))
    silent = compare.compare(version, version, example, ())
    assert [] == silent
