"""Contrastive heads of the two branches."""

from glcnet_plugin.models.heads.average_contrast_head import AverageContrastHead
from glcnet_plugin.models.heads.contrast_head import ContrastHead
from glcnet_plugin.models.heads.local_matching_head import LocalMatchingHead
from glcnet_plugin.models.heads.style_contrast_head import StyleContrastHead

__all__ = [
    'AverageContrastHead',
    'ContrastHead',
    'LocalMatchingHead',
    'StyleContrastHead',
]
