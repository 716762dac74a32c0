"""The command `remedies`; nothing here imports TensorFlow until a model is made or loaded."""

import argparse
import contextlib
import errno
import functools
import importlib.util
import json
import os
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from remedies.batch import load_sample
from remedies.checking.check import check, check_weights, require_ready
from remedies.comparing.compare import comparison
from remedies.parser import parser
from remedies.problem import BadInputError, reason
from remedies.registry import REMEDIES, require
from remedies.rescuing import rescue, saved_model
from remedies.state.archive import read
from remedies.state.preserve import scratch
from remedies.target import custom_objects, from_factory, keras_file, load_module, made_by
from remedies.workloads import WORKLOADS, write

_NEXT = {
    True: "\nAll that the new file holds comes back with keras.saving.load_model.",
    False: """
Mend {name} before you load either file: load_model would lose the same again.
What mends it: remedies check {path}
A functional model is another class, and cannot load a file of this one.
With the class as it is, make the model by your code, train it for a step and call load_weights.""",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status, as `--help` lists them."""
    arguments = parser().parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        return _COMMANDS[arguments.command](arguments)
    except BadInputError as error:
        problem = str(error)
    except OSError as error:
        problem = _disk(error)
    except MemoryError:
        problem = "not enough memory for this model"
    except KeyboardInterrupt:
        problem = "interrupted; nothing was written"
    except Exception as error:
        # A status of its own: a user's script must not take this for a lossy model.
        print(f"remedies: {_fault(error)}", file=sys.stderr)
        return 4
    print(f"remedies: {' '.join(problem.split())}", file=sys.stderr)
    return 2


def _fault(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(__file__).parent in Path(frame.filename).parents]
    where = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
    what = "a fault of this tool, please report it with your model's code"
    return f"{what}: {reason(error)} (at {where})"


def _disk(error: OSError) -> str:
    do = "choose another file or folder"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        do = "free some space or choose another folder"
    return f"{error.filename or 'while writing'}: {error.strerror or reason(error)}; {do}"


def _answer(arguments: argparse.Namespace, result: Any, text: str) -> None:
    print(json.dumps(result.to_dict(), indent=2, default=str) if arguments.json else text)


def _list(_: argparse.Namespace) -> int:
    rows = [("remedy", "what you change"), *((each.name, each.idea) for each in REMEDIES.values())]
    rows += [("", ""), ("workload", "model")]
    rows += [(each.name, each.description) for each in WORKLOADS.values()]
    for name, text in rows:
        print(f"{name:23}{text}".rstrip())
    return 0


def _show(arguments: argparse.Namespace) -> int:
    workload = require("workload", arguments.workload, WORKLOADS)
    remedy = require("remedy", arguments.remedy, REMEDIES)
    recipe = WORKLOADS[workload].folder / f"{remedy}.py"
    sys.stdout.write(recipe.read_text(encoding="utf-8"))
    return 0


@scratch()
def _check(arguments: argparse.Namespace) -> int:
    target, factory, sample = arguments.target, arguments.factory, arguments.sample
    if ":" in target and not Path(target).exists():
        factory = factory or target
    elif not factory:
        target = str(_keras_file(target))
    with _tensorflow():
        custom = custom_objects(arguments.custom_objects)
        given = from_factory(factory) if factory else ()
        if arguments.factory:
            require_ready(given[0], arguments.factory)
            report = check_weights(target, given[0], target)
        else:
            if not factory:
                given = saved_model(target, sample, custom)
            elif sample and len(given) == 1:
                given = (*given, load_sample(sample))
            report = check(*given, name=arguments.target, custom_objects=custom)
    _answer(arguments, report, report.text())
    return int(report.verdict.status)


def _compare(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    with _tensorflow():
        # Imported before operations are replaced, or the user's module would keep a replaced one.
        if place := arguments.target.rpartition(":")[0]:
            load_module(place)

        made = comparison(
            functools.partial(made_by, arguments.target),
            name=arguments.target,
            budget=arguments.budget,
            progress=lambda text: print(f"{text} ...", file=sys.stderr, flush=True),
            began=began,
        )
    _answer(arguments, made, made.text(markdown=arguments.markdown))
    return made.status


def _new(arguments: argparse.Namespace) -> int:
    for path in write(Path(arguments.folder)):
        print(path)
    return 0


def _rescue(arguments: argparse.Namespace) -> int:
    _keras_file(arguments.target)
    with _tensorflow():
        factory = arguments.factory
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
    held = result.held
    texts = [f"{result.path}: loads whole ({held} arrays, bit for bit); nothing to rescue"]
    if result.out is not None:
        texts = [
            f"{result.path}: only read, not changed",
            f"  load_model drops or changes {len(result.dropped)} of its {held} arrays",
            f"  recovered, bit for bit: {held - len(result.missing)} of {held}",
            *(f"  not recovered: {name}" for name in result.missing),
            f"  written and read back: {result.out}",
            _NEXT[result.loads_whole].format(name=type(result.model).__name__, path=result.path),
        ]
    texts += [f"  not in the file at all: self.{path}" for path in result.absent]
    return "\n".join([*texts, *(f"\nNote: {note}" for note in result.notes)])


def _keras_file(target: str) -> Path:
    # Judged before the user's module is imported and TensorFlow is started: a bad file fails fast.
    path = keras_file(target)
    read(path)
    return path


@contextlib.contextmanager
def _tensorflow() -> Iterator[None]:
    """Start TensorFlow in silence, and keep what users' code prints out of the answer."""
    if importlib.util.find_spec("tensorflow") is None:
        raise BadInputError("TensorFlow is not installed: pip install 'remedies[cpu]' or [gpu]")
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        # C++ writes to the descriptor itself.
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a descriptor is wanted
            os.dup2(nowhere.fileno(), 2)
        import tensorflow  # noqa: F401
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
    with contextlib.redirect_stdout(sys.stderr):
        yield


_COMMANDS = {
    "list": _list,
    "show": _show,
    "check": _check,
    "compare": _compare,
    "new": _new,
    "rescue": _rescue,
}

if __name__ == "__main__":
    sys.exit(main())
