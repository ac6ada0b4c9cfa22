"""The part of remit inside a zip: decorators that do nothing, jobs, and look-ups of the app's own stack.

These files are copied into every zip as the package `remit`. They use the standard library alone, import nothing at
start that Lambda has not imported already, and know no catalogue; boto3, which Lambda's runtimes bring, is imported
when a job is sent or an output is looked up.
"""

from __future__ import annotations

import os
import sys

from . import own_stack
from .job import Job as Job

TYPE_CHECKING = False  # `typing` itself would cost more than this whole package
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


class _Nothing:
    """Stands for everything that only matters where the app is built: any use of it gives it back."""

    __path__ = ()  # it is imported as a package, too: see `_Declarations`
    __spec__ = None

    def __call__(self, *_arguments: object, **_options: object) -> _Nothing:
        return self

    def __getattr__(self, name: str) -> _Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __setattr__(self, _name: str, _value: object) -> None:
        pass

    def __add__(self, _more: object) -> _Nothing:
        return self

    __radd__ = __iadd__ = __or__ = __ror__ = __ior__ = __add__

    def __getitem__(self, _key: object) -> _Nothing:
        return self

    def __setitem__(self, _key: object, _value: object) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __enter__(self) -> _Nothing:  # noqa: PYI034 - typing.Self would be an import
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def __str__(self) -> str:
        return ""


nothing = _Nothing()
config = existing = on = nothing


class _Declarations:
    """Imports `nothing` as `remit.grants`, as `remit.triggers`, and as every module in them."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> Any:
        if not name.startswith(("remit.grants", "remit.triggers")):
            return None
        module_spec: Any = type(__spec__)  # importlib.machinery.ModuleSpec, without importing it
        return module_spec(name, self)

    def create_module(self, _spec: object) -> _Nothing:
        return nothing

    def exec_module(self, _module: object) -> None:
        pass


if __name__ == "remit":  # inside a zip; a build, which imports this as `remit.runtime`, has the real ones
    _importers: Any = sys.meta_path
    _importers.append(_Declarations())


def configure() -> _Nothing:
    """Give the settings, which nobody reads here."""
    return nothing


class _Aws:
    @property
    def region(self) -> str:
        return os.environ.get("AWS_REGION", "")

    @property
    def account(self) -> str:
        return own_stack.stack_id().split(":")[4]

    @property
    def partition(self) -> str:
        return own_stack.stack_id().split(":")[1] or "aws"

    @property
    def url_suffix(self) -> str:
        suffixes = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}
        return suffixes.get(self.partition, "amazonaws.com")


class _Project:
    @property
    def namespace(self) -> str:
        return own_stack.stack_id().split("/")[1]

    @property
    def stage(self) -> str:
        return os.environ.get("REMIT_STAGE", "dev")

    @property
    def name(self) -> str:
        return os.environ.get("REMIT_PROJECT") or self.namespace.removesuffix("-" + self.stage)


aws = _Aws()
project = _Project()


class App:
    """Stands for the app: its decorators hand the function back."""

    def __init__(self, *_arguments: object, **_options: object) -> None:
        pass

    def group(self, *_arguments: object, **_options: object) -> App:
        return self

    def function(self, *triggers: Any, **_options: object) -> Any:
        if len(triggers) == 1 and hasattr(triggers[0], "__qualname__"):
            return triggers[0]
        return lambda function: function

    def workflow(self, *_arguments: object, **_options: object) -> _Nothing:
        return nothing

    def web(self, *_arguments: object, **_options: object) -> None:
        pass

    def job(self, *triggers: Any, queue: str = "default", **options: Any) -> Any:
        """Make a Job of a function, as `@app.job` or `@app.job(…)`; triggers and options of the deploy are dropped."""
        kept = {name: options[name] for name in ("timeout", "retries", "once") if name in options}
        if len(triggers) == 1 and hasattr(triggers[0], "__qualname__"):
            return Job(triggers[0], queue, **kept)
        return lambda decorated: Job(decorated, queue, **kept)


def _template_name(owner: type, name: str) -> str:
    """The name in the template of a resource or an output of a class."""
    return "".join(word[:1].upper() + word[1:] for word in (owner.__name__ + "_" + name).split("_"))


class Shared:
    """The app's own stack: `lookup` reads an output of it."""

    @classmethod
    def lookup(cls, output: str) -> str:
        """The value of an output of this app's stack; all outputs are read once per process.

        RuntimeError: the function may not read them; KeyError: there is no such output. Other errors of AWS pass.
        """
        name = _template_name(cls, output)
        values = _outputs
        if name not in values:
            try:
                stack = own_stack.client("cloudformation").describe_stacks(StackName=own_stack.stack_id())["Stacks"][0]
            except Exception as error:  # botocore's ClientError, which is not imported for this
                if getattr(error, "response", {}).get("Error", {}).get("Code") != "AccessDenied":
                    raise
                hint = f"declare it with `reads=[{cls.__name__}]`"
                raise RuntimeError(f"this function may not look {output} up: {hint}") from error
            values.update((item["OutputKey"], item["OutputValue"]) for item in stack.get("Outputs", ()))
        if name not in values:
            raise KeyError("the stack has no output " + name + "; there are " + ", ".join(sorted(values)))
        return values[name]


def secret(name: Any, **_settings: object) -> Any:
    """The value of a secret that the function's environment names, by that name or by the variable; fetched once."""
    return _stored_value(name, "secret", _fetched_secret)


def parameter(name: Any, **_settings: object) -> Any:
    """The value of a parameter that the function's environment names, as `secret` is of a secret."""
    return _stored_value(name, "parameter", _fetched_parameter)


def _fetched_secret(name: str) -> str:
    value: str = own_stack.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    return value


def _fetched_parameter(name: str) -> str:
    value: str = own_stack.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    return value


_values: dict[str, str] = {}


def _stored_value(name: Any, kind: str, fetch: Callable[[str], str]) -> Any:
    """Fetched at the first use, and kept. KeyError: this function's environment does not name it.

    Settings of other functions, which an import runs through, get `nothing`.
    """
    stored_name = os.environ.get(name, name) if isinstance(name, str) else name
    if stored_name in _values:
        return _values[stored_name]
    if stored_name not in os.environ.values():
        if sys._getframe(2).f_code.co_name == "<module>":  # noqa: SLF001 - the only way to know who asks
            return nothing
        raise KeyError(kind + " " + str(name) + " is not in this function's environment: declare it there")
    _values[stored_name] = fetch(stored_name)
    return _values[stored_name]


class _Resource(_Nothing):
    """Stands for a resource of the template: its attributes are what the function's environment has of them."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.__dict__.update(spelled=f"{owner.__name__}.{name}", name_in_template=_template_name(owner, name))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._read(name, f".{name}")

    def attribute(self, name: str) -> Any:
        """Anything that Fn::GetAtt gives, such as `StreamArn`."""
        return self._read("attribute_" + name.replace(".", "_"), f'.attribute("{name}")')

    def _read(self, attribute: str, written: str) -> Any:
        """The value of an attribute from the environment; `nothing` while a module or a class declares.

        RuntimeError: a function's code reads it, and the environment does not have it.
        """
        variable = f"REMIT_{self.__dict__.get('name_in_template', '')}_{attribute}"
        if variable in os.environ:
            return os.environ[variable]
        frame: Any = sys._getframe(2)  # noqa: SLF001 - the only way to know who asks
        while frame.f_code.co_name.startswith("<") and frame.f_back and frame.f_code.co_name != "<module>":
            frame = frame.f_back  # a comprehension or a lambda is a part of what it stands in
        is_function = frame.f_code.co_flags & 1  # CO_OPTIMIZED, as neither a module nor a class is: these declare
        if not is_function or not self.__dict__:
            return nothing
        value = self.__dict__["spelled"] + written
        raise RuntimeError(
            f"{value} is not in this function's environment, since its code does not spell it: "
            f'spell it out, or declare environment={{"NAME": {value}}} and read os.environ["NAME"]'
        )


def resource(*_arguments: object, **_options: object) -> _Resource:
    """Stand for a resource of the template."""
    return _Resource()


def output(*_arguments: object, **_options: object) -> _Nothing:
    """Stand for an output of the template."""
    return nothing


layer = output
_outputs: dict[str, str] = {}
