"""The models as users reported them, for whoever checks or rescues one."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from remedies.target import custom_objects, load_module

SUBJECTS = Path(__file__).parent / "subjects"


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
