"""The regressions' Atom feed, its links made to open the series in the history's own interface."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

_SERIES = re.compile(r'index\.html#([^"?]+)\?([^"]*)"')
_NO_COMMIT = re.compile(r'&lt;a href="#?[0-9a-f]{40}"&gt;([0-9a-f.]+)&lt;/a&gt;')


def relinked(feed: str, benchmarks: Mapping[str, Any]) -> str:
    """Return asv's feed with links that asv-tachyon follows.

    Parameters
    ----------
    feed : str
        What `asv publish` wrote; it links to asv's own interface.
    benchmarks : mapping
        The benchmarks as index.json describes them, by name.
    """

    def link(match: re.Match[str]) -> str:
        query = dict(parse_qsl(html.unescape(match[2]), keep_blank_values=True))
        found = urlencode(_place(match[1], query, benchmarks[match[1]]))
        return f'index.html#{html.escape(found)}"'

    # A commit without an address to show it at would be a link to nowhere.
    return _NO_COMMIT.sub(r"\1", _SERIES.sub(link, feed))


def _place(name: str, query: Mapping[str, str], about: Mapping[str, Any]) -> dict[str, str]:
    place = {"view": "explore", "bench": name}
    index = 0
    for axis, values in zip(about["param_names"], about["params"], strict=True):
        index = index * len(values) + values.index(query[f"p-{axis}"])
    if about["param_names"]:
        place["params"] = str(index)
    plain = {"machine", "branch", "python"}
    filters = {k: v for k, v in query.items() if k != "commits" and not k.startswith("p-")}
    return place | {k if k in plain else f"f-{k}": v for k, v in filters.items()}
