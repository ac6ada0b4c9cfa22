"""Seeded defects of the engine: each must be noticed by the tests. `mutants.py` prints the share that is.

A mutant is a module, a text in it (which must occur exactly once) and what stands there instead. It is tried
on a copy of the source: first the tables of tests, then random cases against the reference evaluator.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
QUICK = ("test_evaluate.py", "test_patterns.py", "test_document.py", "test_late.py")
SECONDS = 60  # a mutant that takes longer hangs, and is noticed that way

MUTANTS: tuple[tuple[str, str, str], ...] = (
    ("pattern", "len(text) < shortest or not text.startswith(prefix)", "not text.startswith(prefix)"),
    ("pattern", "text.find(middle, position, end)", "text.find(middle, position)"),
    ("pattern", "position += len(middle)", "position += 1"),
    ("pattern", "matched.end() <= start and", "matched.end() >= 0 and"),
    ("pattern", "matched = middle.search(text, matched.end())", "matched = middle.search(text)"),
    ("pattern", "re.escape(str(part))", "str(part)"),
    ("pattern", '("".join(chunk), re.DOTALL)', '("".join(chunk))'),
    ("pattern", "if not mask & wide.accept:", "if not mask:"),
    ("pattern", "masks = {mask: None}\n", "masks: dict[int, None] = {}\n"),
    ("pattern", "return [self.step(mask, symbol)]", "return [mask]"),
    ("pattern", "(self.accept << 1) - (mask & -mask)", "mask"),
    (
        "pattern",
        "self.close((mask & self.stars) | (mask & ~self.accept & ~self.late) << 1)",
        "self.step(mask, symbol)",
    ),
    ("pattern", "(mask & ~self.accept & ~self.late)", "(mask & ~self.accept)"),
    ("pattern", "singles = 0 if isinstance(symbol, Late) else self.singles", "singles = self.singles"),
    ("pattern", "sum(mask for symbol, mask in self.letters.items() if isinstance(symbol, Late))", "0"),
    ("value_comparison", '(hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)', "0"),
    ("value_comparison", '+ Decimal(f"0.{fraction or 0}")', ""),
    ("value_comparison", "Decimal(text) if _EPOCH.fullmatch(text) else None", "None"),
    ("value_comparison", "base64.b64decode(text, validate=True)", "text.encode()"),
    ("value_comparison", "strict=False", "strict=True"),
    ("value_comparison", "address[0] == block[0] and block[1] <= address[1]", "block[1] <= address[1]"),
    ("value_comparison", "address[2] <= block[2]", "address[2] < block[2]"),
    ("value_comparison", '"LessThanEquals": operator.le', '"LessThanEquals": operator.lt'),
    ("value_comparison", '"GreaterThan": operator.gt', '"GreaterThan": operator.ge'),
    ("value_comparison", ".get(text.lower())", ".get(text)"),
    (
        "text_comparison",
        'value in exact or ("${" in value and _late(value, exact, request, globs=False))',
        'value.lower() in exact or ("${" in value and _late(value, exact, request, globs=False))',
    ),
    (
        "text_comparison",
        "folded_literals = frozenset(text.lower() for text in literals)",
        "folded_literals = frozenset(literals)",
    ),
    (
        "text_comparison",
        "describes(Resolved(resolved.sure and _lower(resolved.sure), resolved.maybe and _lower(resolved.maybe)), low)",
        "describes(resolved, asked_value)",
    ),
    ("text_comparison", 'pattern.split(":", ARN_COLONS)', 'pattern.split(":")'),
    ("text_comparison", 'part.split(":", ARN_COLONS + 1 - len(components))', 'part.split(":")'),
    ("text_comparison", 'components = ["*"] * 6 if pattern == "*" else', "components ="),
    ("text_comparison", "if len(globs) == 1 and not templates:", "if len(globs) == 1:"),
    (
        "text_comparison",
        "return None if is_unknown and describes(resolved, asked_value) is not False else False",
        "return False",
    ),
    (
        "text_comparison",
        "and _late(value, exact, request, globs=False)",
        "and _late(value, exact, request, globs=True)",
    ),
    (
        "text_comparison",
        "if any(_dividing(component) for component in components[:ARN_COLONS])",
        "if any(_dividing(component) for component in ())",
    ),
    (
        "text_comparison",
        "if pattern == text and len(text) == 1 and isinstance(text[0], Late):",
        "if pattern == text:",
    ),
    (
        "text_comparison",
        "if pattern == text and len(text) == 1 and isinstance(text[0], Late):",
        "if False:",
    ),
    ("condition", "when_absent = if_exists or negated", "when_absent = if_exists"),
    ("condition", "when_absent = if_exists or negated", "when_absent = negated"),
    ("condition", "return None if value is OPEN else False\n", "return None\n"),
    ("condition", "(None if matched is None else not matched) if negated else matched", "matched"),
    (
        "condition",
        "(None if matched is None else not matched) if negated else matched",
        "(not matched) if negated else matched",
    ),
    (
        "condition",
        "for text in texts) if texts else if_exists",
        "for text in texts) if texts else True",
    ),
    ("condition", "return truth if truth is None or not negated else not truth", "return truth"),
    ("condition", "if isinstance(value, str) and value else ()", "if isinstance(value, str) else ()"),
    (
        "condition",
        "return absent if value is None else present",
        "return present if value is None else absent",
    ),
    ("condition", "if value is OPEN and absent != present:", "if value is OPEN:"),
    ("condition", "key = condition.key.lower()", "key = condition.key"),
    ("condition", '"foranyvalue": _any_value,', '"foranyvalue": _all_values,'),
    ("condition", "version), negated, if_exists)", "version), False, if_exists)"),
    ("condition", '    "StringLike": like,', '    "StringLike": equals,'),
    ("condition", "parsed is not None and any(", "parsed is None or any("),
    ("policy_text", "_VARIABLE.finditer(text) if version == VERSION else ()", "_VARIABLE.finditer(text)"),
    (
        "policy_text",
        "if filled is None or isinstance(filled, tuple):\n                return None",
        'if filled is None or isinstance(filled, tuple):\n                filled = ""',
    ),
    ("policy_text", "part.default if value is None else value", "value"),
    ("policy_text", "yield sign or Variable", "yield STAR if sign else Variable"),
    ("policy_text", "for _ in range(_FIFTH):", "for _ in range(_FIFTH - 1):"),
    ("policy_text", 'return text + ":*" * (', 'return text + "*" * ('),
    ("policy_text", "part.text not in PLACE.values()", "part.text in PLACE.values()"),
    ("decide/prepared_statements", "matched is None or (incomplete and", "matched is None or (not incomplete and"),
    ("policy_text", "covers_pieces if wholly or not text.is_set else overlaps_pieces", "covers_pieces"),
    ("policy_text", "covers_pieces if wholly or not text.is_set else overlaps_pieces", "overlaps_pieces"),
    ("policy_text", "maybe.append(STAR if unknown else sure[-1])", "maybe.append(sure[-1])"),
    ("policy_text", "return Resolved(None, perhaps)", "return Resolved(surely, perhaps)"),
    (
        "policy_text",
        "Resolved(surely, None if perhaps == surely else perhaps)",
        "Resolved(surely, None)",
    ),
    ("policy_text", 'if "${" not in "".join(', 'if True or "${" not in "".join('),
    ("policy_text", "compare = relation if text.maybe == text.sure else overlaps_pieces", "compare = relation"),
    ("principal", 'return Reach.DIRECT if caller.kind == "root" else Reach.ACCOUNT', "return Reach.DIRECT"),
    ("principal", 'return Reach.ROLE if caller.kind == "role" else Reach.DIRECT', "return Reach.DIRECT"),
    (
        "principal",
        "Reach.NOBODY if needed <= spared else Reach.DIRECT",
        "Reach.NOBODY if needed & spared else Reach.DIRECT",
    ),
    (
        "principal",
        "if max(reaches) > Reach.NOBODY else Reach.DIRECT",
        "if max(reaches) > Reach.ACCOUNT else Reach.DIRECT",
    ),
    ("principal", "if account[1] != caller.account:", "if False:"),
    ("principal", 'or tail.rpartition("/")[2] != caller.role', ""),
    (
        "decide/prepared_statements",
        "if truth is False:\n                return False",
        "if truth is None:\n                return False",
    ),
    ("decide/prepared_statements", "truth if truth is None or not actions.negated else not truth", "truth"),
    ("decide/prepared_statements", "part.lower() if isinstance(part, str) else part for part", "part for part"),
    ("decide/prepared_statements", "map(with_stars, actions.patterns)", "actions.patterns"),
    ("decide/prepared_statements", "(*tests, _late_test(rule.statement.actions))", "tests"),
    ("decide/prepared_statements", "folded = tuple(map(str.lower, actions.patterns))", "folded = actions.patterns"),
    ("decide/prepared_statements", "return None if deny or trust else (lambda _: False)", "return None"),
    ("decide/prepared_statements", "return (lambda _: False) if resources.negated else None", "return None"),
    ("decide/prepared_statements", "wholly = deny == resources.negated", "wholly = not deny"),
    ("decide/prepared_statements", "wholly = deny == resources.negated", "wholly = True"),
    ("decide/prepared_statements", "return stars != resources.negated", "return stars"),
    ("decide/prepared_statements", "return truth if truth is None else resources.negated", "return resources.negated"),
    ("decide/evaluation_logic", "if by_layer.only_identity and request.simple:", "if by_layer.only_identity:"),
    (
        "decide/evaluation_logic",
        '**{(True, allowed): "ExplicitlyDenied" for allowed in (True, False, None)}',
        '**{(True, allowed): "ImplicitlyDenied" for allowed in (True, False, None)}',
    ),
    ("decide/evaluation_logic", '(None, True): "Unknown",', '(None, True): "Allowed",'),
    ("decide/evaluation_logic", "return denied, True\n", "return False, True\n"),
    (
        "decide/evaluation_logic",
        "identity[0], boundary[0], session[0], grants.denied,",
        "identity[0], boundary[0], grants.denied,",
    ),
    ("decide/evaluation_logic", "every((boundary[1], session[1]))", "boundary[1]"),
    (
        "decide/evaluation_logic",
        "either((grants.direct, every((grants.role, limited))))",
        "either((grants.direct, grants.role))",
    ),
    ("decide/evaluation_logic", "either((grants.direct, every((grants.role, limited))))", "grants.direct"),
    (
        "decide/evaluation_logic",
        "return either((direct, by_both if request.needs_resource_policy else by_identity))",
        "return either((direct, by_identity))",
    ),
    (
        "decide/evaluation_logic",
        "if not request.local:\n        return by_both",
        "if not request.local:\n        return by_identity",
    ),
    (
        "decide/evaluation_logic",
        'identity_allows = True if request.who.kind == "root" else identity[1]',
        "identity_allows = identity[1]",
    ),
    ("decide/evaluation_logic", "not request.has_identity or unbinding_case", "unbinding_case"),
    (
        "decide/special_requests",
        "_of_management_account(request, request.owner)",
        "_of_management_account(request, request.who.account)",
    ),
    ("decide/special_requests", "case.callers and request.who.kind not in case.callers", "False"),
    ("decide/special_requests", "aliases.startswith(_MANAGED_ALIAS)", "False"),
    ("special_cases", 'actions=("kms:retiregrant",),', 'actions=("kms:revokegrant",),'),
    ("special_cases", "fact=\"the resource is the caller's account's\",", ""),
    ("decide/evaluation_logic", "return VERDICTS[denied, False]", 'return "ImplicitlyDenied"'),
    ("decide/evaluation_logic", "and not means_everyone(rule.statement)", ""),
    ("decide/evaluation_logic", "granted, endpoint[1],", "granted,"),
    ("decide/evaluation_logic", "grants.denied, endpoint[0],", "grants.denied,"),
    ("decide/evaluation_logic", "*(level[1] for level in scp)", "*(level[1] for level in (*scp, *rcp))"),
    (
        "decide/evaluation_logic",
        "return denied, every((granted, endpoint[1], *(level[1] for level in scp)))",
        "return denied, every((granted, endpoint[1], either(level[1] for level in scp) if scp else True))",
    ),
    ("request", "folded = self.action.lower()", "folded = self.action"),
    ("request", "values[key.lower()] =", "values[key] ="),
    ("request", 'None if texts in ((), ("",)) else texts', "texts or None"),
    ("request", 'None if text == "" and is_multivalued(key) else text', "text"),
    ("request", "ALL if self.context is None else frozenset()", "ALL"),
    ("request", "stated_owner or (caller.account if", "(caller.account if"),
    ("request", "stated_owner = parts[4]", "stated_owner = None"),
    ("request", "return settled | dict.fromkeys(_IDENTITY_KEYS)", "return settled"),
    ("request", '"aws:principalisawsservice": "false",', ""),
    ("request", 'caller.text.rpartition("/")[2] if caller.kind == "user" else None', "None"),
    ("decide/evaluation_logic", "(False, not request.who.federated)", "_NO_LIMIT"),
    ("decide/prepared_statements", "if self._bounded and rule.deny", "if rule.deny"),
    ("value_comparison", "lowest >> _IPV4_BITS == highest >> _IPV4_BITS == _MAPPED", "False"),
    ("../documents/json_text", "if len(value) != len(pairs):", "if len(value) > len(pairs):"),
    ("../documents/json_text", "if not math.isfinite(value):", "if False:"),
    ("../documents/json_text", "if len(digits) > LONGEST_NUMBER:", "if False:"),
    ("../documents/json_mistakes", "del open_brackets[-1:]", "del open_brackets[:1]"),
    ("../documents/json_mistakes", "source.origin(places[error.second]),", "source.origin(places[error.first]),"),
    ("../documents/json_mistakes", "len(source.text), error.closed)", "len(source.text), 1)"),
    ("../documents/json_mistakes", "if len(open_brackets) > DEPTH:", "if False:"),
)


def mutated(number: int, folder: Path) -> Path:
    """A copy of the source with one defect."""
    module, old, new = MUTANTS[number]
    source = folder / "src"
    shutil.copytree(ROOT / "src", source)
    file = source / "remit" / "iam" / f"{module}.py"
    text = file.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise SystemExit(f"mutant {number}: {old!r} stands {text.count(old)} times in {module}.py")
    file.write_text(text.replace(old, new), encoding="utf-8")
    return source


def noticed(number: int) -> bool:
    """Whether a test fails on a mutant, or random cases come out differently."""
    with tempfile.TemporaryDirectory() as folder:
        source = mutated(number, Path(folder))
        environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
        tests = [str(HERE / name) for name in QUICK]
        commands = (
            [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests],
            [sys.executable, str(HERE / "differential.py"), "--cases", "50000", "--seed", str(number)],
        )
        return any(not _passes(command, environment) for command in commands)


def _passes(command: list[str], environment: dict[str, str]) -> bool:
    try:
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main() -> int:
    """Try the mutants and print the share that was noticed; 1 when it is below 95 %."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--every", type=int, default=1, help="try only every n-th mutant")
    given = options.parse_args()
    numbers = range(0, len(MUTANTS), given.every)
    with ThreadPoolExecutor(given.jobs) as pool:
        results = dict(zip(numbers, pool.map(noticed, numbers), strict=True))
    for number, found in results.items():
        if not found:
            module, old, new = MUTANTS[number]
            sys.stdout.write(f"survives: {module}.py: {old!r} -> {new!r}\n")
    killed = sum(results.values())
    sys.stdout.write(f"{killed} of {len(results)} mutants noticed ({killed / len(results):.1%})\n")
    return 0 if killed >= 0.95 * len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
