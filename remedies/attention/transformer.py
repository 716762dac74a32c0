"""The transformer block without its masking, which is each recipe's own."""

import keras

from .data import VOCABULARY

HEADS = 4
UNITS = 64


class AttentionLayers:
    """Layers and arithmetic that no remedy changes, for a model to inherit or to hold."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # Without names of their own the layers are numbered, and TensorFlow adds up the embedding's
        # gradient in the order of their names: after "_9" comes "_10", and the last bit changes.
        heads = {"output_shape": (HEADS, None, UNITS // HEADS), "bias_axes": "hd"}
        self.embed = keras.layers.Embedding(VOCABULARY, UNITS, name="embed")
        self.key = keras.layers.EinsumDense("bsu,uhd->bhsd", name="key", **heads)
        self.query = keras.layers.EinsumDense("btu,uhd->bhtd", name="query", **heads)
        self.value = keras.layers.EinsumDense("bsu,uhd->bhsd", name="value", **heads)
        self.join = keras.layers.EinsumDense(
            "bhtd,hdu->btu", (None, UNITS), bias_axes="u", name="join"
        )
        self.norm_attention = keras.layers.LayerNormalization(name="norm_attention")
        self.expand = keras.layers.Dense(4 * UNITS, activation="gelu", name="expand")
        self.shrink = keras.layers.Dense(UNITS, name="shrink")
        self.norm_output = keras.layers.LayerNormalization(name="norm_output")
        self.pool = keras.layers.GlobalAveragePooling1D(name="pool")
        self.head = keras.layers.Dense(1, name="head")

    def scores(self, tokens):
        """Embed `tokens` (batch, length) and score each against each, (batch, heads, to, from)."""
        embedded = self.embed(tokens)
        keys = keras.ops.swapaxes(self.key(embedded), 2, 3)
        scores = keras.ops.matmul(self.query(embedded), keys)
        return embedded, scores / (UNITS // HEADS) ** 0.5

    def answer(self, embedded, scores, keep):
        """Attend by the masked `scores`, feed forward, and average the kept tokens: (batch, 1)."""
        attended = keras.ops.matmul(keras.ops.softmax(scores), self.value(embedded))
        hidden = self.norm_attention(embedded + self.join(attended))
        hidden = self.norm_output(hidden + self.shrink(self.expand(hidden)))
        return self.head(self.pool(hidden, mask=keep))
