"""Which of planted mistakes several tools notice: writes the table of docs/comparison.md.

python bench/compare_tools.py            # runs cfn-lint and parliament by uvx, and remit as it is installed
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "comparison.md"
TOOLS = {
    "remit lint": ["remit", "lint"],
    "cfn-lint 1.58.0": ["uvx", "--quiet", "cfn-lint@1.58.0"],
    "parliament 1.6.4": ["uvx", "--quiet", "--with", "setuptools<81", "parliament@1.6.4"],
}
"""How each is run on a file. cfn-lint reads templates, parliament policies, from standard input."""
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
FINE = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}


def statement(**elements: Any) -> dict[str, Any]:
    """A statement that is fine but for these elements."""
    return {**FINE, **elements}


CASES: dict[str, dict[str, Any]] = {
    "nothing (no tool may complain)": FINE,
    "an action that does not exist": statement(Action="s3:GetObjct"),
    "a service that does not exist": statement(Action="s4:GetObject"),
    "an action that does not take the resource": statement(Resource="arn:aws:s3:::data"),
    "an ARN of another service": statement(Resource="arn:aws:sqs:eu-central-1:111122223333:q"),
    "a region that does not exist": statement(
        Action="sqs:SendMessage", Resource="arn:aws:sqs:eu-centrl-1:111122223333:q"
    ),
    "a condition operator of another type": statement(Condition={"NumericEquals": {"aws:PrincipalOrgID": "o-1"}}),
    "a condition key that the action does not have": statement(Condition={"StringEquals": {"ec2:Region": "us-east-1"}}),
    "Allow with NotAction": {"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "*"},
    "everything on everything": statement(Action="*", Resource="*"),
    "a role that may pass any role": statement(Action=["iam:PassRole", "lambda:CreateFunction"], Resource="*"),
}


def files(folder: Path, own: dict[str, Any]) -> tuple[Path, Path]:
    """A policy, and a template whose role has it."""
    policy = {"Version": "2012-10-17", "Statement": [own]}
    properties = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [TRUST]},
        "Policies": [{"PolicyName": "own", "PolicyDocument": policy}],
    }
    template = {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}}
    (folder / "policy.json").write_text(json.dumps(policy, indent=1))
    (folder / "template.json").write_text(json.dumps(template, indent=1))
    return folder / "policy.json", folder / "template.json"


def notices(command: list[str], file: Path) -> bool:
    """Whether a tool says anything about a file: by its exit code or its output."""
    is_piped = command[-1].startswith("parliament")
    ran = subprocess.run(
        command if is_piped else [*command, str(file)],
        input=file.read_text("utf-8") if is_piped else "",
        capture_output=True,
        text=True,
        check=False,
    )
    if "Traceback" in ran.stderr:
        sys.exit(f"{' '.join(command)}: {ran.stderr}")
    return ran.returncode != 0 or bool(ran.stdout.strip() and "nothing found" not in ran.stdout)


def main() -> None:
    """Run each tool on each case, and write the table into the page."""
    head = f"| planted | {' | '.join(TOOLS)} |\n|---|{'---|' * len(TOOLS)}\n"
    rows = []
    for name, own in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            policy, template = files(Path(folder), own)
            answers = [
                notices(command, template if tool.startswith("cfn") else policy) for tool, command in TOOLS.items()
            ]
        if own is FINE and any(answers):
            sys.exit(f"a tool complains about what is right: {answers}")
        rows.append(f"| {name} | {' | '.join('noticed' if answer else 'no' for answer in answers)} |")
    before, start, rest = PAGE.read_text("utf-8").partition("<!-- bench/compare_tools.py -->\n")
    after = rest.partition("<!-- end -->")[2]
    PAGE.write_text(f"{before}{start}\n{head}{chr(10).join(rows)}\n\n<!-- end -->{after}", "utf-8")


if __name__ == "__main__":
    main()
