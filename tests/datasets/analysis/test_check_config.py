from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config, ConfigDict
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS

from glcnet_plugin.datasets.analysis.check_config import inputs_from_config
from glcnet_plugin.datasets.analysis.dataset_check import check_dataset
from glcnet_plugin.datasets.folder import FolderSegDataset
from glcnet_plugin.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]
FINETUNE = ROOT / 'configs/downstream/d3plus_r18w16_1xb8-120i_demo.py'
PRETRAIN = ROOT / 'configs/glcnet/glcnet_r18w16-d3plus_1xb32-60e_demo.py'
LOAD = [dict(type='glcnet_plugin.LoadRSImage'), dict(type='glcnet_plugin.LoadRSMask')]


def stems(inputs, split):
    return [Path(s.image).stem for s in inputs.samples if s.split == split]


def config(dataset, **more):
    """Config of nothing but a training dataset."""
    return Config(dict(train_dataloader=dict(dataset=dataset), default_scope='mmseg', **more))


def folder(labelled_folder, pipeline=(), **more):
    return dict(
        type='glcnet_plugin.FolderSegDataset', data_root=str(labelled_folder),
        pipeline=list(pipeline), **more,
    )  # fmt: skip


def test_a_finetuning_config(labelled_folder):
    (labelled_folder / 'splits').mkdir()
    for name, content in (('train', 'a1\na2'), ('val', 'b1')):
        (labelled_folder / f'splits/{name}.txt').write_text(content)
    cfg = Config.fromfile(FINETUNE)
    for split in ('train', 'val', 'test'):
        dataset = cfg[f'{split}_dataloader'].dataset
        dataset.data_root = str(labelled_folder)
        dataset.ann_file = f'splits/{"train" if split == "train" else "val"}.txt'
    inputs = inputs_from_config(cfg)
    assert stems(inputs, 'train') == ['a1', 'a2'] and stems(inputs, 'val') == ['b1']
    assert {s.split for s in inputs.samples} == {'train', 'val'}  # test is val
    expected = inputs.expected
    assert (expected.num_bands, expected.labels.num_classes, expected.min_size) == (3, 2, None)
    assert expected.mean == (127.5,) * 3 and list(inputs.classes) == ['red', 'green']
    assert [s.group for s in inputs.samples] == ['A', 'A', 'B']
    assert [issue.code for issue in inputs.issues] == ['num_classes']  # the config says 6
    cfg.model.decode_head.num_classes = 2
    assert inputs_from_config(cfg).issues == []


def test_misspelt_keys_are_told(labelled_folder):
    cfg = Config.fromfile(PRETRAIN)
    cfg.train_dataloader.dataset.data_root = str(labelled_folder / 'images')
    cfg.model.style_hed = None
    (issue,) = inputs_from_config(cfg).issues
    assert issue.code == 'model' and 'style_hed' in issue.message
    cfg.train_dataloader.dataset.ann_fiel = 'x'
    with pytest.raises(ConfigError, match=r'train_dataloader.dataset: .*ann_fiel'):
        inputs_from_config(cfg)
    cfg.train_dataloader.dataset.type = 'glcnet_plugin.NoSuchDataset'
    with pytest.raises(ConfigError, match='NoSuchDataset'):
        inputs_from_config(cfg)


def test_a_pretraining_config(labelled_folder):
    cfg = Config.fromfile(PRETRAIN)
    cfg.train_dataloader.dataset.data_root = str(labelled_folder / 'images')
    inputs = inputs_from_config(cfg)
    assert stems(inputs, 'train') == ['a1', 'a2', 'b1']
    assert inputs.samples[0].mask is None and inputs.expected.min_size == (80, 80)


def test_scenes_are_listed_not_their_windows(labelled_folder):
    cfg = Config.fromfile(PRETRAIN)
    cfg.train_dataloader.dataset.update(
        type='glcnet_plugin.UnlabeledSceneDataset', data_root=str(labelled_folder / 'images'),
        window_size=4, pipeline=[dict(type='glcnet_plugin.LoadRSImage', bands=['B', 'R'],
                                      band_names=['R', 'G', 'B'])],
    )  # fmt: skip
    inputs = inputs_from_config(cfg)
    assert stems(inputs, 'train') == ['a1', 'a2', 'b1']
    assert inputs.expected.min_size == (4, 4) and inputs.expected.bands == [2, 0]


def test_datasets_in_wrappers_are_listed_one_by_one(labelled_folder):
    crop = dict(type='glcnet_plugin.TrackedRandomCrop', crop_size=4)
    wrapped = dict(
        type='ConcatDataset',
        datasets=[
            dict(
                type='RepeatDataset', times=3, dataset=folder(labelled_folder, LOAD, groups=['A'])
            ),
            folder(labelled_folder, [*LOAD, crop], groups=['B']),
        ],
    )
    inputs = inputs_from_config(config(wrapped))
    assert stems(inputs, 'train') == ['a1', 'a2', 'b1'] and inputs.issues == []
    sizes = [sample.expected.min_size for sample in inputs.samples]
    assert sizes == [None, None, (4, 4)]
    assert inputs.classes == ['red', 'green']
    assert check_dataset(inputs.samples, inputs.expected, 0).splits['train'].files == 3


def test_class_balanced_datasets(labelled_folder):
    class Countable(FolderSegDataset):
        def get_cat_ids(self, idx):
            return [0, 1]

    DATASETS.register_module(module=Countable, name='CountableFolder', force=True)
    inner = dict(folder(labelled_folder, LOAD), type='mmengine.CountableFolder')
    wrapped = dict(type='ClassBalancedDataset', oversample_thr=0.5, dataset=inner)
    assert stems(inputs_from_config(config(wrapped)), 'train') == ['a1', 'a2', 'b1']


def test_a_dataset_of_mmseg_with_its_own_loaders(labelled_folder):
    """It tells nothing but the usual keys, and its loader makes three bands of any file."""
    dataset = dict(
        type='BaseSegDataset', data_root=str(labelled_folder), img_suffix='.png',
        data_prefix=dict(img_path='images', seg_map_path='masks'), ignore_index=7,
        metainfo=dict(classes=('red', 'green'), palette=[[255, 0, 0], [0, 255, 0]]),
        pipeline=[dict(type='LoadImageFromFile'), dict(type='Resize', scale=(4, 4)),
                  dict(type='LoadAnnotations')],
    )  # fmt: skip
    model = dict(type='no.Model', backbone=dict(in_channels=4))
    inputs = inputs_from_config(config(dataset, model=model))
    assert stems(inputs, 'train') == ['a1', 'a2', 'b1']
    expected = inputs.expected
    assert expected.num_bands is expected.bands is expected.min_size is None
    assert expected.labels.num_classes == 2 and expected.labels.all_ignored == [7, 255]
    report = check_dataset(inputs.samples, expected, 0)
    assert report.errors == 0 and report.splits['train'].class_pixels.sum() == 3 * 63


def test_a_dataset_that_does_not_tell_its_files_is_left_out(labelled_folder):
    class Foreign:
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return np.zeros(3)

    class Listed(BaseDataset):
        def load_data_list(self):
            return [{'pair': ('x', 'y')}]

    for cls in (Foreign, Listed):
        DATASETS.register_module(module=cls, name=cls.__name__, force=True)
        inputs = inputs_from_config(config(dict(type=f'mmengine.{cls.__name__}')))
        (issue,) = inputs.issues
        assert (issue.level, issue.code) == ('warning', 'not_checked') and not inputs.samples
        assert cls.__name__ in issue.message
        assert check_dataset(inputs.samples, inputs.expected, 0).errors == 0


def test_multiple_loaders(labelled_folder):
    loaders = [
        dict(dataset=folder(labelled_folder, LOAD, groups=[group]), batch_size=1) for group in 'AB'
    ]
    for multiple in (loaders, dict(a=loaders[0], b=loaders[1])):
        cfg = Config(dict(train_dataloader=multiple, default_scope='mmseg'))
        assert stems(inputs_from_config(cfg), 'train') == ['a1', 'a2', 'b1']


def test_test_time_augmentation(labelled_folder):
    cfg = Config.fromfile(FINETUNE)
    augmented = dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='Resize', scale_factor=factor) for factor in (1.0, 2.0)],
            [dict(type='glcnet_plugin.LoadRSMask')],
            [dict(type='PackSegInputs')],
        ],
    )
    for split in ('train', 'val', 'test'):
        cfg[f'{split}_dataloader'].dataset.update(data_root=str(labelled_folder), ann_file='')
    cfg.test_dataloader.dataset.pipeline = [LOAD[0], augmented]
    cfg.model.decode_head.num_classes = 2
    # what mmseg's tools/test.py --tta makes of it
    cfg.model = ConfigDict(type='SegTTAModel', module=cfg.model)
    inputs = inputs_from_config(cfg)
    assert inputs.issues == [] and stems(inputs, 'test') == ['a1', 'a2', 'b1']
    assert inputs.expected.num_bands == 3 and inputs.expected.mean == (127.5,) * 3
    sample = next(s for s in inputs.samples if s.split == 'test')
    assert sample.expected.num_bands == 3  # its loader comes before the augmentation


def test_chosen_classes_of_a_folder(labelled_folder):
    cfg = config(folder(labelled_folder, LOAD, metainfo=dict(classes=['green'])))
    inputs = inputs_from_config(cfg)
    assert list(inputs.classes) == ['green']
    report = check_dataset(inputs.samples, inputs.expected, 0)
    # one class alone cannot be scored
    assert [issue.code for issue in report.issues if issue.level == 'error'] == ['single_class']
    assert report.splits['train'].class_pixels.tolist() == [96]


def test_cascades_are_compared_by_their_last_head(labelled_folder):
    heads = [dict(num_classes=2), dict(num_classes=5)]
    cfg = config(folder(labelled_folder, LOAD), model=dict(type='no.Model', decode_head=heads))
    codes = [issue.code for issue in inputs_from_config(cfg).issues]
    assert codes == ['num_classes', 'model']


def test_any_error_of_a_dataset_is_told(labelled_folder):
    class Failing:
        def __init__(self):
            raise RuntimeError('no network')

    DATASETS.register_module(module=Failing, name='Failing', force=True)
    with pytest.raises(ConfigError, match=r'train_dataloader.dataset: RuntimeError: .*no network'):
        inputs_from_config(config(dict(type='mmengine.Failing')))
    misspelt = folder(labelled_folder, [dict(type='glcnet_plugin.LoadRSImage', band=[1])])
    with pytest.raises(ConfigError, match=r'train_dataloader.dataset: TypeError: .*band'):
        inputs_from_config(config(misspelt))
