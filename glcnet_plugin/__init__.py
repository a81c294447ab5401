"""GLCNet self-supervised pretraining for remote-sensing segmentation in OpenMMLab.

Importing this package imports no OpenMMLab package and changes nothing. Configs that
write ``type='glcnet_plugin.GLCNet'`` load what they need by themselves.
"""

__version__ = '0.1.0'
