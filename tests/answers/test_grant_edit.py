"""The edit that grants a denied call: it works, it is small, and everything else stays as it was."""

from __future__ import annotations

import ast
import json
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from projects import APP, write
from random_cases import cases_of
from remit import grants
from remit.answers.grant_edit import grant_edit, spelled_grant
from remit.catalogue.actions import action as catalogued
from remit.errors import RemitError
from remit.iam.policy import render_statement
from remit.roles.assign import assign
from remit.roles.role_policies import ask, ready_roles

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project
    from remit.answers.grant_edit import SourceEdit

GOLDENS = Path(__file__).parents[1] / "grants" / "goldens"
PUT = ("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:000000000000:table/orders")
HEAD = "from remit import App, on\n\napp = App()\n\n\n"
SHARED = """
from remit import Shared, resource

class Data(Shared):
    table = resource("AWS::DynamoDB::Table", key_schema=[], attribute_definitions=[])
"""


def edit_of(project: Project, action: str, resource: str) -> SourceEdit:
    app = project.load()
    return grant_edit(app, app.functions[0], action, resource, project.folder, account="000000000000")


def edited(make: Make, source: str, action: str = PUT[0], resource: str = PUT[1], **files: str) -> str:
    """What the edit makes of an app's source, which must then allow what was asked for."""
    project = make(**{"app.py": source, **files})
    edit = edit_of(project, action, resource)
    edit.write()
    app = project.load()
    role = ready_roles(app, assign(app))[app.functions[0].name]
    decision = ask(role, action, resource, principal="arn:aws:iam::000000000000:role/x")
    assert ["Allowed"] == [layer.verdict for layer in decision.layers if layer.layer == "identity"]
    return (project.folder / "app.py").read_text("utf-8")


DEF = "def hello(event, context): ...\n"
GRANT = 'grants.dynamodb.put("orders")'
LAYOUTS = {
    "bare": ("@app.function\n", f"@app.function(policy=[{GRANT}])\n"),
    "empty": ("@app.function()\n", f"@app.function(policy=[{GRANT}])\n"),
    "a trigger": ("@app.function(on.http())\n", f"@app.function(on.http(), policy=[{GRANT}])\n"),
    "a comma at the end": ("@app.function(timeout=3,)\n", f"@app.function(timeout=3, policy=[{GRANT}],)\n"),
    "an empty list": ("@app.function(policy=[])\n", f"@app.function(policy=[{GRANT}])\n"),
    "a list": ('@app.function(policy=["logs"], timeout=3)\n', f'@app.function(policy=["logs", {GRANT}], timeout=3)\n'),
    "one item": ('@app.function(policy="logs")\n', f'@app.function(policy=["logs", {GRANT}])\n'),
    "a tuple": ('@app.function(policy=("logs",))\n', f'@app.function(policy=("logs", {GRANT},))\n'),
    "a name": ("@app.function(policy=MINE)\n", f"@app.function(policy=[*MINE, {GRANT}])\n"),
    "arguments over lines": (
        "@app.function(\n    on.http(),  # the door\n    timeout=3,  # seconds\n)\n",
        f"@app.function(\n    on.http(),  # the door\n    timeout=3,  # seconds\n    policy=[{GRANT}],\n)\n",
    ),
    "arguments over lines, without a comma at the end": (
        "@app.function(\n    on.http(),\n    timeout=3  # seconds\n)\n",
        f"@app.function(\n    on.http(),\n    timeout=3,  # seconds\n    policy=[{GRANT}]\n)\n",
    ),
    "a list over lines": (
        '@app.function(\n    policy=[\n        "logs",  # why\n        # no more\n    ],\n)\n',
        f'@app.function(\n    policy=[\n        "logs",  # why\n        # no more\n        {GRANT},\n    ],\n)\n',
    ),
    "a list over lines, without a comma at the end": (
        '@app.function(policy=[\n    "logs",\n    "xray"  # why\n])\n',
        f'@app.function(policy=[\n    "logs",\n    "xray",  # why\n    {GRANT}\n])\n',
    ),
    "a list whose first item stands behind the bracket": (
        '@app.function(policy=["logs",\n                      "xray"])\n',
        f'@app.function(policy=["logs",\n                      "xray",\n                      {GRANT}])\n',
    ),
    "an empty list with a comment": (
        "@app.function(policy=[\n    # nothing yet\n])\n",
        f"@app.function(policy=[\n    # nothing yet\n    {GRANT},\n])\n",
    ),
    "a decorator that is called at once": (
        "def first(event, context): ...\napp.function(timeout=3)(first)\n",
        f"def first(event, context): ...\napp.function(timeout=3, policy=[{GRANT}])(first)\n",
    ),
    "another decorator": ("@keep\n@app.function()\n", f"@keep\n@app.function(policy=[{GRANT}])\n"),
    "letters beyond ASCII before it": (
        "é = 1; app.function(name='hello', handler='app.hello')\n",
        f"é = 1; app.function(name='hello', handler='app.hello', policy=[{GRANT}])\n",
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_grant_comes_into_the_layout_that_is_there(make: Make, layout: str) -> None:
    old, new = LAYOUTS[layout]
    rest = f"MINE = ['logs']\nkeep = lambda function: function\n\n\n{{}}{DEF}# the end"
    after = edited(make, HEAD + rest.format(old))
    assert HEAD.replace("App, on", "App, grants, on") + rest.format(new) == after


IMPORTS = {
    "from remit import App": "from remit import App, grants",
    "from remit import App, on": "from remit import App, grants, on",
    "from remit import (\n    App,\n    on,  # what runs it\n)": (
        "from remit import (\n    App,\n    grants,\n    on,  # what runs it\n)"
    ),
    "from remit import (\n    App\n)": "from remit import (\n    App,\n    grants\n)",
    "from remit.project.declarations import App": (
        "from remit.project.declarations import App\nfrom remit import grants"
    ),
    "from remit import App, grants as allowed": "from remit import App, grants as allowed",
    "from remit import App\nfrom remit.grants import dynamodb as tables": (
        "from remit import App\nfrom remit.grants import dynamodb as tables"
    ),
}


@pytest.mark.parametrize("imports", IMPORTS)
def test_what_the_file_lacks_is_imported_and_what_it_has_is_used(make: Make, imports: str) -> None:
    after = edited(make, f'"""An app."""\n\n{imports}\n\napp = App()\n\n\n@app.function\n{DEF}')
    assert f'"""An app."""\n\n{IMPORTS[imports]}\n\napp' == after[: after.index("app = App()") + 3]


@pytest.mark.parametrize("first", ["LIMIT = 3", "print('here')"])
def test_an_import_of_its_own_stands_before_a_first_line_that_is_none(make: Make, first: str) -> None:
    source = f"{first}\nfrom remit.project.declarations import App\n\napp = App()\n\n\n@app.function\n{DEF}"
    assert edited(make, source).startswith(f"from remit import grants\n{first}\nfrom remit.project")


def test_a_name_comes_into_the_order_of_an_import_in_which_one_capital_is_a_class(make: Make) -> None:
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/orders-dev-DataTable-1ABC"
    source = f"from shared.resources.data import T\n{HEAD}@app.function\n{DEF}"
    after = edited(make, source, PUT[0], arn, **{"shared/resources/data.py": f"{SHARED}\nT = Data\n"})
    assert after.startswith("from shared.resources.data import Data, T\n")


def test_a_file_that_is_gone_or_too_deep_is_left_to_the_author(make: Make) -> None:
    project = make()
    app = project.load()
    arguments = (app, app.functions[0], *PUT, project.folder)
    (project.folder / "app.py").unlink()
    with pytest.raises(RemitError, match="the grant for `hello` cannot be written: its decorator cannot be found"):
        grant_edit(*arguments, account="000000000000")
    write(project.folder, {"app.py": "deep = " + "+".join(["1"] * 100_000)})
    with pytest.raises(RemitError, match=r"the grant for `hello` cannot be written: app\.py cannot be read as Python"):
        grant_edit(*arguments, account="000000000000")
    assert 'dynamodb.put("orders")' == spelled_grant(*arguments, account="000000000000")


def test_a_resource_of_the_app_is_named_by_its_attribute(make: Make) -> None:
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/orders-dev-DataTable-1ABC"
    after = edited(make, f"{HEAD}@app.function\n{DEF}", PUT[0], arn, **{"shared/resources/data.py": SHARED})
    assert "policy=[grants.dynamodb.put(Data.table)]" in after
    assert after.startswith("from remit import App, grants, on\nfrom shared.resources.data import Data\n")


def test_the_grant_is_told_as_it_would_be_written(make: Make) -> None:
    sources = {
        "from remit import App": 'grants.dynamodb.put("orders")',
        "from remit import App\nfrom remit.grants import dynamodb as tables": 'tables.put("orders")',
        "from remit import App\ngrants = []": 'dynamodb.put("orders")',
    }
    for head, expected in sources.items():
        project = make(**{"app.py": f"{head}\n\napp = App()\n\n\n@app.function\n{DEF}"})
        app = project.load()
        assert expected == spelled_grant(app, app.functions[0], *PUT, project.folder, account="000000000000")


def test_an_action_without_a_typed_grant_gets_its_exact_arn(make: Make) -> None:
    arn = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks"
    after = edited(make, f"{HEAD}@app.function\n{DEF}", "kinesis:DeleteStream", arn)
    assert 'f"arn:{aws.partition}:kinesis:{aws.region}:{aws.account}:stream/clicks"' in after
    assert after.startswith("from remit import App, aws, grants, on\n")


def test_new_lines_and_encoding_stay(make: Make) -> None:
    source = f"# -*- coding: latin-1 -*-\r\n# é\r\n{HEAD}@app.function\n{DEF}".replace("\r", "").replace("\n", "\r\n")
    project = make(**{"app.py": source.encode("latin-1")})
    edit_of(project, *PUT).write()
    after = (project.folder / "app.py").read_bytes()
    expected = source.replace("App, on", "App, grants, on").replace("@app.function", f"@app.function(policy=[{GRANT}])")
    assert expected.encode("latin-1") == after


COMPUTED = ["policy=MINE + ['logs']", "policy=[item for item in MINE]", "policy=list(MINE)", "**dict(policy=MINE)"]


@pytest.mark.parametrize("arguments", COMPUTED)
def test_a_policy_that_is_computed_is_left_alone(make: Make, arguments: str) -> None:
    project = make(**{"app.py": f"{HEAD}MINE = ['logs']\n\n\n@app.function({arguments})\n{DEF}"})
    with pytest.raises(RemitError) as caught:
        edit_of(project, *PUT)
    assert "the grant for `hello` cannot be written: its policy is computed" == caught.value.message
    assert 'add it by hand: dynamodb.put("orders")' == caught.value.hint


def test_a_name_that_means_something_else_is_not_taken(make: Make) -> None:
    project = make(**{"app.py": f"{HEAD}grants = []\n\n\n@app.function\n{DEF}"})
    with pytest.raises(RemitError) as caught:
        edit_of(project, *PUT)
    assert "the file calls something else `grants`" == caught.value.message


@pytest.mark.parametrize("resource", ["*", "orders"])
def test_nothing_is_granted_on_everything(make: Make, resource: str) -> None:
    with pytest.raises(RemitError) as caught:
        edit_of(make(), PUT[0], resource)
    assert "dynamodb:PutItem needs a resource, and the denial names none" == caught.value.message


def test_a_file_that_changed_meanwhile_is_not_written(make: Make) -> None:
    project = make()
    edit = edit_of(project, *PUT)
    write(project.folder, {"app.py": "# mine\n"})
    with pytest.raises(RemitError) as caught:
        edit.write()
    assert "app.py was changed meanwhile, and is left as it is" == caught.value.message
    assert "# mine\n" == (project.folder / "app.py").read_text()


def test_the_mode_of_the_file_and_a_link_stay(make: Make) -> None:
    project = make()
    source, target = project.folder / "app.py", project.folder / "real.py"
    source.rename(target)
    source.symlink_to("real.py")
    target.chmod(0o640)
    edit_of(project, *PUT).write()
    assert source.is_symlink()
    assert 0o640 == stat.S_IMODE(target.stat().st_mode)
    assert {"app.py", "real.py", "__pycache__"} >= {path.name for path in project.folder.iterdir()}


def test_the_change_is_shown_as_a_unified_diff(make: Make) -> None:
    project = make(**{"app.py": f"from remit import App, grants\n\napp = App()\n\n\n@app.function\n{DEF}"})
    expected = (
        "--- a/app.py\n+++ b/app.py\n@@ -3,5 +3,5 @@\n app = App()\n \n \n-@app.function\n"
        f"+@app.function(policy=[{GRANT}])\n {DEF}"
    )
    assert expected == edit_of(project, *PUT).diff


def needed_calls() -> list[tuple[str, str]]:
    """Each action of the typed grants that are written down, with an ARN of one of its statements."""
    pairs: dict[str, str] = {}
    for path in sorted(GOLDENS.glob("*.json")):
        for call in json.loads(path.read_text("utf-8")).values():
            for statement in call["statements"]:
                actions, resources = statement["Action"], statement["Resource"]
                for action in [actions] if isinstance(actions, str) else actions:
                    for resource in [resources] if isinstance(resources, str) else resources:
                        if pairs.get(action, "*") == "*":
                            pairs[action] = concrete(resource)
    return list(pairs.items())


def concrete(pattern: str) -> str:
    """An ARN that a statement names, as it stands in a denial; the app's own API is one that is deployed."""
    values = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "000000000000"}
    text = re.sub(r"\$\{([^}]*)\}", lambda match: values.get(match[1], "a1b2c3d4"), pattern)
    return text if text == "*" else text.replace("*", "x").replace("?", "x")


def test_every_verbs_actions_are_granted_exactly_and_lint_is_content(make: Make) -> None:
    """One function for each action and resource: the edit is asked for each, and what it writes is put together."""
    needed = [(action, resource) for action, resource in needed_calls() if resource != "*" or takes_none(action)]
    calls = cases_of(needed, 40)
    project = make()
    app = project.load()
    body = f"from remit import aws, grants\n{APP}"
    for number, (action, resource) in enumerate(calls):
        edit = grant_edit(app, app.functions[0], action, resource, project.folder, account="000000000000")
        body += f"@app.function(policy=[{item_of(edit)}])\ndef f{number}(event, context): ...\n"
    write(project.folder, {"app.py": body})
    app = project.load()
    roles = ready_roles(app, assign(app))
    for number, (action, resource) in enumerate(calls):
        decision = ask(roles[f"f{number}"], action, resource, principal="arn:aws:iam::000000000000:role/x")
        assert ["Allowed"] == [layer.verdict for layer in decision.layers if layer.layer == "identity"], action
        declared = next(function for function in app.functions if function.name == f"f{number}").policy
        for grant in declared:
            rendered: dict[str, Any] = render_statement(grant.statement)
            assert rendered["Resource"] != "*" or takes_none(action), action
    errors = [line for line in project.remit("lint").out.splitlines() if line.startswith("app.py") and "error" in line]
    assert [] == errors
    assert len(needed) > 100


def takes_none(action: str) -> bool:
    row = catalogued(action)
    assert row is not None
    return not any(target.required for target in row.targets)


def item_of(edit: SourceEdit) -> str:
    """The grant in the edited source, spelled as a file would that imports `grants` as a whole."""
    source = edit.after.decode()
    keywords = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.keyword) and node.arg == "policy")
    item = ast.get_source_segment(source, next(keywords).value)
    assert item is not None
    return item.removeprefix("[").removesuffix("]")


def test_the_grants_of_this_page_are_those_of_the_package() -> None:
    assert {path.stem for path in GOLDENS.glob("*.json")} == set(grants.__all__) - {"allow"}
