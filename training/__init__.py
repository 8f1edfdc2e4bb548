"""Offline: read, view, split, fit, evaluate, publish."""
