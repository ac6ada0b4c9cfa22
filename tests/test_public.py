"""What `import remit` offers."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import remit

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", remit.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(remit, name) is not None


def test_a_name_that_remit_does_not_have_is_told_with_those_that_it_has() -> None:
    with pytest.raises(AttributeError, match=f"^remit has no `nosuch`; it has {', '.join(remit.__all__)}$"):
        remit.nosuch  # noqa: B018 - to ask for it is the test


def test_importing_remit_imports_nothing_else() -> None:
    code = "import sys; before = set(sys.modules); import remit; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "['__future__', 'remit']\n" == done.stdout


def test_the_verbs_need_neither_boto3_nor_rich() -> None:
    code = (
        "import sys; from remit import assign, compare, evaluate, lint, load, minimise, parse, render, synth, Request; "
        "print(sorted({'boto3', 'botocore', 'rich', 'click'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout


def test_lint_of_an_app_without_mistakes_loads_neither_did_you_mean_nor_yaml(tmp_path: Path) -> None:
    declared = "from remit import App\nfrom remit.triggers import sqs\napp = App()\n"
    handler = '@app.function(sqs("orders"))\ndef ingest(event, context): ...\n'
    (tmp_path / "app.py").write_text(declared + handler, "utf-8")
    late = "{'difflib', 'yaml', 'remit.catalogue.meant_names', 'remit.documents.yaml_text'}"
    printed = f"print(sorted({late} & set(sys.modules)))"
    code = f"import sys; from remit.cli import main\ntry: main(['lint'])\nfinally: {printed}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_decision_in_five_lines() -> None:
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}
    policy = remit.parse(document)
    request = remit.Request(
        action="s3:GetObject", resource="arn:aws:s3:::b/k", principal="arn:aws:iam::111122223333:role/r", context={}
    )
    assert "Allowed" == remit.evaluate(request, [policy]).verdict
    assert document["Statement"] == remit.render(policy)["Statement"][0]


def test_a_comparison_in_two_lines() -> None:
    old, new = (
        remit.parse({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})
        for action in ("s3:GetObject", "s3:Get*")
    )
    found = remit.compare([old], [new])
    assert (True, False, ()) == (bool(found.gained), bool(found.lost), found.undecided)
