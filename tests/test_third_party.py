"""Parts that are not of this package, in the shipped configs and with all their hooks."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS
from mmengine.runner import Runner

from glcnet_plugin.checkpoints.export import export_weights
from glcnet_plugin.errors import ConfigError

pytestmark = pytest.mark.slow

CONFIGS = Path(__file__).parents[1] / 'configs'
PRETRAIN = CONFIGS / 'glcnet/glcnet_r18w16-d3plus_1xb32-60e_demo.py'
LOADER = dict(batch_size=4, num_workers=0, persistent_workers=False)


def pretraining(scenes, folder, **heads):
    model = {
        key: None if kind is None else dict(_delete_=True, type=kind) for key, kind in heads.items()
    }
    folder.mkdir(exist_ok=True)
    (folder / 'leaf.py').write_text(
        f"_base_ = '{PRETRAIN}'\n"
        "custom_imports = dict(imports=['third_party_head'])\n"
        f'model = {model}\n'
    )
    cfg = Config.fromfile(folder / 'leaf.py')
    cfg.merge_from_dict(
        dict(
            work_dir=str(folder),
            train_dataloader=dict(LOADER, dataset=dict(data_root=str(scenes / 'images'))),
            train_cfg=dict(max_epochs=2),
            default_hooks=dict(
                logger=dict(interval=1),
                checkpoint=dict(interval=1),
                embedding_metrics=dict(interval=1),
                collapse_guard=dict(begin=0),
                pretrain_visualization=dict(interval=1, images=2),
            ),
            experiment_name=str(folder),
            visualizer=dict(name=str(folder)),
        )
    )
    return Runner.from_cfg(cfg)


def segmentation(scenes, folder, checkpoint=None, **settings):
    cfg = Config.fromfile(CONFIGS / 'downstream/d3plus_r18w16_1xb8-120i_demo.py')
    data = dict(data_root=str(scenes), ann_file='', groups=['s000'])
    cfg.merge_from_dict(
        dict(
            work_dir=str(folder),
            train_dataloader=dict(LOADER, dataset=data),
            val_dataloader=dict(LOADER, dataset=data),
            test_dataloader=dict(LOADER, dataset=data),
            train_cfg=dict(max_iters=1),
            default_hooks=dict(
                pretrained=dict(checkpoint=checkpoint and str(checkpoint)),
                checkpoint=dict(interval=1),
            ),
            experiment_name=str(folder),
            visualizer=dict(name=str(folder)),
        )
    )
    return Runner.from_cfg(Config({**cfg.to_dict(), **settings}))


@pytest.fixture(autouse=True)
def _outside(monkeypatch):
    """The folder of the head is on the path, as that of a user is."""
    monkeypatch.syspath_prepend(str(Path(__file__).with_name('data')))


@pytest.mark.parametrize(
    'branches', [('style', 'local'), ('style',), ('local',)], ids=lambda names: '-'.join(names)
)
def test_a_head_of_a_user_pretrains_is_exported_and_fine_tuned(scenes, tmp_path, branches):
    heads = {f'{name}_head': 'PredictorHead' for name in branches}
    if branches == ('style',):
        heads['local_head'] = 'glcnet_plugin.LocalMatchingHead'
    if branches == ('local',):
        heads['style_head'] = None
    runner = pretraining(scenes, tmp_path / 'pretrain', **heads)
    runner.train()
    scalars = runner.message_hub.log_scalars
    for name in branches:
        assert {f'train/emb_{name}_std', f'train/loss_{name}'} <= set(scalars)
        assert f'train/chance_{name}' not in scalars
    with_regions = branches == ('style',)  # of the local head of the package
    assert ('train/emb_num_regions' in scalars) == with_regions
    pictures = {p.name.split('_')[0] for p in tmp_path.rglob('vis_image/*.png')}
    assert pictures == ({'features', 'matched'} if with_regions else {'features'})

    report = export_weights(str(tmp_path / 'pretrain/epoch_2.pth'), tmp_path / 'export')
    tuned = segmentation(scenes, tmp_path / 'finetune', report.path)
    tuned.train()
    exported = torch.load(report.path, weights_only=True)['state_dict']
    log = next((tmp_path / 'finetune').rglob('*.log')).read_text()
    assert f'loaded {len(exported)} tensors' in log


def test_a_result_of_another_type_is_named_with_the_remedy(scenes, tmp_path):
    runner = pretraining(scenes, tmp_path, style_head='TupleHead', local_head=None)
    with pytest.raises(ConfigError, match=r'TupleHead.loss returned a tuple.*return BranchOutput'):
        runner.train()


@pytest.mark.parametrize(
    ('kind', 'message'),
    [
        ('mmengine.Identity', 'no head .* is registered.*custom_imports'),
        ('mmseg.FPN', 'style_head is a FPN, which has no method loss'),
    ],
)
def test_what_is_no_head_is_refused_when_built(scenes, tmp_path, kind, message):
    with pytest.raises(ConfigError, match=message):
        pretraining(scenes, tmp_path, style_head=kind)


def test_queues_need_our_heads():
    import third_party_head

    model = Config.fromfile(PRETRAIN).model
    model.update(type='glcnet_plugin.MomentumGLCNet', queue_length=8)
    model['style_head'] = dict(type=third_party_head.PredictorHead)
    with pytest.raises(ConfigError, match='PredictorHead.*derive it from BaseContrastHead'):
        MODELS.build(model)


def test_scores_with_test_time_augmentation_and_other_metrics(scenes, tmp_path):
    runner = segmentation(scenes, tmp_path / 'train')
    runner.train()
    pipeline = [
        dict(type='glcnet_plugin.LoadRSImage'),
        dict(type='glcnet_plugin.LoadRSMask'),
        dict(
            type='TestTimeAug',
            transforms=[
                [dict(type='RandomFlip', prob=0.0), dict(type='RandomFlip', prob=1.0)],
                [dict(type='PackSegInputs')],
            ],
        ),
    ]
    evaluators = [
        dict(type='glcnet_plugin.RSSegMetric', output_dir=str(tmp_path / 'ours')),
        dict(type='mmseg.IoUMetric', iou_metrics=['mIoU'], prefix='mmseg'),
        dict(type='glcnet_plugin.RSSegMetric', output_dir=str(tmp_path / 'ours'), ignore_index=0,
             prefix='without_first'),
    ]  # fmt: skip
    checkpoint = str(tmp_path / 'train/iter_1.pth')
    settings = dict(load_from=checkpoint, test_evaluator=evaluators)
    plain = segmentation(scenes, tmp_path / 'plain', **settings).test()
    assert 100 * plain['seg/mIoU'] == pytest.approx(plain['mmseg/mIoU'], abs=0.02)

    files = sorted(path.stem for path in (tmp_path / 'ours').glob('*.json'))
    assert files == ['scores', 'scores_without_first']

    model = runner.cfg.model.to_dict()
    data = runner.cfg.test_dataloader.to_dict()
    data['dataset'] = dict(
        type='ConcatDataset',
        datasets=[dict(data['dataset'], groups=[g], pipeline=pipeline) for g in ('s000', 's001')],
    )
    augmented = segmentation(
        scenes,
        tmp_path / 'augmented',
        model=dict(type='mmseg.SegTTAModel', module=model),
        test_dataloader=data,
        **settings,
    )
    scores = augmented.test()
    assert set(scores) == set(plain) and all(value == value for value in scores.values())
    matrix = json.loads((tmp_path / 'ours/scores.json').read_text())['confusion_matrix']
    assert sum(map(sum, matrix)) > 7 * 160 * 160  # of 8 tiles, nearly all labelled


def test_images_that_are_resized_before_their_masks_are_read(scenes, tmp_path):
    """As in the test pipelines of mmseg: scores are those of the original size."""
    runner = segmentation(scenes, tmp_path / 'plain')
    data = runner.cfg.test_dataloader.to_dict()
    data['dataset']['pipeline'] = [
        dict(type='glcnet_plugin.LoadRSImage'),
        dict(type='Resize', scale=(96, 96)),
        dict(type='glcnet_plugin.LoadRSMask'),
        dict(type='PackSegInputs'),
    ]
    metric = dict(type='glcnet_plugin.RSSegMetric', output_dir=str(tmp_path / 'scores'))
    segmentation(scenes, tmp_path / 'resized', test_dataloader=data, test_evaluator=metric).test()
    matrix = json.loads((tmp_path / 'scores/scores.json').read_text())['confusion_matrix']
    assert sum(map(sum, matrix)) > 3.5 * 160 * 160  # of 4 tiles
