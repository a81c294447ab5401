import pickle
from pathlib import Path

import pytest

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.study.context import prepare_study
from glcnet_plugin.study.settings import read_study


def test_processes_of_jobs_get_a_copy(context):
    assert pickle.loads(pickle.dumps(context)) == context


def test_where_a_job_finds_its_files(context, jobs):
    job = jobs['finetune/glcnet/2tiles/seed1']
    assert context.method_of(job).title == 'GLCNet'
    assert context.folder_of(job) == context.folder / 'finetune/glcnet/2tiles/seed1'
    assert context.weights_of(job) == context.folder / 'pretrain/glcnet/seed0/weights.pth'
    assert context.weights_of(jobs['finetune/random/2tiles/seed1']) is None
    names = context.tile_list('2_1').read_text().split()
    assert names == context.tiles.labelled[2, 1]


def test_a_checkpoint_from_elsewhere_is_loaded_as_it_is(study_file, tmp_path):
    (tmp_path / 'x.pth').touch()
    method = {'checkpoint': str(tmp_path / 'x.pth'), 'config': None}
    study = read_study(study_file, options={'methods.simclr': method})
    context = prepare_study(study, tmp_path / 'study')
    job = next(job for job in context.plan if job.method == 'simclr')
    assert context.weights_of(job) == str(tmp_path / 'x.pth')


def test_a_study_is_checked_before_anything_is_written(study_file, tmp_path):
    unfair = {'methods.simclr.options': {'train_dataloader.batch_size': 8}}
    for options, error in ((unfair, ConfigError), ({'labels': ['999']}, DataError)):
        with pytest.raises(error):
            prepare_study(read_study(study_file, options=options), tmp_path / 'study')
    assert not Path(tmp_path / 'study').exists()
