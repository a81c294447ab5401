"""Decode heads of MM that take images of any size."""
