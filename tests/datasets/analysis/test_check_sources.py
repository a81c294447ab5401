from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from glcnet_plugin.datasets.analysis.check_sources import (
    inputs_from_config,
    inputs_from_folder,
    inputs_from_pairs,
)
from glcnet_plugin.datasets.analysis.sample_checks import Expectation
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import ConfigError, DataError

ROOT = Path(__file__).resolve().parents[3]
FINETUNE = ROOT / 'configs/downstream/deeplabv3plus_resnet18w16_1xb8-adam-120i_demo.py'
PRETRAIN = ROOT / 'configs/glcnet/glcnet_resnet18w16-deeplabv3plus_1xb32-adam-coslr-60e_demo.py'


def stems(inputs, split):
    return [Path(s.image).stem for s in inputs.samples if s.split == split]


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
    assert (expected.num_bands, expected.num_classes, expected.min_size) == (3, 2, None)
    assert expected.mean == (127.5,) * 3 and list(inputs.classes) == ['red', 'green']
    assert [s.group for s in inputs.samples] == ['A', 'A', 'B']
    assert [f.code for f in inputs.findings] == ['num_classes']  # the config says 6
    cfg.model.decode_head.num_classes = 2
    assert inputs_from_config(cfg).findings == []


def test_misspelt_keys_are_told(labelled_folder):
    cfg = Config.fromfile(PRETRAIN)
    cfg.train_dataloader.dataset.data_root = str(labelled_folder / 'images')
    cfg.model.style_hed = None
    found = inputs_from_config(cfg).findings
    assert [f.code for f in found] == ['model'] and 'style_hed' in found[0].message
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


def test_a_labelled_folder_and_its_lists(labelled_folder):
    everything = inputs_from_folder(labelled_folder, {})
    assert stems(everything, 'train') == ['a1', 'a2', 'b1']
    assert everything.samples[2].group == 'B' and everything.expected.num_classes == 2
    (labelled_folder / 'v.txt').write_bytes(b'images\\b1.png\r\n')
    assert stems(
        inputs_from_folder(labelled_folder, {'val': labelled_folder / 'v.txt'}), 'val'
    ) == ['b1']
    (labelled_folder / 'v.txt').write_text('b1\nb1.png\n')
    with pytest.raises(DataError, match=r"names \['b1'\] more than once"):
        inputs_from_folder(labelled_folder, {'val': labelled_folder / 'v.txt'})
    (labelled_folder / 'v.txt').write_text('zz')
    with pytest.raises(DataError, match=r"v.txt names \['zz'\], not in the manifest"):
        inputs_from_folder(labelled_folder, {'val': labelled_folder / 'v.txt'})


def test_files_that_the_manifest_and_the_folder_do_not_share(labelled_folder):
    (labelled_folder / 'images/a1.png').rename(labelled_folder / 'images/zz.png')
    inputs = inputs_from_folder(labelled_folder, {})
    assert sorted(f.code for f in inputs.findings) == ['image_missing', 'not_listed']


def test_two_folders(labelled_folder):
    (labelled_folder / 'images/a1.png').unlink()
    folders = labelled_folder / 'images', labelled_folder / 'masks'
    inputs = inputs_from_pairs(*folders, Expectation())
    assert stems(inputs, 'train') == ['a2', 'b1']
    assert [(f.code, Path(f.file).name) for f in inputs.findings] == [('mask_alone', 'a1.png')]
    assert inputs_from_pairs(folders[0], None, Expectation()).samples[0].mask is None
    write_image(labelled_folder / 'images/a2', np.zeros((4, 4, 4), np.uint8))
    twice = inputs_from_pairs(*folders, Expectation())
    assert stems(twice, 'train') == ['a2', 'b1']
    assert [f.code for f in twice.findings] == ['name_twice', 'mask_alone']
    with pytest.raises(DataError, match='no image below'):
        inputs_from_pairs(labelled_folder / 'splits', None, Expectation())
