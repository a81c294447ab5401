"""Tensor functions of the method; those exported here need no OpenMMLab package."""

from glcnet_plugin.models.utils.capture import capture_input, capture_output
from glcnet_plugin.models.utils.encoder_map import coarsest_map, default_style_source
from glcnet_plugin.models.utils.precision import full_precision
from glcnet_plugin.models.utils.regions import pool_regions, sample_regions
from glcnet_plugin.models.utils.style import style_vector

__all__ = [
    'capture_input',
    'capture_output',
    'coarsest_map',
    'default_style_source',
    'full_precision',
    'pool_regions',
    'sample_regions',
    'style_vector',
]
