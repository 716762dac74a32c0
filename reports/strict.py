"""Pages that hold under a strict content security policy: nothing inline, nothing fetched away."""

from __future__ import annotations

import re
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)
STYLE = """\
.site { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0 0 1.5rem;
  font: .95rem/1.6 system-ui, sans-serif; }
.site:has(+ #root) { margin: .5rem 1rem; }
.site a { color: inherit; padding: .25rem 0; text-decoration: underline; }
.site a[aria-current] { font-weight: 600; text-decoration: none; }
.param-chips { max-height: 12rem; overflow-y: auto; }
#root :is(h1, h2, h3) { overflow-wrap: anywhere; min-width: 0; }
h1.empty { font-size: 1rem; font-weight: 400; }
.alone { font: 1rem/1.6 system-ui, sans-serif; padding: 1rem; max-width: 44em; }
@media print { .site { display: none; } }
/* The interface's own colours, as far from the paper as small text needs. */
html[data-theme="light"] { --text-faint: #56657a; --accent: #0b7269; --accent-2: #0369a1;
  --accent-3: #6d28d9; --danger: #be123c; --warn: #9a5203; --ok: #157138; --syn-cmt: #56657a; }
html[data-theme="dark"] { --text-faint: #93a3bb; --syn-cmt: #93a3bb; }
"""
# What a screen reader trips over in the interface; axe finds it.
REPAIRS = {
    '("div",{className:"main"': '("main",{className:"main"',
    '"div",{className:"empty muted",children:"Pick': '"h1",{className:"empty muted",children:"Pick',
    'role:"tablist"': 'role:"group"',
    '"h3",{className:"mono",style': '"h2",{className:"mono",style',
    'className:"card card-pad heatmap-wrap",': (
        'className:"card card-pad heatmap-wrap",tabIndex:0,role:"region","aria-label":"Heat map",'
    ),
}
_PAGES = {"Report": "index.html", "History": "history/index.html"}
_FEED = "history/regressions.xml"
_ALTERNATE = (
    '<link rel="alternate" type="application/atom+xml" title="Regressions" href="regressions.xml">'
)


def front(page: str) -> tuple[str, str]:
    """Return a report's page as a site's front page, and the style sheet taken out of it."""
    sheets = dict.fromkeys(re.findall(r"<style[^>]*>(.*?)</style>", page, re.DOTALL))
    page = re.sub(r"<style[^>]*>.*?</style>", "", page, flags=re.DOTALL)
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n?', "", page)
    head = f'{_policy()}\n<link rel="stylesheet" href="report.css">\n{_links("")}'
    page = page.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n{head}', 1)
    page = page.replace("<header>", f"{_bar('Report', '')}\n<header>", 1)
    return page, "\n".join(sheets) + "\n"


def history() -> dict[str, bytes]:
    """Return the files of the history's interface, by path: asv-tachyon's, made to hold here.

    Its fonts stay behind, because the policy has no font-src; the system's own stand in.
    """
    static = Path(str(files("asv_tachyon"))) / "static"
    assets = [f for f in (static / "assets").iterdir() if f.suffix in (".js", ".css")]
    made = {f"assets/{f.name}": _asset(f) for f in assets}
    page = (static / "index.html").read_text(encoding="utf-8").replace(" crossorigin", "")
    head = f"{_policy()}\n{_links('../')}\n{_ALTERNATE}"
    page = page.replace('<meta charset="UTF-8" />', f'<meta charset="utf-8">\n{head}', 1)
    page = re.sub("<title>.*?</title>", "<title>History of the remedies</title>", page)
    alone = (
        '<p class="alone">This page needs JavaScript, and a web server: from a disk, run '
        "<code>python -m http.server --directory .asv/site</code> and open what it names.</p>"
    )
    page = page.replace(
        '<div id="root"></div>', f'{_bar("History", "../")}\n<div id="root">{alone}</div>', 1
    )
    licence = distribution("asv-tachyon").read_text("licenses/LICENSE") or ""
    made |= {"assets/LICENSE.txt": licence.encode()}
    made |= {"index.html": page.encode(), "favicon.svg": (static / "favicon.svg").read_bytes()}
    return made


def _asset(asset: Path) -> bytes:
    content = asset.read_bytes()
    if asset.suffix == ".css":
        return re.sub(rb"@font-face\s*\{[^}]*\}", b"", content)
    for broken, repaired in REPAIRS.items():
        content = content.replace(broken.encode(), repaired.encode())
    return content


def _policy() -> str:
    return f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'


def _links(root: str) -> str:
    return f'<link rel="stylesheet" href="{root}site.css">'


def _bar(here: str, root: str) -> str:
    """Return the links between the halves of the site, the same on every page."""
    current = {here: ' aria-current="page"'}
    links = [
        f'<a href="{root}{to}"{current.get(name, "")}>{name}</a>' for name, to in _PAGES.items()
    ]
    links.append(f'<a href="{root}{_FEED}">Regressions feed</a>')
    return f'<nav class="site" aria-label="Site">{" ".join(links)}</nav>'
