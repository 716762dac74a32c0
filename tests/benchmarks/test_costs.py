"""Bytes and arithmetic of small programs, against what they come to by hand."""

import math

import pytest

from benchmarks.engine.costs import accessed, elements, operations, size
from benchmarks.engine.hlo import read

REDUCER = """\
%sum (a: f32[], b: f32[]) -> f32[] {
  %a = f32[] parameter(0)
  %b = f32[] parameter(1)
  ROOT %c = f32[] add(%a, %b)
}

"""


def program(body, before=""):
    lines = "".join(f"  {line}\n" for line in body)
    return read(f"HloModule m\n\n{before}ENTRY %main (x: f32[]) -> f32[] {{\n{lines}}}\n")


@pytest.mark.parametrize(
    ("shape", "count", "total"),
    [
        ("f32[2,3]{1,0}", 6, 24),
        ("pred[8]{0}", 8, 8),
        ("bf16[]", 1, 2),
        ("s4[3]", 3, 2),
        ("(f32[2]{0}, (s64[], pred[0]))", 3, 16),
        ("f8e4m3fn[5]", 5, 5),
    ],
)
def test_sizes_of_arrays_and_tuples(shape, count, total):
    assert (elements(shape), size(shape)) == (count, total)


def test_only_what_passes_between_instructions_is_moved():
    inner = (
        "%fused (p: pred[10], q: f32[10]) -> f32[10] {\n"
        "  %p = pred[10] parameter(0)\n"
        "  %q = f32[10] parameter(1)\n"
        "  %n = f32[10] negate(%q)\n"
        "  ROOT %s = f32[10] select(%p, %q, %n)\n}\n\n"
    )
    found = program(
        [
            "%m = pred[10] parameter(0)",
            "%x = f32[10] parameter(1)",
            "%f = f32[10] fusion(%m, %x), kind=kLoop, calls=%fused",
            "%b = f32[2,5] bitcast(%f)",
            "ROOT %e = f32[2,5] exponential(%b)",
        ],
        inner,
    )
    assert accessed(found) == (10 + 40 + 40) + (40 + 40)
    assert operations(found) == 10 + 10 + 10


def test_a_dot_multiplies_and_adds_each_contracted_element():
    found = program(
        [
            "%x = f32[4,7] parameter(0)",
            "%y = f32[7,3] parameter(1)",
            "ROOT %d = f32[4,3] dot(%x, %y), lhs_contracting_dims={1}, rhs_contracting_dims={0}",
        ]
    )
    assert operations(found) == 2 * 4 * 3 * 7
    assert accessed(found) == 4 * (28 + 21 + 12)


def test_a_reduction_runs_its_body_for_each_element_it_folds_away():
    found = program(
        [
            "%x = f32[6,5] parameter(0)",
            "%z = f32[] constant(0)",
            "ROOT %r = f32[5] reduce(%x, %z), dimensions={0}, to_apply=%sum",
        ],
        REDUCER,
    )
    assert operations(found) == 30 - 5


def test_a_window_reduction_and_a_scatter_run_their_body_too():
    found = program(
        [
            "%x = f32[8] parameter(0)",
            "%z = f32[] constant(0)",
            "%i = s32[2,1] parameter(1)",
            "%w = f32[4] reduce-window(%x, %z), window={size=2 stride=2}, to_apply=%sum",
            "ROOT %s = f32[4] scatter(%w, %i, %x), update_window_dims={}, to_apply=%sum",
        ],
        REDUCER,
    )
    assert operations(found) == 4 * (2 - 1) + 8


@pytest.mark.parametrize(
    ("window", "length", "positions"),
    [
        ("size=3x1 pad=1_1x0_0", 5, 3 * 5 - 2),
        ("size=3x1", 3, 3 * 3),
        ("size=3x1 stride=2x1 pad=0_1x0_0", 3, 3 + 3 + 1),
        ("size=2x1 pad=1_1x0_0 lhs_dilate=2x1", 10, 5 + 5),
        ("size=2x1 rhs_dilate=2x1", 3, 3 * 2),
    ],
)
def test_a_convolution_counts_no_padding_and_no_holes(window, length, positions):
    found = program(
        [
            "%x = f32[2,5,1,3] parameter(0)",
            f"%k = f32[{window[5]},1,3,7] parameter(1)",
            f"ROOT %c = f32[2,{length},1,7] convolution(%x, %k), window={{{window}}}, "
            "dim_labels=b01f_01io->b01f",
        ]
    )
    assert operations(found) == 2 * (2 * 7 * 3) * positions


def test_a_called_computation_counts_where_it_is_called():
    found = program(
        ["%x = f32[] parameter(0)", "ROOT %c = f32[] call(%x, %x), to_apply=%sum"], REDUCER
    )
    assert (accessed(found), operations(found)) == (12, 1)


def test_a_library_call_has_no_known_arithmetic_but_moves_its_operands():
    found = program(
        ["%x = f32[4] parameter(0)", 'ROOT %c = f32[4] custom-call(%x), custom_call_target="gemm"']
    )
    assert math.isnan(operations(found))
    assert accessed(found) == 32
