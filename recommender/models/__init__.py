"""The scoring models, one file each, and the blend that adds them up."""
