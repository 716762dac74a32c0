"""The command line: sub-commands, options and their help, with examples."""

from __future__ import annotations

import argparse
from typing import Any, NamedTuple

_EXIT = (
    "exit status: 0 whole, 1 something is lost or the model cannot be saved or loaded, "
    "2 the input cannot be used, 3 undecided, 4 a fault of this tool"
)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def _option(text: str, **settings: Any) -> dict[str, Any]:
    return {"help": text, **settings}


_JSON = _option("print JSON", action="store_true")
_WORKLOAD = _option("default: image", default="image")
_LAYERS: dict[str, Any] = {"action": "append", "default": [], "metavar": "LAYER"}
_CODE = "let Keras run code that the .keras file brings (safe_mode off): only if you trust it"
_FILE = {
    "--custom-objects": _option(
        "MODULE or FILE.py that defines classes to hand to load_model, :NAME for one of them; "
        "imported as it is"
    ),
    "--sample": _option("a batch of inputs: an .npz file, or FILE.py:NAME that returns one"),
    "--run-code-in-file": _option(_CODE, action="store_true"),
    "--json": _JSON,
}


class _Command(NamedTuple):
    """A sub-command: what it does, examples, and its arguments as argparse takes them."""

    summary: str
    examples: tuple[str, ...]
    arguments: dict[str, dict[str, Any]]


_COMMANDS = {
    "list": _Command("List the remedies and workloads.", ("remedies list",), {}),
    "show": _Command(
        "Print a remedy's recipe, to copy into your own code.",
        ("remedies show tf_cast", "remedies show ops_where --workload image > model.py"),
        {"remedy": _option("see: remedies list"), "--workload": _WORKLOAD},
    ),
    "roundtrip": _Command(
        "Save and load the shipped recipes, and show what each loses.",
        ("remedies roundtrip", "remedies roundtrip control tf_cast --jit xla --json"),
        {
            "remedies": _option("default: all", nargs="*"),
            "--workload": _WORKLOAD,
            "--mask-dtype": _option("bool (default) or float32", default="bool"),
            "--jit": _option("default: graph", default="graph", choices=("xla", "graph")),
            "--json": _JSON,
        },
    ),
    "check": _Command(
        "Save and load your own model twice; say what is lost, why, and what to do.",
        (
            "remedies check my_package.models:make_model",
            "remedies check train.py:make --json",
            "remedies check model.keras --custom-objects train.py",
            "remedies check run1.weights.h5 --factory train.py:make",
        ),
        {
            "target": _option(
                "module:factory or file.py:factory, returning a built model, (model, x), "
                "(model, x, y) or (model, x, y, sample_weight); or a .keras file, an unzipped one, "
                "or a .weights.h5 file with --factory"
            ),
            "--factory": _option("FILE.py:NAME that makes the model of a .weights.h5 file"),
            **_FILE,
        },
    ),
    "compare": _Command(
        "Try each remedy on your own model: what it keeps, what its step costs, what to change.",
        ("remedies compare train.py:make", "remedies compare my.models:make --markdown"),
        {
            "target": _option(
                "module:factory or file.py:factory, returning (model, x, y), the same each time"
            ),
            "--budget": _option("default: 120", type=_seconds, default=120.0, metavar="SECONDS"),
            "--json": _JSON,
            "--markdown": _option("print Markdown", action="store_true"),
        },
    ),
    "rescue": _Command(
        "Get back the weights and optimizer of a .keras file that Keras loads wrong.",
        (
            "remedies rescue model.keras --custom-objects train.py",
            "remedies rescue model.keras --custom-objects train.py --sample x.npz --out good.keras",
            "remedies rescue gan.keras --factory train.py:make",
        ),
        {
            "target": _option("the .keras file; it is only read"),
            "--factory": _option(
                "FILE.py:NAME that makes (model, x, y), compiled; for a class with its own "
                "compile(), several optimizers"
            ),
            "--out": _option("the new file; default: NAME.rescued.keras"),
            "--freeze": _option("a layer that was frozen when it was saved; repeatable", **_LAYERS),
            "--unfreeze": _option(
                "a layer that the class freezes and that trained when it was saved", **_LAYERS
            ),
            **_FILE,
        },
    ),
    "new": _Command(
        "Write a small workload folder, to measure your own recipes with the suite.",
        ("remedies new my_model",),
        {"folder": _option("the folder to make; its name is the name")},
    ),
}


def parser() -> argparse.ArgumentParser:
    """Return the parser; the parsed arguments name the sub-command in ``command``."""
    raw = argparse.RawDescriptionHelpFormatter
    main = argparse.ArgumentParser(
        prog="remedies",
        description="Does your Keras model survive a save and load? Check it, mend it, rescue it.",
        epilog=f"{_EXIT}\n\nexample: remedies check my_model.py:make",
        formatter_class=raw,
    )
    commands = main.add_subparsers(
        title="commands", required=True, metavar="COMMAND", dest="command"
    )
    for name, command in _COMMANDS.items():
        examples = "".join(f"  {example}\n" for example in command.examples)
        added = commands.add_parser(
            name,
            help=command.summary,
            description=command.summary,
            epilog=f"examples:\n{examples}\n{_EXIT}",
            formatter_class=raw,
        )
        formats = added.add_mutually_exclusive_group() if "--json" in command.arguments else added
        for argument, settings in command.arguments.items():
            place = formats if argument in ("--json", "--markdown") else added
            place.add_argument(argument, **settings)
    return main
