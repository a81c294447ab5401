"""Contrastive heads of the two branches."""

from glcnet_plugin.models.heads.base_contrast_head import BaseContrastHead
from glcnet_plugin.models.heads.local_matching_head import LocalMatchingHead
from glcnet_plugin.models.heads.outputs import BranchOutput
from glcnet_plugin.models.heads.style_contrast_head import AverageContrastHead, StyleContrastHead

__all__ = [
    'AverageContrastHead',
    'BaseContrastHead',
    'BranchOutput',
    'LocalMatchingHead',
    'StyleContrastHead',
]
