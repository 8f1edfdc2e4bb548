"""The guarantees of the guard, tried on a shop's own bundle and policy, and written down."""
