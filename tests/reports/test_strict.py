from __future__ import annotations

import re

from reports.strict import POLICY, REPAIRS, front, history

PAGE = """<!doctype html>
<html><head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="style-src 'unsafe-inline'">
<style>
p { color: red }
</style>
</head><body>
<header>x</header>
<p>say style="fill: none" &lt;p style="x"&gt;</p>
</body></html>
"""


def test_the_style_moves_to_a_sheet() -> None:
    page, sheet = front(PAGE)
    assert "<style" not in page and "p { color: red }" in sheet


def test_text_that_speaks_of_styles_stays() -> None:
    assert '<p>say style="fill: none" &lt;p style="x"&gt;</p>' in front(PAGE)[0]


def test_the_only_policy_is_the_strict_one_and_comes_before_anything_it_governs() -> None:
    for page in (front(PAGE)[0], history()["index.html"].decode()):
        assert page.count("Content-Security-Policy") == 1
        assert page.index(POLICY) < page.index("<link")
    assert "unsafe" not in POLICY


def test_the_interface_brings_no_fonts_and_has_its_own_scripts_only() -> None:
    files = history()
    assert not [name for name in files if name.endswith((".woff", ".woff2"))]
    page = files["index.html"].decode()
    named = re.findall(r'(?:src|href)="\./([^"]+)"', page)
    assert len(named) == 3 and set(named) <= set(files)
    assert b"@font-face" not in b"".join(files.values())


def test_every_repair_of_the_interface_is_made() -> None:
    [script] = [content for name, content in history().items() if name.endswith(".js")]
    assert all(repaired.encode() in script for repaired in REPAIRS.values())


def test_the_interface_brings_its_licence() -> None:
    assert b"MIT" in history()["assets/LICENSE.txt"]


def test_each_half_names_the_other_and_itself_as_current() -> None:
    report, page = front(PAGE)[0], history()["index.html"].decode()
    assert '<a href="index.html" aria-current="page">Report</a>' in report
    assert '<a href="history/index.html">History</a>' in report
    assert '<a href="../index.html">Report</a>' in page
    assert '<a href="../history/index.html" aria-current="page">History</a>' in page
