import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from remedies import compare
from remedies.comparing.compare import CARDS, SPENT, Comparison, Trial, comparison
from remedies.devices import uncompiled
from remedies.target import from_factory

ROOT = Path(__file__).parents[2]
PAGE, MODEL = ROOT / "docs" / "your_model.md", "docs/your_model.py:make"
HEAD = """
import keras, numpy as np, tensorflow as tf
from tensorflow import where
RNG = np.random.default_rng(0)
X = {"a": RNG.random((8, 4), np.float32), "mask": RNG.random((8, 4)) < 0.5}
IDS = RNG.integers(0, 5, (8, 4))
Y = RNG.random((8, 2), np.float32)

REGISTERED
class Compared(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.drop, self.dense = keras.layers.Dropout(0.5), keras.layers.Dense(2)

    def call(self, x):
        return self.dense(self.drop(BODY))

    def train_step(self, data):
        x, y = data  # as fit gives it: train_on_batch gives three parts
        return super().train_step((x, y))

def make():
    model = Compared()
    model.compile("adam", "mse", jit_compile=False)
    model.fit(DATA, Y, verbose=0)
    return model, DATA, Y
"""
REGISTERED = '@keras.saving.register_keras_serializable(package="compared")'
MODELS = {
    "imported": ('where(x["mask"], x["a"], 0.0)', "X", REGISTERED),
    "operators": ('tf.where(~x["mask"], x["a"], 0.0)', "X", REGISTERED),
    "ids": ("tf.reduce_mean(tf.gather(tf.eye(5), x), 1)", "IDS", ""),
}

# No operation of Keras' casts ids, and `~` is none of them: a cast helps there too.
APPLIED = {"imported": "ops_where", "operators": "tf_cast", "ids": "tf_cast"}


def command(*words, cwd=ROOT):
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "remedies", *words],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("name", MODELS)
def test_a_change_that_is_shown_makes_the_model_whole(name, tmp_path):
    body, data, above = MODELS[name]
    code = HEAD.replace("BODY", body).replace("DATA", data).replace("REGISTERED", above)
    (tmp_path / "own.py").write_text(code)
    done = command("compare", "own.py:make", "--json", "--budget", "600", cwd=tmp_path)
    made = json.loads(done.stdout)
    trials = {trial["remedy"]: trial for trial in made["remedies"]}
    assert done.returncode == 1 and made["recommended"] == "tf_cast", done.stderr
    assert trials["tf_cast"]["train"] == trials["tf_cast"]["predict"] == "same step"
    words = [shutil.which("patch"), "-p1"]
    diff = trials[APPLIED[name]]["change"]
    subprocess.run(words, input=diff, text=True, cwd=tmp_path, check=True)
    assert command("check", "own.py:make", cwd=tmp_path).returncode == 0
    again = command("compare", "own.py:make", "--budget", "600", cwd=tmp_path)
    assert again.returncode == 0 and "change nothing" in again.stdout


@pytest.mark.parametrize(("trained", "said"), [(True, "loss of"), (False, "model that trains")])
def test_a_functional_model_in_which_training_is_frozen_is_no_remedy(trained, said):
    import keras
    import numpy as np

    class Branching(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x, training=False):
            return self.dense(x) + (3.0 if training else 0.0)

    def factory():
        model, x, y = Branching(), np.ones((4, 3), "float32"), np.ones((4, 1), "float32")
        model(x)
        if trained:
            model.compile("adam", "mse", jit_compile=False)
            model.fit(x, y, verbose=0)
        return model, x, y

    frame = compare(factory, budget=600).set_index("remedy")
    problem = frame["problem"]["functional_bool_input"]
    assert said in problem and "freezes" in problem
    assert not frame["whole"]["functional_bool_input"] and frame.attrs["recommendation"]


def test_a_factory_that_returns_another_model_each_time_is_said():
    import keras

    count = iter(range(1, 99))

    def factory():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(next(count))])
        return model, __import__("numpy").ones((2, 3), "float32")

    trials = {trial.remedy: trial for trial in comparison(factory, budget=600).trials}
    assert "another model each time" in trials["functional_bool_input"].problem


def test_what_the_budget_left_untried_is_no_verdict():
    made = Comparison("own", [Trial("control", "loses"), Trial("ops_where", SPENT)])
    assert "ops_where not tried in the budget" in made.recommendation
    assert f"### ops_where: n/a: {SPENT}" in made.text(markdown=True)


@pytest.mark.parametrize(
    ("factory", "budget", "said"),
    [
        ("def make():\n    while True:\n        pass", "0.5", "over 0.5 s to make one model"),
        ("def make():\n    return 3", "600", "returned a int"),
    ],
)
def test_what_cannot_be_compared_is_one_line_and_status_2(factory, budget, said, tmp_path):
    (tmp_path / "own.py").write_text(factory)
    done = command("compare", "own.py:make", "--budget", budget, cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr.splitlines()[-1], done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_shows_what_the_command_prints():
    made = comparison(lambda: from_factory(MODEL), name=MODEL, budget=600)
    shown = re.search(r"<!-- transcript -->\n```text\n(.*?)\n```", PAGE.read_text(), re.S)
    assert shown and _exact(shown[1]) == _exact(made.text())
    said = {trial.cells.get(CARDS, "") for trial in made.trials}
    assert said == ({""} if uncompiled() else {"same program"}) and made.uncompiled == uncompiled()


def _exact(text):
    """Leave out times and cards, which are the machine's."""
    text = re.sub(rf"value=.*|\n *{CARDS}: .*", "", text)
    return re.sub(r"(train|predict)( step)?: [^;\n]*(µs|%|not timed)[^;\n]*", r"\1: timed", text)
