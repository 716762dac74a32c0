"""What the small models make of masks that are not of 0 and 1."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from remedies.scenarios import masking
from remedies.scenarios.bodies import plain
from remedies.scenarios.experiment import Experiment
from remedies.scenarios.making import FUNCTIONAL, set_policy

EXPERIMENT = Experiment()
IMAGE = EXPERIMENT.data()[0]["image"]


def outputs(model: Any, mask: Any) -> np.ndarray:
    return model.predict_on_batch({"image": IMAGE, "mask": mask})


def model(remedy: str) -> Any:
    keras.utils.set_random_seed(0)
    return plain(remedy, {"image": EXPERIMENT.image, "mask": EXPERIMENT.mask})


@pytest.mark.parametrize("remedy", ["tf_cast", "ops_where", FUNCTIONAL])
@pytest.mark.parametrize("value", [0.1, 0.9, -1.0, float("nan")])
def test_float_mask_is_true_wherever_it_is_not_zero(remedy: str, value: float) -> None:
    small = model(remedy)
    soft = np.where(IMAGE > 0.5, np.float32(value), np.float32(0))
    np.testing.assert_array_equal(outputs(small, soft), outputs(small, IMAGE > 0.5))


@pytest.fixture
def policy() -> Any:
    yield set_policy
    set_policy("float32")


@pytest.mark.parametrize(("remedy", "kept"), [("tf_cast", False), (FUNCTIONAL, True)])
def test_under_mixed_float16_the_smallest_masks_differ_between_remedies(
    remedy: str, kept: bool, policy: Callable[[str], None]
) -> None:
    policy("mixed_float16")
    small = model(remedy)
    tiny = np.full_like(IMAGE, 1e-8)
    np.testing.assert_array_equal(outputs(small, tiny), outputs(small, np.full(IMAGE.shape, kept)))


@pytest.mark.parametrize(("pack", "warned"), [(dict, True), (lambda d: list(d.values()), False)])
def test_functional_model_takes_image_and_mask_in_each_others_place(
    pack: Callable[[Any], Any], warned: bool
) -> None:
    small, mask = masking.functional(pack=pack), IMAGE > 0.5
    right = small.predict_on_batch(pack({"image": IMAGE, "mask": mask}))
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always", UserWarning)
        wrong = small.predict_on_batch([mask, IMAGE])
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
    small = model("control")
    small.compile("sgd", "mse", jit_compile=jit, run_eagerly=eager)
    with pytest.raises(error, match="SelectV2"):
        small.predict_on_batch({"image": tf.constant(IMAGE), "mask": tf.ones_like(IMAGE)})


def test_keras_ops_promotes_what_tensorflow_refuses_to_mix() -> None:
    mask, image = tf.constant([True, False]), tf.constant([3, 3], "uint8")
    with pytest.raises(TypeError):
        tf.where(mask, image, 0.5)
    assert keras.backend.standardize_dtype(keras.ops.where(mask, image, 0.5).dtype) == "float32"


def test_functional_keeps_the_policies_of_its_layers_and_not_its_own(
    policy: Callable[[str], None], tmp_path: Path
) -> None:
    policy("mixed_bfloat16")
    small = model(FUNCTIONAL)
    small.save(tmp_path / "model.keras")
    policy("float32")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert [layer.dtype_policy.name for layer in loaded.layers[2:]] == ["mixed_bfloat16"] * 3
    assert (small.dtype_policy.name, loaded.dtype_policy.name) == ("mixed_bfloat16", "float32")
