"""The command ``python -m reports``."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

SESSIONS = Path(".asv/sessions")
MOST_PROBLEMS = 20
EXAMPLES = """\
examples:
  python -m reports build
  python -m reports build --sessions collected --out my-report
  python -m reports readme                     # README.md from reports/reference
  python -m reports gate --help                # what regressed between two runs
"""


class Parser(argparse.ArgumentParser):
    """A parser with examples at the end of its help, and one line where it refuses."""

    def __init__(self, epilog: str = EXAMPLES, **more: str) -> None:
        layout = argparse.RawDescriptionHelpFormatter
        super().__init__(allow_abbrev=False, formatter_class=layout, epilog=epilog, **more)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Leave with status 2."""
        message = message.replace("unrecognized arguments", "unknown argument")
        options = [action.option_strings[-1] for action in self._actions if action.option_strings]
        self.exit(2, f"{self.prog}: {message}; choose from: {', '.join(options)}\n")


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    purpose = "Make a page of session files: which remedy keeps the model, at what cost."
    made = Parser(prog="python -m reports", description=purpose)
    commands = made.add_subparsers(dest="command", required=True, metavar="build|readme")
    build = commands.add_parser("build", help="write the page, its tables and figures")
    meaning = "replaced as a whole; refused where it holds anything else (default: %(default)s)"
    build.add_argument("--out", type=Path, default=".asv/report", metavar="DIR", help=meaning)
    readme = commands.add_parser("readme", help="write the answer in README.md again")
    for command, default in ((build, f"newest folder in {SESSIONS}"), (readme, "the reference")):
        meaning = f"folder of session files (default: {default})"
        command.add_argument("--sessions", type=Path, metavar="DIR", help=meaning)
    return made


def newest(root: Path = SESSIONS) -> Path:
    """Return the folder of session files in `root` that was written to last."""
    folders = [path for path in root.glob("*") if path.is_dir()]
    return max(folders, key=lambda path: path.stat().st_mtime, default=root)


def _build(chosen: argparse.Namespace) -> Path:
    # Here and not above: `--help` answers at once, without pandas.
    from reports.output import check, replaced, write
    from reports.page import REFERENCE, render, update
    from reports.results import gather

    readme = chosen.command == "readme"
    if not readme:
        check(chosen.out)
    results = gather(chosen.sessions or (REFERENCE if readme else newest()))
    problems = results.run.problems
    more = len(problems) - MOST_PROBLEMS
    for problem in [*problems[:MOST_PROBLEMS], *([f"and {more} more"] if more > 0 else [])]:
        print(f"reports: left out: {problem}", file=sys.stderr)
    if readme:
        return update(results)
    with replaced(chosen.out) as folder:
        write(folder, render(results))
    return Path(chosen.out / "index.html")


def run(name: str, command: Callable[[], object]) -> int:
    """Run `command`, print what it made, and return its status: 2 with a line that says why."""
    try:
        print(command())
        return 0
    except KeyboardInterrupt:
        print(f"{name}: interrupted; nothing was changed", file=sys.stderr)
        return 130
    except OSError as error:
        reason = f"cannot use {str(error.filename)!r}: {error.strerror}"
    except ValueError as error:
        if not type(error).__module__.startswith("reports."):
            raise  # a fault of ours
        reason = str(error)
    print(f"{name}: {reason}", file=sys.stderr)
    return 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, or 2 with one line that says why."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["gate"]:  # a verdict has a status of its own
        from reports.gate.command import main as gate

        return gate(words[1:])
    chosen = parser().parse_args(words)
    return run("reports", lambda: _build(chosen))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
