"""Transforms: reading, geometry that is recorded as matrices, photometry, two views."""
