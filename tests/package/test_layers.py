"""Layers that the template makes: dependencies apart from the code, and folders as they lie under /opt."""

from __future__ import annotations

import json
import sys
import zipfile
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

import cfn_lint
from projects import remit
from random_cases import in_all_cases
from remit.build import build
from remit.errors import Origin, RemitError
from remit.package.app_zip import UNZIPPED
from remit.package.layers import check_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from remit.build import Built

    Make = Callable[[dict[str, str]], Path]
    Wheel = Callable[..., Path]

HEAD = "from remit import App, config, layer\napp = App()\n"
RUNTIME = f"python3.{sys.version_info.minor}"
FUNCTION = "@app.function{}\ndef {}(event, context): ...\n"
BY_NAME = "app.function(name='{0}', handler='{0}.handler'{1})\n"
HANDLER = "import {}\ndef handler(event, context): ...\n"
APART = f"from remit import config\nconfig.lambda_.function.runtime = '{RUNTIME}'\nconfig.package.layer = True\n"
LAYER_OF_THE_TEMPLATE = """
from remit import Shared, resource

class Data(Shared):
    tool = resource("AWS::Lambda::LayerVersion", content={"S3Bucket": "tools", "S3Key": "k"})
"""
REQUIREMENTS = "--find-links {}wheels\n--no-index\n{}\n"
PLATFORM = f"Python{RUNTIME.removeprefix('python').replace('.', '')}X8664Layer"


def app(*functions: str, **files: str) -> dict[str, str]:
    """The files of an app of these declarations, with dependencies in a layer."""
    return {"app.py": HEAD + "".join(functions), "config/deploy.py": APART, ".remitignore": "wheels/\n", **files}


def in_zips(built: Built) -> dict[str, set[str]]:
    """The files of the zip of each function and layer, without remit's, by its logical id."""
    zips: dict[str, set[str]] = {}
    for resource in built.template.resources:
        content: Mapping[str, Any] = resource.properties.get("Content") or resource.properties.get("Code") or {}
        if "S3Key" in content:
            key = content["S3Key"].replace("${AWS::StackName}", built.namespace)
            with zipfile.ZipFile(built.artefacts[key]) as archive:
                names = {name for name in archive.namelist() if not name.startswith("remit/")}
            zips[resource.logical_id] = {name for name in names if ".dist-info/" not in name}
    return zips


def layers_of(built: Built) -> dict[str, list[str]]:
    """The layers of each function, by its name in the app."""
    return {function.name: list(function.layers) for function in built.app.functions}


def listed(value: str | list[str]) -> list[str]:
    """The items of what may be one by itself."""
    return [value] if isinstance(value, str) else value


def mistakes(folder: Path) -> list[tuple[str, str]]:
    """The mistakes of a build: where each stands, and what it says."""
    with pytest.raises(RemitError) as caught:
        build(folder)
    return [(str(mistake.origin), mistake.message) for mistake in caught.value.all]


def test_dependencies_are_in_a_layer_for_each_runtime_and_architecture_and_in_no_zip(
    project: Make, wheel: Wheel
) -> None:
    arm = FUNCTION.format("(architectures=['arm64'])", "three")
    files = app(BY_NAME.format("one", ""), FUNCTION.format("", "two"), arm, **{"one.py": HANDLER.format("dep")})
    folder = project({**files, "requirements.txt": REQUIREMENTS.format("", "dep")})
    wheel(folder / "wheels", "dep", {"dep.py": "X = 1\n"})
    built = build(folder)
    own, of_arm = f"Dependencies{PLATFORM}", f"Dependencies{PLATFORM.replace('X8664', 'Arm64')}"
    functions = {name: {"app.py", "one.py"} for name in ("OneFunction", "TwoFunction", "ThreeFunction")}
    assert {own: {"python/dep.py"}, of_arm: {"python/dep.py"}, **functions} == in_zips(built)
    ours, arms = [f"${{{own}}}"], [f"${{{of_arm}}}"]
    assert {"one": ours, "two": ours, "three": arms} == layers_of(built)
    layer = next(resource for resource in built.template.resources if resource.logical_id == own)
    assert [RUNTIME], ["x86_64"] == (
        layer.properties["CompatibleRuntimes"],
        layer.properties["CompatibleArchitectures"],
    )
    assert {} == layer.attributes  # the update deletes the version before, at its end
    assert "config/deploy.py:3:1" == str(layer.origin)


def test_a_changed_line_changes_the_zip_alone(project: Make, wheel: Wheel) -> None:
    """The same input gives the same bytes, and what is deployed again is as large as the app's own code."""
    files = app(FUNCTION.format("", "one"))
    folder = project({**files, "requirements.txt": REQUIREMENTS.format("", "dep")})
    wheel(folder / "wheels", "dep", {"dep.py": f"X = {list(range(100_000))}\n"})
    first, again = build(folder).artefacts, build(folder).artefacts
    assert first.keys() == again.keys()
    project({"app.py": files["app.py"] + "# another line\n"})
    changed = build(folder).artefacts
    (new,) = changed.keys() - first.keys()
    assert 2 == len(changed)
    assert changed[new].stat().st_size < 20_000 < max(path.stat().st_size for path in changed.values())


def test_a_root_that_states_its_own_dependencies_has_a_layer_of_its_own_and_one_without_any_has_none(
    project: Make, wheel: Wheel
) -> None:
    declared = "".join(
        f"app.function(name={name!r}, handler='handler.handler', code='functions/{name}')\n" for name in ("a", "b", "c")
    )
    handler = "import {}\ndef handler(event, context): ...\n"
    files = app(declared, **{
        "requirements.txt": REQUIREMENTS.format("", "dep"),
        "functions/a/handler.py": handler.format("own"),
        "functions/a/requirements.txt": REQUIREMENTS.format("../../", "own"),
        "functions/b/handler.py": handler.format("dep"),
        "functions/c/handler.py": handler.format("json"),
        "functions/c/requirements.txt": "",
    })  # fmt: skip
    folder = project(files)
    wheel(folder / "wheels", "dep", {"dep.py": ""})
    wheel(folder / "wheels", "own", {"own.py": ""})
    built = build(folder)
    own, common = f"FunctionsADependencies{PLATFORM}", f"Dependencies{PLATFORM}"
    assert {"a": [f"${{{own}}}"], "b": [f"${{{common}}}"], "c": []} == layers_of(built)
    zips = in_zips(built)
    assert ({"python/own.py"}, {"python/dep.py"}) == (zips[own], zips[common])


@pytest.mark.parametrize("requirements", ["", "remit\n", "--no-index\nremit>=0\n"])
def test_an_app_that_needs_nothing_but_remit_has_no_layer(project: Make, requirements: str) -> None:
    built = build(project(app(FUNCTION.format("", "one"), **{"requirements.txt": requirements})))
    assert {"one": []} == layers_of(built)
    assert {"OneFunction"} == in_zips(built).keys()


def test_imports_are_tried_with_the_layers(project: Make, wheel: Wheel) -> None:
    declared = BY_NAME.format("one", ", layers=[layer('layers/tool')]") + BY_NAME.format("two", "")
    files = app(declared, **{"one.py": HANDLER.format("dep, tool"), "two.py": HANDLER.format("dep")})
    folder = project({**files, "requirements.txt": REQUIREMENTS.format("", "dep"), "layers/tool/python/tool.py": ""})
    wheel(folder / "wheels", "dep", {"dep.py": ""})
    build(folder)
    project({"layers/tool/python/tool.py": "import click\n", "two.py": HANDLER.format("tool")})
    absent = "`{}`, which the handler of function {} imports{}, is not in the zip"
    expected = [
        ("app.py:3:34", absent.format("click", "one", " in tool.py")),
        ("two.py:1", absent.format("tool", "two", "")),
    ]
    assert expected == sorted(mistakes(folder))


@pytest.mark.network  # the adapters come from an index
def test_the_adapters_of_web_frameworks_are_in_the_layer_as_well(project: Make, wheel: Wheel) -> None:
    files = app("app.web('main:api', auth='NONE', interface='asgi')\n")
    main = "import dep\nasync def api(scope, receive, send): ...\n"
    folder = project({**files, "main.py": main, "requirements.txt": REQUIREMENTS.format("", "dep")})
    wheel(folder / "wheels", "dep", {"dep.py": ""})
    zips = in_zips(build(folder))
    assert {"app.py", "main.py"} == zips["WebFunction"]
    assert {"python/dep.py", "python/mangum/__init__.py"} <= zips[f"Dependencies{PLATFORM}"]


def test_a_folder_is_a_layer_as_it_lies_and_in_no_zip(project: Make) -> None:
    """What runs keeps its mark. Caches and secrets alone are left out, and links in the project are followed."""
    with_layer = FUNCTION.format("(layers=[layer('layers/tool/')])", "one")
    folder = project(app(
        with_layer, FUNCTION.format("", "two"), "unused = layer('layers/other')\n",
        **{
            "layers/tool/bin/tool": "#!/bin/sh\n", "layers/tool/README.md": "", "layers/tool/tests/t.txt": "",
            "layers/tool/python/__pycache__/x.pyc": "", "layers/tool/.env": "", "layers/other/x": "", "lib.so": "1",
        },
    ))  # fmt: skip
    (folder / "layers/tool/bin/tool").chmod(0o755)
    (folder / "layers/tool/lib").mkdir()
    (folder / "layers/tool/lib/lib.so.1").symlink_to(folder / "lib.so")
    built = build(folder)
    zips = in_zips(built)
    assert {"bin/tool", "README.md", "tests/t.txt", "lib/lib.so.1"} == zips["LayersToolLayer"]
    assert {"one": ["${LayersToolLayer}"], "two": []} == layers_of(built)
    assert ["LayersToolLayer"] == [layer.logical_id for layer in built.app.layers]
    assert not any(name.startswith("layers/tool") for name in zips["OneFunction"] | zips["TwoFunction"])
    (layer,) = [resource for resource in built.template.resources if resource.type == "AWS::Lambda::LayerVersion"]
    key = layer.properties["Content"]["S3Key"].replace("${AWS::StackName}", "project-dev")
    with zipfile.ZipFile(built.artefacts[key]) as archive:
        assert 0o755 == archive.getinfo("bin/tool").external_attr >> 16 & 0o777
        assert 0o644 == archive.getinfo("README.md").external_attr >> 16 & 0o777


def test_layers_of_others_stand_beside_the_apps_own(project: Make, wheel: Wheel) -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:layer:dep:3"
    folder = project({
        **app(FUNCTION.format(f"(layers=[{arn!r}, layer('tool')])", "one")),
        "tool/x": "1",
        "requirements.txt": REQUIREMENTS.format("", "dep"),
    })  # fmt: skip
    wheel(folder / "wheels", "dep", {"dep.py": ""})
    assert {"one": [arn, "${ToolLayer}", f"${{Dependencies{PLATFORM}}}"]} == layers_of(build(folder))


@pytest.mark.parametrize("layers", ['[{"Ref": "DataTool"}]', '{"Fn::Split": [",", "a,b"]}'])
def test_layers_in_cloudformations_words_stay_as_they_are(project: Make, layers: str) -> None:
    """They may be anything, so that imports are not tried."""
    folder = project(app("import json\n", FUNCTION.format(f"(properties={{'Layers': {layers}}})", "one")))
    project({"shared/resources/data.py": LAYER_OF_THE_TEMPLATE})
    built = build(folder)
    function = next(item for item in built.template.resources if item.type == "AWS::Lambda::Function")
    assert json.loads(layers) == function.properties["Layers"]
    if "Split" in layers:
        project({"requirements.txt": REQUIREMENTS.format("", "dep")})
        message = "`one` has layers by an intrinsic function, and its dependencies would be one more"
        assert message in [said for _, said in mistakes(folder)]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("'layers/tol'", "a layer cannot be 'layers/tol': there is no such folder"),
        ("'app.py'", "a layer cannot be 'app.py': it is not a folder"),
        ("'../other'", "a layer cannot be '../other': it lies outside of the project"),
        ("'.'", "a layer cannot be the project's own folder"),
        ("7", "layer takes a folder, got int '7'"),
        ("'layers/empty'", "the layer layers/empty has no files"),
        ("'layers/large'", "the package is too big: 262,144,000 bytes unpacked, and Lambda takes 262,144,000; "),
    ],
)
def test_what_cannot_be_a_layer_is_an_error_at_its_line(project: Make, written: str, problem: str) -> None:
    folder = project(app(FUNCTION.format(f"(layers=[layer({written})])", "one"), **{"layers/tool/x": "1"}))
    (folder / "layers/empty").mkdir()
    (folder / "layers/large").mkdir()
    if "large" in written:
        with (folder / "layers/large/data").open("wb") as file:
            file.truncate(250 * 1024 * 1024)
    ((place, message),) = mistakes(folder)
    assert "app.py:3:23" == place
    assert message.startswith(problem)
    assert not (folder / ".remit" / "build").exists()


@in_all_cases
def test_a_function_and_its_layers_are_too_big_together_at_the_line_of_the_layers(project: Make) -> None:
    folder = project(app(FUNCTION.format("(layers=[layer('a'), layer('b')])", "one"), **{"a/x": "", "b/x": ""}))
    for name in ("a", "b"):
        with (folder / name / "data").open("wb") as file:
            file.truncate(125 * 1024 * 1024)
    ((place, message),) = mistakes(folder)
    assert "app.py:3:22" == place
    assert "`one` is too big with its layers: 262," == message[:38]
    assert message.endswith("a 125.0 MB, b 125.0 MB")


def test_a_function_may_be_as_big_with_its_layers_as_lambda_takes_and_no_byte_bigger() -> None:
    function: Any = SimpleNamespace(
        name="one", layers=("${A}", "arn:of:others"), written={}, origin=Origin("app.py", 3)
    )
    layers = [SimpleNamespace(ref="${A}", words="layers/a"), SimpleNamespace(ref="${B}", words="layers/of another")]
    app: Any = SimpleNamespace(layers=layers, functions=[function])
    sizes: Any = {"one": SimpleNamespace(unzipped=UNZIPPED - 3)}
    check_sizes(app, sizes, cast("Any", {"${A}": SimpleNamespace(unzipped=2), "${B}": SimpleNamespace(unzipped=9)}))
    with pytest.raises(RemitError) as refused:
        check_sizes(app, sizes, cast("Any", {"${A}": SimpleNamespace(unzipped=3)}))
    assert (
        "`one` is too big with its layers: 262,144,000 bytes unpacked, and Lambda takes 262,144,000 together: "
        "its zip 250.0 MB, layers/a 3 bytes"
    ) == refused.value.message
    assert "app.py:3" == str(refused.value.origin)


def test_lambda_takes_five_layers_the_dependencies_among_them(project: Make, wheel: Wheel) -> None:
    five = ", ".join(f"layer('layers/l{number}')" for number in range(5))
    layers = {f"layers/l{number}/x": str(number) for number in range(6)}
    folder = project(app(FUNCTION.format(f"(layers=[{five}])", "one"), **layers))
    build(folder)
    project({"app.py": HEAD + FUNCTION.format(f"(layers=[{five}, layer('layers/l5')])", "one")})
    assert [("app.py:3:22", "`layers` has 6 layers; Lambda allows 5")] == mistakes(folder)
    project({"app.py": HEAD + FUNCTION.format(f"(layers=[{five}])", "one")})
    project({"requirements.txt": REQUIREMENTS.format("", "dep")})
    wheel(folder / "wheels", "dep", {"dep.py": ""})
    assert [("app.py:3:22", "`one` has 5 layers, and its dependencies would be one more")] == mistakes(folder)


def test_two_folders_whose_layers_would_have_one_id_are_told(project: Make) -> None:
    files = app(FUNCTION.format("(layers=[layer('a/b'), layer('a-b')])", "one"), **{"a/b/x": "1", "a-b/x": "2"})
    ((_, message),) = mistakes(project(files))
    assert message.startswith("two resources are both `ABLayer` in the template")


def test_a_secret_in_a_layer_is_refused_by_its_path_in_the_project(project: Make) -> None:
    key = "AKIA" + "Q3EGRT7Y2KLMNB5Z"
    files = app(FUNCTION.format("(layers=[layer('tool')])", "one"), **{"tool/etc/settings": f"KEY = '{key}'\n"})
    assert [("tool/etc/settings:1:8", "an AWS access key would go into the zip")] == mistakes(project(files))


@in_all_cases
def test_the_template_is_one_that_cloudformation_and_iam_take_and_its_deployer_needs_no_more(
    project: Make, wheel: Wheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = app(FUNCTION.format("(layers=[layer('layers/tool')])", "one"), **{"layers/tool/bin/tool": "1"})
    folder = project({**files, "requirements.txt": REQUIREMENTS.format("", "dep")})
    wheel(folder / "wheels", "dep", {"dep.py": ""})
    build(folder)
    assert [] == cfn_lint.findings(folder / ".remit/build/template.json")
    monkeypatch.chdir(folder)
    assert "nothing found\n" == remit("lint").out
    printed = remit("policy", "deployer", "--region", "eu-west-1", "--account", "111122223333").out
    granted = {
        (action, resource)
        for statement in json.loads(printed)["Statement"]
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if "Layer" in action
    }
    names = ("LayersToolLayer", f"Dependencies{PLATFORM}")
    layers = [f"arn:aws:lambda:eu-west-1:111122223333:layer:project-dev-{name}" for name in names]
    versions = {(f"lambda:{verb}LayerVersion", f"{arn}:*") for verb in ("Get", "Delete") for arn in layers}
    assert {("lambda:PublishLayerVersion", arn) for arn in layers} | versions == granted


def test_many_roots_keep_their_zips_until_all_are_built(project: Make) -> None:
    """Cached zips of earlier builds go, and none of this one's."""
    names = [f"f{number}" for number in range(12)]
    declared = "".join(f"app.function(name={name!r}, handler='h.handler', code={name!r})\n" for name in names)
    modules = {f"{name}/h.py": f"def handler(event, context): return {name!r}\n" for name in names}
    folder = project(app(declared, **modules))
    for _ in range(4):
        assert 12 == len([path for path in build(folder).artefacts.values() if path.exists()])
        project({f"{name}/h.py": f"def handler(event, context): return {name!r} * {len(modules)}\n" for name in names})
        modules["more"] = ""
    assert len(list((folder / ".remit/cache/packages").glob("*.zip"))) <= 6 * 12
