"""A user's model as it is, and made again with a remedy in it, applied from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from remedies.batch import feed
from remedies.checking.check import require_ready
from remedies.checking.cures import build_code
from remedies.checking.findings import Report
from remedies.comparing.changes import Change, at_sites, in_class
from remedies.comparing.replacing import STRICT, Site, Sites, replaced
from remedies.feed import Feed, input_code
from remedies.libraries import definer, of_framework
from remedies.patching import methods_of, patched
from remedies.problem import BadInputError, reason
from remedies.state.arrays import Arrays, hosts, share_apart
from remedies.state.behaviour import Behaviour, behave, tolerance_of, unlike
from remedies.state.inventory import is_functional
from remedies.state.preserve import align, preserved
from remedies.target import subject

SEED = 20409
PAIR, CHILDREN, FUNCTIONAL = "build_from_config_pair", "build_children", "functional_bool_input"
_FROZEN = "; tracing freezes what call decides in Python, as in `if training:`"


class Original:
    """The model that a factory makes, and what it is fed, holds and does as it is.

    Raises
    ------
    BadInputError
        Where the factory makes no built model, or it does not take the data.
    """

    report: Report  # of a check of it

    def __init__(self, factory: Callable[[], Any], x: Any, y: Any, name: str) -> None:
        self.factory, self.name = factory, name
        self.sites: Sites = {}
        with replaced("", self.sites):
            made = self._made()
            self.model, *given = made
            self.data = (x, y, None) if x is not None else (*given, None, None, None)[:3]
            self.name = name or type(self.model).__name__
            require_ready(self.model, self.name)
            self.values = hosts(self.model.variables)
            x, y, weight = self.data
            with preserved(self.model) as snapshot:
                self.fed = feed(self.model, x, y, weight, self.name, snapshot)
            self.does = self._does(self.model)

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
        """Yield the model while `remedy` is applied; `anew`, one with this one's state."""
        with self._applied(remedy)[0]:
            model = self._made()[0] if anew else self.model
            shapes = [[tuple(v.shape) for v in each.variables] for each in (self.model, model)]
            if shapes[0] != shapes[1]:
                raise BadInputError("the factory returns another model each time, so none compares")
            for variable, value in zip(model.variables, self.values, strict=True):
                variable.assign(value)
            align(self.model, model)
            yield _functional(model, self.fed) if remedy == FUNCTIONAL else model

    def change(self, remedy: str) -> Change:
        """Return what the user changes for `remedy`, once that was applied."""
        return self._applied(remedy)[1]()

    def _applied(self, remedy: str) -> tuple[AbstractContextManager[None], Callable[[], Change]]:
        cls = type(self.model)
        if remedy in ("ops_where", "tf_cast"):
            if not self._at_fault():
                raise BadInputError(f"no line of it calls {STRICT} with floats when it is loaded")
            return replaced(remedy, self.sites), lambda: at_sites(remedy, self._at_fault())
        if remedy in (PAIR, CHILDREN):
            code = self._code(remedy)
            return patched(cls, methods_of(code, cls)), lambda: in_class(cls, code)
        if remedy == FUNCTIONAL:
            return replaced("every_ops", self.sites), self._rewritten
        return replaced("", self.sites), lambda: Change(0)

    def _at_fault(self) -> list[Site]:
        return [site for site in self.sites.values() if site.at_fault]

    def _code(self, remedy: str) -> str:
        cls = type(self.model)
        if of_framework(cls):
            raise BadInputError(f"{cls.__name__} is Keras' own class: there is none to change")
        if not any(trip.of("weight", lost=True) for trip in self.report.trips):
            raise BadInputError("no weights are lost, so nothing needs building")
        code = build_code(self.model) if remedy == CHILDREN else self.report.code
        if "build_from_config" not in code:
            raise BadInputError("no text that builds it on load could be written for it")
        if remedy == CHILDREN and code == self.report.code:
            raise BadInputError(f"it is {PAIR}, above")
        return code

    def _rewritten(self) -> Change:
        written = at_sites("ops_where", self.sites.values())
        return Change(written.lines + 2, written.places, _functional_code(self.fed))

    def require_alike(self, remedy: str, model: Any) -> None:
        """Refuse a remedy with which the model computes something else before it is saved.

        Raises
        ------
        BadInputError
            Saying what; never where the model itself does not do the same twice.
        """
        tolerance = tolerance_of(model)
        if differ := _differ(self.does, self._does(model), tolerance):
            with self.live("control") as again:
                repeated = self._does(again)
            if not _differ(self.does, repeated, tolerance):
                differ += _FROZEN * (remedy == FUNCTIONAL)
                raise BadInputError(f"no remedy for this model: before anything is saved, {differ}")

    def _does(self, model: Any) -> tuple[Behaviour, Arrays | None]:
        """Return what `model` does, and what it predicts once it has trained."""
        with preserved(model):
            return behave(model, self.fed), self.fed.outputs(model)


def _differ(
    left: tuple[Behaviour, Arrays | None], right: tuple[Behaviour, Arrays | None], tolerance: float
) -> str:
    """Say what two models do not do alike; empty where they do."""
    outputs = (left[0].outputs, right[0].outputs), (left[1], right[1])
    shares = [
        0.0 if a is None else share_apart(a, b or (), tolerance * 100**number)
        for number, (a, b) in enumerate(outputs)
    ]
    if shares[0]:
        return f"{max(shares[0], 0.01):.0%} of the outputs differ"
    after = f"{max(shares[1], 0.01):.0%} of the outputs differ after training" if shares[1] else ""
    return unlike(left[0], right[0], tolerance) or after


def _functional(model: Any, fed: Feed) -> Any:
    """Return `call` traced on inputs of the true dtypes, compiled and trained as `model` is."""
    import keras

    cls = type(model)
    if is_functional(model):
        raise BadInputError("it is functional already")
    for name in ("train_step", "compute_loss", "compile"):
        if not of_framework(definer(cls, name)):
            raise BadInputError(f"a functional model would lose its own {name}")
    if fed.spread or fed.x is None:
        raise BadInputError("its call takes several arguments, or its inputs are not known")
    names = {"keras": keras, "model": model}
    try:
        exec(_functional_code(fed), names)  # noqa: S102 - our text, as the user is given it
    except Exception as error:
        why = reason(error, 160)
        raise BadInputError(f"call cannot be traced on keras.Input: {why}") from error
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
