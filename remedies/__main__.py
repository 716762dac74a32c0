"""The command `remedies`; nothing here imports TensorFlow until a model is made or loaded."""

from __future__ import annotations

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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remedies.display import name_rows, rescue_rows, round_trip_rows, show
from remedies.parser import parser
from remedies.problem import BadInputError, one_line, reason
from remedies.registry import REMEDIES, UnknownNameError, require
from remedies.workloads import WORKLOADS

if TYPE_CHECKING:
    from remedies.checking.findings import Row


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status, as `--help` lists them."""
    arguments = parser().parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        return _COMMANDS[arguments.command](arguments)
    except (BadInputError, UnknownNameError) as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(_disk(error))
    except MemoryError:
        return _failed("not enough memory for this model")
    except KeyboardInterrupt:
        return _failed("interrupted; nothing was written")
    except Exception as error:
        return _fault(error)


def _failed(message: str) -> int:
    print(f"remedies: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _fault(error: Exception) -> int:
    """Say in one line what to report: a user's script must not take this for a lossy model."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(__file__).parent in Path(frame.filename).parents]
    where = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
    what = "a fault of this tool, please report it with your model's code"
    print(f"remedies: {what}: {reason(error)} (at {where})", file=sys.stderr)
    return 4


def _disk(error: OSError) -> str:
    do = "choose another file or folder"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        do = "free some space or choose another folder"
    return f"{error.filename or 'while writing'}: {error.strerror or one_line(error)}; {do}"


def _answer(arguments: argparse.Namespace, plain: Any, rows: Iterable[Row]) -> None:
    if arguments.json:
        print(json.dumps(plain, indent=2, default=str))
    else:
        show(rows)


def _list(_: argparse.Namespace) -> int:
    show(name_rows(REMEDIES, WORKLOADS))
    return 0


def _show(arguments: argparse.Namespace) -> int:
    workload = require("workload", arguments.workload, WORKLOADS)
    remedy = require("remedy", arguments.remedy, REMEDIES)
    path = Path(__file__).parent / workload / f"{remedy}.py"
    if not path.is_file():
        raise BadInputError(f"remedy {remedy} is not written for the workload {workload}")
    sys.stdout.write(path.read_text(encoding="utf-8"))
    return 0


def _roundtrip(arguments: argparse.Namespace) -> int:
    workload = WORKLOADS[require("workload", arguments.workload, WORKLOADS)]
    names = [require("remedy", name, REMEDIES) for name in arguments.remedies or REMEDIES]
    accepting = [name for name in names if arguments.mask_dtype in REMEDIES[name].mask_dtypes]
    refused = [name for name in names if name not in accepting]
    if not accepting or (refused and arguments.remedies):
        current = sorted({dtype for each in REMEDIES.values() for dtype in each.mask_dtypes})
        require("mask dtype", arguments.mask_dtype, current)
        raise BadInputError(f"{', '.join(refused)}: takes no {arguments.mask_dtype} mask")
    with _tensorflow():
        trips = {name: _shipped(workload, name, arguments) for name in accepting}
    _answer(arguments, {name: _plain(trip) for name, trip in trips.items()}, round_trip_rows(trips))
    return int(any(trip.defects or trip.load_error for trip in trips.values()))


def _plain(trip: Any) -> dict[str, Any]:
    names = ("weights_saved", "optimizer_variables_saved", "warnings", "load_error")
    plain = {name: getattr(trip, name) for name in names}
    return {"outcome": trip.outcome.value, "defects": asdict(trip.defects), **plain}


def _shipped(workload: Any, remedy: str, arguments: argparse.Namespace) -> Any:
    from remedies.registry import build
    from remedies.state.roundtrip import round_trip

    model = build(workload.name, remedy, jit=arguments.jit == "xla")
    inputs, targets = workload.data(16, arguments.mask_dtype)
    model.train_on_batch(inputs, targets)
    return round_trip(model, inputs, targets)


def _check(arguments: argparse.Namespace) -> int:
    from remedies.scratch import scratch

    with scratch():
        report = _report(arguments)
    _answer(arguments, report.to_dict(), report.rows())
    return int(report.verdict.status)


def _report(arguments: argparse.Namespace) -> Any:
    target, factory = arguments.target, arguments.factory
    if ":" in target and not Path(target).exists():
        factory = factory or target
    elif not factory:
        target = str(_keras_file(arguments))
    with _tensorflow():
        from remedies.checking.check import check
        from remedies.rescuing.rescue import saved_model
        from remedies.rescuing.stand_ins import load_sample
        from remedies.state.weights_file import check_weights
        from remedies.target import custom_objects, from_factory

        custom = custom_objects(arguments.custom_objects)
        given = from_factory(factory) if factory else ()
        if arguments.factory:
            return check_weights(arguments.target, given[0], arguments.target)
        if not factory:
            given = saved_model(
                target,
                arguments.sample,
                custom_objects=custom,
                limit=_limit(arguments),
                run_code_in_file=arguments.run_code_in_file,
            )
        elif arguments.sample and len(given) == 1:
            given = (*given, load_sample(arguments.sample))
        return check(*given, name=arguments.target, custom_objects=custom)


def _compare(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    with _tensorflow():
        from remedies.comparing.compare import comparison
        from remedies.target import load_module, made_by

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
    text = made.markdown() if arguments.markdown else made.text()
    _answer(arguments, made.to_dict(), [("", text)])
    return made.status


def _new(arguments: argparse.Namespace) -> int:
    from remedies.new_workload import write

    for path in write(Path(arguments.folder)):
        print(path)
    return 0


def _rescue(arguments: argparse.Namespace) -> int:
    _keras_file(arguments)
    with _tensorflow():
        from remedies.rescuing.rescue import rescue
        from remedies.target import custom_objects, from_factory

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
            limit=_limit(arguments),
            run_code_in_file=arguments.run_code_in_file,
        )
    _answer(arguments, result.to_dict(), rescue_rows(result))
    return int(not result.whole)


def _keras_file(arguments: argparse.Namespace) -> Path:
    from remedies.state.archive import read
    from remedies.target import keras_file

    # Judged before the user's module is imported and TensorFlow is started: a bad file fails fast.
    path = keras_file(arguments.target)
    read(path, _limit(arguments))
    return path


def _limit(arguments: argparse.Namespace) -> int:
    return int(arguments.max_size * (1 << 30))


@contextlib.contextmanager
def _tensorflow() -> Iterator[None]:
    """Keep what users' code and TensorFlow print out of the answer."""
    if importlib.util.find_spec("tensorflow") is None:
        raise BadInputError("TensorFlow is not installed: pip install 'remedies[cpu]' or [gpu]")
    with _muted():
        import tensorflow  # noqa: F401 - its start-up messages are nobody's
    with contextlib.redirect_stdout(sys.stderr):
        yield


@contextlib.contextmanager
def _muted() -> Iterator[None]:
    """Send what C++ writes to the terminal nowhere."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a descriptor is wanted
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


_COMMANDS = {
    "list": _list,
    "show": _show,
    "roundtrip": _roundtrip,
    "check": _check,
    "compare": _compare,
    "new": _new,
    "rescue": _rescue,
}

if __name__ == "__main__":
    sys.exit(main())
