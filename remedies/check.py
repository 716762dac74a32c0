"""Check a user's own model: what a round trip loses, why, and which remedy applies."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from remedies.advice import Facts, advise
from remedies.arguments import parameters, spread, spreading, tensors
from remedies.evidence import code_for, remembering, retrace
from remedies.findings import Report, Trip
from remedies.loaded import is_functional
from remedies.next_step import preserved, random_state
from remedies.passage import Route
from remedies.problem import BadInputError, one_line
from remedies.rebuild import owned_classes
from remedies.roundtrip import Outcome, round_trip
from remedies.scratch import scratch
from remedies.stand_ins import inputs_for, targets_for
from remedies.state import arrays, leaves, share_changed
from remedies.swallowed import explain

_UNSTEADY = "two runs of the same model differ here, so outputs and next step were not compared"
_RANDOM = (
    "no file keeps the random state of layers such as Dropout; it was set equal before comparing"
)
_METHODS = ("build", "build_from_config", "get_build_config")


@scratch()
def check(model: Any, x: Any = None, y: Any = None, *, name: str = "") -> Report:
    """Save and load `model` twice in a temporary folder and report what was lost, and why.

    Parameters
    ----------
    model : keras.Model
        Compiled and built. It is left as it was found, but its metrics are reset.
    x, y : structure of arrays, optional
        One batch of inputs and targets. A tuple, or a dict by argument name, where `call` takes
        several arguments. Left out, they are made from the shapes that the model records.
    name : str
        How the report calls the model; its class by default.

    Returns
    -------
    Report
        It has no truth value, since "true" could mean either: ask ``report.whole``.

    Raises
    ------
    BadInputError
        For a model that is not built or not compiled, or that does not accept the inputs.

    Examples
    --------
    One line in a test suite, which fails with what was lost, the line at fault and the remedy::

        def test_my_model_survives_a_round_trip():
            remedies.check(make_model(), x, y).raise_if_lossy()
    """
    name = name or type(model).__name__
    require_ready(model, name)
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    with spreading(type(model)), preserved(model), _quiet():
        inputs, targets = _data(model, x, y, name)
        steady = _steady(model, inputs, targets)
        trips = _trips(model, inputs, targets, steady)
        return _reported(model, inputs, targets, name, trips, steady)


def require_ready(model: Any, name: str) -> None:
    """Refuse what is no compiled and built Keras model.

    Raises
    ------
    BadInputError
        Naming `name` and what it lacks.
    """
    import keras

    if not isinstance(model, keras.Model):
        raise BadInputError(f"{name}: is a {type(model).__name__}, not a keras.Model")
    if not model.built or not model.weights:
        raise BadInputError(f"{name}: the model is not built; call it on a batch first")
    if not model.compiled:
        raise BadInputError(f"{name}: the model is not compiled; call model.compile(...) first")


def _data(model: Any, x: Any, y: Any, name: str) -> tuple[Any, Any]:
    inputs = tensors(inputs_for(model) if x is None else x)
    try:
        model.predict_on_batch(inputs)
    except Exception as error:
        what = f"{name}: cannot be called on its inputs: {one_line(error)}"
        raise BadInputError(what + _by_name(model, inputs)) from error
    targets = targets_for(model, inputs) if y is None else y
    try:
        model.test_on_batch(inputs, targets)
    except Exception as error:
        what = f"{name}: cannot be evaluated on its inputs and targets: {one_line(error)}"
        raise BadInputError(what + _by_name(model, inputs)) from error
    return inputs, targets


def _by_name(model: Any, inputs: Any) -> str:
    """Say how to feed several arguments, where a tuple may be one of them or all."""
    names = parameters(type(model))
    if not isinstance(inputs, (tuple, list)) or len(names) < 2:
        return ""
    return f"; call takes {' and '.join(names)}: give x as a dict by these names"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # A check traces the same steps many times over; TensorFlow's advice on that is not the user's.
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _steady(model: Any, inputs: Any, targets: Any) -> bool:
    """Whether the very same model computes the very same thing twice."""
    first, second = (_ran(model, inputs, targets) for _ in range(2))
    return not share_changed(first, second)


def _ran(model: Any, inputs: Any, targets: Any) -> tuple[Any, ...]:
    with preserved(model):
        model.reset_metrics()
        outputs = leaves(model.predict_on_batch(inputs))
        model.train_on_batch(inputs, targets)
        return arrays([*outputs, *model.weights])


def _trips(model: Any, inputs: Any, targets: Any, steady: bool) -> tuple[Trip, ...]:
    import keras

    routes = {"first load": Route(), "second generation": Route(2)}
    if keras.config.dtype_policy().name != "float32":
        routes["load where the policy is float32"] = Route(policy="float32")
    return tuple(
        _trip(name, route, model, inputs, targets, steady) for name, route in routes.items()
    )


def _trip(name: str, route: Route, model: Any, inputs: Any, targets: Any, steady: bool) -> Trip:
    result = round_trip(model, inputs, targets, route=route)
    if route.disk_error:
        raise route.disk_error
    if not steady and not result.load_error:
        # What differs between two runs of the very same model is chance, and no file's fault.
        kept = replace(result.defects, outputs_changed=0.0, next_step_changed=0)
        result = replace(result, defects=kept)
    return Trip(name, result, route.loaded, explain(result.calls))


def _reported(
    model: Any, inputs: Any, targets: Any, name: str, trips: tuple[Trip, ...], steady: bool
) -> Report:
    notes: tuple[str, ...] = () if steady else (_UNSTEADY,)
    if random_state(model):
        notes += (_RANDOM,)
    if Report(name, trips).whole:
        return Report(name, trips, notes=notes)
    facts = _facts(model, inputs, targets, trips, steady)
    code = code_for(type(model), inputs) if facts.pair_holds else ""
    return Report(name, trips, advise(facts), notes, code)


def _facts(model: Any, inputs: Any, targets: Any, trips: tuple[Trip, ...], steady: bool) -> Facts:
    cls = type(model)
    lost = any(trip.result.defects.weights_lost for trip in trips)
    inner = [one for one in owned_classes(model) if one is not cls]
    return Facts(
        owner=cls.__name__,
        functional=is_functional(model),
        methods=frozenset(one for one in _METHODS if _overridden(cls, one)),
        nested_with_build_from_config=frozenset(
            one.__name__ for one in inner if _overridden(one, "build_from_config")
        ),
        trips=trips,
        retrace=retrace(model, inputs) if lost else None,
        pair_holds=_pair_holds(model, inputs, targets, steady) if lost else None,
        records_inputs=is_functional(model) or model.get_build_config() is not None,
        several_arguments=sum(map(len, spread(cls, inputs))) > 1
        or len([one for one in parameters(cls).values() if one.default is one.empty]) > 1,
    )


def _overridden(cls: type, method: str) -> bool:
    owner = next((one for one in cls.__mro__ if method in vars(one)), object)
    return owner.__module__.partition(".")[0] != "keras"


def _pair_holds(model: Any, inputs: Any, targets: Any, steady: bool) -> bool | None:
    if is_functional(model) or type(model).__module__.partition(".")[0] == "keras":
        return None
    with remembering(type(model), inputs):
        trips = _trips(model, inputs, targets, steady)
    return not any(trip.result.defects.weights_lost for trip in trips[:2]) and all(
        trip.result.outcome is Outcome.WHOLE for trip in trips[:2]
    )
