"""The command `remedies`; nothing here imports TensorFlow until a model is made or loaded."""

import argparse
import contextlib
import inspect
import json
import os
import signal
import sys
import tempfile
import textwrap
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from remedies.checking.check import check, check_weights, require_ready
from remedies.comparing.compare import BUDGET, comparison
from remedies.feed import load_sample
from remedies.problem import BadInputError, reason
from remedies.registry import REMEDIES, WORKLOADS, require, write
from remedies.rescuing import rescue, saved_model
from remedies.state.preserve import scratch
from remedies.target import custom_objects, factory_of, from_factory, keras_file

_EXIT = (
    "exit status: 0 whole, 1 something is lost or the model cannot be saved or loaded, "
    "2 the input cannot be used, 3 undecided, 4 a fault of this tool"
)
_LOADS_WHOLE = "\nAll that the new file holds comes back with keras.saving.load_model."
_LOADS_BADLY = """
Mend {name} before you load either file: load_model would lose the same again.
What mends it: remedies check {path}
A functional model is another class, and cannot load a file of this one.
With the class as it is, make the model by your code, train it for a step and call load_weights."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status, as `--help` lists them."""
    arguments = _parser().parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    status = 2
    try:
        return int(arguments.run(arguments))
    except BadInputError as error:
        problem = str(error)
    except OSError as error:
        problem = f"{error.filename or tempfile.gettempdir()}: {error.strerror or reason(error)}"
    except MemoryError:
        problem = "not enough memory for this model"
    except KeyboardInterrupt:
        problem = "interrupted; nothing was written"
    except Exception as error:
        # A status of its own: a user's script must not take this for a lossy model.
        status, at = 4, traceback.extract_tb(error.__traceback__)[-1]
        problem = "a fault of this tool, please report it with your model's code: "
        problem += f"{reason(error)} (at {Path(at.filename).name}:{at.lineno})"
    print(f"remedies: {' '.join(problem.split())}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    shape: dict[str, Any] = {"formatter_class": argparse.RawDescriptionHelpFormatter}
    main = argparse.ArgumentParser(
        "remedies",
        description="Does your Keras model survive a save and load? Check it, mend it, rescue it.",
        epilog=f"{_EXIT}\n\nexample: remedies check my_model.py:make",
        **shape,
    )
    commands = main.add_subparsers(title="commands", required=True, metavar="COMMAND")
    answer = argparse.ArgumentParser(add_help=False)
    answer.add_argument("--json", action="store_true", help="print JSON")
    files = argparse.ArgumentParser(add_help=False, parents=[answer])
    classes = "MODULE or FILE.py that defines classes to hand to load_model; imported as it is"
    files.add_argument("--custom-objects", help=classes)
    sample = "a batch of inputs: an .npz file, or FILE.py:NAME that returns one"
    files.add_argument("--sample", help=sample)

    def command(run: Any, **options: Any) -> Callable[..., Any]:
        summary, _, examples = (inspect.getdoc(run) or "").partition("\n\n")
        options |= {"help": summary, "description": summary, **shape}
        options["epilog"] = f"examples:\n{textwrap.indent(examples, '  remedies ')}\n\n{_EXIT}"
        made = commands.add_parser(run.__name__.strip("_"), **options)
        made.set_defaults(run=run)
        return made.add_argument

    command(_list)
    add = command(_show)
    add("remedy", help="see: remedies list")
    add("--workload", default="image", help="default: image")
    add = command(_check, parents=[files])
    add(
        "target",
        help="module:factory or file.py:factory, returning a built model, (model, x), "
        "(model, x, y) or (model, x, y, sample_weight); or a .keras file, an unzipped one, or a "
        ".weights.h5 file with --factory",
    )
    add("--factory", help="FILE.py:NAME that makes the model of a .weights.h5 file")
    add = command(_compare, parents=[answer])
    add("target", help="module:factory or file.py:factory: (model, x, y), the same each time")
    add("--budget", type=seconds, default=BUDGET, metavar="SECONDS", help=f"default: {BUDGET:g}")
    add("--markdown", action="store_true", help="print Markdown")
    add = command(_rescue, parents=[files])
    add("target", help="the .keras file; it is only read")
    add("--factory", help="FILE.py:NAME that makes (model, x, y); for a class with own compile()")
    add("--out", help="the new file; default: NAME.rescued.keras")
    layer: dict[str, Any] = {"action": "append", "default": [], "metavar": "LAYER"}
    add("--freeze", help="a layer that was frozen when it was saved; repeatable", **layer)
    add("--unfreeze", help="a layer that the class freezes and that trained when saved", **layer)
    command(_new)("folder", help="the folder to make; its name is the name")
    return main


def seconds(text: str) -> float:
    """Return a number of seconds above 0; argparse answers what else is."""
    if not 0 < float(text) < 1_000_000:
        raise ValueError(text)
    return float(text)


def _answer(arguments: argparse.Namespace, result: Any, text: str) -> None:
    print(json.dumps(result.to_dict(), indent=2, default=str) if arguments.json else text)


def _list(_: argparse.Namespace) -> int:
    """List the remedies and workloads.

    list
    """
    print(f"{'remedy':23}what you change")
    for remedy in REMEDIES.values():
        print(f"{remedy.name:23}{remedy.idea}")
    print(f"\n{'workload':23}model")
    for workload in WORKLOADS.values():
        print(f"{workload.name:23}{workload.description}")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    """Print a remedy's recipe, to copy into your own code.

    show tf_cast
    show ops_where --workload image > model.py
    """
    folder = WORKLOADS[require("workload", arguments.workload, WORKLOADS)].folder
    recipe = folder / f"{require('remedy', arguments.remedy, REMEDIES)}.py"
    sys.stdout.write(recipe.read_text(encoding="utf-8"))
    return 0


@scratch()
def _check(arguments: argparse.Namespace) -> int:
    """Save and load your own model twice; say what is lost, why, and what to do.

    check my_package.models:make_model
    check train.py:make --json
    check model.keras --custom-objects train.py
    check run1.weights.h5 --factory train.py:make
    """
    target, sample = arguments.target, arguments.sample
    is_factory = ":" in target and not Path(target).exists()
    path = target if is_factory or arguments.factory else str(keras_file(target))
    with _tensorflow():
        custom = custom_objects(arguments.custom_objects)
        if arguments.factory:
            model, *_ = from_factory(arguments.factory)
            require_ready(model, arguments.factory)
            report = check_weights(target, model, target)
        else:
            given = from_factory(target) if is_factory else saved_model(path, sample, custom)
            if sample and len(given) == 1:
                given = (*given, load_sample(sample))
            report = check(*given, name=target, custom_objects=custom)
    _answer(arguments, report, report.text())
    return int(report.verdict.status)


def _compare(arguments: argparse.Namespace) -> int:
    """Try each remedy on your own model: what it keeps, what its step costs, what to change.

    compare train.py:make
    compare my.models:make --markdown
    """
    target, budget = arguments.target, arguments.budget
    with _tensorflow():
        made = comparison(
            _limit(target, budget)(factory_of(target)),
            name=target,
            budget=budget,
            progress=lambda text: print(f"{text} ...", file=sys.stderr, flush=True),
        )
    _answer(arguments, made, made.text(markdown=arguments.markdown))
    return made.status


@contextlib.contextmanager
def _limit(target: str, budget: float) -> Iterator[None]:
    def ring(*_: Any) -> None:
        what = f"{target}: took over {budget:g} s to make one model"
        raise BadInputError(f"{what}; train it less there, or raise the budget")

    signal.signal(signal.SIGALRM, ring)
    # It rings again: what is raised while a package is imported may be swallowed there.
    signal.setitimer(signal.ITIMER_REAL, budget, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _new(arguments: argparse.Namespace) -> int:
    """Write a workload folder, to measure your own recipes.

    new my_model
    """
    print(*write(Path(arguments.folder)), sep="\n")
    return 0


def _rescue(arguments: argparse.Namespace) -> int:
    """Get back the weights and optimizer of a .keras file that Keras loads wrong.

    rescue model.keras --custom-objects train.py
    rescue model.keras --custom-objects train.py --sample x.npz --out good.keras
    rescue gan.keras --factory train.py:make
    """
    keras_file(arguments.target)  # a bad file fails before TensorFlow is started
    factory = arguments.factory
    with _tensorflow():
        named = arguments.custom_objects or (factory and factory.rpartition(":")[0])
        result = rescue(
            arguments.target,
            arguments.sample,
            out=arguments.out,
            custom_objects=custom_objects(named),
            made=from_factory(factory) if factory else (),
            freeze=arguments.freeze,
            unfreeze=arguments.unfreeze,
        )
    _answer(arguments, result, _rescue_text(result))
    return int(not result.whole)


def _rescue_text(result: Any) -> str:
    path, held = result.path, result.held
    if result.out is None:
        texts = [f"{path}: loads whole ({held} arrays, bit for bit); nothing to rescue"]
    else:
        after = _LOADS_WHOLE if result.loads_whole else _LOADS_BADLY
        texts = [
            f"{path}: only read, not changed",
            f"  load_model drops or changes {len(result.dropped)} of its {held} arrays",
            f"  recovered, bit for bit: {held - len(result.missing)} of {held}",
            *(f"  not recovered: {name}" for name in result.missing),
            f"  written and read back: {result.out}",
            after.format(name=type(result.model).__name__, path=path),
        ]
    texts += [f"  not in the file at all: self.{attribute}" for attribute in result.absent]
    return "\n".join([*texts, *(f"\nNote: {note}" for note in result.notes)])


@contextlib.contextmanager
def _tensorflow() -> Iterator[None]:
    """Start TensorFlow in silence, and keep what users' code prints out of the answer."""
    sys.stderr.flush()
    terminal = os.dup(2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # C++ writes to the descriptor itself
    try:
        import tensorflow  # noqa: F401
    except ImportError as error:
        install = "pip install 'remedies[cpu]' or [gpu]"
        raise BadInputError(f"no TensorFlow here ({reason(error)}): {install}") from None
    finally:
        os.dup2(terminal, 2)
    with contextlib.redirect_stdout(sys.stderr):
        yield


if __name__ == "__main__":
    sys.exit(main())
