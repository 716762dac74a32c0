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
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from remedies.display import (
    console,
    print_names,
    print_report,
    print_rescue,
    print_round_trips,
)
from remedies.parser import parser
from remedies.problem import BadInputError, one_line, reason
from remedies.registry import REMEDIES, UnknownNameError, require
from remedies.workloads import WORKLOADS


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
    own = [frame for frame in frames if Path(frame.filename).parent == Path(__file__).parent]
    where = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
    text = " ".join(reason(error).split())
    print(
        f"remedies: a fault of this tool, please report it with your model's code: {text} "
        f"(at {where})",
        file=sys.stderr,
    )
    return 4


def _disk(error: OSError) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    what = error.strerror or one_line(error)
    return f"{error.filename or 'while writing'}: {what}; " + (
        "free some space or choose another folder" if full else "choose another file or folder"
    )


def _list(_: argparse.Namespace) -> int:
    print_names(console(sys.stdout), REMEDIES, WORKLOADS)
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
    result = {name: _shipped(workload, name, arguments) for name in accepting}
    if arguments.json:
        print(json.dumps({name: _plain(trip) for name, trip in result.items()}, indent=2))
    else:
        print_round_trips(console(sys.stdout), result)
    return int(any(trip.defects or trip.load_error for trip in result.values()))


def _plain(trip: Any) -> dict[str, Any]:
    return {
        "outcome": trip.outcome.value,
        "defects": asdict(trip.defects),
        "weights_saved": trip.weights_saved,
        "optimizer_variables_saved": trip.optimizer_variables_saved,
        "warnings": list(trip.warnings),
        "load_error": trip.load_error,
    }


def _shipped(workload: Any, remedy: str, arguments: argparse.Namespace) -> Any:
    with _tensorflow():
        from remedies.registry import build
        from remedies.roundtrip import round_trip

        model = build(workload.name, remedy, jit=arguments.jit == "xla")
        inputs, targets = workload.data(16, arguments.mask_dtype)
        model.train_on_batch(inputs, targets)
        return round_trip(model, inputs, targets)


def _check(arguments: argparse.Namespace) -> int:
    from remedies.scratch import scratch

    with scratch():
        report = _report(arguments)
    if arguments.json:
        print(json.dumps(report.to_dict(), indent=2, default=str))
    else:
        print_report(console(sys.stdout), report)
    return int(report.verdict.status)


def _compare(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    with _tensorflow():
        from remedies.compare import comparison
        from remedies.target import load_module, made_by

        # Imported before operations are replaced, or the user's module would keep a replaced one.
        if place := arguments.target.rpartition(":")[0]:
            load_module(place)

        made = comparison(
            functools.partial(made_by, arguments.target),
            name=arguments.target,
            budget=arguments.budget,
            progress=_progress,
            began=began,
        )
    if arguments.json:
        print(json.dumps(made.to_dict(), indent=2))
    else:
        print(made.markdown() if arguments.markdown else made.text())
    return made.status


def _progress(text: str) -> None:
    print(f"{text} ...", file=sys.stderr, flush=True)


def _new(arguments: argparse.Namespace) -> int:
    from remedies.new_workload import write

    for path in write(Path(arguments.folder)):
        print(path)
    return 0


def _report(arguments: argparse.Namespace) -> Any:
    is_factory = ":" in arguments.target and not Path(arguments.target).exists()
    named = arguments.target
    if not is_factory and not arguments.factory:
        arguments.target = str(_keras_file(arguments))
    with _tensorflow():
        from remedies.check import check
        from remedies.file_kinds import check_weights
        from remedies.stand_ins import sample_of
        from remedies.target import custom_objects, from_factory, from_file

        custom = custom_objects(arguments.custom_objects)
        if arguments.factory:
            subject = from_factory(arguments.factory)
            return check_weights(arguments.target, subject.model, arguments.target)
        if is_factory:
            subject = from_factory(arguments.target)
            if arguments.sample and subject.inputs is None:
                subject = replace(subject, inputs=sample_of(arguments.sample))
        else:
            subject = from_file(
                arguments.target,
                sample_of(arguments.sample)
                if ".py" in (arguments.sample or "")
                else arguments.sample,
                custom,
                _limits(arguments),
                run_code_in_file=arguments.run_code_in_file,
            )
        return check(
            subject.model,
            subject.inputs,
            subject.targets,
            subject.sample_weight,
            name=named,
            custom_objects=custom,
        )


def _keras_file(arguments: argparse.Namespace) -> Path:
    from remedies.archive import read
    from remedies.file_kinds import keras_file

    # Judged before the user's module is imported and TensorFlow is started: a bad file fails fast.
    path = keras_file(arguments.target)
    read(path, _limits(arguments))
    return path


def _rescue(arguments: argparse.Namespace) -> int:
    _keras_file(arguments)
    with _tensorflow():
        from remedies.rescue import rescue
        from remedies.stand_ins import sample_of
        from remedies.target import custom_objects

        result = rescue(
            arguments.target,
            sample_of(arguments.sample) if ".py" in (arguments.sample or "") else arguments.sample,
            out=arguments.out,
            custom_objects=custom_objects(arguments.custom_objects),
            freeze=arguments.freeze,
            unfreeze=arguments.unfreeze,
            limits=_limits(arguments),
            run_code_in_file=arguments.run_code_in_file,
        )
    if arguments.json:
        print(json.dumps(result.to_dict(), indent=2))
    else:
        print_rescue(console(sys.stdout), result)
    return int(not result.whole)


def _limits(arguments: argparse.Namespace) -> Any:
    from remedies.archive import Limits

    return Limits(total=int(arguments.max_size * (1 << 30)))


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
