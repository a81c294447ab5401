"""Shared helpers: atomic files, parallel map, command lines, differences of configs."""
