"""Models exported for serving."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from remedies.scenarios.case import OUTPUTS, Case, Trained, keras_file
from remedies.scenarios.formats import needs
from remedies.scenarios.scenario import Scenario


class Served:
    """An exported model behind its serving signature; it has outputs and nothing else."""

    weights: tuple[Any, ...] = ()
    variables = metrics_variables = weights
    compiled = False

    def __init__(self, path: Path) -> None:
        import tensorflow as tf

        self._saved = tf.saved_model.load(str(path))

    def predict_on_batch(self, inputs: Any) -> Any:
        import tensorflow as tf

        return self._saved.serve({k: tf.convert_to_tensor(v) for k, v in inputs.items()})


def _served(model: Any, trained: Trained, **settings: Any) -> Served:
    model.export(str(trained.folder / "served"), **settings)
    served = Served(trained.folder / "served")
    served.predict_on_batch(trained.inputs)
    return served


def _export(trained: Trained) -> Any:
    return _served(trained.model, trained)


def _export_with_signature(trained: Trained) -> Any:
    import tensorflow as tf

    needs(trained.model.export, "kwargs")
    spec = {k: tf.TensorSpec((None, *v.shape[1:]), v.dtype) for k, v in trained.inputs.items()}
    return _served(trained.model, trained, input_signature=[spec])


def _export_loaded(trained: Trained) -> Any:
    loaded = keras_file(trained)
    loaded.predict_on_batch(trained.inputs)
    return _export_with_signature(replace(trained, model=loaded))


SCENARIOS = tuple(
    Scenario(name, "export", about, Case(route, keeps=OUTPUTS))
    for name, about, route in (
        ("export", "export, fed as in training", _export),
        ("export_signature", "export with a stated input signature", _export_with_signature),
        ("export_loaded", "load, call, export with a stated signature", _export_loaded),
    )
)
