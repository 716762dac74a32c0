"""The command line: sub-commands, options and their help, with examples."""

from __future__ import annotations

import argparse
from typing import Any

_EXIT = (
    "exit status: 0 whole, 1 something is lost or the model cannot be saved or loaded, "
    "2 the input cannot be used, 3 undecided, 4 a fault of this tool"
)


def parser() -> argparse.ArgumentParser:
    """Return the parser; the parsed arguments name the sub-command in ``command``."""
    main = argparse.ArgumentParser(
        prog="remedies",
        description="Does your Keras model survive a save and load? Check it, mend it, rescue it.",
        epilog=f"{_EXIT}\n\nexample: remedies check my_model.py:make",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = main.add_subparsers(
        title="commands", required=True, metavar="COMMAND", dest="command"
    )
    _command(commands, "list", "List the remedies and workloads.", "remedies list")
    _add_show(commands)
    _add_roundtrip(commands)
    _add_check(commands)
    _add_compare(commands)
    _add_rescue(commands)
    summary = "Write a small workload folder, to measure your own recipes with the suite."
    added = _command(commands, "new", summary, "remedies new my_model")
    added.add_argument("folder", metavar="PATH", help="the folder to make; its name is the name")
    return main


def _command(commands: Any, name: str, summary: str, *examples: str) -> argparse.ArgumentParser:
    shown = "\n".join(f"  {example}" for example in examples)
    added: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"examples:\n{shown}\n\n{_EXIT}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return added


def _add_show(commands: Any) -> None:
    summary = "Print a remedy's recipe, to copy into your own code."
    examples = ("remedies show tf_cast", "remedies show ops_where --workload image > model.py")
    added = _command(commands, "show", summary, *examples)
    added.add_argument("remedy", metavar="REMEDY", help="see: remedies list")
    added.add_argument("--workload", default="image", help="default: image")


def _add_roundtrip(commands: Any) -> None:
    summary = "Save and load the shipped recipes, and show what each loses."
    examples = ("remedies roundtrip", "remedies roundtrip control tf_cast --jit xla --json")
    added = _command(commands, "roundtrip", summary, *examples)
    added.add_argument("remedies", nargs="*", metavar="REMEDY", help="default: all")
    added.add_argument("--workload", default="image", help="default: image")
    added.add_argument("--mask-dtype", default="bool", help="bool (default) or float32")
    added.add_argument("--jit", default="graph", choices=("xla", "graph"), help="default: graph")
    added.add_argument("--json", action="store_true", help="print JSON")


def _add_check(commands: Any) -> None:
    summary = "Save and load your own model twice; say what is lost, why, and what to do."
    examples = (
        "remedies check my_package.models:make_model",
        "remedies check train.py:make --json",
        "remedies check model.keras --custom-objects train.py",
        "remedies check run1.weights.h5 --factory train.py:make",
    )
    added = _command(commands, "check", summary, *examples)
    added.add_argument(
        "target",
        metavar="TARGET",
        help="module:factory or file.py:factory, returning a built model, (model, x), "
        "(model, x, y) or (model, x, y, sample_weight); or a .keras file, an unzipped one, or a "
        ".weights.h5 file with --factory",
    )
    _add_file_options(added, "what makes the model of a .weights.h5 file")


def _add_compare(commands: Any) -> None:
    summary = (
        "Try each remedy on your own model: what it keeps, what its step costs, what to change."
    )
    examples = ("remedies compare train.py:make", "remedies compare my.models:make --markdown")
    added = _command(commands, "compare", summary, *examples)
    added.add_argument(
        "target",
        metavar="TARGET",
        help="module:factory or file.py:factory, returning (model, x, y), the same each time",
    )
    added.add_argument(
        "--budget", type=_seconds, default=120.0, metavar="SECONDS", help="default: 120"
    )
    shape = added.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print JSON")
    shape.add_argument("--markdown", action="store_true", help="print Markdown")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def _add_rescue(commands: Any) -> None:
    summary = "Get back the weights and optimizer of a .keras file that Keras loads wrong."
    examples = (
        "remedies rescue model.keras --custom-objects train.py",
        "remedies rescue model.keras --custom-objects train.py --sample batch.npz --out good.keras",
        "remedies rescue gan.keras --factory train.py:make",
    )
    added = _command(commands, "rescue", summary, *examples)
    added.add_argument("target", metavar="FILE", help="the .keras file; it is only read")
    added.add_argument("--out", metavar="FILE", help="the new file; default: NAME.rescued.keras")
    added.add_argument(
        "--freeze",
        action="append",
        default=[],
        metavar="LAYER",
        help="a layer that was frozen when the model was saved (may be repeated)",
    )
    added.add_argument(
        "--unfreeze",
        action="append",
        default=[],
        metavar="LAYER",
        help="a layer that the class freezes and that trained when the model was saved",
    )
    makes = "makes (model, x, y), compiled; for a class with its own compile(), several optimizers"
    _add_file_options(added, makes)


def _add_file_options(added: argparse.ArgumentParser, factory: str) -> None:
    added.add_argument("--factory", metavar="FILE.py:NAME", help=factory)
    added.add_argument(
        "--custom-objects",
        metavar="MODULE[:NAME]",
        help="module or file.py that defines classes to hand to load_model; imported as it is",
    )
    added.add_argument(
        "--sample",
        metavar="FILE.npz|FILE.py:NAME",
        help="a batch of inputs: a NumPy archive, or a function that returns one",
    )
    added.add_argument(
        "--max-size", type=float, default=8, metavar="GIB", help="unpacked size, default: 8 GiB"
    )
    added.add_argument(
        "--run-code-in-file",
        action="store_true",
        help="let Keras run code that the .keras file brings (safe_mode off): only if you trust it",
    )
    added.add_argument("--json", action="store_true", help="print JSON")
