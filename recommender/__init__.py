"""The core: pure functions over numpy, scipy and pydantic."""
