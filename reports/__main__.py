"""The command ``python -m reports``."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reports import OutputError

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
MARKER = ".made-by-reports.json"
ASV_RESULTS = Path(".asv", "results")

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


def _build(out: Path, sessions: Path, history: bool) -> None:
    """Write the report into `out`, all of it or nothing."""
    # Here and not above: `--help` answers at once, without pandas.
    from reports.page import render
    from reports.results import gather

    names = sorted(path.name for path in out.iterdir()) if out.exists() else []
    if names and MARKER not in names:
        why = f"holds {names[0]!r}, which this command did not write"
        raise OutputError(f"{str(out)!r} {why}; name a new folder or an empty one")
    if history and not (history := any(ASV_RESULTS.glob("*/*.json"))):
        print(f"reports: no history: {str(ASV_RESULTS)!r} holds no results of asv", file=sys.stderr)
    results = gather(sessions)
    for problem in results.run.problems:
        print(f"reports: left out: {problem}", file=sys.stderr)
    files = render(results, "history/index.html" if history else "")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as work:
        made = Path(work, "new")
        for name, content in {**files, MARKER: ""}.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_bytes(content.encode() if isinstance(content, str) else content)
        if history:
            print("reports: the history: asv publish, some minutes", file=sys.stderr, flush=True)
            _publish(made / "history")
        shutil.copytree(made, out, copy_function=os.replace, dirs_exist_ok=True)
    print(out / "index.html")


def _publish(into: Path) -> None:
    """Let asv publish its results and asv-tachyon show them, in the folder `into`."""
    with tempfile.TemporaryDirectory() as folder:
        html = Path(folder, "html")
        _start("asv", "publish", "--no-pull", "--html-dir", str(html))
        # asv's own pages ask other hosts for their scripts: only its data are taken.
        shutil.copytree(html / "graphs", into / "graphs")
        for name in ("index.json", "info.json", "regressions.json", "regressions.xml"):
            shutil.copy(html / name, into / name)
    _start("asv_tachyon", "install", "--no-backup", str(into))


def _start(module: str, *words: str) -> None:
    command = [sys.executable, "-m", module, *words]
    # Our own interpreter and words.
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = ((done.stderr or done.stdout).strip().splitlines() or ["nothing said"])[-1]
        raise OutputError(f"{module} {words[0]} failed: {said}")


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
        if chosen.command == "gate":
            return _gate(chosen)
        if chosen.command == "build":
            sessions = chosen.sessions or newest(Path(".asv/sessions"))
            _build(chosen.out or Path(".asv/report"), sessions, chosen.history)
        else:
            from reports.page import REFERENCE, update
            from reports.results import gather

            print(update(gather(REFERENCE)))
        return 0
    except KeyboardInterrupt:
        print("reports: interrupted; nothing was changed", file=sys.stderr)
        return 130
    except OSError as error:
        reason = f"cannot use {str(error.filename)!r}: {error.strerror}"
    except ValueError as error:
        if not type(error).__module__.startswith("reports"):
            raise  # a fault of ours
        reason = str(error)
    print(f"{name}: {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
