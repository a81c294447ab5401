"""Polygons and points as labels: read, burnt onto the grids of scenes."""
