"""Checkpoints: safe reading, loading by scope, key conversion, export."""
