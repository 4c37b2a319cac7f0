"""Strategies for the kinds of data that objects are made of."""

from typing import Any

from hypothesis import strategies as st

keys = st.text(alphabet='ab./-"\\ é', min_size=1, max_size=4)
scalars: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers(-2, 2) | st.text("ab1", max_size=3)
values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)
objects: st.SearchStrategy[dict[str, Any]] = st.dictionaries(keys, values, max_size=4)

_fields = st.sampled_from(["f:spec", "f:a", "f:b", 'k:{"name":"c"}', 'v:"x"', "i:0"])
field_sets: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.just({}),
    lambda inner: st.tuples(st.dictionaries(_fields, inner, min_size=1, max_size=3), st.booleans()).map(
        lambda node: {".": {}, **node[0]} if node[1] else node[0]
    ),
    max_leaves=8,
)


def without_nulls(value: Any) -> Any:
    """Return the value as the API server understands it."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value
