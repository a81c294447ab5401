"""Hooks."""

from glcnet_plugin.engine.hooks.band_record import BandRecordHook
from glcnet_plugin.engine.hooks.check_classes import CheckClassesHook
from glcnet_plugin.engine.hooks.load_pretrained import LoadPretrainedHook
from glcnet_plugin.engine.hooks.seg_visualization import RSSegVisualizationHook

__all__ = [
    'BandRecordHook',
    'CheckClassesHook',
    'LoadPretrainedHook',
    'RSSegVisualizationHook',
]
