"""The causes that a check tells apart, on models made for each."""

from pathlib import Path

import keras
import numpy as np
import pytest

from remedies.checking.check import check
from remedies.checking.findings import LossyModelError, Verdict
from remedies.problem import BadInputError

SUBJECTS = Path(__file__).parent / "subjects" / "models.py"


@pytest.fixture(scope="module")
def checked(custom):
    """Check what a factory of `subjects` makes, its classes handed over."""
    return lambda made: check(
        *(made if isinstance(made, tuple) else (made,)), custom_objects=custom
    )


@pytest.fixture(scope="module")
def masked(subjects, checked):
    return checked(subjects.masked())


def causes(report):
    return [cause.name for cause in report.advice]


@pytest.mark.parametrize("name", ["whole", "functional", "dropped", "uncompiled", "optional_mask"])
def test_a_whole_model_is_whole(subjects, checked, name):
    report = checked(getattr(subjects, name)())
    assert report.raise_if_lossy().whole
    assert not report.advice
    assert ("not compiled" in report.headline) == (name == "uncompiled")


@pytest.mark.parametrize(
    ("name", "cause", "words"),
    [
        ("masked_model_only", "dtype", ['tf.cast(inputs["keep"], "bool")', "keras.ops.where"]),
        ("gather", "dtype", ['tf.cast(inputs["index"], "int32") (tried: the model comes']),
        ("two_arguments", "arguments", ["takes several arguments", 'ops.zeros((1, 3), "bool"))']),
        ("optional_argument", "arguments", ["subscriptable"]),
        ("eager", "code", [".numpy()", "true dtypes too"]),
        ("nested_build_from_config", "dtype", ["tf.where"]),
        ("empty_build", "children_not_built", ["EmptyBuild.build is the user's own", "self.dense"]),
        ("late_width", "code", ["has no attribute 'width'", "LateWidth.build raises"]),
        ("article", "second_generation", ["first load: whole", "2 of 2 weights lost"]),
        ("frozen", "frozen", ["self.base would train again", "self.base.trainable = False"]),
    ],
)
def test_cause(subjects, checked, name, cause, words):
    report = checked(getattr(subjects, name)())
    assert causes(report)[0] == cause
    text = report.text() + report.code
    for word in words:
        assert word in text


def test_the_users_line_is_shown(masked):
    swallowed = masked.swallowed[0]
    assert swallowed.entered and "tf.where" in swallowed.source
    assert SUBJECTS.read_text().splitlines()[swallowed.line - 1].strip() == swallowed.source


def test_a_precision_policy_that_is_lost_is_named(subjects, checked):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        report = checked(subjects.whole())
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy(before)
    assert causes(report) == ["precision"]


def test_a_lossy_model_fails_a_test_with_the_whole_story(masked):
    with pytest.raises(LossyModelError, match=r"(?s)2 of 2 weights lost.*models\.py:\d+.*tf.cast"):
        masked.raise_if_lossy()
    with pytest.raises(TypeError, match=r"report\.whole"):
        bool(masked)


def test_the_class_is_left_as_it_was(subjects):
    methods = dict(vars(subjects.Masked))
    check(*subjects.masked())
    assert dict(vars(subjects.Masked)) == methods


def test_an_unready_model_or_a_wrong_batch_is_refused(subjects):
    with pytest.raises(BadInputError, match="not built"):
        check(subjects.never_called())
    with pytest.raises(BadInputError, match="cannot be trained"):
        check(subjects.masked_model_only(), {"image": np.ones((2, 3))}, subjects.TARGETS)
    with pytest.raises(BadInputError, match="cannot be trained"):
        check(subjects.masked_model_only(), subjects.MASKED, np.ones((3, 9, 9)))


def test_what_was_not_compared_is_undecided_and_not_whole(subjects, checked):
    model = subjects.whole()[0]
    model.compile("adam", loss="ctc")  # takes no targets that anyone would make up
    report = checked(model)
    assert report.verdict is Verdict.UNDECIDED
    assert report.verdict.status == 3
    assert "its training step was not compared" in report.headline


def test_a_full_disk_is_an_os_error_and_no_defect(subjects, monkeypatch):
    model, inputs, targets = subjects.masked()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(model), "save", full)
    with pytest.raises(OSError, match="No space left"):
        check(model, inputs, targets)
