"""Backbones of MM that take any number of bands."""
