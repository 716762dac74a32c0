"""A user's model as it is, and made again with a remedy in it, applied from outside."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from remedies.checking.check import examine, require_ready
from remedies.checking.cures import build_code, input_code, scope_of
from remedies.checking.findings import Report
from remedies.comparing import rewriting
from remedies.comparing.rewriting import CONTROL, FUNCTIONAL, Site, Sites
from remedies.feed import Feed, feed
from remedies.libraries import of_framework, overrides
from remedies.problem import BadInputError, refusing
from remedies.state.difference import apart
from remedies.state.inventory import host, is_functional, owned_classes
from remedies.state.methods import methods_of, patched
from remedies.state.preserve import align, preserved
from remedies.state.trip import Subject
from remedies.target import subject

SEED = 20409
REGISTERED, PAIR, CHILDREN = "registered", "build_from_config_pair", "build_children"
_FROZEN = "; tracing freezes what call decides in Python, as in `if training:`"


class Original:
    """The model that a factory makes, and what it is fed, holds and does as it is.

    `fed` is a batch of the user's data; `unregistered` are its classes that Keras must be told of
    before it loads a file. Raises `BadInputError` where the factory makes no built model, or one
    that does not take the data.
    """

    def __init__(self, factory: Callable[[], Any], x: Any, y: Any, name: str) -> None:
        self.factory, self.name = factory, name
        self.unregistered: list[type] = []
        self._control: Subject
        self._report: Report
        self._sites: Sites = {}
        with rewriting.replaced(CONTROL, self._sites):
            self.model, *given = self._made()
            self.name = name or type(self.model).__name__
            require_ready(self.model, self.name)
            self._values = [host(variable) for variable in self.model.variables]
            x, y, weights = (x, y, None) if x is not None else (*given, None, None, None)[:3]
            with preserved(self.model) as snapshot:
                self.fed = feed(self.model, x, y, weights, self.name, snapshot)

    def _made(self) -> tuple[Any, ...]:
        """Call the factory, each time from the same seeds and the same count of layers."""
        import keras

        policy = keras.config.dtype_policy()
        keras.utils.clear_session()
        keras.config.set_dtype_policy(policy)
        keras.utils.set_random_seed(SEED)
        return subject(self.name or "the model", self.factory())

    @contextmanager
    def live(self, remedy: str, *, anew: bool = True) -> Iterator[Any]:
        """Yield the model while `remedy` is applied; `anew`, another one with its state."""
        with self._applied(remedy):
            model = self._made()[0] if anew else self.model
            shapes = [[tuple(v.shape) for v in each.variables] for each in (self.model, model)]
            if shapes[0] != shapes[1]:
                raise BadInputError("the factory returns another model each time, so none compares")
            for each in (self.model, model):  # its steps have trained the first one since
                for variable, value in zip(each.variables, self._values, strict=True):
                    variable.assign(value)
            align(self.model, model)
            yield _functional(model, self.fed) if remedy == FUNCTIONAL else model

    def checked(self, remedy: str, model: Any) -> Report:
        """Return the report on `model`, which `live` yields; the control's comes first.

        Raises `BadInputError` where it does something else than the control before it is saved.
        """
        import keras

        with preserved(model) as snapshot:
            scope = scope_of(model) if self.unregistered else {}
            seen = Subject(model, self.fed, snapshot, scope)
            if remedy != CONTROL:
                self._require_alike(remedy, seen)
                return examine(seen, self.name, advise=False)
            self._control, self._report = seen, examine(seen, self.name)
        if "Could not locate class" in str(self._report.trips[0].failure):
            registered = keras.saving.get_registered_name
            saved = (cls for cls in owned_classes(model) if hasattr(cls, "get_config"))
            self.unregistered = [cls for cls in saved if registered(cls) == cls.__name__]
        return self._report

    def change(self, remedy: str) -> rewriting.Change:
        """Return what the user changes for `remedy`, once that was applied."""
        if remedy == CONTROL:
            return rewriting.Change()
        above = rewriting.REGISTER
        edits = [rewriting.in_class(cls, above, above=True) for cls in self.unregistered]
        if remedy in (PAIR, CHILDREN):
            edits.append(rewriting.in_class(type(self.model), self._code(remedy)))
        if remedy == FUNCTIONAL:
            edits.append(rewriting.Edit("", 0, 0, 0, _functional_code(self.fed)))
        return rewriting.change([*edits, *rewriting.writing(remedy, self._lines(remedy))])

    def _applied(self, remedy: str) -> AbstractContextManager[None]:
        if remedy in ("tf_cast", "ops_where") and not self._lines(remedy):
            calls = "tf.where, tf.logical_and or tf.reduce_any"
            calls = rewriting.STRICT if remedy == "tf_cast" else calls
            raise BadInputError(f"no line of it calls {calls} with floats when it is loaded")
        if remedy in (PAIR, CHILDREN):
            cls = type(self.model)
            return patched(cls, methods_of(self._code(remedy), cls))
        return rewriting.replaced(remedy, self._sites)

    def _lines(self, remedy: str) -> list[Site]:
        """Return the lines that are written otherwise for `remedy`."""
        if remedy not in ("tf_cast", "ops_where", FUNCTIONAL):
            return []
        sites = [site for site in self._sites.values() if site.at_fault or remedy == FUNCTIONAL]
        return [site for site in sites if site.keras_name or remedy == "tf_cast"]

    def _code(self, remedy: str) -> str:
        cls = type(self.model)
        lost = any(trip.of("weight", lost=True) for trip in self._report.trips)
        if of_framework(cls) or not lost:
            raise BadInputError("no class of the user's loses weights, so none needs building")
        codes = (cause.cure.code for cause in self._report.advice)
        pair = next((code for code in codes if "build_from_config" in code), "")
        code = pair if remedy == PAIR else build_code(self.model)
        if not code or (remedy == CHILDREN and code == pair):
            raise BadInputError("no other text that builds it on load could be written for it")
        return code

    def _require_alike(self, remedy: str, seen: Subject) -> None:
        """Refuse a remedy with which the model does something else before it is saved.

        What the model itself does otherwise when it is made anew counts for tracing only: that may
        freeze chance.
        """
        differ = self._apart(seen)
        if differ and remedy != FUNCTIONAL:
            with self.live(CONTROL) as again, preserved(again) as snapshot:
                chance = self._apart(Subject(again, self.fed, snapshot))
            differ = {name: words for name, words in differ.items() if name not in chance}
        if words := next(iter(differ.values()), ""):
            words += _FROZEN * (remedy == FUNCTIONAL)
            raise BadInputError(f"no remedy for this model: before anything is saved, {words}")

    def _apart(self, seen: Subject) -> dict[str, str]:
        return apart(self._control.behaviour, seen.behaviour)


def _functional(model: Any, fed: Feed) -> Any:
    """Return `call` traced on inputs of the true dtypes, compiled and trained as `model` is."""
    import keras

    cls = type(model)
    own = [name for name in ("train_step", "compute_loss", "compile") if overrides(cls, name)]
    if is_functional(model):
        raise BadInputError("it is functional already")
    if own:
        raise BadInputError(f"a functional model would lose its own {own[0]}")
    if fed.x is None or len(fed.call[0]) != 1:
        raise BadInputError("its call takes several arguments, or its inputs are not known")
    if not fed.trains and "training" in inspect.signature(cls.call).parameters:
        raise BadInputError("what tracing freezes of `training` shows only in a model that trains")
    names = {"keras": keras, "model": model}
    with refusing("call cannot be traced on keras.Input"):
        exec(_functional_code(fed), names)  # noqa: S102 - our text, as the user is given it
    made: Any = names["model"]
    if len(made.weights) != len(model.weights):
        raise BadInputError(f"call reaches {len(made.weights)} of its {len(model.weights)} weights")
    if model.compiled:
        made.compile_from_config(model.get_compile_config())
        made.optimizer.build(made.trainable_variables)
        # The two hold what they have of each variable in other orders.
        trained = {variable.name: variable for variable in model.optimizer.variables}
        for variable in made.optimizer.variables:
            variable.assign(trained.get(variable.name, variable))
    return made


def _functional_code(fed: Feed) -> str:
    inputs = input_code(fed.x)
    return f"inputs = {inputs}\nmodel = keras.Model(inputs, model.call(inputs))"
