"""How many requests a second the engine decides on AWS's managed policies: `python bench/evaluate.py`.

The policies are those that moto carries (`pip install moto`), so moto must be installed; its own evaluator
runs on the same requests. iam-simulate (npm, AGPL: only ever run, as a separate program) is run when
`--node FOLDER` names a folder that has it in node_modules. Each tool gets the same policies, actions,
resources and context, compiled or parsed beforehand where it can be.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.policy import parse

if TYPE_CHECKING:
    from collections.abc import Callable

PRINCIPAL = "arn:aws:iam::111122223333:role/app"
PER_POLICY = 6

IAM_SIMULATE = """
import { readFileSync } from "node:fs";
const simulate = await import("@cloud-copilot/iam-simulate");
const cases = JSON.parse(readFileSync(0, "utf8"));
let refused = 0;
const run = async (one) => { try { return await simulate.runSimulation({
  request: { action: one.action, principal: one.principal, contextVariables: one.context,
    resource: { resource: one.resource, accountId: "111122223333" } },
  identityPolicies: [{ name: "p", policy: one.document }],
  serviceControlPolicies: [], resourceControlPolicies: [],
}, {}); } catch { refused += 1; } };
for (const one of cases.slice(0, 200)) await run(one);
const start = performance.now();
for (const one of cases) await run(one);
console.log(cases.length / ((performance.now() - start) / 1000), refused);
"""


def documents() -> dict[str, Any]:
    """AWS's managed policies by name."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data  # noqa: PLC0415 - the peer may be missing

    return {name: entry["Document"] for name, entry in json.loads(aws_managed_policies_data).items()}


def cases(policies: dict[str, Any]) -> list[dict[str, Any]]:
    """Requests made from the policies' own statements, every other one with a context to meet them."""
    made: list[dict[str, Any]] = []
    for name, document in policies.items():
        statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
        for number in range(PER_POLICY):
            statement = statements[number % len(statements)]
            action = _pick(statement.get("Action", "s3:GetObject"), number)
            resource = _pick(statement.get("Resource", "*"), number)
            context = _context(statement) if number % 2 else {}
            made.append(
                {
                    "policy": name,
                    "action": action.replace("*", "X") if ":" in action else "s3:GetObject",
                    "resource": resource if resource == "*" else resource.replace("*", "x1"),
                    "principal": PRINCIPAL,
                    "context": context,
                }
            )
    return made


def _pick(value: Any, number: int) -> str:
    values = value if isinstance(value, list) else [value]
    return str(values[number % len(values)])


def _context(statement: dict[str, Any]) -> dict[str, Any]:
    blocks = statement.get("Condition", {}).values()
    return {key: _pick(values, 0).replace("*", "x") for block in blocks for key, values in block.items()}


def rate(run: Callable[[], int], seconds: float = 3.0) -> float:
    """Decisions a second of processor time of `run`, which answers how many it made; the first round only warms up."""
    run()
    started, done = time.process_time(), 0
    while time.process_time() - started < seconds:
        done += run()
    return done / (time.process_time() - started)


def ours(policies: dict[str, Any], made: list[dict[str, Any]]) -> tuple[float, float]:
    """Our rate on requests that exist, and with the making of the request counted in."""
    layers = {name: Layers(identity=(parse(document),)) for name, document in policies.items()}
    fields = [
        ({key: one[key] for key in ("action", "resource", "principal", "context")}, layers[one["policy"]])
        for one in made
    ]
    ready = [(Request(**field), policy) for field, policy in fields]

    def warm() -> int:
        for request, policy in ready:
            evaluate(request, policy)
        return len(ready)

    def whole() -> int:
        for field, policy in fields:
            evaluate(Request(**field), policy)
        return len(fields)

    return rate(warm), rate(whole)


def moto(policies: dict[str, Any], made: list[dict[str, Any]]) -> float:
    """The rate of moto's evaluator, on policies parsed beforehand."""
    from moto.iam.access_control import IAMPolicy  # noqa: PLC0415 - the peer may be missing

    parsed = {name: IAMPolicy(json.dumps(document)) for name, document in policies.items()}
    ready = [(parsed[one["policy"]], one["action"], one["resource"]) for one in made]

    def run() -> int:
        for policy, action, resource in ready:
            policy.is_action_permitted(action, resource)
        return len(ready)

    return rate(run)


def iam_simulate(folder: Path, policies: dict[str, Any], made: list[dict[str, Any]]) -> float:
    """The rate of iam-simulate through its public entry, in node."""
    some = [{**one, "document": policies[one["policy"]]} for one in made[:4000]]
    script = ["node", "--input-type=module", "--eval", IAM_SIMULATE]
    done = subprocess.run(script, input=json.dumps(some), capture_output=True, text=True, cwd=folder, check=False)
    if done.returncode:
        raise OSError(next((line for line in done.stderr.splitlines() if "Error" in line), "node failed"))
    speed, refused = done.stdout.split()
    if int(refused):
        print(f"iam-simulate refused {refused} of {len(some) + 200} requests")
    return float(speed)


def main() -> int:
    """Print a rate per tool."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--node", type=Path, help="a folder with @cloud-copilot/iam-simulate in its node_modules")
    given = options.parse_args()
    try:
        policies = documents()
    except ImportError:
        print("moto is missing: `pip install moto` (it also carries AWS's managed policies)")
        return 2
    made = cases(policies)
    print(f"{len(policies)} managed policies, {len(made)} requests")
    warm, whole = ours(policies, made)
    print(f"remit                            {warm:10,.0f} decisions/s")
    print(f"remit, making the request too    {whole:10,.0f} decisions/s")
    for name, run in (
        ("moto", lambda: moto(policies, made)),
        ("iam-simulate", lambda: _node(given.node, policies, made)),
    ):
        try:
            print(f"{name:32} {run():10,.0f} decisions/s")
        except (ImportError, OSError) as error:
            print(f"{name:32} missing: {error}")
    return 0


def _node(folder: Path | None, policies: dict[str, Any], made: list[dict[str, Any]]) -> float:
    if folder is None:
        raise OSError("--node FOLDER with @cloud-copilot/iam-simulate installed")
    return iam_simulate(folder, policies, made)


if __name__ == "__main__":
    sys.exit(main())
