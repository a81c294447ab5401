"""Self-supervised algorithms."""

from glcnet_plugin.models.selfsup.glcnet import GLCNet

__all__ = ['GLCNet']
