from __future__ import annotations

from reports.feed import relinked

ABOUT = {
    "steps.track_x": {
        "param_names": ["remedy", "jit"],
        "params": [["'a'", "'b & c'"], ["'graph'", "'xla'"]],
    },
    "plain.track_y": {"param_names": [], "params": []},
}


def test_a_link_opens_the_series_it_speaks_of() -> None:
    asv = (
        '<link href="index.html#steps.track_x?machine=m+1&amp;os=Linux&amp;p-remedy=%27b+%26+c%27'
        '&amp;p-jit=%27graph%27&amp;commits=abc" />'
    )
    assert relinked(asv, ABOUT) == (
        '<link href="index.html#view=explore&amp;bench=steps.track_x&amp;params=2&amp;machine=m+1'
        '&amp;f-os=Linux" />'
    )


def test_a_benchmark_without_parameters_has_no_series_to_choose() -> None:
    linked = relinked('<link href="index.html#plain.track_y?commits=abc" />', ABOUT)
    assert linked == '<link href="index.html#view=explore&amp;bench=plain.track_y" />'


def test_a_commit_is_a_link_only_where_there_is_an_address() -> None:
    sha = "0123456789" * 4
    bare = f'in commit &lt;a href="{sha}"&gt;01234567&lt;/a&gt;.'
    addressed = f'in commit &lt;a href="https://example.org/commit/{sha}"&gt;01234567&lt;/a&gt;.'
    assert relinked(bare, ABOUT) == "in commit 01234567."
    assert relinked(addressed, ABOUT) == addressed
