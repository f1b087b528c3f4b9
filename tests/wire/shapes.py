"""Values of any shape, for parsers that have to bear them."""

from hypothesis import strategies as st

JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["Cs"])),
    ),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc_.", max_size=6), inner)
    ),
    max_leaves=12,
)
"""Whatever JSON has, but for lone surrogates."""
