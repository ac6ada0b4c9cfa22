"""How fast lint is: AWS's managed policies per second, and the error rules on an app of 200 functions.

Run from the root: `python bench/lint.py`. Processor time, so that a busy machine does not count.
"""

from __future__ import annotations

import time
from collections import Counter

from remit.app import App, Function, Grant
from remit.catalogue.managed import managed_policies, managed_policy
from remit.errors import Origin
from remit.grants.assign import assign
from remit.iam.policy import allow
from remit.lint.run import errors, lint_document
from remit.lint.shelf import rules
from remit.triggers import sqs

HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"


def main() -> None:
    """Measure and print."""
    policies = [found for name in managed_policies() if (found := managed_policy(name)) is not None]
    start = time.process_time()
    count = len(rules())
    print(f"{count} rules imported in {(time.process_time() - start) * 1000:.0f} ms")
    for label in ("cold", "warm", "warm"):
        start = time.process_time()
        found = [lint_document(policy.document, policy.name) for policy in policies]
        seconds = time.process_time() - start
        print(f"{label}: {len(policies) / seconds:,.0f} managed policies per second")
    severities = Counter(finding.severity for findings in found for finding in findings)
    print(f"{len(policies)} policies: {dict(severities)}")
    app = _app(200)
    roles = assign(app)
    for label in ("cold", "warm"):
        start = time.process_time()
        errors(app, roles)
        print(f"{label}: errors of {len(roles)} roles in {(time.process_time() - start) * 1000:.0f} ms")


def _app(count: int) -> App:
    functions = tuple(
        Function(
            name=f"f{number}",
            logical_id=f"F{number}",
            handler=f"app.f{number}",
            properties={"Timeout": 30, "Environment": {"Variables": {"TABLE": "orders"}}},
            triggers=(sqs(f"queue{number}"),),
            policy=(
                _grant(number, "dynamodb:GetItem", "dynamodb:PutItem", on=HERE % ("dynamodb", f"table/t{number % 20}")),
                _grant(number, "s3:GetObject", on=f"arn:${{AWS::Partition}}:s3:::bucket{number}/*"),
                Grant(allow("logs:*"), "for every function", Origin("config/deploy.py", 3, 3)),
            ),
            origin=Origin("app.py", number + 1, 1),
        )
        for number in range(count)
    )
    return App("bench", "dev", functions)


def _grant(number: int, *actions: str, on: str) -> Grant:
    return Grant(allow(*actions, on=on), "declared", Origin("app.py", number + 1, 30))


if __name__ == "__main__":
    main()
