"""What a file or folder is that a user names, and what can be done with it."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from remedies.archive import CONFIG, arrays_in
from remedies.difference import Difference
from remedies.findings import Cause, Report
from remedies.problem import BadInputError, reason
from remedies.trip import Failure, Trip


def keras_file(target: str) -> Path:
    """Return the `.keras` file that `target` is; an unzipped one is zipped aside.

    Raises
    ------
    BadInputError
        For anything else, with what it is and what to do.
    """
    path = Path(target)
    if path.is_dir() and (path / CONFIG).is_file():
        return _zipped(path)
    if path.is_dir() and (path / "saved_model.pb").is_file():
        raise BadInputError(
            f"{path}: a TensorFlow SavedModel; Keras 3 loads none. To predict, wrap it: "
            "keras.layers.TFSMLayer(path, call_endpoint='serving_default'). To train on, load it "
            "with tf_keras, and save weights there"
        )
    if path.name.endswith(".weights.h5") and path.is_file():
        raise BadInputError(
            f"{path}: weights alone ({len(arrays_in(path))} arrays), which say nothing of the "
            "model; name what makes it: --factory train.py:make"
        )
    if path.suffix in (".h5", ".hdf5") and path.is_file():
        raise BadInputError(f"{path}: {_legacy(path)}")
    return path


def _zipped(folder: Path) -> Path:
    # The scratch folder of the command takes it away.
    path = Path(tempfile.mkdtemp()) / f"{folder.name}.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.is_symlink():
                archive.write(file, file.relative_to(folder).as_posix())
    return path


def _legacy(path: Path) -> str:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            config, version = file.attrs.get("model_config"), file.attrs.get("keras_version", "?")
            weights = list((file.get("model_weights") or file).keys())
    except OSError as error:
        return f"not an HDF5 file ({reason(error, 120)})"
    if config is None:
        return (
            f"weights of {len(weights)} layers in the old HDF5 format; make the model by your "
            "code, call load_weights, and save it as model.keras"
        )
    name = json.loads(config).get("class_name", "?")
    return (
        f"a {name} model in the old HDF5 format (Keras {version}), {len(weights)} layers; "
        "keras.saving.load_model loads it, then save it as model.keras and check that"
    )


def check_weights(path: str, model: Any, name: str) -> Report:
    """Load a ``.weights.h5`` file into `model` and report what did not come in.

    Raises
    ------
    BadInputError
        For a file that cannot be read.
    """
    held = arrays_in(Path(path))
    try:
        model.load_weights(path)
    except Exception as error:
        failure = Failure("loading", reason(error, 600), None, error)
        do = (f"make the model as it was saved: {reason(error)}",)
        advice = Cause("load_error", "The weights do not fit this model.", do=do)
        return Report(name, (Trip("load_weights", {}, failure=failure),), (advice,))
    with tempfile.TemporaryDirectory() as folder:
        again = Path(folder) / "again.weights.h5"
        model.save_weights(again)
        now = arrays_in(again)
    wrong = [key for key, entry in held.items() if now.get(key) != entry]
    differences = tuple(
        Difference(key, "optimizer" if key.startswith("optimizer") else "weight", key not in now)
        for key in wrong
    )
    saved = {"weight": len(held), "optimizer": len(held), "plain": 0}
    trip = Trip("load_weights", saved, differences, outputs_changed=None)
    return Report(name, (trip,), tuple(_weights_advice(differences)))


def _weights_advice(differences: tuple[Difference, ...]) -> list[Cause]:
    if not differences:
        return []
    if all(difference.kind == "optimizer" for difference in differences):
        why = (
            "The model's weights came back and the optimizer's variables did not: it is not built."
        )
        do = ("call model.optimizer.build(model.trainable_variables) before load_weights",)
        return [Cause("optimizer", why, do=do)]
    why = (
        f"{len(differences)} arrays of the file are not in the model, {differences[0].path} first."
    )
    return [Cause("children_not_built", why, do=("call the model on a batch before load_weights",))]
