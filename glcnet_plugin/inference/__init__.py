"""Predict images and scenes of any size with a trained segmentation network."""
