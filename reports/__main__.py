"""The command ``python -m reports``."""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

EXAMPLES = """\
examples:
  python -m reports build
  python -m reports build --sessions collected --out my-report
  python -m reports build --history            # before asv's history: scripts/publish
  python -m reports readme                     # README.md from reports/reference
  python -m reports gate --help                # what regressed between two runs
"""
GATE = """\
examples:
  python -m reports gate --base nights/1 --head nights/2        two folders of session files
  python -m reports gate --show claims                          verdicts, proven, as Markdown
  python -m reports gate --schema                               what a verdict may hold

It ends with 0 where everything was compared and nothing regressed, 1 where something regressed, 2
where it could not judge.
"""
PUBLISHED = (
    "<summary>What to do, by the results that this checkout publishes (reports/reference), not by "
    "this change</summary>"
)

# Without its usage, what is wrong is said in one line; examples end the help.
LAYOUT: dict[str, Any] = {
    "usage": argparse.SUPPRESS, "allow_abbrev": False,
    "formatter_class": argparse.RawDescriptionHelpFormatter,
}  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    purpose = "Make a page of session files: which remedy keeps the model, at what cost."
    program = "python -m reports"
    made = argparse.ArgumentParser(program, description=purpose, epilog=EXAMPLES, **LAYOUT)
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND", prog=program)
    build, _, gate = (
        commands.add_parser(name, help=text, epilog=epilog, **LAYOUT)
        for name, text, epilog in (
            ("build", "write the page, its tables and figures", EXAMPLES),
            ("readme", "write the answer of reports/reference in README.md again", EXAMPLES),
            ("gate", "say what regressed between two runs, or why that cannot be said", GATE),
        )
    )
    for own, name, text in (
        (build, "out", "where to; refused where others' files are (default: .asv/report)"),
        (build, "sessions", "folder of session files (default: the newest in .asv/sessions)"),
        (gate, "base", "session files to compare with"),
        (gate, "head", "session files to judge"),
        (gate, "show", "verdicts to show: DIR/cpu/verdict.json, DIR/gpu/verdict.json"),
    ):
        own.add_argument(f"--{name}", type=Path, metavar="PATH", help=text)
    build.add_argument("--history", action="store_true", help="put that of asv behind the page")
    gate.add_argument("--of", metavar="HASH", help="refuse verdicts to show of another commit")
    gate.add_argument("--link", default="", help="to the workflow run, for the Markdown")
    gate.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    gate.add_argument("--schema", action="store_true", help="print the JSON schema of a verdict")
    return made


def newest(root: Path) -> Path:
    """Return the folder of session files in `root` that was written to last."""
    folders = [path for path in root.glob("*") if path.is_dir()]
    return max(folders, key=lambda path: path.stat().st_mtime, default=root)


def _make(chosen: argparse.Namespace) -> int:
    # Here and not above: `--help` answers at once, without pandas.
    from reports.page import REFERENCE, check, filled, has_history, publish, render, update
    from reports.results import gather

    if chosen.command == "readme":
        print(update(gather(REFERENCE)))
        return 0
    folder = chosen.out or Path(".asv", "report")
    check(folder)
    history = chosen.history and has_history()
    results = gather(chosen.sessions or newest(Path(".asv/sessions")))
    if problems := results.run.problems:
        more = f"; {len(problems) - 1} more, which the page names" if len(problems) > 1 else ""
        print(f"reports: left out: {problems[0]}{more}", file=sys.stderr)
    with filled(folder, render(results, "history/index.html" if history else "")) as made:
        if history:
            publish(made / "history")
    print(folder / "index.html")
    return 0


def _gate(chosen: argparse.Namespace) -> int:
    from reports.gate import comment, runs, verdict

    if chosen.schema:
        print(json.dumps(verdict.schema(), indent=1))
        return 0
    if chosen.show:
        from reports.page import published  # draws too: no other answer waits for that

        claims = verdict.claims(chosen.show, chosen.of)
        print(comment.comment(claims, chosen.link))
        print(f"\n<details>{PUBLISHED}\n\n{published()}\n\n</details>")
        return 0
    if not (chosen.base and chosen.head):
        raise verdict.HostileError("name --base and --head, or --show; see --help")
    judged, notes = runs.nights(chosen.base, chosen.head, chosen.device)
    print(comment.whole(judged, notes, chosen.link))
    return judged.status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 2 with one line that says why it refused."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = "could not judge" if words[:1] == ["gate"] else "reports"
    try:
        chosen = parser().parse_args(words)
        return _gate(chosen) if chosen.command == "gate" else _make(chosen)
    except KeyboardInterrupt:
        print("reports: interrupted; nothing was changed", file=sys.stderr)
        return 130
    except OSError as error:
        reason = f"cannot use {str(error.filename)!r}: {error.strerror}"
    except ValueError as error:
        if not type(error).__module__.startswith("reports."):
            raise  # a fault of ours
        reason = str(error)
    print(f"{name}: {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
