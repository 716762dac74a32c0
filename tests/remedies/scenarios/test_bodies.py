"""What the small models make of masks that are not of 0 and 1."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from remedies.scenarios import bodies
from remedies.scenarios.bodies import FUNCTIONAL
from remedies.scenarios.scenario import Scenario, set_policy

IMAGE = Scenario("group", "name", "description").data()[0]["image"]
MASK = IMAGE > 0.5


def outputs(remedy: str, *masks: Any) -> list[np.ndarray]:
    keras.utils.set_random_seed(0)
    model = bodies.make(remedy)
    return [model.predict_on_batch({"image": IMAGE, "mask": mask}) for mask in masks]


@pytest.fixture
def policy() -> Iterator[Callable[[str], None]]:
    yield set_policy
    set_policy("float32")


@pytest.mark.parametrize("remedy", ["tf_cast", "ops_where", FUNCTIONAL])
@pytest.mark.parametrize("value", [0.1, 0.9, -1.0, float("nan")])
def test_float_mask_is_true_wherever_it_is_not_zero(remedy: str, value: float) -> None:
    soft = np.where(MASK, np.float32(value), np.float32(0))
    np.testing.assert_array_equal(*outputs(remedy, soft, MASK))


@pytest.mark.parametrize(("remedy", "kept"), [("tf_cast", False), (FUNCTIONAL, True)])
def test_under_mixed_float16_the_smallest_masks_differ_between_remedies(
    remedy: str, kept: bool, policy: Callable[[str], None]
) -> None:
    policy("mixed_float16")
    tiny, plain = np.full_like(IMAGE, 1e-8), np.full(IMAGE.shape, kept)
    np.testing.assert_array_equal(*outputs(remedy, tiny, plain))


@pytest.mark.parametrize(("pack", "warned"), [(dict, True), (lambda d: list(d.values()), False)])
def test_functional_model_takes_image_and_mask_in_each_others_place(
    pack: Callable[[Any], Any], warned: bool
) -> None:
    model = bodies.functional(pack=pack)
    right = model.predict_on_batch(pack({"image": IMAGE, "mask": MASK}))
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always", UserWarning)
        wrong = model.predict_on_batch([MASK, IMAGE])
    assert any("structure" in str(warning.message) for warning in given) == warned
    assert not np.array_equal(right, wrong)


@pytest.mark.parametrize(
    ("jit", "eager", "error"),
    [
        (False, True, tf.errors.InvalidArgumentError),
        (False, False, TypeError),
        (True, False, TypeError),
    ],
)
def test_control_refuses_a_float_mask_eagerly_as_a_graph_and_under_xla(
    jit: bool, eager: bool, error: type[Exception]
) -> None:
    model = bodies.make("control")
    model.compile("sgd", "mse", jit_compile=jit, run_eagerly=eager)
    with pytest.raises(error, match="SelectV2"):
        model.predict_on_batch({"image": tf.constant(IMAGE), "mask": tf.ones_like(IMAGE)})


def test_keras_ops_promotes_what_tensorflow_refuses_to_mix() -> None:
    mask, image = tf.constant([True, False]), tf.constant([3, 3], "uint8")
    with pytest.raises(TypeError):
        tf.where(mask, image, 0.5)
    assert keras.backend.standardize_dtype(keras.ops.where(mask, image, 0.5).dtype) == "float32"


def test_functional_keeps_the_policies_of_its_layers_and_not_its_own(
    policy: Callable[[str], None], tmp_path: Path
) -> None:
    policy("mixed_bfloat16")
    model = bodies.functional()
    model.save(tmp_path / "model.keras")
    policy("float32")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert [layer.dtype_policy.name for layer in loaded.layers[2:]] == ["mixed_bfloat16"] * 3
    assert (model.dtype_policy.name, loaded.dtype_policy.name) == ("mixed_bfloat16", "float32")
