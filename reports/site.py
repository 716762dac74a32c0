"""One site of the report and asv's history: ``python -m reports.site``, or `scripts/publish`."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

EXAMPLES = """\
examples:
  scripts/publish
  scripts/publish --out public --results collected/results
  python -m http.server --directory .asv/site      # to look at it

The history needs the git repository with all its commits, not a shallow clone.
"""
_TAKEN = ("index.json", "info.json", "regressions.json")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        message = message.replace("unrecognized arguments", "unknown argument")
        self.exit(2, f"publish: {message}; choose from: --out, --results, --config, --help\n")


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    made = _Parser(
        prog="scripts/publish",
        description="Make one site: the report, and the history of every result with its "
        "regressions and their feed. It loads nothing from elsewhere.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where the site goes, replaced as a whole: a new folder, an empty one, or a site "
        "made before (default: .asv/site beside asv.conf.json)",
    )
    made.add_argument(
        "--results",
        type=Path,
        metavar="DIR",
        help="asv's results folder (default: .asv/results beside asv.conf.json)",
    )
    made.add_argument(
        "--config",
        type=Path,
        default=Path("asv.conf.json"),
        metavar="FILE",
        help="asv's settings (default: %(default)s)",
    )
    return made


def build(config: Path, results_dir: Path, out: Path) -> list[str]:
    """Write the site into `out` and return a line for each thing left out.

    Raises
    ------
    reports.folder.FolderError
        Where `out` is not ours to replace.
    reports.results.ResultsError, reports.history.HistoryError
        Where there is nothing to publish.
    OSError
        Where `out` cannot be written; what it held is still there.
    """
    from reports.folder import replaced
    from reports.history import publish
    from reports.strict import STYLE

    with replaced(out) as site, tempfile.TemporaryDirectory() as work:
        notes = _front(results_dir, site)
        html, copied, known = publish(config, results_dir, Path(work))
        _history(html, {sha: commit.subject for sha, commit in known.items()}, site / "history")
        (site / "site.css").write_text(STYLE, encoding="utf-8")
    return [*notes, *copied.notes]


def _front(results_dir: Path, site: Path) -> list[str]:
    from reports.__main__ import MARGIN
    from reports.__main__ import build as report
    from reports.output import MANIFEST
    from reports.strict import front

    # A reader of the site has these folders, not those of the machine that made it.
    notes = report(results_dir, site, MARGIN, shown=(".asv/results", ".asv/report"))
    (site / MANIFEST).unlink()  # the site has its own
    page, style = front((site / "index.html").read_text(encoding="utf-8"))
    (site / "index.html").write_text(page, encoding="utf-8")
    (site / "report.css").write_text(style, encoding="utf-8")
    return notes


def _history(html: Path, subjects: Mapping[str, str], into: Path) -> None:
    """Put asv's data and the interface to it into `into`."""
    from reports.feed import relinked
    from reports.strict import history

    into.mkdir()
    for name in _TAKEN:
        shutil.copy(html / name, into / name)
    index = json.loads((into / "index.json").read_text(encoding="utf-8"))
    feed = (html / "regressions.xml").read_text(encoding="utf-8")
    made: dict[str, str | bytes] = dict(history())
    made["regressions.xml"] = relinked(feed, index["benchmarks"])
    shown = {sha: subjects.get(sha, "") for sha in index["revision_to_hash"].values()}
    # The interface asks for these, and a browser calls a missing one an error.
    made |= {"commits.json": json.dumps(shown), "profiles.json": "{}"}
    made["regressions-ignore.json"] = "[]"
    if (html / "graphs").is_dir():
        shutil.copytree(html / "graphs", into / "graphs")
    made |= _nothing(index, into)
    for name, content in made.items():
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def _nothing(index: Mapping[str, Any], into: Path) -> dict[str, str | bytes]:
    """Return empty files for the series and samples that the interface asks for and nobody has."""
    from asv.graph import Graph

    made: dict[str, str | bytes] = {}
    for params, name in itertools.product(index["graph_param_list"], index["benchmarks"]):
        path = Graph.get_file_path(params, name) + ".json"
        made[path.replace("graphs", "samples", 1)] = "{}"
        if not (into / path).exists():
            made[path] = "[]"
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, or 2 with one line that says why."""
    chosen = parser().parse_args(arguments)
    # As for the report: before anything imports NumPy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from reports.folder import FolderError
    from reports.history import HistoryError
    from reports.results import ResultsError

    if not chosen.config.is_file():
        return _refuse(f"no {str(chosen.config)!r}: name asv's settings with --config FILE")
    results = chosen.results or chosen.config.parent / ".asv" / "results"
    out = chosen.out or chosen.config.parent / ".asv" / "site"
    try:
        notes = build(chosen.config, results, out)
    except (FolderError, HistoryError, ResultsError) as error:
        return _refuse(str(error))
    except ModuleNotFoundError as error:
        return _refuse(f"{error.name} is not installed; scripts/environment installs it")
    except KeyboardInterrupt:
        print("publish: interrupted; nothing was changed", file=sys.stderr)
        return 130
    except OSError as error:
        return _refuse(f"cannot write {str(error.filename)!r}: {error.strerror}")
    for line in notes:
        print(f"publish: {line}", file=sys.stderr)
    print(out / "index.html")
    return 0


def _refuse(reason: str) -> int:
    print(f"publish: {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
