"""Self-supervised algorithms."""

from glcnet_plugin.models.selfsup.glcnet import GLCNet
from glcnet_plugin.models.selfsup.inpainting import Inpainting
from glcnet_plugin.models.selfsup.jigsaw import Jigsaw

__all__ = ['GLCNet', 'Inpainting', 'Jigsaw']
