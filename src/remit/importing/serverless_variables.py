"""The variables of a serverless.yml, put in: `${self:…}`, `${opt:…}`, `${file(…)}`, `${sls:…}`, `${param:…}`.

What only a deploy or somebody's environment knows becomes a parameter of the template. Source: "Variables" (Serverless
Framework's documentation).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from remit.documents.read import ParsedFile, read_as_written
from remit.errors import RemitError
from remit.importing.app_model import value_at_path

if TYPE_CHECKING:
    from pathlib import Path

    from remit.documents.json_text import Path as Steps

_VARIABLE: Final = re.compile(r"\$\{((?:self|opt|env|file|sls|aws|ssm|cf|s3|param|strToBool)\b[^${}]*)\}")
_FILE: Final = r"file\(([^)]+)\)(?::(.+))?"
_OF_AWS: Final = {"aws:accountId": "AWS::AccountId", "aws:region": "AWS::Region", "opt:region": "AWS::Region"}
_STAGE: Final = "dev"
_DEFAULTS: Final = {"provider.region": {"Ref": "AWS::Region"}, "provider.stage": _STAGE}
"""What Serverless takes where a service does not say."""


class ServerlessVariables:
    """Values of one serverless.yml; `parameters` are those that its template must have for what is not known here."""

    def __init__(self, source: ParsedFile, folder: Path) -> None:
        self.source = source
        self.folder = folder
        self.parameters: dict[str, dict[str, Any]] = {}
        self._waiting: list[str] = []

    def resolved(self, value: Any, path: Steps = ()) -> Any:
        """A value with its variables put in, and what these hold, too.

        RemitError at its line: a variable refers to itself, names nothing, or stands for a list or mapping within a
        text; or a file is outside of the folder.
        """
        if isinstance(value, dict):
            placed = {key: self.resolved(item, (*path, key)) for key, item in value.items()}
            inner = placed.get("Fn::Sub")
            is_nested = len(placed) == 1 and isinstance(inner, dict) and "Fn::Sub" in inner
            return inner if is_nested else placed
        if isinstance(value, list):
            return [self.resolved(item, (*path, index)) for index, item in enumerate(value)]
        return self._text(value, path) if isinstance(value, str) else value

    def _text(self, text: str, path: Steps) -> Any:
        """A text with its variables resolved.

        It is the value itself where one is the whole text, and an Fn::Sub where one is a reference. RemitError (2): a
        list or mapping stands inside of a text.
        """
        is_sub = False
        while (variable := _VARIABLE.search(text)) is not None:
            value = self._value(variable[1].strip(), path)
            if variable[0] == text:
                return value
            if isinstance(value, dict) and ("Ref" in value or "Fn::Sub" in value):
                is_sub = True
                value = value["Fn::Sub"] if "Fn::Sub" in value else f"${{{value['Ref']}}}"
            elif isinstance(value, dict | list):
                raise self._wrong(f"`{variable[0]}` is no text, and stands inside of one", path)
            text = text[: variable.start()] + _spelled(value) + text[variable.end() :]
        is_argument = path[-2:] == ("Fn::Sub", 0)  # of a Fn::Sub with variables of its own
        return {"Fn::Sub": text} if is_sub and not is_argument else text

    def _value(self, variable: str, path: Steps) -> Any:
        """The value of a variable: of the first of its sources, separated by commas, that has one.

        If none has, it is None where `null` is the last of them; else a parameter is added, and this is its Ref.
        RemitError (2): it refers to itself, to nothing of this file, or to a file outside of the folder.
        """
        if variable in self._waiting:
            raise self._wrong(f"`${{{variable}}}` refers to itself", path)
        self._waiting.append(variable)
        try:
            for source in re.split(r",(?![^(]*\))", variable):
                value = self._of_source(source.strip(), path)
                if value is not None:
                    return self.resolved(value, _steps(source) or path)
            if re.search(r",\s*null$", variable):
                return None
            if variable.startswith("self:"):
                raise self._wrong(f"`${{{variable}}}` names nothing of the file", path)
            return self._unknown(variable)
        finally:
            self._waiting.pop()

    def _of_source(self, source: str, path: Steps) -> Any:  # noqa: PLR0911 - one source after the other
        """The value of one source of a variable (`self:custom.name`, a literal); None where it has none.

        A stage is the one that the file says for `sls:stage`, else the usual one; region and account stay references.
        """
        kind, _, name = source.partition(":")
        if source[:1] in ("'", '"'):
            return source.strip("'\"")
        if re.fullmatch(r"true|false|null|-?\d+(\.\d+)?", source):
            return json.loads(source)
        if kind == "self":
            return self._own(name, path)
        if source in ("opt:stage", "sls:stage"):
            written = value_at_path(self.source.value, "provider.stage") if kind == "sls" else None
            return written or _STAGE
        if source in _OF_AWS:
            return {"Ref": _OF_AWS[source]}
        if kind == "param":
            values = (value_at_path(self.source.value, f"params.{stage}.{name}") for stage in (_STAGE, "default"))
            return next((value for value in values if value is not None), None)
        file = re.fullmatch(_FILE, source)
        return None if file is None else self._of_file(file[1].strip(), file[2] or "", path)

    def _own(self, name: str, path: Steps) -> Any:
        """A value of the file itself, also where a variable stands on the way to it: `custom: ${file(custom.yml)}`.

        Where the file has none, it is Serverless's default for it, or None.
        """
        value = self.source.value
        for step in name.split("."):
            value = value_at_path(self.resolved(value, path) if isinstance(value, str) else value, step)
        return _DEFAULTS.get(name) if value is None else value

    def _of_file(self, name: str, key: str, path: Steps) -> Any:
        """The value at a key of another YAML or JSON file, all of it for an empty key.

        None where the file or the key is not there, or the file is of another kind. RemitError (2): it is outside of
        the folder, or cannot be read.
        """
        target = (self.folder / name).resolve()
        if not target.is_relative_to(self.folder.resolve()):
            raise self._wrong(f"`file({name})` is outside of {self.folder}", path, "copy the file beside the source")
        # One with secrets is in no repository: what it would say is to be filled in.
        if target.suffix not in (".yml", ".yaml", ".json") or not target.is_file():
            return None
        return value_at_path(read_as_written(target.read_bytes(), name).value, key)

    def _unknown(self, variable: str) -> dict[str, Any]:
        """Add a parameter for what is not known here, or is in Parameter Store; return the reference to it."""
        source = variable.split(",", maxsplit=1)[0].strip()
        name = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", source))
        stored = source.startswith("ssm:") and not source.startswith("ssm(")
        default = {"Default": source.removeprefix("ssm:").removesuffix("~true")} if stored else {}
        kind = "AWS::SSM::Parameter::Value<String>" if stored else "String"
        description = f"${{{variable}}} of {self.source.file.rpartition('/')[2]}"
        self.parameters[name] = {"Type": kind, **default, "Description": description}
        return {"Ref": name}

    def _wrong(self, message: str, path: Steps, hint: str | None = None) -> RemitError:
        return RemitError(message, hint=hint, origin=self.source.locate(path))


def _steps(source: str) -> Steps:
    """The place of a part of the file itself; empty for any other source."""
    steps = source.removeprefix("self:").strip().split(".") if source.strip().startswith("self:") else []
    return tuple(int(step) if step.isdigit() else step for step in steps if step)


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
