"""Packs that ship with Tactful: taxonomies of life events, one YAML file each."""
