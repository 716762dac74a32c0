from pathlib import Path

import keras
import numpy as np
import pytest

import remedies
from remedies.check import check
from remedies.findings import Cause, LossyModelError
from remedies.problem import BadInputError
from remedies.state import arrays
from remedies.target import load_module

SUBJECTS = Path(__file__).parent / "subjects" / "models.py"


@pytest.fixture(scope="module")
def subjects():
    return load_module(str(SUBJECTS))


@pytest.fixture(scope="module")
def masked(subjects):
    return check(*subjects.masked())


def causes(report):
    return [advice.cause for advice in report.advice]


def line(report):
    one = report.swallowed[0]
    assert Path(one.file) == SUBJECTS
    assert SUBJECTS.read_text().splitlines()[one.line - 1].strip() == one.source
    return one


def remedies_of(report):
    return " ".join(item for advice in report.advice for item in advice.do)


@pytest.mark.parametrize("name", ["whole", "functional", "dropped"])
def test_a_whole_model_is_whole(subjects, name):
    report = check(*getattr(subjects, name)()).raise_if_lossy()
    assert report.whole
    assert not report.advice


def test_tf_where_in_a_subclass_is_a_dtype_cause(masked):
    assert causes(masked) == [Cause.DTYPE]
    assert "tf.where" in line(masked).source
    assert 'tf.cast(..., "bool")' in remedies_of(masked)
    assert "ops_where" in remedies_of(masked)
    assert masked.trips[0].result.defects.weights_lost == 2
    assert masked.trips[0].loaded.unbuilt == ("dense",)


def test_tf_gather_in_an_inner_layer_names_that_layers_line(subjects):
    report = check(*subjects.gather())
    assert causes(report) == [Cause.DTYPE]
    assert line(report).owner == "Lookup"
    assert "tf.gather" in line(report).source
    assert 'tf.cast(..., "int32")' in remedies_of(report)
    assert "ops_where:" not in remedies_of(report)


def test_two_arguments_are_not_a_dtype_cause(subjects):
    report = check(*subjects.two_arguments())
    assert causes(report) == [Cause.ARGUMENTS]
    assert line(report).source.startswith("def call(self, image, keep)")
    assert not line(report).entered
    assert any("tf_cast" in item for item in report.advice[0].not_this)


def test_a_second_argument_with_a_default_is_not_a_dtype_cause(subjects):
    report = check(*subjects.optional_argument())
    assert causes(report) == [Cause.ARGUMENTS]
    assert "subscriptable" in line(report).error
    assert line(report).entered
    assert "on float32 it would fail next" in report.advice[0].evidence


def test_a_tuple_that_may_be_one_argument_is_asked_for_by_name(subjects):
    model, inputs, targets = subjects.optional_argument()
    with pytest.raises(BadInputError, match="call takes image and keep: give x as a dict"):
        check(model, tuple(inputs.values()), targets)


def test_eager_only_code_is_not_a_dtype_cause(subjects):
    report = check(*subjects.eager())
    assert causes(report) == [Cause.CODE]
    assert ".numpy()" in line(report).source
    assert "true dtypes too" in report.advice[0].evidence
    assert "build: write Eager.build()" in remedies_of(report)


def test_an_inner_build_from_config_is_never_called(subjects):
    report = check(*subjects.nested_build_from_config())
    assert causes(report) == [Cause.DTYPE, Cause.NESTED]
    assert line(report).owner == "Article"


def test_a_build_that_builds_no_children_is_named(subjects):
    report = check(*subjects.empty_build())
    assert causes(report) == [Cause.CHILDREN]
    assert "EmptyBuild.build runs without an error and does not build dense" in report.text()


def test_a_build_that_raises_is_named_with_its_line(subjects):
    report = check(*subjects.late_width())
    assert causes(report) == [Cause.CODE]
    assert line(report).method == "build"
    assert "self.width" in line(report).source
    assert "has no attribute 'width'" in report.text()
    assert not report.code


@pytest.mark.parametrize("name", ["article", "article_sgd"])
def test_the_articles_build_from_config_is_lost_in_the_second_generation(subjects, name):
    report = check(*getattr(subjects, name)())
    assert causes(report) == [Cause.SECOND_GENERATION]
    assert report.trips[0].result.outcome is remedies.Outcome.WHOLE
    assert report.trips[1].result.defects.weights_lost == 2


def test_a_frozen_layer_that_comes_back_unfrozen_is_named(subjects):
    report = check(*subjects.frozen())
    assert causes(report) == [Cause.FROZEN]
    assert report.trips[0].loaded.unfrozen == ("base",)


def test_a_precision_policy_that_is_lost_is_named(subjects):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        report = check(*subjects.whole())
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy(before)
    assert causes(report) == [Cause.PRECISION]


def test_inputs_are_found_where_only_the_model_is_given(subjects):
    report = check(subjects.masked_model_only())
    assert causes(report) == [Cause.DTYPE]
    assert report.trips[0].result.fed == ("float32", "bool")


def test_the_code_it_prints_mends_the_model(subjects, masked):
    body = "".join(f"    {one}\n" for one in masked.code.splitlines())
    scope = {"keras": keras, "Masked": subjects.Masked}
    exec(f"class Mended(Masked):\n{body}", scope)  # noqa: S102
    check(*subjects.trained(scope["Mended"](), subjects.MASKED)).raise_if_lossy()


def test_the_model_is_left_as_it_was_found(subjects):
    model, inputs, targets = subjects.masked()
    before = arrays((*model.weights, *model.optimizer.variables))
    methods = dict(vars(type(model)))
    check(model, inputs, targets)
    after = arrays((*model.weights, *model.optimizer.variables))
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert dict(vars(type(model))) == methods


def test_a_lossy_model_fails_a_test_with_the_whole_story(masked):
    with pytest.raises(LossyModelError, match=r"(?s)2 of 2 weights lost.*models\.py:\d+.*tf_cast"):
        masked.raise_if_lossy()
    with pytest.raises(TypeError, match=r"report\.whole"):
        bool(masked)


def test_an_unready_model_or_a_wrong_batch_is_refused(subjects):
    with pytest.raises(BadInputError, match="not built"):
        check(subjects.never_called())
    with pytest.raises(BadInputError, match="not compiled"):
        check(subjects.uncompiled())
    with pytest.raises(BadInputError, match="cannot be called"):
        check(subjects.masked_model_only(), {"image": np.ones((2, 3))}, subjects.TARGETS)
    with pytest.raises(BadInputError, match="evaluated on its inputs and targets"):
        check(subjects.masked_model_only(), subjects.MASKED, np.ones((3, 9, 9)))


def test_a_full_disk_is_an_os_error_and_no_defect(subjects, monkeypatch):
    model, inputs, targets = subjects.masked()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(model), "save", full)
    with pytest.raises(OSError, match="No space left"):
        check(model, inputs, targets)
