"""The layers of an app: dependencies apart from the code, and what a function and its layers hold together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.app import App, Function, LayerCode
from remit.errors import Mistakes
from remit.package.app_zip import UNZIPPED, Package, bytes_in_words
from remit.package.requirements import folder_of_dependencies, read_source
from remit.project.setting_values import MOST_LAYERS
from remit.resources.names import logical

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def with_dependency_layers(app: App, folder: Path) -> App:
    """An app whose functions have their dependencies in a layer, where `config.package.layer` says so.

    There is one for each runtime and architecture of functions that have any, and each root that states its own; a
    function gets its reference as the last of its layers. Functions that need nothing but remit stay as they are.
    RemitError: a function has as many layers as Lambda takes, or its layers are an intrinsic function.
    """
    if not app.puts_dependencies_into_layers:
        return app
    layers: dict[str, LayerCode] = {}
    functions: list[Function] = []
    mistakes = Mistakes()
    for function in app.functions:
        source = read_source(folder_of_dependencies(folder, function.code))
        if source is None or source.only_remit:
            functions.append(function)
            continue
        given = function.properties.get("Layers", [])
        if len(function.layers) == MOST_LAYERS or not isinstance(given, list):
            layers_in_words = f"{MOST_LAYERS} layers" if isinstance(given, list) else "layers by an intrinsic function"
            mistakes.add(
                f"`{function.name}` has {layers_in_words}, and its dependencies would be one more",
                hint=f"list at most {MOST_LAYERS - 1}, or leave `config.package.layer` out",
                origin=function.written.get("Layers", function.origin),
            )
            continue
        stating = function.code if folder_of_dependencies(folder, function.code) != folder else ""
        runtime, architecture = str(function.properties["Runtime"]), str(function.properties["Architectures"][0])
        logical_id = f"{logical(f'{stating} dependencies {runtime} {architecture}')}Layer"
        layer = layers.setdefault(logical_id, LayerCode(logical_id, stating, runtime, architecture, app.layer_origin))
        functions.append(replace(function, properties={**function.properties, "Layers": [*given, layer.ref]}))
    mistakes.refuse()
    return replace(app, functions=tuple(functions), layers=(*app.layers, *layers.values()))


def check_sizes(app: App, packages: Mapping[str, Package], layers: Mapping[str, Package]) -> None:
    """Refuse functions that are too big together with their layers, by the functions' names and layers' references.

    Layers of others count with what nobody knows here. RemitError at the layers of each such function.
    """
    words = {layer.ref: layer.words for layer in app.layers}
    mistakes = Mistakes()
    for function in app.functions:
        sizes = {"its zip": packages[function.name].unzipped}
        sizes |= {words[ref]: layers[ref].unzipped for ref in function.layers if ref in layers}
        size = sum(sizes.values())
        if size >= UNZIPPED:
            parts = ", ".join(f"{name} {bytes_in_words(part)}" for name, part in sizes.items())
            mistakes.add(
                f"`{function.name}` is too big with its layers: {size:,} bytes unpacked, and Lambda takes {UNZIPPED:,} "
                f"together: {parts}",
                hint="drop what it does not use, or give it fewer layers",
                origin=function.written.get("Layers", function.origin),
            )
    mistakes.refuse()
