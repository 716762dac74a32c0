"""Small models after public reports, of which the trouble is in their config or registration."""

import keras
from keras import layers
from reported_models import Two, case, reg


@reg
class Handed(keras.Model):
    """Parts handed to the constructor, no get_config (keras #20167)."""

    def __init__(self, encoder, head, **kw):
        super().__init__(**kw)
        self.encoder, self.head = encoder, head

    def call(self, x):
        return self.head(self.encoder(x))


def _handed():
    return Handed(keras.Sequential([layers.Dense(5, "relu"), layers.Dense(4)]), layers.Dense(1))


class Unregistered(Two):
    """A class that is not registered, as in most first attempts (tf #44199, keras #19899)."""


@reg
class Tower(keras.Model):
    """An `__init__` without **kwargs, its arguments kept (after keras-rs' retrieval example)."""

    def __init__(self, layer_sizes, embedding_dimension=4):
        super().__init__()
        self.layer_sizes, self.embedding_dimension = layer_sizes, embedding_dimension
        self._make(layer_sizes, embedding_dimension)

    def _make(self, layer_sizes, embedding_dimension):
        self.table = layers.Embedding(9, embedding_dimension)
        self.dense = keras.Sequential([layers.Dense(size) for size in layer_sizes])

    def call(self, ids):
        return self.dense(self.table(ids))


@reg
class ForgetfulTower(Tower):
    """The same, its arguments kept nowhere, as in that example."""

    def __init__(self, layer_sizes, embedding_dimension=4):
        keras.Model.__init__(self)
        self._make(layer_sizes, embedding_dimension)


@reg
class BareTower(Tower):
    """The same without an argument."""

    def __init__(self):
        keras.Model.__init__(self)
        self._make([5, 1], 4)


def _ids(r):
    return r.integers(0, 9, (24,))


parts_handed_in = case(_handed)
unregistered_class = case(Unregistered)
tower_without_kwargs = case(lambda: Tower([5, 1], 3), _ids)
tower_that_forgets = case(lambda: ForgetfulTower([5, 1], 3), _ids)
tower_without_arguments = case(BareTower, _ids)
