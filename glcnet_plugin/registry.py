"""Registries of scope ``glcnet_plugin``, children of mmengine's root registries.

A config of any default scope builds our classes by the prefixed name
(``type='glcnet_plugin.GLCNet'``): mmengine imports this module, then the locations
listed here. No ``custom_imports`` are needed, and bare host types stay bare.
"""

from mmengine import registry as root
from mmengine.registry import Registry

from glcnet_plugin.compat import check_hosts

check_hosts()

MODELS = Registry(
    'model',
    parent=root.MODELS,
    scope='glcnet_plugin',
    locations=[
        'glcnet_plugin.models.selfsup.glcnet',
        'glcnet_plugin.models.selfsup.momentum_glcnet',
        'glcnet_plugin.models.selfsup.inpainting',
        'glcnet_plugin.models.selfsup.jigsaw',
        'glcnet_plugin.models.segmentors.encoder_decoder',
        'glcnet_plugin.models.backbones.mobilenet_v2',
        'glcnet_plugin.models.decode_heads.linear_head',
        'glcnet_plugin.models.decode_heads.linear_decoder_head',
        'glcnet_plugin.models.decode_heads.lraspp_head',
        'glcnet_plugin.models.heads.style_contrast_head',
        'glcnet_plugin.models.heads.local_matching_head',
        'glcnet_plugin.models.losses.nt_xent_loss',
        'glcnet_plugin.models.losses.queue_nt_xent_loss',
        'glcnet_plugin.models.losses.swapped_prediction_loss',
        'glcnet_plugin.models.data_preprocessors.multiband',
    ],
)
DATASETS = Registry(
    'dataset',
    parent=root.DATASETS,
    scope='glcnet_plugin',
    locations=[
        'glcnet_plugin.datasets.unlabeled',
        'glcnet_plugin.datasets.scenes',
        'glcnet_plugin.datasets.folder',
        'glcnet_plugin.datasets.official_layout',
        'glcnet_plugin.datasets.isprs',
        'glcnet_plugin.datasets.deepglobe',
        'glcnet_plugin.datasets.loveda',
        'glcnet_plugin.datasets.gid',
        'glcnet_plugin.datasets.flair',
        'glcnet_plugin.datasets.dubai',
    ],
)
TRANSFORMS = Registry(
    'transform',
    parent=root.TRANSFORMS,
    scope='glcnet_plugin',
    locations=[
        'glcnet_plugin.datasets.transforms.loading',
        'glcnet_plugin.datasets.transforms.host_input',
        'glcnet_plugin.datasets.transforms.tracked',
        'glcnet_plugin.datasets.transforms.scale',
        'glcnet_plugin.datasets.transforms.photometric',
        'glcnet_plugin.datasets.transforms.two_views',
        'glcnet_plugin.datasets.transforms.two_views_on_device',
    ],
)
METRICS = Registry(
    'metric',
    parent=root.METRICS,
    scope='glcnet_plugin',
    locations=['glcnet_plugin.evaluation.metric'],
)
HOOKS = Registry(
    'hook',
    parent=root.HOOKS,
    scope='glcnet_plugin',
    locations=[
        'glcnet_plugin.engine.hooks.keep_memory',
        'glcnet_plugin.engine.hooks.load_pretrained',
        'glcnet_plugin.engine.hooks.provenance',
        'glcnet_plugin.engine.hooks.preflight',
        'glcnet_plugin.engine.hooks.class_num_check',
        'glcnet_plugin.engine.hooks.dead_taps',
        'glcnet_plugin.engine.hooks.embedding_metrics',
        'glcnet_plugin.engine.hooks.collapse_guard',
        'glcnet_plugin.engine.hooks.resume_check',
        'glcnet_plugin.engine.hooks.deterministic_resume',
        'glcnet_plugin.engine.hooks.nan_guard',
        'glcnet_plugin.engine.hooks.graceful_stop',
        'glcnet_plugin.engine.hooks.progress',
        'glcnet_plugin.engine.hooks.atomic_checkpoint',
        'glcnet_plugin.engine.hooks.probe',
        'glcnet_plugin.engine.hooks.pretrain_visualization',
        'glcnet_plugin.engine.hooks.seg_visualization',
    ],
)
