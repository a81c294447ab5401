"""GLCNet self-supervised pretraining for remote-sensing segmentation in OpenMMLab.

Importing this package imports no OpenMMLab package and changes nothing. Configs that
write ``type='glcnet_plugin.GLCNet'`` load what they need by themselves. The functions of
:mod:`glcnet_plugin.apis` are here, too: ``glcnet_plugin.load_model(checkpoint)``.
"""

from glcnet_plugin.apis import __dir__, __getattr__

__all__ = ['__dir__', '__getattr__', '__version__']

__version__ = '0.1.0'
