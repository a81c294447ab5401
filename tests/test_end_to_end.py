"""Config -> runner -> checkpoint -> fine-tuning -> scores, as a user types it."""

import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS, DefaultScope
from script_processes import run_python
from synthetic.make_scenes import make_scenes

from glcnet_plugin.datasets.tiling.folder_writer import (
    write_description,
    write_image,
    write_mask,
)

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
PRETRAIN = ROOT / 'configs/glcnet/glcnet_r18w16-d3plus_1xb32-60e_demo.py'
FINETUNE = ROOT / 'configs/downstream/d3plus_r18w16_1xb8-120i_demo.py'


def run(cwd, *command):
    environment = {**os.environ, 'CUDA_VISIBLE_DEVICES': '-1'}
    done = run_python(
        [str(part) for part in command], cwd=cwd, env=environment,
        timeout=300,
    )  # fmt: skip
    log = done.stdout + done.stderr
    assert done.returncode == 0, log[-4000:]
    return log


def tool(cwd, name, *arguments):
    return run(cwd, sys.executable, ROOT / f'tools/dataset_tools/{name}.py', *arguments)


def pretrain_options(data):
    return (
        '--cfg-options',
        f'train_dataloader.dataset.data_root={data}/images',
        'train_dataloader.batch_size=4',
        'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=False',
        'train_cfg.max_epochs=2',
        'default_hooks.logger.interval=1',
        'default_hooks.checkpoint.interval=1',
    )


def finetune_options(data, *more):
    return (
        '--cfg-options',
        f'train_dataloader.dataset.data_root={data}',
        f'val_dataloader.dataset.data_root={data}',
        f'test_dataloader.dataset.data_root={data}',
        'train_dataloader.batch_size=2',
        'train_cfg.max_iters=2',
        'default_hooks.checkpoint.interval=2',
        'default_hooks.logger.interval=1',
        *more,
    )


@pytest.fixture(scope='module')
def data(scenes):
    (scenes / 'splits').mkdir(exist_ok=True)
    for name, group in (('train_1pct_seed0', 's000'), ('val', 's002')):
        tiles = sorted(path.stem for path in (scenes / 'images').glob(f'{group}*'))
        (scenes / f'splits/{name}.txt').write_text('\n'.join(tiles))
    return scenes


@pytest.fixture(scope='module')
def pretrained(data, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('pretrain')
    log = run(
        work_dir, sys.executable, ROOT / 'tools/train.py', PRETRAIN, '--work-dir', work_dir,
        *pretrain_options(data),
    )  # fmt: skip
    return work_dir, log


def test_pretraining_logs_losses_and_chance_levels(pretrained):
    _, log = pretrained
    for key in ('loss_style', 'chance_style', 'loss_local', 'chance_local'):
        assert f'{key}: ' in log
    assert not re.search(r': (nan|inf)\b', log)


def test_finetuning_from_the_checkpoint_and_scoring(pretrained, data, tmp_path):
    checkpoint = pretrained[0] / 'epoch_2.pth'
    log = run(
        tmp_path, sys.executable, ROOT / 'tools/train.py', FINETUNE, '--work-dir', tmp_path / 'ft',
        '--pretrained', checkpoint, '--scope', 'encoder', *finetune_options(data),
    )  # fmt: skip
    assert "of scope 'encoder' from" in log and 'decode_head.aspp_modules' in log
    before = torch.load(checkpoint, weights_only=False)['state_dict']['backbone.conv1.weight']
    after = torch.load(tmp_path / 'ft/iter_2.pth', weights_only=False)['state_dict']
    assert (before - after['backbone.conv1.weight']).abs().max() < 0.02  # two steps away

    log = run(
        tmp_path, sys.executable, ROOT / 'tools/test.py', FINETUNE, tmp_path / 'ft/iter_2.pth',
        '--out', tmp_path / 'scores', '--data-root', data,
    )  # fmt: skip
    scores = json.loads((tmp_path / 'scores/scores.json').read_text())
    pixels = sum(map(sum, scores['confusion_matrix']))
    assert pixels == 4 * 160 * 160 and 'Kappa' in log and 'building' in log


def test_wrong_stem_stops_before_the_first_step(pretrained, data, tmp_path):
    done = run_python(
        [
            sys.executable, str(ROOT / 'tools/train.py'), str(FINETUNE),
            '--work-dir', str(tmp_path), '--pretrained', str(pretrained[0] / 'epoch_2.pth'),
            *finetune_options(data, 'model.backbone.type=mmseg.ResNetV1c'),
        ], timeout=300,
    )  # fmt: skip
    assert done.returncode != 0 and 'ResNetV1c' in done.stderr
    assert 'error: ' in done.stderr and 'Traceback' not in done.stderr
    assert 'does not hold all tensors of scope' in done.stderr and 'Iter(train)' not in done.stdout


def test_resumed_pretraining_goes_on(pretrained, data):
    work_dir, _ = pretrained
    log = run(
        work_dir, sys.executable, ROOT / 'tools/train.py', PRETRAIN, '--work-dir', work_dir,
        '--resume', *pretrain_options(data), 'train_cfg.max_epochs=3',
    )  # fmt: skip
    assert 'Epoch(train) [3]' in log and 'Epoch(train) [2]' not in log


@pytest.mark.parametrize('host', ['mmpretrain', 'glcnet_plugin'])
def test_mim_pretrains_from_any_directory(host, data, tmp_path):
    log = run(
        tmp_path, sys.executable, '-m', 'mim', 'train', host, PRETRAIN, '--gpus', '0',
        '--work-dir', tmp_path / 'run', *pretrain_options(data), 'train_cfg.max_epochs=1',
    )  # fmt: skip
    assert 'chance_local' in log and (tmp_path / 'run/epoch_1.pth').is_file()


def test_mim_search_lists_our_models(tmp_path):
    log = run(tmp_path, sys.executable, '-m', 'mim', 'search', 'glcnet_plugin')
    assert PRETRAIN.stem in log


def test_mim_finetunes_with_mmseg(pretrained, data, tmp_path):
    checkpoint = pretrained[0] / 'epoch_2.pth'
    log = run(
        tmp_path, sys.executable, '-m', 'mim', 'train', 'mmseg', FINETUNE, '--gpus', '0',
        '--work-dir', tmp_path / 'run',
        *finetune_options(data, f'default_hooks.pretrained.checkpoint={checkpoint}'),
    )  # fmt: skip
    assert "of scope 'encoder' from" in log and (tmp_path / 'run/iter_2.pth').is_file()


def test_thirteen_bands_of_sixteen_bits_go_through_both_chains(tmp_path):
    """Reader, views, colour, normalisation, network: pretraining; then fine-tuning."""
    palette, bands = [(255, 0, 0), (0, 255, 0)], 13
    rng = np.random.default_rng(0)
    for folder in ('images', 'masks'):
        (tmp_path / folder).mkdir()
    for name in 'ab':
        image = rng.integers(0, 10_000, (100, 100, bands)).astype(np.uint16)
        write_image(tmp_path / 'images' / name, image, nodata=0)
        ids = rng.integers(0, 2, (100, 100)).astype(np.uint8)
        write_mask(tmp_path / f'masks/{name}.png', ids, palette)
    write_description(tmp_path, ['x', 'y'], palette, [{'name': n, 'group': n} for n in 'ab'])
    for config, root in ((PRETRAIN, tmp_path / 'images'), (FINETUNE, tmp_path)):
        cfg = Config.fromfile(config)
        cfg.model.backbone.in_channels = bands
        cfg.model.data_preprocessor.update(mean=[5000.0] * bands, std=[2900.0] * bands)
        cfg.model.decode_head.num_classes = 64 if config == PRETRAIN else 2
        cfg.train_dataloader.dataset.update(data_root=str(root), ann_file='')
        with DefaultScope.overwrite_default_scope(cfg.default_scope):
            dataset = DATASETS.build(cfg.train_dataloader.dataset)
            model = MODELS.build(cfg.model)
            samples = [dataset[i] for i in (0, 1)]
            inputs = [sample['inputs'] for sample in samples]
            if config == PRETRAIN:
                inputs = torch.utils.data.default_collate(inputs)
            data = {'inputs': inputs, 'data_samples': [s['data_samples'] for s in samples]}
            data = model.data_preprocessor(data, True)
            total, _ = model.parse_losses(model(**data, mode='loss'))
        total.backward()
        assert total.isfinite() and model.backbone.conv1.weight.grad.shape[1] == bands


def rgbn(config):
    return config.with_name(f'{config.stem}-rgbn.py')


def four_band_run(unlabelled, labelled, work_dir, *more):
    """Pretrain on four bands, fine-tune on four bands of other statistics; the log of it."""
    run(
        work_dir, sys.executable, ROOT / 'tools/train.py', rgbn(PRETRAIN),
        '--work-dir', work_dir / 'pre', *pretrain_options(unlabelled),
    )  # fmt: skip
    checkpoint = work_dir / 'pre/epoch_2.pth'
    bands = torch.load(checkpoint, weights_only=False)['meta']['bands']
    assert bands['names'] == ['R', 'G', 'B', 'NIR'] and bands['mean'] == [127.5] * 4
    return run(
        work_dir, sys.executable, ROOT / 'tools/train.py', rgbn(FINETUNE),
        '--work-dir', work_dir / 'ft', '--pretrained', checkpoint,
        *finetune_options(labelled, 'model.data_preprocessor.mean=[100,100,100,90]', *more),
    )  # fmt: skip


def test_four_bands_from_pretraining_to_pictures_of_predictions(tmp_path):
    data = tmp_path / 'scenes'
    make_scenes(data, scenes=3, size=320, tile=160, bands=4)
    tool(tmp_path, 'make_split', data, '--val', 0.3, '--labelled', 2)
    lists = 'train_dataloader.dataset.ann_file=splits/train_2tiles_seed0.txt'
    log = four_band_run(data, data, tmp_path, lists)
    assert 'mean was [127.5, 127.5, 127.5, 127.5] in pretraining, it is [100.0, 100.0' in log
    assert "of scope 'encoder' from" in log
    run(
        tmp_path, sys.executable, ROOT / 'tools/test.py', rgbn(FINETUNE),
        tmp_path / 'ft/iter_2.pth', '--show-dir', tmp_path / 'show', *finetune_options(data),
    )  # fmt: skip
    assert len(list((tmp_path / 'show').rglob('test_s*.png'))) == 4


@pytest.fixture
def own_folder(tmp_path):
    """Labelled tiles of 6 places, with 4 bands of 16 bits and 3 classes."""
    folder = tmp_path / 'data/my_labels'
    for name in ('images', 'masks'):
        (folder / name).mkdir(parents=True)
    rng = np.random.default_rng(0)
    palette, rows = [(90, 0, 0), (0, 90, 0), (0, 0, 90)], []
    for index in range(12):
        name = f'place{index // 2}_{index % 2}'
        ids = np.kron(rng.integers(0, 3, (4, 4)), np.ones((25, 25), int))
        image = ids[..., None] * 900 + rng.integers(2000, 2500, (100, 100, 4))
        write_image(folder / 'images' / name, image.astype(np.uint16))
        write_mask(folder / f'masks/{name}.png', ids.astype(np.uint8), palette)
        rows.append({'name': name, 'group': f'place{index // 2}'})
    write_description(folder, ['field', 'water', 'roof'], palette, rows)
    return folder


def test_the_chain_of_getting_started(own_folder, tmp_path):
    """docs/tutorials/rgb_tiles.md, steps 3 to 6, on a folder that no config was written for."""
    few = (
        'train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False',
        'default_hooks.logger.interval=1', 'default_hooks.checkpoint.interval=1',
    )  # fmt: skip
    train = (sys.executable, ROOT / 'tools/train.py')
    run(
        tmp_path, *train, PRETRAIN, '--work-dir', 'pretrain', '--data-root', 'data/my_labels',
        '--cfg-options', 'train_dataloader.batch_size=6', 'train_cfg.max_epochs=1', *few,
    )  # fmt: skip
    lists = ('--train', 'splits/train_4tiles_seed0.txt', '--val', 'splits/val.txt')
    tool(tmp_path, 'make_split', own_folder, '--val', 0.3, '--labelled', 4)
    tool(tmp_path, 'check_data', own_folder, *lists)
    log = run(
        tmp_path, *train, FINETUNE, '--work-dir', 'finetune', '--data-root', 'data/my_labels',
        '--pretrained', 'pretrain/epoch_1.pth', '--scope', 'encoder', '--cfg-options',
        'train_dataloader.dataset.ann_file=splits/train_4tiles_seed0.txt',
        'train_dataloader.batch_size=2', 'train_cfg.max_iters=2', *few,
    )  # fmt: skip
    assert "of scope 'encoder' from" in log and '4 images, 3 classes, 4 bands' in log

    log = run(
        tmp_path, sys.executable, ROOT / 'tools/test.py', f'finetune/{FINETUNE.name}',
        'finetune/iter_2.pth', '--out', 'finetune/scores',
    )  # fmt: skip
    scores = json.loads((tmp_path / 'finetune/scores/scores.json').read_text())
    matrix = np.array(scores['confusion_matrix'])
    held_out = len((own_folder / 'splits/val.txt').read_text().split())
    assert matrix.shape == (3, 3) and matrix.sum() == held_out * 100 * 100
    assert 'Kappa' in log and 'roof' in log


@pytest.mark.real_data
@pytest.mark.skipif('GLCNET_REAL_RGBN' not in os.environ, reason='GLCNET_REAL_RGBN is not set')
def test_real_four_band_images(tmp_path):
    """GLCNET_REAL_RGBN: a folder with images/ and nir/, and a labelled one, colon between."""
    for name, source in zip('ul', os.environ['GLCNET_REAL_RGBN'].split(':'), strict=True):
        names = ('--folders', 'images', 'nir', '--names', 'R', 'G', 'B', 'NIR')
        tool(tmp_path, 'stack_bands', source, tmp_path / name, *names)
    tool(tmp_path, 'make_tiles', tmp_path / 'l', tmp_path / 'tiles')
    tool(tmp_path, 'make_split', tmp_path / 'tiles', '--labelled', 16)
    (tmp_path / 'list.txt').write_text(
        '\n'.join(sorted(path.name for path in (tmp_path / 'u/images').iterdir())[:16])
    )
    lists = (
        'train_dataloader.dataset.ann_file=splits/train_16tiles_seed0.txt',
        'model.decode_head.num_classes=3',
        'val_dataloader.dataset.indices=4',
    )
    log = four_band_run(tmp_path / 'u', tmp_path / 'tiles', tmp_path, *lists)
    assert "of scope 'encoder' from" in log


@pytest.mark.real_data
@pytest.mark.skipif('GLCNET_REAL_DATA' not in os.environ, reason='GLCNET_REAL_DATA is not set')
def test_a_real_folder_is_cut_split_and_pretrained_on(tmp_path):
    source = Path(os.environ['GLCNET_REAL_DATA'])
    tool(tmp_path, 'make_tiles', source, tmp_path / 'tiles')
    tool(tmp_path, 'make_split', tmp_path / 'tiles', '--labelled', 16)
    names = tmp_path / 'tiles/splits/train_16tiles_seed0.txt'
    log = run(
        tmp_path, sys.executable, ROOT / 'tools/train.py', PRETRAIN, '--work-dir', tmp_path / 'run',
        *pretrain_options(tmp_path / 'tiles'), f'train_dataloader.dataset.ann_file={names}',
    )  # fmt: skip
    assert 'loss_local: ' in log
