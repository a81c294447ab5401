"""Hooks."""

from glcnet_plugin.engine.hooks.atomic_checkpoint import AtomicCheckpointHook
from glcnet_plugin.engine.hooks.backbone_warmup import BackboneWarmupHook
from glcnet_plugin.engine.hooks.channels_last import ChannelsLastHook
from glcnet_plugin.engine.hooks.class_num_check import ClassNumCheckHook
from glcnet_plugin.engine.hooks.collapse_guard import CollapseGuardHook
from glcnet_plugin.engine.hooks.dead_taps import DeadTapsHook
from glcnet_plugin.engine.hooks.deterministic_resume import DeterministicResumeHook
from glcnet_plugin.engine.hooks.embedding_metrics import EmbeddingMetricsHook
from glcnet_plugin.engine.hooks.freeze_norm import FreezeNormHook
from glcnet_plugin.engine.hooks.graceful_stop import GracefulStopHook
from glcnet_plugin.engine.hooks.keep_memory import KeepMemoryHook
from glcnet_plugin.engine.hooks.load_pretrained import LoadPretrainedHook
from glcnet_plugin.engine.hooks.nan_guard import NaNGuardHook
from glcnet_plugin.engine.hooks.preflight import PreflightHook
from glcnet_plugin.engine.hooks.pretrain_visualization import PretrainVisualizationHook
from glcnet_plugin.engine.hooks.probe import ProbeHook
from glcnet_plugin.engine.hooks.probe_init import ProbeInitHook
from glcnet_plugin.engine.hooks.progress import ProgressHook
from glcnet_plugin.engine.hooks.provenance import ProvenanceHook
from glcnet_plugin.engine.hooks.recalibrate_bn import RecalibrateBNHook
from glcnet_plugin.engine.hooks.resume_check import ResumeCheckHook
from glcnet_plugin.engine.hooks.run_ema import RunEMAHook
from glcnet_plugin.engine.hooks.seg_visualization import RSSegVisualizationHook

__all__ = [
    'AtomicCheckpointHook',
    'BackboneWarmupHook',
    'ChannelsLastHook',
    'ClassNumCheckHook',
    'CollapseGuardHook',
    'DeadTapsHook',
    'DeterministicResumeHook',
    'EmbeddingMetricsHook',
    'FreezeNormHook',
    'GracefulStopHook',
    'KeepMemoryHook',
    'LoadPretrainedHook',
    'NaNGuardHook',
    'PreflightHook',
    'PretrainVisualizationHook',
    'ProbeHook',
    'ProbeInitHook',
    'ProgressHook',
    'ProvenanceHook',
    'RSSegVisualizationHook',
    'RecalibrateBNHook',
    'ResumeCheckHook',
    'RunEMAHook',
]
