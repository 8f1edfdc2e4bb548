"""The parts of publishing; `training.publish` puts them together."""
