"""The command ``python -m reports``."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

MOST_PROBLEMS = 20
EXAMPLES = """\
examples:
  python -m reports build
  python -m reports build --sessions collected --out my-report
  python -m reports readme                     # README.md from reports/reference
  python -m reports publish                    # the report before asv's history: scripts/publish
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
        choice = f"choose from: {', '.join(options)}" if len(options) > 1 else "see --help"
        self.exit(2, f"{self.prog}: {message}; {choice}\n")


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    purpose = "Make a page of session files: which remedy keeps the model, at what cost."
    made = Parser(prog="python -m reports", description=purpose)
    commands = made.add_subparsers(dest="command", required=True, metavar="build|readme|publish")
    out = "replaced as a whole; refused where it holds anything else (default: {})"
    sessions, newest = "folder of session files (default: {})", "newest folder in .asv/sessions"
    for command, purpose, options in (
        ("build", "write the page, its tables and figures",
         [("out", out, ".asv/report"), ("sessions", sessions, newest)]),
        ("readme", "write the answer in README.md again",
         [("sessions", sessions, "reports/reference")]),
        ("publish", "write the page with asv's history behind it",
         [("out", out, ".asv/site"), ("sessions", sessions, newest),
          ("results", "asv's results (default: {})", ".asv/results"),
          ("config", "asv's settings; .asv is beside them (default: {})", "asv.conf.json")]),
    ):  # fmt: skip
        own = commands.add_parser(command, help=purpose)
        for option, meaning, default in options:
            meaning = meaning.format(default)
            own.add_argument(f"--{option}", type=Path, metavar="PATH", help=meaning)
    return made


def newest(root: Path) -> Path:
    """Return the folder of session files in `root` that was written to last."""
    folders = [path for path in root.glob("*") if path.is_dir()]
    return max(folders, key=lambda path: path.stat().st_mtime, default=root)


def _make(chosen: argparse.Namespace) -> Path:
    # Here and not above: `--help` answers at once, without pandas.
    from reports.page import REFERENCE, check, render, replaced, update
    from reports.results import gather
    from reports.site import has_history, publish

    site, readme = chosen.command == "publish", chosen.command == "readme"
    config = (site and chosen.config) or Path("asv.conf.json")
    beside = config.parent / ".asv"
    folder = None if readme else chosen.out or beside / ("site" if site else "report")
    asv = (site and chosen.results) or beside / "results"
    if folder:
        check(folder)
    history = site and has_history(config, asv)
    results = gather(chosen.sessions or (REFERENCE if readme else newest(beside / "sessions")))
    problems = results.run.problems
    more = len(problems) - MOST_PROBLEMS
    for problem in [*problems[:MOST_PROBLEMS], *([f"and {more} more"] if more > 0 else [])]:
        print(f"reports: left out: {problem}", file=sys.stderr)
    if not folder:
        return update(results)
    with replaced(folder, render(results, "history/index.html" if history else "")) as made:
        if history:
            publish(config, asv, made / "history")
    return Path(folder / "index.html")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, or 2 with one line that says why."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["gate"]:  # a verdict has a status of its own
        from reports.gate.command import main as gate

        return gate(words[1:])
    try:
        print(_make(parser().parse_args(words)))
        return 0
    except KeyboardInterrupt:
        print("reports: interrupted; nothing was changed", file=sys.stderr)
        return 130
    except OSError as error:
        reason = f"cannot use {str(error.filename)!r}: {error.strerror}"
    except ValueError as error:
        if not type(error).__module__.startswith("reports."):
            raise  # a fault of ours
        reason = str(error)
    print(f"reports: {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
