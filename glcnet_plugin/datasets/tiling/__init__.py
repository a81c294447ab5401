"""Cutting scenes into labelled folders of tiles."""
