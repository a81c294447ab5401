"""Hooks."""

from glcnet_plugin.engine.hooks.check_classes import CheckClassesHook
from glcnet_plugin.engine.hooks.collapse_guard import CollapseGuardHook
from glcnet_plugin.engine.hooks.exact_resume import ExactResumeHook
from glcnet_plugin.engine.hooks.finite_loss import FiniteLossHook
from glcnet_plugin.engine.hooks.graceful_stop import GracefulStopHook
from glcnet_plugin.engine.hooks.health import HealthHook
from glcnet_plugin.engine.hooks.load_pretrained import LoadPretrainedHook
from glcnet_plugin.engine.hooks.pretrain_pictures import PretrainPicturesHook
from glcnet_plugin.engine.hooks.probe import ProbeHook
from glcnet_plugin.engine.hooks.provenance import ProvenanceHook
from glcnet_plugin.engine.hooks.resume_check import ResumeCheckHook
from glcnet_plugin.engine.hooks.safe_checkpoint import SafeCheckpointHook
from glcnet_plugin.engine.hooks.seg_visualization import RSSegVisualizationHook

__all__ = [
    'CheckClassesHook',
    'CollapseGuardHook',
    'ExactResumeHook',
    'FiniteLossHook',
    'GracefulStopHook',
    'HealthHook',
    'LoadPretrainedHook',
    'PretrainPicturesHook',
    'ProbeHook',
    'ProvenanceHook',
    'RSSegVisualizationHook',
    'ResumeCheckHook',
    'SafeCheckpointHook',
]
