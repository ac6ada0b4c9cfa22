"""What the program says that tries the imports of a zip: what is missing and where, and what is no web app."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from remit.package.import_program import Missing, Runtime, arity_problem, failure_of, lacking

if TYPE_CHECKING:
    from pathlib import Path


def asgi(scope: Any, receive: Any, send: Any, *, debug: bool = False) -> None: ...
def wsgi(environ: Any, start_response: Any) -> None: ...
def factory(settings: Any = None) -> None: ...


@pytest.mark.parametrize(
    ("served", "interface", "words"),
    [
        (asgi, "asgi", None),
        (wsgi, "wsgi", None),
        (lambda *given: given, "asgi", None),
        (dict, "wsgi", None),  # it shows no parameters
        (wsgi, "asgi", ("takes (environ: 'Any', start_response: 'Any') -> 'None', and ASGI calls an app with "
         "(scope, receive, send): what makes an app is none itself")),
        (factory, "wsgi", ("takes (settings: 'Any' = None) -> 'None', and WSGI calls an app with "
         "(environ, start_response): what makes an app is none itself")),
    ],
)  # fmt: skip
def test_a_web_app_takes_what_its_interface_calls_it_with(served: Any, interface: str, words: str | None) -> None:
    assert arity_problem(served, interface) == words


def test_each_import_that_a_module_lacks_is_told_once_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tried_handlers.py").write_text(
        "import json\nimport tried_absent.part\nfrom tried_absent import other\nimport tried_helper\n"
    )
    (tmp_path / "tried_helper.py").write_text(
        "\nfrom tried_gone.deep import decorate, Base\n@decorate\ndef f(): ...\nclass C(Base.Inner): ...\n1 / 0\n"
    )
    missing = Missing()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, missing])

    rows = lacking("tried_handlers", [str(tmp_path)], missing)
    again = lacking("tried_helper", [str(tmp_path)], missing)
    for name in [name for name in sys.modules if name.startswith("tried_")]:
        del sys.modules[name]

    assert [(row["error"], row["missing"], row["file"], row["line"]) for row in rows] == [
        (f"ModuleNotFoundError: No module named '{name}'", name, file, 2)
        for name, file in (("tried_absent", "tried_handlers.py"), ("tried_gone", "tried_helper.py"))
    ]
    assert again == []


def test_a_name_that_a_module_has_not_is_told_and_nothing_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tried_names.py").write_text("from json import nothing\nimport tried_absent\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    (row,) = lacking("tried_names", [str(tmp_path)], Missing())

    assert row["error"].startswith("ImportError: cannot import name 'nothing' from 'json'")
    assert (row["missing"], row["file"], row["line"]) == ("", "tried_names.py", 1)


def test_an_exception_has_the_last_line_of_the_zip_s_own_code(tmp_path: Path) -> None:
    for name, code in (("app.py", "read('{')\n"), ("lib/reading.py", "\ndef read(text): return loads(text)\n")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(code)
    names: dict[str, Any] = {"loads": json.loads}
    for name in ("lib/reading.py", "app.py"):
        code_object = compile((tmp_path / name).read_text(), str(tmp_path / name), "exec")
        try:
            exec(code_object, names)  # noqa: S102 - two lines that stand above
        except ValueError as error:
            caught = error

    row = failure_of(caught, [f"{tmp_path}/other", str(tmp_path)])

    assert (row["file"], row["line"], row["missing"]) == ("lib/reading.py", 2, "")
    assert row["error"].startswith("JSONDecodeError: Expecting property name")
    assert failure_of(caught, [f"{tmp_path}/li"])["file"] == ""


def test_stand_ins_are_parts_of_what_is_missing_and_lambda_brings_what_it_brings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = Missing()
    missing.names = {"a.b"}
    assert [bool(missing.find_spec(name)) for name in ("a", "a.b", "a.b.c", "a.bc", "b")] == [
        False, True, True, False, False,
    ]  # fmt: skip
    (tmp_path / "brought.py").touch()
    runtime = Runtime(str(tmp_path), ["brought", "absent"])
    assert [bool(runtime.find_spec(name)) for name in ("brought", "absent", "json")] == [True, False, False]
    monkeypatch.chdir(tmp_path)
    assert Runtime("", ["brought"]).find_spec("brought") is None
