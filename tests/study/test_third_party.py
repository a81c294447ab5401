"""Studies with heads that are registered outside of the package."""

from pathlib import Path

import numpy as np
import pytest

from glcnet_plugin.engine.run_config import CONFIGS
from glcnet_plugin.study.context import prepare_study
from glcnet_plugin.study.report.html import write_report
from glcnet_plugin.study.results import find_problems
from glcnet_plugin.study.run.jobs import run_job
from glcnet_plugin.study.settings import read_study

pytestmark = pytest.mark.slow

PRETRAIN = """
_base_ = '{configs}/glcnet/glcnet_r18w16-d3plus_1xb32-60e_demo.py'
custom_imports = dict(imports=['third_party_head'])
model = dict({branch}_head=dict(_delete_=True, type='mmengine.PredictorHead'))
"""
FINETUNE = """
_base_ = '{configs}/downstream/d3plus_r18w16_1xb8-120i_demo.py'
custom_imports = dict(imports=['third_party_decode_head'])
model = dict(
    decode_head=dict(
        _delete_=True, type='PlainHead', in_channels=128, in_index=3, channels=8, num_classes=2,
    )
)
"""


@pytest.fixture
def run(study_file, tmp_path, monkeypatch):
    """Run a study of GLCNet alone, with one list of labelled tiles."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / 'data'))

    def run(**options):
        options = {'only': ['random', 'glcnet'], 'labels': ['2'], 'seeds': [0], **options}
        context = prepare_study(read_study(study_file, options=options), tmp_path / 'study')
        jobs = [job for job in context.plan if job.method == 'glcnet']
        assert [job.kind for job in jobs] == ['pretrain', 'probe', 'finetune']
        results = {job.kind: run_job(context, job) for job in jobs}
        assert write_report(context, []).is_file()
        assert [problem.kind for problem in find_problems(context)] == ['unfinished']  # random
        return results

    return run


@pytest.mark.parametrize('branch', ['style', 'local'])
def test_a_contrastive_head_of_a_user(run, tmp_path, branch):
    path = tmp_path / 'mine.py'
    path.write_text(PRETRAIN.format(configs=CONFIGS, branch=branch))
    results = run(**{'methods.glcnet.config': str(path)})
    last = results['pretrain']['last']
    assert {f'loss_{branch}', 'loss'} <= set(last) and np.isfinite(last[f'loss_{branch}'])
    assert f'chance_{branch}' not in last  # it has no negatives
    kinds = {row['kind'] for row in results['probe']['rows']}
    assert kinds == {'probe', 'probe_deep', 'probe_last', 'probe_dense', 'probe_all'}
    assert np.sum(results['finetune']['hist']) == 4 * 160 * 160


def test_a_decode_head_of_a_user(run, tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text(FINETUNE.format(configs=CONFIGS))
    results = run(**{'networks.resnet18w16': str(path), 'methods.glcnet.scope': 'backbone'})
    by_kind = {row['kind']: row['hist'] for row in results['probe']['rows']}
    assert 'probe_deep' not in by_kind  # it has no encoder map
    assert by_kind['probe_last'] != by_kind['probe']
    hist = np.array(results['finetune']['hist'])
    assert hist.shape == (6, 6) and hist.sum() == 4 * 160 * 160  # all classes of the folder
