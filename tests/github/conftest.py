"""A GitHub that keeps everything in memory and answers over real HTTP on this machine."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from reports.github.api import GitHub

BASE, HEAD, OTHER = "a" * 40, "b" * 40, "c" * 40
BOT = {"login": "github-actions[bot]"}
LINK = "https://github.example/o/r/actions/runs/5"
Answer = tuple[int, Any]


def row(**changes: Any) -> dict[str, Any]:
    """Return one row of a verdict, as it should be."""
    plain = {
        "metric": "train_step",
        "workload": "image",
        "remedy": "tf_cast",
        "jit": "xla",
        "mask_dtype": "bool",
        "batch": 8,
        "word": "same",
        "before": 0.010,
        "after": 0.0101,
        "ratio": 1.01,
        "low": 1.0,
        "high": 1.02,
        "more": 0,
    }
    return plain | changes


def verdict(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a verdict, as it should be."""
    plain: dict[str, Any] = {
        "format": 1,
        "status": 0,
        "device": "cpu",
        "base": BASE,
        "head": HEAD,
        "launches": 12,
        "minutes": 9.5,
        "smallest": 0.03,
        "control": 0.998,
        "differs": [],
        "rows": list(rows) or [row()],
    }
    return plain | changes


class Hub:
    """What is on GitHub; each field is there to be looked at and changed."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.labels = ["gpu", "bug"]
        self.pulls: list[dict[str, Any]] = []
        self.files: dict[tuple[str, str], bytes] = {}
        self.branches = {"main": BASE}
        self.artifacts: dict[int, list[dict[str, Any]]] = {}
        self.runs: list[dict[str, Any]] = []
        self.zip = b""
        self.storage = ""
        self.asked: list[tuple[str, str]] = []
        self.storage_saw_token = False

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Answer:
        """Return the status and JSON for one request below the repository."""
        self.asked.append((method, path))
        for pattern, handle in _ROUTES:
            if found := re.fullmatch(pattern, f"{method} {path}"):
                return handle(self, *found.groups(), query=query, body=body)
        return 404, {"message": "Not Found"}


def _page(items: list[Any], query: dict[str, list[str]]) -> Answer:
    size, page = int(query["per_page"][0]), int(query.get("page", ["1"])[0])
    return 200, items[(page - 1) * size : page * size]


def _make(kind: str) -> Callable[..., Answer]:
    def handle(hub: Hub, *_: str, body: Any, **__: Any) -> Answer:
        items = getattr(hub, kind)
        made = {"id": len(items) + 1, "number": len(items) + 1, "user": BOT, **body}
        if kind == "pulls":
            made["head"] = {"ref": body["head"], "repo": {"full_name": "o/r"}}
        items.append(made)
        return 201, made

    return handle


def _edit(kind: str) -> Callable[..., Answer]:
    def handle(hub: Hub, number: str, *, body: Any, **_: Any) -> Answer:
        getattr(hub, kind)[int(number) - 1].update(body)
        return 200, {}

    return handle


def _pull(hub: Hub, number: str, **_: Any) -> Answer:
    found = [pull for pull in hub.pulls if pull["number"] == int(number)]
    return (200, found[0]) if found else (404, {})


def _unlabel(hub: Hub, label: str, **_: Any) -> Answer:
    hub.labels.remove(label)
    return 200, []


def _ref(hub: Hub, branch: str, **_: Any) -> Answer:
    return (200, {"object": {"sha": hub.branches[branch]}}) if branch in hub.branches else (404, {})


def _branch(hub: Hub, *_: str, body: Any, **__: Any) -> Answer:
    hub.branches[body["ref"].removeprefix("refs/heads/")] = body["sha"]
    return 201, {}


def _move(hub: Hub, branch: str, *, body: Any, **_: Any) -> Answer:
    hub.branches[branch] = body["sha"]
    hub.files = {key: data for key, data in hub.files.items() if key[0] != branch}
    return 200, {}


def _content(hub: Hub, path: str, *, query: Any, **_: Any) -> Answer:
    branch = query["ref"][0]
    data = hub.files.get((branch, path), hub.files.get(("main", path)))
    if data is None:
        return 404, {}
    return 200, {"sha": "s", "content": base64.b64encode(data).decode() if len(data) < 999 else ""}


def _blob(hub: Hub, *_: str, **__: Any) -> Answer:
    large = max(hub.files.values(), key=len)
    return 200, {"content": base64.b64encode(large).decode()}


def _put(hub: Hub, path: str, *, body: Any, **_: Any) -> Answer:
    there = (body["branch"], path) in hub.files or ("main", path) in hub.files
    if there != ("sha" in body):
        return 409, {}
    hub.files[body["branch"], path] = base64.b64decode(body["content"])
    return 200, {}


_ROUTES: list[tuple[str, Callable[..., Answer]]] = [
    (r"GET ", lambda hub, **_: (200, {"default_branch": "main"})),
    (r"GET issues/\d+/comments", lambda hub, query, **_: _page(hub.comments, query)),
    (r"POST issues/\d+/comments", _make("comments")),
    (r"PATCH issues/comments/(\d+)", _edit("comments")),
    (
        r"GET issues/\d+/labels",
        lambda hub, query, **_: _page([{"name": n} for n in hub.labels], query),
    ),
    (r"DELETE issues/\d+/labels/(\w+)", _unlabel),
    (r"GET issues", lambda hub, query, **_: _page(hub.issues, query)),
    (r"POST issues", _make("issues")),
    (r"PATCH issues/(\d+)", _edit("issues")),
    (r"GET pulls/(\d+)", _pull),
    (r"GET pulls", lambda hub, query, **_: _page(hub.pulls, query)),
    (r"POST pulls", _make("pulls")),
    (r"GET git/ref/heads/(\S+)", _ref),
    (r"POST git/refs", _branch),
    (r"PATCH git/refs/heads/(\S+)", _move),
    (r"GET git/blobs/(\w+)", _blob),
    (r"GET contents/(\S+)", _content),
    (r"PUT contents/(\S+)", _put),
    (
        r"GET actions/runs/(\d+)/artifacts",
        lambda hub, run, **_: (200, {"artifacts": hub.artifacts.get(int(run), [])}),
    ),
    (
        r"GET actions/workflows/nightly.yml/runs",
        lambda hub, **_: (200, {"workflow_runs": hub.runs}),
    ),
]


def _serve(hub: Hub) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            asked = urlsplit(self.path)
            path = asked.path.removeprefix("/repos/o/r").strip("/")
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if path.startswith("stored"):
                hub.storage_saw_token |= "Authorization" in self.headers
                return self.reply(200, hub.zip)
            if self.headers["Authorization"] != "Bearer secret":
                return self.reply(401, b"{}")
            if re.fullmatch(r"actions/artifacts/\d+/zip", path):
                self.send_response(302)
                self.send_header("Location", f"{hub.storage}/stored")
                return self.end_headers()
            status, said = hub.answer(
                self.command, path, parse_qs(asked.query), json.loads(body) if body else None
            )
            return self.reply(status, json.dumps(said).encode())

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815 - http.server's

        def reply(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def hub() -> Iterator[tuple[Hub, GitHub]]:
    """A fake GitHub and a client of it."""
    made = Hub()
    server = _serve(made)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    made.storage = f"http://localhost:{server.server_port}"  # another host than 127.0.0.1
    yield made, GitHub("o/r", "secret", f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()
