"""The guard: what the engine may see of a customer, and what it may offer."""
