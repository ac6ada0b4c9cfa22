"""Stages, the project's names, and which file of the configuration counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import HELLO, Project, at, configuration, remit, write

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make

PROD = {"config/deploy/prod.py": configuration("config.lambda_.function.memory_size = 1024")}


def test_a_stage_has_its_file_applied_on_top(make: Make) -> None:
    project = make(config="config.lambda_.function.timeout = 7\nconfig.lambda_.function.memory_size = 128", **PROD)
    sizes = {stage: project.function(stage=stage).properties for stage in ("dev", "prod")}
    assert {"dev": (7, 128), "prod": (7, 1024)} == {
        stage: (one["Timeout"], one["MemorySize"]) for stage, one in sizes.items()
    }


def test_a_stage_may_have_a_file_without_a_common_one(make: Make) -> None:
    assert make(**PROD).function(stage="prod").properties["MemorySize"] == 1024


def test_a_stage_adds_to_the_policy_or_replaces_it(make: Make) -> None:
    stages = {
        "config/deploy/more.py": configuration('config.lambda_.iam.policy += ["sqs"]'),
        "config/deploy/other.py": configuration('config.lambda_.iam.policy = ["sns"]'),
    }
    project = make(config='config.lambda_.iam.policy = ["s3"]', **stages)
    policies = {
        stage: [grant.statement.actions.patterns[0] for grant in project.function(stage=stage).policy]
        for stage in ("dev", "more", "other")
    }
    assert {"dev": ["s3:*"], "more": ["s3:*", "sqs:*"], "other": ["sns:*"]} == policies
    assert [("config/deploy.py", 5), ("config/deploy/more.py", 5)] == [
        (grant.origin.file, grant.origin.line) for grant in project.function(stage="more").policy if grant.origin
    ]


def test_the_stage_is_the_option_then_the_variable_then_dev(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make(**PROD)
    assert "orders-dev" == project.load().namespace
    monkeypatch.setenv("REMIT_STAGE", "prod")
    assert "orders-prod" == project.load().namespace
    assert '"namespace": "orders-prod"' in project.remit("build", "--no-package", "--json").out
    assert "orders-test" == project.load("test").namespace
    assert '"namespace": "orders-test"' in project.remit("build", "--no-package", "--json", "--stage", "test").out
    monkeypatch.setenv("REMIT_STAGE", "")
    assert "orders-dev" == project.load().namespace


@pytest.mark.parametrize(
    "stage", ["../prod", "Prod", "1st", "", "a" * 21, "pro d", "prod\n", "prød", "-x", "a/b", "a.b"]
)
def test_a_stage_has_a_plain_name(make: Make, stage: str) -> None:
    project = make()
    error = project.error(stage)
    assert f"stage {stage!r} is not a stage's name" == error.message
    ran = project.remit("build", "--no-package", "--stage", stage)
    assert (2, str(error)) == (ran.status, ran.err.rstrip("\n"))


@pytest.mark.parametrize(
    ("pyproject", "name"),
    [
        ('[project]\nname = "shop"\n', "shop"),
        ('[project]\nname = "My_Shop 2.0"\n', "My-Shop-2-0"),
        ('[project]\nname = "Größe"\n', "Gr-e"),
        ('[project]\nname = "2nd"\n', "app-2nd"),
        ('[project]\nname = "日本"\n', "app"),
        ("[project]\nname = 3\n", "orders"),
        ('[project]\nversion = "1"\n', "orders"),
        ('project = "x"\n', "orders"),
        ("[tool.x]\n", "orders"),
    ],
)
def test_the_name_is_the_one_in_pyproject_or_the_folders(make: Make, pyproject: str, name: str) -> None:
    assert f"{name}-dev" == make(**{"pyproject.toml": pyproject}).built().namespace


@pytest.mark.parametrize(
    ("folder", "name"), [("my shop", "my-shop"), ("ördérs", "rd-rs"), ("1st", "app-1st"), ("a.b", "a-b")]
)
def test_any_name_of_a_folder_makes_a_name_of_a_stack(tmp_path: Path, folder: str, name: str) -> None:
    project = Project(tmp_path / folder)
    write(project.folder, {"app.py": HELLO})
    assert f"{name}-dev" == project.built().namespace


@pytest.mark.parametrize(
    ("content", "message", "place"),
    [
        (b"[project\n", "not valid TOML: Expected ']' at the end of a table declaration (at line 1, column 9)", ":1:9"),
        (b"x = '\xff'\n", "byte 5 is not UTF-8", ""),
        (b"x = " + b"[" * 5000, "it is nested too deeply to be read", ""),
    ],
)
def test_a_broken_pyproject_is_told(make: Make, content: bytes, message: str, place: str) -> None:
    error = make(**{"pyproject.toml": content}).error()
    assert (message, f"pyproject.toml{place}") == (error.message, at(error))


def test_names_are_plain_text_in_configuration_and_app(make: Make) -> None:
    project = make(
        config='config.lambda_.function.environment = {"STAGE": project.stage, "NAME": project.name}',
        app='from remit import project\n@app.function(environment={"SPACE": project.namespace})\n'
        "def hello(event, context): ...\n",
    )
    assert {"STAGE": "qa", "NAME": "orders", "SPACE": "orders-qa"} == project.function(stage="qa").properties[
        "Environment"
    ]["Variables"]


def test_one_process_can_load_many_projects(tmp_path: Path) -> None:
    """Modules of one project, helpers among them, are not another's."""
    names = []
    for name in ("one", "two", "one"):
        project = Project(tmp_path / name)
        helper = f"NAME = {name!r}\n"
        app = (
            f"import helper\n{HELLO}\n@app.function(environment={{'WHO': helper.NAME}})\ndef who(event, context): ...\n"
        )
        write(project.folder, {"app.py": app, "helper.py": helper})
        names.append(project.function("who").properties["Environment"]["Variables"]["WHO"])
    assert ["one", "two", "one"] == names


def test_the_app_may_be_a_package_or_another_module(make: Make) -> None:
    as_package = make(**{"app.py": "", "web/__init__.py": "from . import site\n", "web/site.py": HELLO},
                      config='config.app = "web"')  # fmt: skip
    assert ["web.site.hello"] == [function.handler for function in as_package.load().functions]


def test_without_an_app_module_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    project = Project(tmp_path / "empty")
    error = project.error()
    where = str((tmp_path / "empty").resolve())
    assert f"there is no app module in {where!r}: neither `app.py` nor a package of that name" == error.message
    ran = remit("build", "-C", str(tmp_path / "no such folder"))
    assert (2, True) == (ran.status, "no such folder' does not exist" in ran.err)


def test_an_app_that_declares_nothing_is_an_error(make: Make) -> None:
    error = make(app="").error()
    assert ("this app declares nothing to deploy", "app.py") == (error.message, at(error))


@pytest.mark.parametrize(
    ("files", "file"),
    [
        ({"app/__init__.py": ""}, "app/__init__.py"),
        ({"app/__init__.py": "", "app/orders.py": "from remit import App\napp = App()\n"}, "app/__init__.py"),
        (
            {
                "src/shop/web.py": "",
                "src/shop/__init__.py": "",
                "config/deploy.py": configuration("config.app = 'shop.web'"),
            },
            "src/shop/web.py",
        ),
    ],
)
def test_an_app_that_declares_nothing_is_told_with_the_file_that_was_read(
    tmp_path: Path, files: dict[str, str], file: str
) -> None:
    write(tmp_path, files)
    error = Project(tmp_path).error()
    assert ("this app declares nothing to deploy", file) == (error.message, at(error))
    way = f"in {file} or in a module that it imports; `config.app` names another module"
    assert f"decorate a function with `@app.function` {way}" == error.hint
