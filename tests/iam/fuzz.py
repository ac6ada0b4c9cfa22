"""Fuzzes whatever reads text from outside: `fuzz.py all --runs 10000000` or `fuzz.py TARGET --runs N [--record FILE]`.

It needs atheris (PyPI, Apache-2.0), which has no wheel for every Python that remit supports and is therefore no
dependency of the project: `python3.11 -m venv fuzzing && fuzzing/bin/pip install atheris click pyyaml`, then
`PYTHONPATH=src fuzzing/bin/python tests/iam/fuzz.py all`. Without atheris, `fuzz.py TARGET --replay FILE…` gives a
target the inputs of files, and `--random N` inputs of its own.

A target takes bytes. It fails when anything but a RemitError escapes, when an answer contradicts another, or when an
input takes a second of the processor: without instrumentation, which makes all twenty to forty times slower, and
without what the collector and first imports take, so that one which seems to take a second gets a process of its own.
atheris then prints the bytes and keeps them in `crash-*`. A record gets a line of JSON for each target: inputs,
seconds, the slowest input's seconds (as seen: under instrumentation, unless it had a process of its own) and bytes.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

sys.path.append(str(Path(__file__).parents[2] / "src"))

from remit.answers.denial import parse as parse_denial
from remit.answers.why import why
from remit.catalogue.condition_keys import OPERATORS
from remit.cli import evaluate as evaluate_command
from remit.documents.json_text import read_json
from remit.documents.read import read
from remit.errors import RemitError
from remit.iam.decide.evaluate import ALL, Request, evaluate
from remit.iam.operators import QUANTIFIERS
from remit.iam.pattern import covers, is_pattern, matches, overlaps
from remit.iam.policy import Condition, Globs, Policy, Statement, parse, render
from remit.lint import lint_bytes
from remit.lint.templates import documents, environments
from remit.template.policy_files import read_side
from remit.template.written_template import is_template, written_template

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
SECOND = 1.0
TOLD = 50_000  # inputs between two lines of figures
LONGEST = 600  # bytes of an input; the time that longer ones take is a matter of the tests beside this file

WORDS = (
    "*", "?", "${aws:username}", "${aws:PrincipalTag/a, 'b'}", "${*}", "${$}{a}", "${Queue.Arn}", "${AWS::Region}",
    '${{"Fn::ImportValue":"x"}}', "${{", "${", "}", ":", "/", "arn:aws:s3:::b/a*", "arn:aws:sqs:*:111122223333:q",
    "true", "2012-10-17", "2020-01-01T00:00:00Z", "2020-02-30", "1e999", "-0", "10.0.0.0/8", "::1/128", "YWI=",
    "a", "al", "\u0130", "\ud800", "\x00", "\U000f0000", "s3:GetObject", "s3:*", "kms:Decrypt",
    "arn:aws:iam::111122223333:role/r", "", " ",
)  # fmt: skip
KEYS = ("aws:username", "aws:SourceIp", "aws:TagKeys", "aws:CurrentTime", "s3:max-keys", "k:${", "", "AWS:USERNAME")


class Draw:
    """Choices that bytes make; when they are used up, the first of each."""

    def __init__(self, data: bytes) -> None:
        """Start with all bytes."""
        self.data, self.at = data, 0

    def number(self, below: int) -> int:
        """A number from 0."""
        self.at += 1
        return self.data[self.at - 1] % below if self.at <= len(self.data) else 0

    def of(self, choices: Any) -> Any:
        """One of several."""
        return choices[self.number(len(choices))]

    def text(self) -> str:
        """Words and letters."""
        return "".join(self.of(WORDS) if self.number(3) else chr(self.number(256)) for _ in range(self.number(5)))

    def several(self, make: Callable[[], Any]) -> Any:
        """One, or a list of what `make` makes."""
        count = self.number(5)
        return make() if count == 0 else [make() for _ in range(count)]

    def value(self) -> Any:
        """Nearly anything that JSON holds."""
        return self.of((True, None, 7, -1.5, 10**40, [], {}, self.text(), self.text(), self.text()))

    def statement(self) -> Any:
        """A statement, mostly."""
        made: dict[str, Any] = {"Effect": self.of(("Allow", "Deny", "Allow", "Deny", "allow"))}
        for name in ("Action", "Resource", "Principal"):
            if self.number(6):
                made[name if self.number(4) else f"Not{name}"] = self.several(self.text)
        if "Principal" in made and self.number(3):
            made["Principal"] = {self.of(("AWS", "Service", "Federated", "aws")): made["Principal"]}
        if self.number(2):
            made["Condition"] = {
                self.operator(): {self.of(KEYS): self.several(self.value)} for _ in range(1 + self.number(2))
            }
        return made if self.number(12) else self.value()

    def operator(self) -> str:
        """How a document spells an operator."""
        name = str(self.of((*OPERATORS, "Nothing"))) + ("" if self.number(3) else "IfExists")
        return name if self.number(3) else f"{self.of((*QUANTIFIERS, 'For'))}:{name}"

    def document(self) -> Any:
        """A policy document, mostly."""
        made: dict[str, Any] = {"Statement": self.several(self.statement)}
        if self.number(4):
            made["Version"] = "2012-10-17" if self.number(6) else self.value()
        return made if self.number(16) else self.value()

    def case(self) -> Any:
        """A line for `remit evaluate`, mostly."""
        request: dict[str, Any] = {"action": self.text(), "resource": self.text(), "principal": self.text()}
        request["context"] = {self.of(KEYS): self.several(self.value) for _ in range(self.number(4))}
        for key in ("open", "wildcard_only", "resource_account", "management_account"):
            if not self.number(3):
                request[key] = self.value()
        layers = ("identity", "boundary", "session", "resource")
        policies: dict[str, Any] = {name: self.several(self.document) for name in layers if not self.number(2)}
        policies |= {name: [self.several(self.document)] for name in ("scp", "rcp") if not self.number(4)}
        return {"policies": policies, "request": request}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def policy(data: bytes) -> None:
    """A policy document, as bytes or made of them: what is read is rendered and read again to the same."""
    text = _json(Draw(data[1:]).document()) if data[:1] > b"\x7f" else data
    value, locate = read_json(text, "p.json")
    locate(("Statement", 0, "Action", 1))
    locate(("Statement", len(data), "Condition"))
    read_side(text, "p.json")
    parsed = parse(value)
    again = parse(json.loads(json.dumps(render(parsed))))
    if again != parsed:
        raise AssertionError(parsed)


def patterns(data: bytes) -> None:
    """Two patterns and a text."""
    one, other, *_ = (*data.decode("utf-8", "replace").split("\n", 1), "")
    if is_pattern(other):
        if covers(one, other) and not overlaps(one, other):
            raise AssertionError(one, other)
    elif not matches(one, other) is covers(one, other) is overlaps(one, other):
        raise AssertionError(one, other)


def values(data: bytes) -> None:
    """Any operator on any text: its negation says the opposite, and a text equals itself."""
    draw = Draw(data)
    name, negated = draw.of(PAIRS)
    wanted, value = (
        data[3:].decode("utf-8", "replace").split("\n", 1)
        if b"\n" in data[3:] and draw.number(2)
        else (draw.text(), draw.text())
    )
    request = Request("s:a", "r", None, {"k:k": value}, open=ALL if draw.number(2) else frozenset())
    said = [_met(operator, wanted, request) for operator in (name, negated)]
    if sorted(said) not in (["Allowed", "ImplicitlyDenied"], ["Unknown", "Unknown"]):
        raise AssertionError(name, wanted, value, said)


PAIRS = tuple(
    (name, name.replace(kind, f"Not{kind}"))
    for name in OPERATORS
    for kind in ("Equals", "Like", "IpAddress")
    if kind in name and name.replace(kind, f"Not{kind}") in OPERATORS
)


def _met(operator: str, wanted: str, request: Request) -> str:
    condition = Condition(operator, "k:k", (wanted,))
    return evaluate(
        request, Policy((Statement("Allow", Globs(("*",)), Globs(("*",)), conditions=(condition,)),))
    ).verdict


def requests(data: bytes) -> None:
    """A line for `remit evaluate`, as bytes or made of them, to its whole answer."""
    text = _json(Draw(data[1:]).case()) if data[:1] > b"\x3f" else data
    value, locate = read_json(text, "lines.jsonl", line=3)
    answer = evaluate_command._answer_document(1, evaluate(*evaluate_command._read_case(value, locate)))
    json.dumps(answer)


def templates(data: bytes) -> None:
    """A template in YAML or JSON, and the documents in it."""
    source = read(data, "t.yaml")
    if is_template(source.value):
        template = written_template(source.value, source.locate, len(data))
        found = [*documents(template), *environments(template)]
        source.locate(("Resources", len(found), "Properties"))


def lint(data: bytes) -> None:
    """Every rule on a policy or a template."""
    text = _json(Draw(data[1:]).document()) if data[:1] > b"\x7f" else data
    for finding in lint_bytes(text, "t.yaml"):
        str(finding)


def denials(data: bytes) -> None:
    """A message about a denied request, and what is said about it."""
    found = parse_denial(data.decode("utf-8", "replace"))
    if found is not None and not why(found, None).conclusion:
        raise AssertionError(found)


TARGETS: dict[str, tuple[Callable[[bytes], None], float]] = {
    "patterns": (patterns, 0.35),
    "values": (values, 0.2),
    "policy": (policy, 0.2),
    "requests": (requests, 0.1),
    "denials": (denials, 0.08),
    "templates": (templates, 0.05),
    "lint": (lint, 0.02),
}
"""Each target, and its share of the runs."""


class Watch:
    """A target that is timed and counted."""

    def __init__(self, name: str, *, alone: bool = False) -> None:
        """Nothing has run yet. `alone` when the process is only for this: what seems slow is slow."""
        self.name, self.target, self.alone = name, TARGETS[name][0], alone
        self.count, self.slowest, self.input, self.started = 0, 0.0, b"", time.perf_counter()

    def __call__(self, data: bytes) -> None:
        """Give the target one input."""
        before = time.process_time()
        try:
            self.target(data)
        except RemitError as error:
            str(error)
        spent = time.process_time() - before
        if spent > SECOND and not self.alone:
            spent = seconds_alone(self.name, data)
        self.count += 1
        if spent > self.slowest:
            self.slowest, self.input = spent, data
        if spent > SECOND:
            raise AssertionError(f"{spent:.1f} s for {data!r}")

    def line(self) -> str:
        """The figures so far, as a record has them."""
        seconds = time.perf_counter() - self.started
        figures = {"target": self.name, "inputs": self.count, "seconds": round(seconds)}
        return json.dumps({**figures, "slowest": round(self.slowest, 4), "input": self.input.hex()}) + "\n"


def seconds_alone(name: str, data: bytes) -> float:
    """What one input takes in a process of its own, without instrumentation: seconds of the processor."""
    with tempfile.NamedTemporaryFile(prefix=f"slow-{name}-") as file:
        file.write(data)
        file.flush()
        command = [sys.executable, __file__, name, "--replay", file.name]
        said = subprocess.run(command, check=False, capture_output=True, text=True)
    if said.returncode:
        raise AssertionError(said.stderr)
    return float(json.loads(said.stdout)["slowest"])


def seeds(name: str) -> list[bytes]:
    """Inputs to begin with: what the tests beside this file hold."""
    cases = (ROOT / "tests/data/evaluation-cases.jsonl").read_bytes().splitlines()
    lines = (ROOT / "tests/lint/data/bad_inputs.jsonl").read_text().splitlines()
    bad = [json.loads(line)["text"].encode() for line in lines]
    if name == "requests":
        return cases
    if name == "values":
        return [
            b"\x01\x01\x01" + text for text in (b"a\na", b"2020-01-01T00:00:00.5+01:00\n1577836800", b"10.0.0.0/8\n::1")
        ]
    if name == "denials":
        return (ROOT / "tests/answers/test_denial.py").read_bytes().split(b"\n    ),\n")
    return [b"a*?\nab", b"s3:*Get?\ns3:G*"] if name == "patterns" else [text for text in bad if len(text) < LONGEST * 2]


def random_inputs(name: str, count: int, seed: int) -> list[bytes]:
    """Inputs without atheris: pieces of the seeds and random bytes."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    known, out = seeds(name), []
    for _ in range(count):
        text = bytearray(chance.choice((chance.choice(known), chance.randbytes(chance.randrange(60)))))
        for _ in range(chance.randrange(4)):
            place = chance.randrange(len(text) + 1)
            piece = chance.choice((b"", b"*", b'"', b"{", b"]", b"\n", b"${", chance.randbytes(2)))
            text[place : place + chance.randrange(4)] = piece
        out.append(bytes(text))
    return out


def fuzz(name: str, runs: int, record: Path | None) -> None:
    """Run a target under atheris, which ends the process."""
    import atheris  # noqa: PLC0415 - no dependency of the project

    watch = Watch(name)
    gc.disable()

    def target(data: bytes) -> None:
        watch(data)
        if watch.count % TOLD == 0:
            gc.collect()  # its pauses are no input's fault
            sys.stderr.write(watch.line())
        if watch.count == runs and record is not None:
            with record.open("a") as file:
                file.write(watch.line())

    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    for number, seed in enumerate(seeds(name)):
        (folder / str(number)).write_bytes(seed)
    limits = [f"-runs={runs}", f"-max_len={LONGEST}", "-timeout=60", "-print_final_stats=1", str(folder)]
    for function in [one for one in gc.get_objects() if isinstance(one, FunctionType)]:
        if str(function.__module__).startswith("remit."):
            atheris.instrument_func(function)
    atheris.Setup([sys.argv[0], *limits], target)
    atheris.Fuzz()


def every(runs: int, record: Path | None) -> int:
    """Run each target in a process of its own."""
    failed = 0
    for name, (_, share) in TARGETS.items():
        options = ["--runs", str(int(runs * share)), *(["--record", str(record)] if record else [])]
        failed |= subprocess.run([sys.executable, __file__, name, *options], check=False, env=os.environ).returncode
    return failed


def main() -> int:
    """Run the command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("target", choices=[*TARGETS, "all"])
    options.add_argument("--runs", type=int, default=10_000_000)
    options.add_argument("--record", type=Path)
    options.add_argument("--replay", type=Path, nargs="+", help="files whose bytes are the inputs")
    options.add_argument("--random", type=int, help="so many inputs without atheris")
    given = options.parse_args()
    if given.target == "all":
        return every(given.runs, given.record)
    if given.replay or given.random:
        watch = Watch(given.target, alone=True)
        for data in (
            *(file.read_bytes() for file in given.replay or ()),
            *random_inputs(given.target, given.random or 0, 1),
        ):
            watch(data)
        sys.stdout.write(watch.line())
        return 0
    fuzz(given.target, given.runs, given.record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
