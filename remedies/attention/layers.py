"""The transformer block without its masking, which is each recipe's own."""

import keras

VOCABULARY = 1000
LENGTH = 64
HEADS = 4
UNITS = 64


class AttentionLayers:
    """Layers and arithmetic that no remedy changes, for a model to inherit or to hold."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        heads = {"output_shape": (HEADS, None, UNITS // HEADS), "bias_axes": "hd"}
        self.embed = keras.layers.Embedding(VOCABULARY, UNITS)
        self.key = keras.layers.EinsumDense("bsu,uhd->bhsd", **heads)
        self.query = keras.layers.EinsumDense("btu,uhd->bhtd", **heads)
        self.value = keras.layers.EinsumDense("bsu,uhd->bhsd", **heads)
        self.join = keras.layers.EinsumDense("bhtd,hdu->btu", (None, UNITS), bias_axes="u")
        self.norm_attention = keras.layers.LayerNormalization()
        self.expand = keras.layers.Dense(4 * UNITS, activation="gelu")
        self.shrink = keras.layers.Dense(UNITS)
        self.norm_output = keras.layers.LayerNormalization()
        self.pool = keras.layers.GlobalAveragePooling1D()
        self.head = keras.layers.Dense(1)

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
