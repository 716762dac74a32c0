"""Programs as text: equal where the compiler made the same, different where it did not."""

import pytest

from remedies.steps.hlo import read

FLOAT_MASK = """\
HloModule a_inference_one_step_on_data_4553__.1, is_scheduled=true, \
entry_computation_layout={(f32[2,3]{1,0}, f32[2,3]{1,0})->f32[6]{0}}

%fused_computation.7 (param_0.2: f32[2,3], param_1.2: f32[2,3]) -> f32[6] {
  %param_0.2 = f32[2,3]{1,0} parameter(0)
  %zero.1 = f32[] constant(0), metadata={op_type="SelectV2" op_name="a{b}/where" source_line=9}
  %zeros = f32[2,3]{1,0} broadcast(%zero.1), dimensions={}
  %keep = pred[2,3]{1,0} compare(%param_0.2, %zeros), direction=NE
  %param_1.2 = f32[2,3]{1,0} parameter(1)
  %select.0 = f32[2,3]{1,0} select(%keep, %param_1.2, %zeros), metadata={op_name="x_1"}
  ROOT %bitcast.1 = f32[6]{0} bitcast(%select.0), frontend_attributes={grad_x="false"}
}

ENTRY %a_inference_one_step_on_data_4553__.1 (arg0.1: f32[2,3], arg1.1: f32[2,3]) -> f32[6] {
  %arg0.1 = f32[2,3]{1,0} parameter(0), parameter_replication={false}
  %arg1.1 = f32[2,3]{1,0} parameter(1), parameter_replication={false}
  ROOT %fusion = f32[6]{0} fusion(%arg1.1, %arg0.1), kind=kLoop, calls=%fused_computation.7
}

"""
GOLDEN = """\
HloModule, is_scheduled=true, \
entry_computation_layout={(f32[2,3]{1,0}, f32[2,3]{1,0})->f32[6]{0}}
%0 {
  %1 = f32[2,3]{1,0} parameter(0)
  %2 = f32[] constant(0)
  %3 = f32[2,3]{1,0} broadcast(%2), dimensions={}
  %4 = pred[2,3]{1,0} compare(%1, %3), direction=NE
  %5 = f32[2,3]{1,0} parameter(1)
  %6 = f32[2,3]{1,0} select(%4, %5, %3)
  ROOT %7 = f32[6]{0} bitcast(%6)
}
ENTRY %8 {
  %9 = f32[2,3]{1,0} parameter(0), parameter_replication={false}
  %10 = f32[2,3]{1,0} parameter(1), parameter_replication={false}
  ROOT %11 = f32[6]{0} fusion(%10, %9), kind=kLoop, calls=%0
}
"""


def test_names_numbers_and_origins_are_left_out():
    assert read(FLOAT_MASK).text == read(GOLDEN).text == GOLDEN
    for old, new in {
        "4553": "99",
        "fused_computation.7": "fused_computation.12",
        "%zero.1": "%SelectV2.3",
        'op_name="x_1"': 'op_name="ops_where_8/x" source_file="/elsewhere/site.py"',
        'grad_x="false"': 'grad_x="true"',
    }.items():
        assert old in FLOAT_MASK and read(FLOAT_MASK.replace(old, new)).text == GOLDEN


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("constant(0)", "constant(1)", False),
        ("direction=NE", "direction=EQ", False),
        ("select(%keep, %param_1.2, %zeros)", "select(%keep, %zeros, %param_1.2)", False),
        ("fusion(%arg1.1, %arg0.1)", "fusion(%arg0.1, %arg1.1)", False),
        ("f32[2,3]{1,0} parameter(0)\n", "f32[2,3]{0,1} parameter(0)\n", False),
        ("f32[2,3]{1,0} parameter(0)\n", "f32[2,3]{1,0} parameter(1)\n", False),
        ("kind=kLoop", "kind=kInput", False),
        ("  %zeros =", "  %dead = f32[] add(%zero.1, %zero.1)\n  %zeros =", True),  # dead code
    ],
)
def test_another_program_is_another_text_and_may_compute_the_same(old, new, same):
    assert old in FLOAT_MASK
    other, plain = read(FLOAT_MASK.replace(old, new)), read(FLOAT_MASK)
    assert other.text != GOLDEN
    assert other.fingerprint != plain.fingerprint
    assert (other.meaning == plain.meaning) == same


def test_all_instructions_count_and_those_of_the_entry_move_bytes():
    # One fusion that reads two masks of 24 bytes and writes 24; what it holds inside is not moved.
    assert read(FLOAT_MASK).counts == {
        "instructions": 10, "compares": 1, "converts": 0, "fusions": 1, "bytes_moved": 72
    }  # fmt: skip


def test_a_tuple_is_one_result():
    line = "  ROOT %t = (f32[2]{0}, /*index=1*/(s64[], pred[4])) tuple(%a, (%b))\n"
    program = read(f"HloModule m\n\nENTRY %main () -> f32[] {{\n{line}}}\n")
    (made,) = program.computations["ENTRY"].values()
    assert made["shape"] == "(f32[2]{0}, /*index=1*/(s64[], pred[4]))"
    assert (made["opcode"], made["inside"]) == ("tuple", "%2, (%3)")
