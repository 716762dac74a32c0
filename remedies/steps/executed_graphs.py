"""The graph that TensorFlow's executor runs for a step that XLA does not compile.

Two graphs are compared apart from the names of their nodes: users name layers, Keras numbers them,
and Grappler orders the operands of commutative operations by name.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

# Say where a node came from or what is known of it, not what it computes.
_ASIDE = {
    *("_output_shapes", "_class", "_user_specified_name", "_xla_inferred_shapes", "shared_name"),
    *("_original_func_name", "forward_function_name", "backward_function_name", "api_implements"),
    *("_forward_func_name", "_backward_func_name", "_grappler_do_not_remove", "_input_shapes"),
    *("_construction_context", "_tf_data_function", "_handle_shapes", "_handle_dtypes"),
    *("_resource_arg_unique_id", "_gradient_op_type"),
}
_COMMUTATIVE = {
    *("Add", "AddV2", "AddN", "Mul", "Maximum", "Minimum", "LogicalAnd", "LogicalOr"),
    *("Equal", "NotEqual", "SquaredDifference"),
}
COMPARES = {"Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"}


@dataclass(frozen=True)
class Node:
    """One operation: what it does, and what it reads in its order."""

    does: str  # the operation with its attributes and its device
    # Name of the node read, and which of its results; ^ for an order of execution alone.
    reads: tuple[tuple[str, str], ...]
    commutes: bool  # whether the order of what it reads has no bearing
    closes_loop: bool = False  # whether its result goes back to where a loop begins


class NoExecutedGraphError(RuntimeError):
    """TensorFlow handed out no graph of the step that was run."""


def executed(call: Callable[[], object]) -> Any:
    """Run `call`, which must trace anew, and return the GraphDef of the largest graph it executed.

    It is the graph after Grappler, TensorFlow's own optimizer.

    Raises
    ------
    NoExecutedGraphError
        Where nothing was executed for the first time.
    """
    from tensorflow.python.eager import context

    context.enable_graph_collection()
    try:
        call()
        graphs = context.export_run_metadata().function_graphs
    finally:
        context.disable_graph_collection()
    if not graphs:
        raise NoExecutedGraphError("TensorFlow executed no new graph")
    return max((g.post_optimization_graph for g in graphs), key=lambda graph: len(graph.node))


def operations(graph: Any) -> Counter[str]:
    """Count the nodes of a GraphDef by operation."""
    return Counter(node.op for node in graph.node)


def fingerprint(graph: Any) -> str:
    """Return a short name that GraphDefs which differ in names alone have in common.

    Each node is hashed from what it reads, as in a Merkle tree, and the graph from all its nodes:
    equal names mean that the same operations are run on the same values, equally often.
    """
    library = {function.signature.name: function for function in graph.library.function}
    return _graph_hash({node.name: _node(node, library) for node in graph.node})


def _graph_hash(nodes: Mapping[str, Node]) -> str:
    # A loop is cut where it closes; then what closes it is told apart by what it read.
    hashes = _hashes(nodes, dict.fromkeys(nodes, ""))
    if any(node.closes_loop for node in nodes.values()):
        hashes = _hashes(nodes, hashes)
    return _digest(*sorted(hashes.values()))


def _hashes(nodes: Mapping[str, Node], closing: Mapping[str, str]) -> dict[str, str]:
    """Hash each node from what it does and reads; `closing` has the hashes of what closes loops."""
    done: dict[str, str] = {}

    def read(place: int, source: str, port: str) -> str:
        ordered = "" if port == "^" or node.commutes else place
        return f"{ordered} {port} {(closing if nodes[source].closes_loop else done)[source]}"

    open_ends = {
        name: [source for source, _ in node.reads if not nodes[source].closes_loop]
        for name, node in nodes.items()
    }
    for name in TopologicalSorter(open_ends).static_order():
        node = nodes[name]
        reads = sorted(read(place, *edge) for place, edge in enumerate(node.reads))
        done[name] = _digest(node.does, *reads)
    return done


def _node(node: Any, library: Mapping[str, Any]) -> Node:
    does = _digest(node.op, node.device, *_attributes(node, library))
    reads = tuple(map(_source, node.input))
    return Node(does, reads, node.op in _COMMUTATIVE, node.op == "NextIteration")


def _source(text: str) -> tuple[str, str]:
    if text.startswith("^"):
        return text[1:], "^"
    name, _, port = text.partition(":")
    return name, port or "0"


def _attributes(node: Any, library: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(set(node.attr) - _ASIDE):
        value = node.attr[name]
        if value.WhichOneof("value") == "func":
            yield f"{name} {_function_hash(value.func.name, library)}"
        else:
            yield f"{name} {value.SerializeToString(deterministic=True).hex()}"


def _function_hash(name: str, library: Mapping[str, Any]) -> str:
    """Hash a function's body as a graph whose arguments and results are nodes by their place."""
    if name not in library:
        return name
    function = library[name]
    arguments = [argument.name for argument in function.signature.input_arg]
    nodes = {a: Node(f"argument {place}", (), False) for place, a in enumerate(arguments)}
    nodes |= {node.name: _node(node, library) for node in function.node_def}
    for place, result in enumerate(function.signature.output_arg):
        returned = (_source(function.ret[result.name]),)
        nodes[f"result {place}"] = Node(f"result {place}", returned, False)
    return _graph_hash(nodes)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
