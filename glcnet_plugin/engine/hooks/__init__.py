"""Hooks."""

from glcnet_plugin.engine.hooks.load_pretrained import LoadPretrainedHook

__all__ = ['LoadPretrainedHook']
