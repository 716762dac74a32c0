"""The models as users reported them, for whoever checks or rescues one."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from remedies.target import custom_objects, load_module

# What Keras 3.12, the newest for Python 3.10, does otherwise than the Keras that these tests state.
OTHER_IN_3_12 = {
    "test_verdict_cause_and_cure[text_tf_idf_functional]": "it cannot load the model",
    "test_verdict_cause_and_cure[text_model_alone]": "it cannot load the model",
    "test_what_the_control_loses_and_of_how_much[image-weights0-optimizer0]": "it raises otherwise",
    "test_the_page_shows_what_the_command_prints": "its steps make other calls",
}
SUBJECTS = Path(__file__).parent / "subjects"


def pytest_collection_modifyitems(items):
    for item in items:
        if sys.version_info < (3, 11) and (why := OTHER_IN_3_12.get(item.name)):
            item.add_marker(pytest.mark.skip(f"Keras 3.12: {why}"))


@pytest.fixture(scope="module")
def subjects():
    return load_module(str(SUBJECTS / "models.py"))


@pytest.fixture(scope="module")
def custom():
    return custom_objects(str(SUBJECTS / "models.py"))


@pytest.fixture(scope="module")
def reports():
    # Not load_module: it puts the folder on the path for good.
    every = {}
    for name in ("reported_models", "reported_configs", "reported_training"):
        spec = importlib.util.spec_from_file_location(name, SUBJECTS / f"{name}.py")
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        every |= vars(module)
    return SimpleNamespace(**every)
