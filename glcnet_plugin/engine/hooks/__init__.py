"""Hooks."""

from glcnet_plugin.engine.hooks.check_classes import CheckClassesHook
from glcnet_plugin.engine.hooks.collapse_guard import CollapseGuardHook
from glcnet_plugin.engine.hooks.health import HealthHook
from glcnet_plugin.engine.hooks.load_pretrained import LoadPretrainedHook
from glcnet_plugin.engine.hooks.provenance import ProvenanceHook
from glcnet_plugin.engine.hooks.seg_visualization import RSSegVisualizationHook

__all__ = [
    'CheckClassesHook',
    'CollapseGuardHook',
    'HealthHook',
    'LoadPretrainedHook',
    'ProvenanceHook',
    'RSSegVisualizationHook',
]
