"""Which modules are the project's own, how they are found and kept, and what their exceptions become."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from remit import grants
from remit.app import App
from remit.errors import Origin, RemitError
from remit.loading import user_code
from remit.loading.deferred_imports import _Finder, _Imported
from remit.loading.exception_advice import _attribute
from remit.loading.user_code import ModuleFinder, _inside, _Loader, mistake
from remit.triggers.schedule import Schedule
from remit.triggers.sqs import Sqs

if TYPE_CHECKING:
    from pathlib import Path


def test_the_projects_modules_are_those_of_its_folder_without_what_is_installed_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    modules: dict[str, dict[str, Any]] = {
        "z_own": {"__file__": str(root / "z.py")},
        "beside": {"__file__": f"{root}2/a.py", "__path__": [str(root / "a")]},
        "namespace": {"__path__": [str(tmp_path / "a"), str(root / "a")]},
        "namespace_beside": {"__file__": None, "__path__": [str(tmp_path / "a")]},
        "installed": {"__file__": str(root / "lib/site-packages/a.py")},
        "installed_namespace": {"__path__": [str(root / "lib/site-packages/a")]},
        "remit.own_test": {"__file__": str(root / "a.py")},
        "__main__.part": {"__file__": str(root / "a.py")},
        "remit_own": {"__file__": str(root / "a.py")},
        "nowhere": {},
    }
    for name, content in modules.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    assert ["z_own", "namespace", "remit_own"] == _inside(root, modules)


def test_a_finder_finds_the_modules_in_the_projects_source_and_none_that_are_installed(tmp_path: Path) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    installed = project / "lib" / "site-packages"
    for folder, name in ((project, "own"), (installed, "installed"), (outside, "other")):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"remit_test_{name}.py").touch()
    (project / "remit_test_namespace").mkdir()
    ended: dict[str, BaseException] = {"x": ValueError()}
    finder = ModuleFinder(project, ended)
    path = [str(project), str(installed), str(outside)]
    names = ("own", "installed", "other", "namespace", "missing")
    specs = {name: finder.find_spec(f"remit_test_{name}", path) for name in names}
    own = specs.pop("own")
    assert dict.fromkeys(names[1:]) == specs
    assert own is not None
    assert isinstance(own.loader, _Loader)
    file = str(project / "remit_test_own.py")
    assert ("remit_test_own", file, "remit_test_own", file) == (own.name, own.origin, own.loader.name, own.loader.path)
    assert own.loader.ended is ended


@pytest.mark.parametrize(("now", "is_kept"), [(1_002.0, False), (1_002.5, True), (999.0, False)])
def test_a_compiled_file_is_kept_when_its_source_is_older_than_two_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: float, *, is_kept: bool
) -> None:
    source, compiled = tmp_path / "a.py", tmp_path / "cache" / "a.pyc"
    source.touch()
    monkeypatch.setattr(user_code, "time", SimpleNamespace(time=lambda: now))
    monkeypatch.setattr(user_code, "os", SimpleNamespace(stat=lambda _: SimpleNamespace(st_mtime=1_000.0)))
    _Loader("a", str(source)).set_data(str(compiled), b"code", _mode=0o600)
    kept = (compiled.read_bytes(), compiled.stat().st_mode & 0o777) if compiled.exists() else None
    assert ((b"code", 0o600) if is_kept else None) == kept


def test_a_mistake_without_a_line_has_that_of_the_whole_and_one_with_a_line_keeps_it(tmp_path: Path) -> None:
    state: Any = SimpleNamespace(folder=tmp_path)
    file, first, second = str(tmp_path / "app.py"), Origin("x.py", 1), Origin("y.py", 2)
    for origin, expected in ((first, first), (None, Origin(file, 3))):
        error = RemitError("a", origin=origin, further=(RemitError("b", origin=second), RemitError("c")))
        with pytest.raises(RemitError) as raised:
            exec(compile("\n\nraise error", file, "exec"), {"error": error})  # noqa: S102 - the project's code
        assert error is mistake(state, raised.value, file)
        origins = [part.origin for part in error.all]
        assert [(each.file, each.line) for each in (expected, second, expected)] == [
            (each.file, each.line) for each in origins if each is not None
        ]


def test_the_sdks_imported_modules_are_handed_out_themselves_with_their_own_specification(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finder = _Finder({"boto3": ModuleType("boto3")})
    module, own = ModuleType("boto3.session"), ModuleSpec("boto3.session", None)
    module.__spec__ = own
    for name in ("boto3.session", "json.session"):
        monkeypatch.setitem(sys.modules, name, module)
    assert finder.find_spec("json.session") is None
    assert finder.find_spec("boto3.session", target=module) is None
    assert finder.find_spec("boto3.missing") is None
    spec = finder.find_spec("boto3.session")
    assert spec is not None
    loader: Any = spec.loader
    assert ("boto3.session", _Imported, module) == (spec.name, type(loader), loader.create_module(spec))
    module.__spec__ = spec
    loader.exec_module(module)
    assert own is module.__spec__


def test_an_attribute_that_remit_lacks_is_advised_by_its_owner() -> None:
    trigger = "that is a trigger; a grant is written `grants.{}(…)`, with `from remit import grants`"
    owners: tuple[tuple[object, str], ...] = (
        (Sqs, "sendd"), (Sqs("orders"), "sendd"), (Schedule, "zzzzzz"), (App("shop", "dev", ()), "resorces"),
        (App("shop", "dev", ()), "_resources"), (App, "resorces"), (App("shop", "dev", ()), "__eqq__"),
        (3, "reall"), (grants.firehose, "putt"),
    )  # fmt: skip
    assert [
        trigger.format("sqs.send"), trigger.format("sqs.send"), trigger.format("scheduler.zzzzzz"),
        "did you mean `resources`?", "did you mean `resources`?", None, None, None, "did you mean `put`?",
    ] == [_attribute(owner, name) for owner, name in owners]  # fmt: skip


def test_a_stand_in_lies_where_others_find_the_sdk_and_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    real = ModuleSpec("boto3", None, origin="/sdk/boto3/__init__.py", is_package=True)
    real.submodule_search_locations = ["/sdk/boto3"]
    asked: list[Any] = []

    def find_spec(*request: Any) -> ModuleSpec | None:
        asked.append(request)
        return real

    finder = _Finder()
    nothing: Any = SimpleNamespace(find_spec=lambda *_: None)
    others: Any = SimpleNamespace(find_spec=find_spec)
    monkeypatch.setattr(sys, "meta_path", [finder, nothing, others])
    monkeypatch.delitem(sys.modules, "boto3", raising=False)
    assert finder.find_spec("remit_test_missing") is None
    spec = finder.find_spec("boto3", ["/sdk"])
    assert spec is not None
    assert ("boto3", finder, real.origin, True, ["/sdk/boto3"]) == (
        spec.name, spec.loader, spec.origin, spec.has_location, spec.submodule_search_locations,
    )  # fmt: skip
    finder.create_module(spec)
    assert finder.find_spec("boto3", ["/sdk"]) is None
    assert [("boto3", ["/sdk"], None)] == asked
