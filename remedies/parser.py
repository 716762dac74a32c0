"""The command line: sub-commands, options and their help, with examples."""

import argparse
from collections.abc import Callable
from typing import Any

_EXIT = (
    "exit status: 0 whole, 1 something is lost or the model cannot be saved or loaded, "
    "2 the input cannot be used, 3 undecided, 4 a fault of this tool"
)
_RAW = argparse.RawDescriptionHelpFormatter


def parser() -> argparse.ArgumentParser:
    """Return the parser; the parsed arguments name the sub-command in ``command``."""
    main = argparse.ArgumentParser(
        prog="remedies",
        description="Does your Keras model survive a save and load? Check it, mend it, rescue it.",
        epilog=f"{_EXIT}\n\nexample: remedies check my_model.py:make",
        formatter_class=_RAW,
    )
    commands = main.add_subparsers(
        title="commands", required=True, metavar="COMMAND", dest="command"
    )

    def command(summary: str, *examples: str) -> Callable[..., Any]:
        shown = "".join(f"  remedies {example}\n" for example in examples)
        return commands.add_parser(
            examples[0].split()[0],
            help=summary,
            description=summary,
            epilog=f"examples:\n{shown}\n{_EXIT}",
            formatter_class=_RAW,
        ).add_argument

    command("List the remedies and workloads.", "list")
    add = command(
        "Print a remedy's recipe, to copy into your own code.",
        "show tf_cast",
        "show ops_where --workload image > model.py",
    )
    add("remedy", help="see: remedies list")
    add("--workload", default="image", help="default: image")
    add = command(
        "Save and load your own model twice; say what is lost, why, and what to do.",
        "check my_package.models:make_model",
        "check train.py:make --json",
        "check model.keras --custom-objects train.py",
        "check run1.weights.h5 --factory train.py:make",
    )
    add(
        "target",
        help="module:factory or file.py:factory, returning a built model, (model, x), "
        "(model, x, y) or (model, x, y, sample_weight); or a .keras file, an unzipped one, or a "
        ".weights.h5 file with --factory",
    )
    add("--factory", help="FILE.py:NAME that makes the model of a .weights.h5 file")
    _add_file_options(add)
    add = command(
        "Try each remedy on your own model: what it keeps, what its step costs, what to change.",
        "compare train.py:make",
        "compare my.models:make --markdown",
    )
    add("target", help="module:factory or file.py:factory: (model, x, y), the same each time")
    add("--budget", type=seconds, default=120.0, metavar="SECONDS", help="default: 120")
    add("--json", action="store_true", help="print JSON")
    add("--markdown", action="store_true", help="print Markdown")
    add = command(
        "Get back the weights and optimizer of a .keras file that Keras loads wrong.",
        "rescue model.keras --custom-objects train.py",
        "rescue model.keras --custom-objects train.py --sample x.npz --out good.keras",
        "rescue gan.keras --factory train.py:make",
    )
    add("target", help="the .keras file; it is only read")
    add("--factory", help="FILE.py:NAME that makes (model, x, y); for a class with own compile()")
    add("--out", help="the new file; default: NAME.rescued.keras")
    layer: dict[str, Any] = {"action": "append", "default": [], "metavar": "LAYER"}
    add("--freeze", help="a layer that was frozen when it was saved; repeatable", **layer)
    add("--unfreeze", help="a layer that the class freezes and that trained when saved", **layer)
    _add_file_options(add)
    add = command("Write a workload folder, to measure your own recipes.", "new my_model")
    add("folder", help="the folder to make; its name is the name")
    return main


def _add_file_options(add: Callable[..., Any]) -> None:
    classes = "MODULE or FILE.py that defines classes to hand to load_model; imported as it is"
    add("--custom-objects", help=classes)
    add("--sample", help="a batch of inputs: an .npz file, or FILE.py:NAME that returns one")
    add("--json", action="store_true", help="print JSON")


def seconds(text: str) -> float:
    """Return a number of seconds above 0; what else is raises `ValueError`."""
    if not 0 < float(text) < 1_000_000:
        raise ValueError(text)
    return float(text)
