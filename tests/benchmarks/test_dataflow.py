"""What programs compute: the same through other fusions and behind a compare, else different."""

import pytest

from benchmarks.engine.dataflow import dataflow
from benchmarks.engine.hlo import read

BOOL_MASK = """\
HloModule bool

ENTRY %main (m: pred[6], x: f32[2,3]) -> f32[2,3] {
  %m = pred[6] parameter(0)
  %x = f32[2,3] parameter(1)
  %zero = f32[] constant(0)
  %zeros = f32[2,3] broadcast(%zero), dimensions={}
  %keep = pred[2,3] bitcast(%m)
  %masked = f32[2,3] select(%keep, %x, %zeros)
  %doubled = f32[2,3] add(%masked, %x)
  ROOT %out = f32[2,3] multiply(%doubled, %masked)
}
"""
FLOAT_MASK = """\
HloModule float

%one (p: f32[2,3], q: f32[2,3]) -> f32[2,3] {
  %q = f32[2,3] parameter(1)
  %p = f32[2,3] parameter(0)
  %zero.1 = f32[] constant(0)
  %zeros.1 = f32[2,3] broadcast(%zero.1), dimensions={}
  %keep.1 = pred[2,3] compare(%p, %zeros.1), direction=NE
  ROOT %masked.1 = f32[2,3] select(%keep.1, %q, %zeros.1)
}

%two (p: f32[2,3], q: f32[2,3]) -> f32[2,3] {
  %p.2 = f32[2,3] parameter(0)
  %q.2 = f32[2,3] parameter(1)
  %zero.2 = f32[] constant(0)
  %zeros.2 = f32[2,3] broadcast(%zero.2), dimensions={}
  %keep.2 = pred[2,3] compare(%p.2, %zeros.2), direction=NE
  %masked.2 = f32[2,3] select(%keep.2, %q.2, %zeros.2)
  ROOT %doubled.2 = f32[2,3] add(%masked.2, %q.2)
}

ENTRY %main (m: f32[6], x: f32[2,3]) -> f32[2,3] {
  %m = f32[6] parameter(0)
  %x = f32[2,3] parameter(1)
  %wide = f32[2,3] bitcast(%m)
  %a = f32[2,3] fusion(%wide, %x), kind=kLoop, calls=%one
  %b = f32[2,3] fusion(%wide, %x), kind=kLoop, calls=%two
  ROOT %out = f32[2,3] multiply(%b, %a)
}
"""
REDUCED = """\
HloModule reduced

%sum (a: f32[], b: f32[]) -> f32[] {
  %a = f32[] parameter(0)
  %b = f32[] parameter(1)
  ROOT %c = f32[] add(%a, %b)
}

ENTRY %main (x: f32[4]) -> f32[] {
  %x = f32[4] parameter(0)
  %zero = f32[] constant(0)
  ROOT %r = f32[] reduce(%x, %zero), dimensions={0}, to_apply=%sum
}
"""


def test_a_float_mask_differs_by_exactly_the_compare():
    assert read(BOOL_MASK).text != read(FLOAT_MASK).text
    assert dataflow(read(BOOL_MASK)) == dataflow(read(FLOAT_MASK))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("direction=NE", "direction=GT"),
        ("constant(0)", "constant(1)"),
        ("add(%masked.2, %q.2)", "subtract(%masked.2, %q.2)"),
        ("multiply(%b, %a)", "multiply(%a, %b)"),
        ("fusion(%wide, %x), kind=kLoop, calls=%two", "fusion(%x, %wide), kind=kLoop, calls=%two"),
    ],
)
def test_any_other_difference_shows(old, new):
    assert old in FLOAT_MASK
    assert dataflow(read(FLOAT_MASK.replace(old, new))) != dataflow(read(BOOL_MASK))


def test_a_convert_in_place_of_the_compare_shows():
    converted = FLOAT_MASK.replace("compare(%p, %zeros.1), direction=NE", "convert(%p)")
    assert dataflow(read(converted)) != dataflow(read(BOOL_MASK))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("add(%a, %b)", "maximum(%a, %b)"),
        ("constant(0)", "constant(-0)"),
        ("%x = f32[4]", "%x = f32[5]"),
    ],
)
def test_what_a_reduction_runs_starts_from_and_folds_counts(old, new):
    assert old in REDUCED
    assert dataflow(read(REDUCED.replace(old, new))) != dataflow(read(REDUCED))
