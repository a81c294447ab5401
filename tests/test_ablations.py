"""The keys that docs/variants.md lists exist, change what they say and nothing else, and train."""

import argparse
import re
import shlex
from pathlib import Path

import pytest
import torch
from mmengine.config import Config, DictAction
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.structures import DataSample

from glcnet_plugin.utils.config_diff import flatten

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
BASE = ROOT / 'configs/glcnet/glcnet_r50-d3plus_1xb64-amp-100e_rgb.py'
DOCUMENT = (ROOT / 'docs/variants.md').read_text()


def as_options(words):
    """Words after --cfg-options, read as the tools do."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    return parser.parse_args(['--cfg-options', *words]).cfg_options


def table_rows():
    """Keys, default and other values of the rows of the table, each as it stands in backticks."""
    table = DOCUMENT.split('| what | keys, set together | default | other values |\n', 1)[1]
    for line in table.split('\n\n', 1)[0].splitlines()[1:]:
        _, keys, default, values = line.strip('| ').split(' | ')
        yield [re.findall('`([^`]+)`', cell) for cell in (keys, default, values)]


ROWS = list(table_rows())
ABLATIONS = [[f'{key}={value}' for key in keys] for keys, _, values in ROWS for value in values]
# in the text: '(`model.local_head.ground_aligned=True`)'
EXTENSIONS = [shlex.split(text) for text in re.findall(r'\(`(model\.[^`]+=[^`]+)`', DOCUMENT)]


def test_the_document_lists_what_the_paper_varies_and_the_extensions():
    assert len(ABLATIONS) == 18 and len(EXTENSIONS) == 7
    keys = {words[0].partition('=')[0].removeprefix('model.') for words in ABLATIONS}
    assert keys == {
        'style_head.type', 'style_head', 'local_head', 'lambda_global', 'local_head.num_regions',
        'local_head.region_size', 'style_head.loss.temperature',
        'style_head.loss.positive_in_denominator',
    }  # fmt: skip


def get(settings, key):
    for part in key.split('.'):
        settings = settings[part]
    return settings


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row[0][0])
def test_defaults_are_those_of_the_config(row):
    keys, defaults, _ = row
    cfg = Config.fromfile(BASE)
    cfg.model.style_head.loss.setdefault('positive_in_denominator', False)  # of the class
    cfg.model.local_head.loss.setdefault('positive_in_denominator', False)
    for key in keys:
        value = get(cfg, key)
        if defaults:
            assert as_options([f'{key}={defaults[0]}']) == {key: value}
        else:  # 'a head'
            assert value.type.endswith('Head')


def changed_keys(cfg):
    before, now = (flatten(c.to_dict()) for c in (Config.fromfile(BASE), cfg))
    return {key for key in before.keys() | now.keys() if before.get(key, '-') != now.get(key, '-')}


@pytest.mark.parametrize('words', [*ABLATIONS, *EXTENSIONS], ids=' '.join)
def test_keys_change_what_they_say_and_the_network_learns(words):
    cfg, options = Config.fromfile(BASE), as_options(words)
    cfg.merge_from_dict(options)
    for key, value in options.items():
        assert get(cfg, key) == value
    changed = changed_keys(cfg)
    assert changed and all(any(f'{k}.'.startswith(f'{key}.') for key in options) for k in changed)
    assert {next(key for key in options if f'{k}.'.startswith(f'{key}.')) for k in changed} == set(
        options
    )
    cfg.model.backbone.update(depth=18, stem_channels=16, base_channels=16)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(cfg.model)
    sample = DataSample()
    sample.set_field(torch.eye(3).repeat(2, 1, 1), 'view_matrix')
    views = [torch.randint(0, 256, (2, 3, 64, 64)).byte() for _ in range(2)]
    data = model.data_preprocessor({'inputs': views, 'data_samples': [sample] * 2}, True)
    losses = model(**data, mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    kept = {name for name in ('style', 'local') if cfg.model[f'{name}_head'] is not None}
    kept |= {f'stage{i}' for i in cfg.model.get('local_stages', ())}
    assert total.isfinite() and {k for k in losses if 'loss' in k} == {f'loss_{k}' for k in kept}


def test_the_lines_of_gridsearch_name_a_config_and_keys_of_it():
    """That such a line trains once per value is a test of test_mim.py."""
    lines = re.findall(r'mim gridsearch [^`]+?--search-args \'[^\']+\'', DOCUMENT)
    assert lines
    for line in lines:
        words = shlex.split(line.replace('\\\n', ' '))
        cfg = Config.fromfile(ROOT / words[3])
        search = shlex.split(words[words.index('--search-args') + 1])
        keys = [word.removeprefix('--') for word in search if word.startswith('--')]
        for key in keys:
            assert get(cfg, key) is not None
        assert len(search) > 2 * len(keys)  # more than one value each
