"""Contrastive heads of the two branches."""

from glcnet_plugin.models.heads.contrast_head import BranchLoss, ContrastHead
from glcnet_plugin.models.heads.local_matching_head import LocalMatchingHead
from glcnet_plugin.models.heads.style_contrast_head import StyleContrastHead

__all__ = ['BranchLoss', 'ContrastHead', 'LocalMatchingHead', 'StyleContrastHead']
