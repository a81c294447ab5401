"""Configs are formatted once per text; mmengine does it several times in every run."""

from functools import cache

from yapf.yapflib import yapf_api

FORMAT = yapf_api.FormatCode


@cache
def _format(text, style, settings):
    return FORMAT(text, style_config=dict(style), **dict(settings))


def format_code(text, style_config, **settings):
    return _format(text, tuple(style_config.items()), tuple(settings.items()))


yapf_api.FormatCode = format_code
