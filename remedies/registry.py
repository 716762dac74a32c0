"""What there is to compare: the remedies, and the recipes that write a workload with each."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from remedies.workloads import WORKLOADS

REFERENCE = "ops_where"


class UnknownNameError(ValueError):
    """A remedy, workload or device that does not exist; the message lists those that do."""


@dataclass(frozen=True)
class Remedy:
    """One way of writing a model that uses `tf.where`.

    Attributes
    ----------
    name : str
        Its name in results, module names and commands.
    idea : str
        What the user changes, in one sentence.
    mask_dtypes : tuple of str
        The mask dtypes that a model written this way accepts.
    """

    name: str
    idea: str
    mask_dtypes: tuple[str, ...] = ("bool", "float32")


REMEDIES = {
    remedy.name: remedy
    for remedy in (
        Remedy("control", "Nothing: raw tf.where in a subclassed model.", ("bool",)),
        Remedy("build_from_config", "Override build_from_config and build each layer.", ("bool",)),
        Remedy("build_from_config_pair", "The same, with a get_build_config to match.", ("bool",)),
        Remedy("tf_cast", 'Cast the mask first: tf.where(tf.cast(mask, "bool"), ...).'),
        Remedy("functional_bool_input", 'State the dtype: keras.Input(..., dtype="bool").'),
        Remedy("ops_where", "Call keras.ops.where instead of tf.where."),
    )
}

# What there is to compare under Keras' JAX backend: what calls no `tf.`, and the controls there.
JAX_REMEDIES = {"ops_where": REMEDIES["ops_where"]} | {
    remedy.name: remedy
    for remedy in (
        Remedy("functional_ops_where", "Functional: keras.ops.where on a bool keras.Input."),
        Remedy("jnp_where", "Nothing: raw jnp.where, which takes a float condition."),
        Remedy("lax_select", "Nothing: raw lax.select, which refuses one.", ("bool",)),
    )
}


def on_jax() -> bool:
    """Whether this process was started with ``KERAS_BACKEND=jax``."""
    return os.environ.get("KERAS_BACKEND") == "jax"


def compared() -> dict[str, Remedy]:
    """Return the remedies that there are to compare under this process' backend of Keras."""
    return JAX_REMEDIES if on_jax() else REMEDIES


def not_on_jax(workload: str, remedy: str) -> str:
    """Return why `remedy` cannot run under Keras' JAX backend, or an empty string where it can."""
    file = Path(__file__).with_name(workload) / f"{remedy}.py"
    source = file.read_text(encoding="utf-8")
    for base in re.findall(rf"from remedies\.{workload}\.(build\w*) import", source):
        return not_on_jax(workload, base)
    return "its recipe calls tf.*" if "import tensorflow" in source else ""


def require(kind: str, name: str, allowed: Iterable[str]) -> str:
    """Return `name` if it is one of `allowed`.

    Raises
    ------
    UnknownNameError
        Where it is not; the message gives `kind`, `name` and all that are allowed.
    """
    allowed = tuple(allowed)
    if name not in allowed:
        raise UnknownNameError(f"unknown {kind} {name!r}; choose from: {', '.join(allowed)}")
    return name


def recipe(workload: str, remedy: str) -> ModuleType:
    """Import and return the module that writes `workload` with `remedy`.

    Importing a recipe imports TensorFlow. Its ``make()`` returns the uncompiled model.

    Raises
    ------
    UnknownNameError
        For a workload or remedy that does not exist.
    """
    require("workload", workload, WORKLOADS)
    require("remedy", remedy, REMEDIES | JAX_REMEDIES if on_jax() else REMEDIES)
    return importlib.import_module(f"remedies.{workload}.{remedy}")


def build(workload: str, remedy: str, *, jit: bool = False, **settings: Any) -> Any:
    """Return a compiled, never called `keras.Model`: `workload` written with `remedy`.

    Parameters
    ----------
    workload, remedy : str
        Names from `WORKLOADS` and `REMEDIES`.
    jit : bool
        Compile the steps with XLA.
    **settings
        Passed to `keras.Model.compile`, over the workload's own loss and Adam.

    Raises
    ------
    UnknownNameError
        For a workload or remedy that does not exist.
    """
    model = recipe(workload, remedy).make()
    defaults = {"optimizer": "adam", "loss": WORKLOADS[workload].loss, "jit_compile": jit}
    model.compile(**defaults | settings)
    return model
