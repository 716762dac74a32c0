"""The suite as asv sees it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_benchmark_module_imports_tensorflow_or_keras():
    code = (
        "import pkgutil, sys, benchmarks\n"
        "for module in pkgutil.walk_packages(benchmarks.__path__, 'benchmarks.'):\n"
        "    if not module.name.endswith('__main__'): __import__(module.name)\n"
        "print(sorted({'tensorflow', 'keras', 'jax'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_asv_accepts_every_benchmark():
    command = [sys.executable, "-m", "asv", "check", "--python=same"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_asv_takes_nothing_in_the_engine_for_a_benchmark():
    code = (
        "import pkgutil, benchmarks.engine as engine\n"
        "from importlib import import_module\n"
        "prefixes = ('time', 'track', 'mem', 'peakmem', 'timeraw')\n"
        "for module in pkgutil.iter_modules(engine.__path__, 'benchmarks.engine.'):\n"
        "    for name in vars(import_module(module.name)):\n"
        "        if name.startswith(tuple(f'{p}_' for p in prefixes)): print(module.name, name)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "", "rename these: asv runs what has such a name"


def test_an_unknown_setting_is_named_with_those_allowed():
    command = [sys.executable, "-m", "benchmarks", "--setting", "huge"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 2
    assert "huge" in done.stderr and "quick" in done.stderr
    assert "Traceback" not in done.stderr
