import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import remedies
from remedies.problem import BadInputError
from remedies.rescuing import rescue, saved_model
from remedies.state.archive import read
from remedies.state.difference import STATE, equal
from remedies.state.inventory import take

SUBJECTS = Path(__file__).parent / "subjects" / "models.py"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A file that another process trained and saved, and how that process went on."""
    folder = tmp_path_factory.mktemp("made")
    subprocess.run([sys.executable, str(SUBJECTS), str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture
def file(made, tmp_path):
    path = tmp_path / "masked.keras"
    path.write_bytes((made / "masked.keras").read_bytes())
    return path


@pytest.fixture(scope="module")
def rescued(made, custom):
    """What came of the file in `made`, which stays as it is."""
    before = (made / "masked.keras").read_bytes()
    found = rescue(made / "masked.keras", custom_objects=custom)
    assert (made / "masked.keras").read_bytes() == before
    return found


def train_on(model, subjects):
    losses = []
    for _ in range(3):
        model.reset_metrics()
        losses.append(float(model.train_on_batch(subjects.MASKED, subjects.TARGETS)).hex())
    return losses


def assert_goes_on_as(made, model, subjects):
    assert train_on(model, subjects) == json.loads((made / "losses.json").read_text())
    with np.load(made / "weights.npz") as expected:
        for name, value in zip(expected.files, model.get_weights(), strict=True):
            np.testing.assert_array_equal(expected[name], value)


def test_the_next_three_training_steps_equal_the_originals_bit_for_bit(made, rescued, subjects):
    assert rescued.whole and not rescued.loads_whole
    assert len(rescued.dropped) == 7
    assert_goes_on_as(made, rescued.model, subjects)


def test_the_new_file_holds_every_array_and_nothing_else_is_left(file, subjects, custom):
    found = rescue(file, subjects.MASKED, custom_objects=custom)
    assert read(found.out).entries == read(file).entries
    assert {path.name for path in file.parent.iterdir()} == {file.name, "masked.rescued.keras"}


def test_the_code_that_check_gives_lets_load_model_bring_the_new_file_back(
    made, rescued, subjects, custom
):
    given = saved_model(rescued.out, custom_objects=custom)
    code = remedies.check(*given, custom_objects=custom).code
    body = "".join(f"    {one}\n" for one in code.splitlines())
    scope = {"keras": keras, "Masked": subjects.Masked}
    exec(f"class Mended(Masked):\n{body}", scope)  # noqa: S102
    model = keras.saving.load_model(rescued.out, custom_objects={"Masked": scope["Mended"]})
    assert_goes_on_as(made, model, subjects)


def test_the_new_file_goes_into_a_model_of_the_class_as_it_is(made, rescued, subjects):
    model, _, _ = subjects.masked()
    model.load_weights(rescued.out)
    assert_goes_on_as(made, model, subjects)


def saved(model, path):
    model.save(path)
    return path


def test_a_file_that_loads_whole_is_left_alone(subjects, custom, tmp_path):
    path = saved(subjects.whole()[0], tmp_path / "m.keras")
    found = rescue(path, custom_objects=custom)
    assert found.out is None
    assert found.whole
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_second_generation_needs_a_sample_and_then_comes_back(subjects, custom, tmp_path):
    path = saved(subjects.article()[0], tmp_path / "a.keras")
    again = keras.saving.load_model(path, custom_objects=custom)
    assert "get_build_config() is None" in rescue(path, custom_objects=custom).notes[0]
    path = saved(again, tmp_path / "b.keras")
    with pytest.raises(BadInputError, match=r"records no input shapes.*--sample"):
        rescue(path, custom_objects=custom)
    found = rescue(path, subjects.MASKED, custom_objects=custom)
    assert found.whole
    for mine, theirs in zip(found.model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_model_of_two_arguments_comes_back_and_a_sample_fills_an_optional_one(
    subjects, custom, tmp_path
):
    assert rescue(
        saved(subjects.two_arguments()[0], tmp_path / "m.keras"), custom_objects=custom
    ).whole
    path = saved(subjects.optional_argument()[0], tmp_path / "o.keras")
    np.savez(tmp_path / "sample.npz", image=subjects.IMAGE, keep=subjects.KEEP)
    assert rescue(path, tmp_path / "sample.npz", custom_objects=custom).whole


def test_inputs_that_were_guessed_wrong_are_asked_for(subjects, custom, tmp_path):
    path = saved(subjects.matcher()[0], tmp_path / "m.keras")
    with pytest.raises(BadInputError, match=r"inputs guessed from the file.*--sample FILE\.npz"):
        rescue(path, custom_objects=custom)
    sample = {"image": subjects.IMAGE, "other": subjects.IMAGE[:, :2]}
    assert rescue(path, sample, custom_objects=custom).whole


def test_a_frozen_layer_is_said_and_can_be_named(subjects, custom, tmp_path):
    path = saved(subjects.frozen()[0], tmp_path / "m.keras")
    found = rescue(path, custom_objects=custom)
    assert not found.whole
    assert all(name.startswith("optimizer/") for name in found.missing)
    assert any("--freeze" in note for note in found.notes)
    again = rescue(path, custom_objects=custom, freeze=["base"], out=tmp_path / "again.keras")
    assert again.whole
    with pytest.raises(BadInputError, match="no layer 'roof'; there are: base, head"):
        rescue(path, custom_objects=custom, freeze=["roof"], out=tmp_path / "no.keras")


def test_nothing_is_written_over_or_outside(file, custom, tmp_path):
    (tmp_path / "masked.rescued.keras").write_bytes(b"mine")
    with pytest.raises(BadInputError, match="exists already"):
        rescue(file, custom_objects=custom)
    with pytest.raises(BadInputError, match="no such folder"):
        rescue(file, custom_objects=custom, out=tmp_path / "no" / "m.keras")
    with pytest.raises(BadInputError, match=r"must end in \.keras"):
        rescue(file, custom_objects=custom, out=tmp_path / "m.h5")


def test_a_disk_that_fills_up_leaves_nothing_behind(file, custom, tmp_path, monkeypatch):
    before = file.read_bytes()

    def full(self, path, **_):
        Path(path).write_bytes(b"half of it")
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(keras.Model, "save", full)
    with pytest.raises(OSError, match="No space left"):
        rescue(file, custom_objects=custom)
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_bytes() == before


def test_classes_and_code_in_the_file_are_not_trusted(file, subjects, tmp_path):
    with pytest.raises(BadInputError, match=r"'Masked' is not registered.*--custom-objects"):
        rescue(file)


def test_a_sample_that_the_model_cannot_take_is_named(file, custom):
    with pytest.raises(BadInputError, match="cannot be called on the sample"):
        rescue(file, {"image": np.ones((2, 3), "float32")}, custom_objects=custom)


@pytest.mark.parametrize("name", ["training_without_default", "helper_head", "hashed_strings"])
def test_what_a_call_needs_is_given_and_all_comes_back(reports, tmp_path, name):
    model, x, _ = getattr(reports, name)()
    found = rescue(saved(model, tmp_path / "m.keras"), x)
    assert found.whole
    for mine, theirs in zip(found.model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_what_is_in_no_file_is_said_and_is_not_whole(reports, tmp_path):
    found = rescue(saved(reports.children_named_layers()[0], tmp_path / "m.keras"))
    assert not found.whole
    assert len(found.absent) == 4
    assert "_layers" in found.absent[0]


def state(model):
    return {path: item.value for path, item in take(model).items() if item.kind in STATE}


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_several_optimizers_come_back_where_the_users_code_compiles_them(reports, tmp_path):
    model, x, _ = reports.gan_two_optimizers()
    path = saved(model, tmp_path / "m.keras")
    lossy = rescue(path, x)
    assert any(name.startswith("d_optimizer") for name in lossy.missing)
    assert any("own compile(), which" in note and "--factory" in note for note in lossy.notes)
    lossy.out.unlink()
    whole = rescue(path, made=reports.gan_two_optimizers())
    assert whole.whole and not whole.loads_whole
    before, after = state(model), state(whole.model)
    assert len([name for name in before if "d_optimizer" in name]) == 10
    assert all(equal(before[name], after[name]) for name in before)
    with pytest.raises(BadInputError, match="does not fit the model made for it"):
        rescue(path, made=reports.guide_train_step(), out=tmp_path / "other.keras")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "options",
    [{"clipnorm": 0.1, "use_ema": True}, {"global_clipnorm": 0.1, "weight_decay": 0.01}],
    ids=str,
)
def test_clipping_ema_and_decay_go_on_as_before(subjects, custom, tmp_path, options):
    optimizer = keras.optimizers.Adam(0.05, **options)
    model, x, _ = subjects.trained(subjects.Masked(), subjects.MASKED, optimizer=optimizer)
    found = rescue(saved(model, tmp_path / "m.keras"), x, custom_objects=custom)
    assert found.whole
    mine, theirs = (train_on(each, subjects) for each in (model, found.model))
    assert mine == theirs
    assert all(equal(value, state(found.model)[name]) for name, value in state(model).items())
