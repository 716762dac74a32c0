"""Step times as ordinary `time_*` methods, at asv's own defaults.

The model is kept between calls of `setup`, which asv repeats before every sample: without that,
each sample would be of a fresh model, and trace and compile with it.
"""

from __future__ import annotations

import json
import os

CELLS = json.loads(os.environ.get("PLAIN_CELLS", "[]"))


class Steps:
    params = CELLS
    param_names = ("workload", "remedy", "jit", "mask_dtype", "batch")
    timeout = 600

    def setup(self, workload: str, remedy: str, jit: str, mask_dtype: str, batch: int) -> None:
        if hasattr(self, "model"):
            return
        from remedies import REMEDIES, WORKLOADS, build

        if mask_dtype not in REMEDIES[remedy].mask_dtypes:
            raise NotImplementedError
        import keras

        data = WORKLOADS[workload].data(batch, mask_dtype)
        self.inputs, self.targets = keras.tree.map_structure(keras.ops.convert_to_tensor, data)
        self.model = build(workload, remedy, jit=jit == "xla")
        self.model.train_on_batch(self.inputs, self.targets)
        self.model.predict_on_batch(self.inputs)

    def time_train_step(self, *_: object) -> None:
        self.model.train_on_batch(self.inputs, self.targets)

    def time_predict_step(self, *_: object) -> None:
        self.model.predict_on_batch(self.inputs)
