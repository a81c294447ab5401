import pytest
import torch

from glcnet_plugin.datasets.io.images import read_image
from glcnet_plugin.engine.hooks import FreezeNormHook, RecalibrateBNHook
from glcnet_plugin.errors import DataError
from glcnet_plugin.models.utils.batch_norm import batch_norms

FROZEN = dict(type=FreezeNormHook, modules=['backbone', 'decode_head'])


def stem_mean(model, paths):
    """Mean of the first convolution over whole images."""
    images = torch.stack([torch.from_numpy(read_image(str(p))).permute(2, 0, 1) for p in paths])
    with torch.no_grad():
        return model.backbone.conv1((images.float() - 127.5) / 80.0).mean((0, 2, 3))


@pytest.mark.parametrize(
    ('own', 'listed', 'pattern'),
    [(True, False, 's000*'), (False, False, '*'), (False, True, 's001*')],
)
def test_statistics_are_those_of_the_images(own, listed, pattern, finetune, scenes, tmp_path):
    paths = sorted((scenes / 'images').glob(pattern))
    hook = dict(type=RecalibrateBNHook)
    if not own:
        hook['data_root'] = str(scenes / 'images')
    if listed:
        hook['ann_file'] = str(tmp_path / 'list.txt')
        (tmp_path / 'list.txt').write_text('\n'.join(path.name for path in paths))
    # no step is taken: the weights stay
    optimizer = dict(optimizer=dict(type='SGD', lr=0.0))
    runner = finetune(tmp_path / 'run', [hook, FROZEN], optim_wrapper=optimizer)
    found = runner.model.backbone.norm1.running_mean
    torch.testing.assert_close(found, stem_mean(runner.model, paths), atol=1e-4, rtol=1e-4)
    assert all(layer.running_mean.any() for layer in batch_norms(runner.model))
    assert f'those of {len(paths)} images' in next(tmp_path.rglob('*.log')).read_text()


def test_evenly_spaced_images(finetune, scenes, tmp_path):
    hook = dict(type=RecalibrateBNHook, data_root=str(scenes / 'images'), max_images=4)
    optimizer = dict(optimizer=dict(type='SGD', lr=0.0))
    runner = finetune(tmp_path, [hook, FROZEN], optim_wrapper=optimizer)
    paths = sorted((scenes / 'images').iterdir())[::3]
    found = runner.model.backbone.norm1.running_mean
    torch.testing.assert_close(found, stem_mean(runner.model, paths), atol=1e-4, rtol=1e-4)


def test_a_resumed_run_keeps_its_statistics():
    class Resumed:
        iter = 3  # nothing else is asked for

    RecalibrateBNHook().before_train(Resumed())


def test_one_image_and_a_pooled_norm(finetune, scenes, tmp_path):
    hook = dict(type=RecalibrateBNHook, max_images=1)
    with pytest.raises(DataError, match='need images of one size: Expected more than 1 value'):
        finetune(tmp_path, [hook])
