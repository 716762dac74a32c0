"""The graph that TensorFlow's executor runs for a step that XLA does not compile.

Two graphs are compared apart from the names of their nodes: users name layers, Keras numbers them,
and Grappler orders the operands of commutative operations by name.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

from remedies.steps.hlo import digest

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
_COMPARES = ("Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual")


class Node(NamedTuple):
    """One operation."""

    does: str  # the operation with its attributes and its device
    reads: list[tuple[str, str]]  # name of the node read, and as what: place and port
    closes_loop: bool = False  # whether its result goes back to where a loop begins


def executed(call: Callable[[], object]) -> Any:
    """Run `call`, which must trace anew, and return the GraphDef of the largest graph it executed.

    It is the graph after Grappler, TensorFlow's own optimizer.
    """
    from tensorflow.python.eager import context

    context.enable_graph_collection()
    try:
        call()
        graphs = context.export_run_metadata().function_graphs
    finally:
        context.disable_graph_collection()
    if not graphs:
        raise RuntimeError("TensorFlow executed no new graph")
    return max((g.post_optimization_graph for g in graphs), key=lambda graph: len(graph.node))


def counts(graph: Any) -> dict[str, int]:
    """Return how much there is in a GraphDef, by the names of `remedies.metrics`."""
    nodes = Counter(node.op for node in graph.node)
    return {
        "instructions": nodes.total(),
        "compares": sum(nodes[name] for name in _COMPARES),
        "converts": nodes["Cast"],
        "fusions": sum(count for name, count in nodes.items() if name.startswith("_Fused")),
    }


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
    return digest(*sorted(hashes.values()))


def _hashes(nodes: Mapping[str, Node], closing: Mapping[str, str]) -> dict[str, str]:
    """Hash each node from what it does and reads; `closing` has the hashes of what closes loops."""
    open_ends = {
        name: [source for source, _ in node.reads if not nodes[source].closes_loop]
        for name, node in nodes.items()
    }
    hashes: dict[str, str] = {}
    for name in TopologicalSorter(open_ends).static_order():
        reads = [
            f"{use} {(closing if nodes[source].closes_loop else hashes)[source]}"
            for source, use in nodes[name].reads
        ]
        hashes[name] = digest(nodes[name].does, *sorted(reads))
    return hashes


def _node(node: Any, library: Mapping[str, Any]) -> Node:
    commutes = node.op in _COMMUTATIVE
    reads = [_edge(text, "" if commutes else place) for place, text in enumerate(node.input)]
    names = sorted(set(node.attr) - _ASIDE)
    attributes = [f"{name} {_attribute(node.attr[name], library)}" for name in names]
    return Node(digest(node.op, node.device, *attributes), reads, node.op == "NextIteration")


def _edge(text: str, place: int | str = 0) -> tuple[str, str]:
    """Return the node that is read and as what; ^ is for an order of execution alone."""
    if text.startswith("^"):
        return text[1:], " ^"
    name, _, port = text.partition(":")
    return name, f"{place} {port or 0}"


def _attribute(value: Any, library: Mapping[str, Any]) -> str:
    if value.WhichOneof("value") == "func":
        return _function_hash(value.func.name, library)
    return str(value.SerializeToString(deterministic=True).hex())


def _function_hash(name: str, library: Mapping[str, Any]) -> str:
    """Hash a function's body as a graph whose arguments and results are nodes by their place."""
    if name not in library:
        return name
    function, signature = library[name], library[name].signature
    nodes = {each.name: Node(f"argument {i}", []) for i, each in enumerate(signature.input_arg)}
    nodes |= {node.name: _node(node, library) for node in function.node_def}
    for place, result in enumerate(signature.output_arg):
        name = f"result {place}"
        nodes[name] = Node(name, [_edge(function.ret[result.name])])
    return _graph_hash(nodes)
