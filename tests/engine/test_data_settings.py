import numpy as np
import pytest
import rasterio
import torch
from mmengine.config import Config
from rasterio.enums import ColorInterp

from glcnet_plugin.datasets.tiling.folder_writer import (
    write_description,
    write_image,
    write_mask,
)
from glcnet_plugin.engine.data_settings import (
    dataset_settings,
    set_data_root,
    set_num_classes,
    unused_data_root,
)
from glcnet_plugin.engine.run_config import merge_options
from glcnet_plugin.errors import ConfigError, DataError

FINETUNE = 'configs/downstream/d3plus_r18w16_1xb8-120i_demo.py'
PRETRAIN = 'configs/glcnet/glcnet_r18w16-d3plus_1xb32-60e_demo.py'
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


@pytest.fixture
def load(request):
    return lambda name: Config.fromfile(request.config.rootpath / name)


@pytest.fixture
def folder(tmp_path):
    """A labelled folder of 16-bit images with 4 bands, 3 classes."""

    def make(bands=4, dtype=np.uint16, classes=3):
        rng = np.random.default_rng(0)
        for name in ('images', 'masks', 'splits'):
            (tmp_path / name).mkdir()
        palette = [(40 * i, 0, 0) for i in range(classes)]
        for name in 'ab':
            image = rng.integers(0, 200, (16, 16, bands)).astype(dtype)
            write_image(tmp_path / 'images' / name, image)
            ids = rng.integers(0, classes, (16, 16)).astype(np.uint8)
            write_mask(tmp_path / f'masks/{name}.png', ids, palette)
        names = [f'class{i}' for i in range(classes)]
        write_description(tmp_path, names, palette, [{'name': n, 'group': n} for n in 'ab'])
        (tmp_path / 'splits/train_1pct_seed0.txt').write_text('a\n')
        return tmp_path

    return make


def test_scenes_are_not_called_windows(load, tmp_path, monkeypatch):
    for name in 'ab':
        write_image(tmp_path / name, np.full((300, 300, 3), 7, np.uint8))
    printed = []
    monkeypatch.setattr('glcnet_plugin.engine.data_settings.print_log', printed.append)
    cfg = load('configs/glcnet/glcnet_lite0-d3plus_1xb24-1000i_scenes-imagenet.py')
    cfg.train_dataloader.dataset.num_windows = 5
    set_data_root(cfg, tmp_path)
    assert printed == [f'data root {tmp_path}: 2 scenes, 5 windows an epoch, 3 bands']


def test_a_labelled_folder_is_set_everywhere(load, folder):
    cfg, root = load(FINETUNE), folder()
    cfg.model.auxiliary_head = [dict(num_classes=6), dict(num_classes=6)]
    set_data_root(cfg, root)
    assert [cfg[name].dataset.data_root for name in LOADERS] == [str(root)] * 3
    assert cfg.model.decode_head.num_classes == 3
    assert [head.num_classes for head in cfg.model.auxiliary_head] == [3, 3]
    assert cfg.model.backbone.in_channels == 4
    preprocessor = cfg.model.data_preprocessor
    assert len(preprocessor.mean) == len(preprocessor.std) == 4 and preprocessor.mean[0] != 127.5


def test_8_bit_rgb_keeps_the_normalisation_of_the_config(load, folder):
    cfg = load(FINETUNE)
    before = cfg.model.data_preprocessor.to_dict()
    set_data_root(cfg, folder(3, np.uint8))
    assert cfg.model.data_preprocessor.to_dict() == before
    assert cfg.model.backbone.in_channels == 3 and cfg.model.decode_head.num_classes == 3


def test_names_of_bands_go_where_their_number_changes(load, folder):
    cfg = load(FINETUNE.replace('demo', 'demo-rgbn'))
    set_data_root(cfg, folder(3, np.uint8))
    assert cfg.model.backbone.in_channels == len(cfg.model.data_preprocessor.mean) == 3
    assert cfg.model.data_preprocessor.band_names is None


def test_pretraining_reads_the_images_of_a_labelled_folder(load, folder):
    cfg, root = load(PRETRAIN), folder()
    set_data_root(cfg, root)
    assert cfg.train_dataloader.dataset.data_root == str(root / 'images')
    assert cfg.model.decode_head.num_classes == 64  # embedding, no classes
    assert cfg.model.backbone.in_channels == 4 == len(cfg.model.data_preprocessor.mean)


def test_pretraining_reads_a_folder_without_labels_as_it_is(load, folder):
    cfg, root = load(PRETRAIN), folder() / 'images'
    set_data_root(cfg, root)
    assert cfg.train_dataloader.dataset.data_root == str(root)


@pytest.mark.parametrize('name', ['mae/mae_vit-t8', 'inpainting/inpainting_r18w16-d3plus'])
def test_methods_that_count_bands_elsewhere(load, folder, name):
    cfg = load(f'configs/baselines/{name}_1xb32-60e_demo.py')
    set_data_root(cfg, folder())
    if 'mae' in name:
        assert cfg.model.backbone.patch_cfg.in_channels == 4
        assert cfg.model.neck.in_chans == cfg.model.head.in_channels == 4
        assert 'in_channels' not in cfg.model.backbone
    else:
        assert cfg.model.backbone.in_channels == cfg.model.decode_head.num_classes == 4


def test_fixed_number_of_bands_follows(load, folder):
    cfg = load('configs/glcnet/glcnet_r50-d3plus_1xb256-400e_potsdam.py')
    cfg.train_dataloader.dataset.ann_file = ''
    set_data_root(cfg, folder(5))
    assert cfg.train_dataloader.dataset.pipeline[0].num_bands == 5
    assert cfg.model.backbone.in_channels == 5


def test_chosen_bands_are_counted(load, folder):
    cfg = load(FINETUNE)
    cfg.train_dataloader.dataset.pipeline[0].bands = [0, 3]
    set_data_root(cfg, folder())
    assert cfg.model.backbone.in_channels == 2


def test_scoring_normalises_as_the_checkpoint(load, folder):
    """A folder to score needs no list of the training set."""
    cfg, root = load(FINETUNE), folder()
    (root / 'splits/train_1pct_seed0.txt').unlink()
    (root / 'splits/val.txt').write_text('b\n')
    bands = {'mean': [1.0, 2.0, 3.0, 4.0], 'std': [5.0] * 4, 'names': ['a', 'b', 'c', 'd']}
    torch.save({'state_dict': {}, 'meta': {'bands': bands}}, root / 'x.pth')
    set_data_root(cfg, root, 'test_dataloader', str(root / 'x.pth'))
    assert cfg.model.data_preprocessor.mean == bands['mean']
    assert cfg.model.data_preprocessor.band_names == bands['names']
    assert cfg.model.backbone.in_channels == 4 and cfg.model.decode_head.num_classes == 3
    torch.save({'state_dict': {}}, root / 'y.pth')  # of another program
    set_data_root(cfg, root, 'test_dataloader', str(root / 'y.pth'))
    assert cfg.model.data_preprocessor.mean != bands['mean']


@pytest.mark.parametrize('wrapper', ['RepeatDataset', 'ConcatDataset'])
def test_wrapped_datasets_are_reached(load, folder, wrapper):
    cfg, root = load(FINETUNE), folder()
    inner = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = (
        dict(type=wrapper, times=2, dataset=inner)
        if wrapper == 'RepeatDataset'
        else dict(type=wrapper, datasets=[inner, dict(inner)])
    )
    set_data_root(cfg, root)
    for dataset in dataset_settings(cfg.train_dataloader.dataset):
        assert dataset['data_root'] == str(root)
    assert cfg.model.decode_head.num_classes == 3


def test_data_of_several_folders_is_refused(load, folder):
    cfg = load(FINETUNE)
    inner = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = dict(
        type='ConcatDataset', datasets=[inner, dict(inner, data_root='b')]
    )
    with pytest.raises(ConfigError, match=r"train_dataloader reads 2 folders, \['b', 'work_dirs"):
        set_data_root(cfg, folder())


def test_missing_folders_and_descriptions_are_named(load, tmp_path):
    with pytest.raises(ConfigError, match='data root .*gone is not a folder'):
        set_data_root(load(FINETUNE), tmp_path / 'gone')
    with pytest.raises(DataError, match=r'classes\.json'):
        set_data_root(load(FINETUNE), tmp_path)


def test_options_are_stronger_than_the_folder(load, folder):
    cfg, root = load(FINETUNE), folder()
    options = {'model.decode_head.num_classes': 9, 'train_dataloader.dataset.ann_file': ''}
    (root / 'splits/train_1pct_seed0.txt').unlink()  # the list of the option is read
    merge_options(cfg, options, str(root))
    assert cfg.model.decode_head.num_classes == 9 and cfg.model.backbone.in_channels == 4


@pytest.mark.parametrize('way', ['option', 'leaf'])
def test_one_key_of_a_config_sets_everything(load, folder, way, request):
    root = folder()
    if way == 'leaf':
        path = root / 'mine.py'
        base = request.config.rootpath / FINETUNE
        path.write_text(f'_base_ = {str(base)!r}\ndata_root = {str(root)!r}\n')
        cfg = Config.fromfile(path)
        merge_options(cfg)
    else:
        cfg = load(FINETUNE)
        merge_options(cfg, {'data_root': str(root)})
    assert [cfg[name].dataset.data_root for name in LOADERS] == [str(root)] * 3
    assert cfg.model.decode_head.num_classes == 3 and 'data_root' not in cfg
    assert unused_data_root(cfg) is None


def test_all_heads_get_the_number_of_classes():
    heads = {'decode_head': [{'num_classes': 2}, {}], 'auxiliary_head': {'num_classes': 2}}
    model = Config({'model': heads}).model
    set_num_classes(model, 7)
    assert [h.num_classes for h in (*model.decode_head, model.auxiliary_head)] == [7, 7, 7]


def test_a_checkpoint_of_other_classes_is_not_scored(load, folder):
    """mmengine only warns, and the classifier stays at random."""
    root = folder()
    (root / 'splits/val.txt').write_text('b\n')
    state = {'decode_head.conv_seg.weight': torch.zeros(6, 8, 1, 1)}
    torch.save({'state_dict': state}, root / 'x.pth')
    with pytest.raises(ConfigError, match='x.pth was trained with 6 classes, .* has 3'):
        set_data_root(load(FINETUNE), root, 'test_dataloader', str(root / 'x.pth'))


def test_a_model_inside_test_time_augmentation_is_set():
    from mmengine.config import Config

    from glcnet_plugin.engine import data_settings

    model = dict(
        backbone=dict(type='mmseg.ResNet', in_channels=3),
        data_preprocessor=dict(mean=[1.0] * 3, std=[1.0] * 3),
        decode_head=dict(num_classes=2),
        type='mmseg.EncoderDecoder',
    )
    cfg = Config(dict(model=dict(type='mmseg.SegTTAModel', module=model)))
    data_settings.set_num_classes(cfg.model, 5)
    mean = {'model.data_preprocessor.mean': [2.0] * 4}
    data_settings.set_bands(cfg, {'model.backbone.in_channels': 4, **mean})
    network = cfg.model.module
    assert network.decode_head.num_classes == 5 and network.backbone.in_channels == 4
    assert data_settings._network_bands(cfg) == 4 and set(cfg.model) == {'type', 'module'}


def rename(root, names):
    for path in (root / 'images').iterdir():
        with rasterio.open(path) as raster:
            image = raster.read().transpose(1, 2, 0)
        path.unlink()
        write_image(path.with_suffix(''), image, names)


def test_names_of_8_bit_rgb_are_recorded(load, folder):
    """Checkpoints knew no names, so that maps of scenes in another order went unnoticed."""
    cfg, root = load(FINETUNE), folder(3, np.uint8)
    before = cfg.model.data_preprocessor.to_dict()
    rename(root, 'RGB')
    set_data_root(cfg, root)
    assert cfg.model.data_preprocessor.to_dict() == {**before, 'band_names': ['R', 'G', 'B']}
    cfg = load(FINETUNE)
    cfg.model.data_preprocessor.type = 'mmseg.SegDataPreProcessor'  # knows no names
    set_data_root(cfg, root)
    assert 'band_names' not in cfg.model.data_preprocessor


def test_scoring_refuses_another_order(load, folder):
    cfg, root = load(FINETUNE), folder(3, np.uint8)
    rename(root, 'BGR')
    cfg.test_dataloader.dataset.ann_file = ''
    bands = {'mean': [1.0, 2.0, 3.0], 'std': [5.0] * 3, 'names': ['R', 'G', 'B']}
    torch.save({'state_dict': {}, 'meta': {'bands': bands}}, root / 'x.pth')
    with pytest.raises(DataError, match='has the bands B, G, R, .*x.pth has R, G, B'):
        set_data_root(cfg, root, 'test_dataloader', str(root / 'x.pth'))


def test_an_alpha_band_that_is_a_mask_is_not_counted(load, folder):
    """Every run with alpha='mask' stopped: three bands were read, four means were set."""
    cfg = load(FINETUNE)
    cfg.train_dataloader.dataset.pipeline[0].alpha = 'mask'
    root = folder(4, np.uint8)
    for path in (root / 'images').iterdir():
        with rasterio.open(path, 'r+') as raster:
            raster.colorinterp = [*raster.colorinterp[:3], ColorInterp.alpha]
    set_data_root(cfg, root)
    assert cfg.model.backbone.get('in_channels', 3) == len(cfg.model.data_preprocessor.mean) == 3


def test_masks_beside_images_are_not_pretrained_on(load, folder):
    """Without classes.json, the masks were taken for images."""
    cfg, root = load(PRETRAIN), folder()
    (root / 'classes.json').unlink()
    set_data_root(cfg, root)
    assert cfg.train_dataloader.dataset.data_root == str(root / 'images')
