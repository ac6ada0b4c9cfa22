"""The options of a function's decorator beside its parameters: settings."""

from __future__ import annotations

from typing import Final

from remit import triggers
from remit.declare.fitting import FurtherOptions, option_names, parameters
from remit.project.setting_values import FUNCTION_SETTINGS


def _advice(option: str) -> str:
    """Name the triggers that have an option which a function does not have."""
    with_option = [name for name in triggers.__all__ if option in option_names(parameters(getattr(triggers, name)))]
    if with_option:
        return f"it is an option of {', '.join(f'`on.{name}(…)`' for name in with_option)}"
    return "anything that CloudFormation takes goes into `properties`"


FUNCTION_OPTIONS: Final = FurtherOptions(frozenset({*FUNCTION_SETTINGS, "link"}), _advice)
