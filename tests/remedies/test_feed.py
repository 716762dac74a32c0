import keras
import numpy as np
import pytest

from remedies.feed import candidates, inputs_for, load_sample, recorded
from remedies.problem import BadInputError

SHAPES = {"input_shape": {"image": [8, 3], "keep": [None, 3]}}


@pytest.mark.parametrize(
    ("config", "shapes"),
    [
        (SHAPES, {"image": (8, 3), "keep": (None, 3)}),
        ({"shapes_dict": {"image_shape": [8, 3]}}, {"image": (8, 3)}),
        ({"input_shape": [[2, 3], {"b": [1]}]}, ((2, 3), {"b": (1,)})),
    ],
)
def test_shapes_are_read_from_both_forms_of_build_config(config, shapes):
    assert recorded(config) == shapes


@pytest.mark.parametrize("shape", [["x"], [-1, 3], [True], "text", 7, {"a": None}])
def test_what_is_no_shape_is_asked_for(shape):
    for config in ({"input_shape": shape}, {"shapes_dict": shape}, shape, None):
        with pytest.raises(BadInputError, match=r"records no input shapes.*--sample"):
            recorded(config)


def test_shapes_that_no_memory_holds_are_refused():
    with pytest.raises(BadInputError, match="too large"):
        next(candidates(recorded({"input_shape": [8, 10**12]})))


def test_candidates_try_floats_first_and_every_choice_once():
    drawn = list(candidates(recorded({"input_shape": {"image": [8, 3], "keep": [2, 3]}})))
    kinds = [(x["image"].dtype.name, x["keep"].dtype.name) for x in drawn]
    assert kinds[0] == ("float32", "float32")
    assert len(set(kinds)) == len(kinds) == 16


class Picky(keras.Model):
    def call(self, inputs):
        if inputs["keep"].dtype != "bool" or inputs["image"].dtype != "float32":
            raise TypeError("needs a moon")


def test_dtypes_are_found_by_trying():
    made = inputs_for(Picky(), SHAPES)
    assert made["keep"].dtype == bool
    assert made["image"].dtype == np.float32


def test_the_last_reason_is_given_where_nothing_works():
    with pytest.raises(BadInputError, match=r"KeyError: .*keep.*--sample"):
        inputs_for(Picky(), {"input_shape": {"image": [8, 3]}})


def test_a_sample_is_read_by_the_models_own_keys(tmp_path):
    path = tmp_path / "s.npz"
    np.savez(path, image=np.ones((2, 3), "float32"), keep=np.ones((2, 3), bool))
    assert load_sample(path)["keep"].dtype == bool
    np.savez(path, np.ones((2, 3)), np.ones((2, 3), bool))
    assert [one.dtype.name for one in load_sample(path)] == ["float64", "bool"]


def test_a_sample_that_is_no_archive_is_named(tmp_path):
    (tmp_path / "s.npz").write_bytes(b"x")
    np.savez(tmp_path / "objects.npz", image=np.array([{}]))
    refused = {"s.npz": "not a usable", "objects.npz": "not a usable", "no.npz": "no such file"}
    for name, says in refused.items():
        with pytest.raises(BadInputError, match=says):
            load_sample(tmp_path / name)
