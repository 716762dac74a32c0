"""GitHub's REST interface, as little of it as the workflows need."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PAGES = 20
MOST_BYTES = 16 << 20
TIMEOUT = 60


class GitHubError(RuntimeError):
    """GitHub refused, could not be reached or answered nonsense; the message is one line.

    Attributes
    ----------
    code : int
        The HTTP status; 0 where there is none.
    """

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


# Redirects are followed by hand: urllib would hand the token on to the other host.
_OPENER = urllib.request.build_opener(_Stay)


@dataclass(frozen=True)
class GitHub:
    """One repository.

    Attributes
    ----------
    repository : str
        ``owner/name``.
    token : str
        The workflow's own, with the permissions that its job grants.
    url : str
        Of the interface; ``GITHUB_API_URL`` names it.
    """

    repository: str
    token: str
    url: str = "https://api.github.com"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return GitHub's answer to one request, decoded; None for an empty one.

        Parameters
        ----------
        method : str
            ``GET``, ``POST``, ``PATCH``, ``PUT`` or ``DELETE``.
        path : str
            Below the repository, such as ``issues/7/comments``.
        body : object
            Sent as JSON, where it is not None.

        Raises
        ------
        GitHubError
            For every answer that is not a success.
        """
        answer = self._open(self._request(method, path, body), MOST_BYTES)
        try:
            return json.loads(answer) if answer else None
        except (ValueError, RecursionError) as error:
            raise GitHubError(f"{method} {path}: the answer is not JSON ({error})") from None

    def find(self, path: str) -> Any:
        """Return the answer to ``GET path``, or None where there is no such thing."""
        try:
            return self.call("GET", path)
        except GitHubError as error:
            if error.code != 404:
                raise
            return None

    def pages(self, path: str, **query: object) -> Iterator[Any]:
        """Yield what a list holds, page by page, at most 2,000 of it."""
        for page in range(1, PAGES + 1):
            asked = urllib.parse.urlencode({**query, "per_page": 100, "page": page})
            found = self.call("GET", f"{path}?{asked}")
            yield from found
            if len(found) < 100:
                return

    def download(self, path: str, limit: int) -> bytes:
        """Return a file of at most `limit` bytes that GitHub keeps on another host.

        Raises
        ------
        GitHubError
            Also where it is larger.
        """
        try:
            return self._open(self._request("GET", path), limit)
        except _MovedError as moved:
            # No header of ours: the token is GitHub's alone.
            return self._open(urllib.request.Request(moved.place), limit)  # noqa: S310 - checked

    def _request(self, method: str, path: str, body: Any = None) -> urllib.request.Request:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        data = None if body is None else json.dumps(body).encode()
        place = f"{self.url}/repos/{self.repository}/{path}".rstrip("/")
        return urllib.request.Request(place, data, headers, method=method)  # noqa: S310 - GitHub's

    def _open(self, request: urllib.request.Request, limit: int) -> bytes:
        what = f"{request.get_method()} {request.selector.partition('?')[0]}"
        try:
            with _OPENER.open(request, timeout=TIMEOUT) as answer:
                read: bytes = answer.read(limit + 1)
        except urllib.error.HTTPError as error:
            if error.code in (301, 302, 303, 307, 308) and request.get_method() == "GET":
                raise _MovedError(error.headers["Location"]) from None
            raise GitHubError(
                f"{what}: GitHub answered {error.code} {error.reason}", error.code
            ) from None
        except OSError as error:
            raise GitHubError(f"{what}: GitHub cannot be reached ({error})") from None
        if len(read) > limit:
            raise GitHubError(f"{what}: the answer is over {limit} bytes; refused")
        return read


class _MovedError(GitHubError):
    def __init__(self, place: str) -> None:
        super().__init__("moved")
        if urllib.parse.urlsplit(place).scheme not in ("https", "http"):
            raise GitHubError("redirected to something that is not a web address; refused")
        self.place = place
