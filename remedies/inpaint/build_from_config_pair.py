"""Remedy `build_from_config_pair`: `build_from_config`, and a `get_build_config` that remembers.

Without the second method a loaded model has no build config, and the next save loses everything.
"""

import keras

from .build_from_config import BuildFromConfig


@keras.saving.register_keras_serializable(package="remedies.inpaint")
class BuildFromConfigPair(BuildFromConfig):
    """`BuildFromConfig` that survives being saved again after it was loaded."""

    recorded = None

    def build_from_config(self, config):
        super().build_from_config(config)
        self.recorded = config

    def get_build_config(self):
        return self.recorded or super().get_build_config()


def make() -> keras.Model:
    """Return the model, uncompiled; `image` (batch, 32, 32, 3), bool `mask` (batch, 32, 32, 1)."""
    return BuildFromConfigPair()
