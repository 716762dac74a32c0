"""The convolutional network without its masking, which is each recipe's own."""

import keras


class InpaintLayers:
    """Layers and arithmetic that no remedy changes, for a model to inherit or to hold."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.down = keras.layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")
        self.norm_down = keras.layers.BatchNormalization()
        self.deep = keras.layers.Conv2D(32, 3, padding="same", activation="relu")
        self.norm_deep = keras.layers.BatchNormalization()
        self.up = keras.layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu")
        self.norm_up = keras.layers.BatchNormalization()
        self.out = keras.layers.Conv2D(3, 3, padding="same")

    def paint(self, masked, training=None):
        """Return the whole image (batch, 32, 32, 3) for one that is 0 where it has a hole.

        A subclass must hand `training` on: without it batch normalization never trains.
        """
        hidden = self.norm_down(self.down(masked), training=training)
        hidden = self.norm_deep(self.deep(hidden), training=training)
        return self.out(self.norm_up(self.up(hidden), training=training))
