import pytest

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.protocol import check_protocol
from glcnet_plugin.study.settings import read_study


def test_equal_methods_need_no_exception(study):
    assert check_protocol(study) == {}


def test_exceptions_that_are_used_are_told(study_file):
    study = read_study(study_file, options={
        'only': ['random', 'glcnet', 'densecl'],
        'methods.densecl.options': {'train_dataloader.batch_size': 4},
    })  # fmt: skip
    assert check_protocol(study) == {
        'densecl': {
            'default_hooks.densecl': 'the dense loss is added after some steps',
            'model.backbone.zero_init_residual': 'first weights as published (False)',
        }
    }


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'train_dataloader.batch_size': 8}, 'train_dataloader.batch_size: 4 -> 8'),
        ({'train_dataloader.batch_size': 4, 'optim_wrapper.optimizer.lr': 0.1},
         r'optim_wrapper.optimizer.lr: 0.001 -> 0.1'),
        ({'train_dataloader.batch_size': 4, 'model.backbone.base_channels': 32},
         r'model.backbone.base_channels: 16 -> 32'),
    ],
)  # fmt: skip
def test_a_secret_advantage_ends_the_study(study_file, options, message):
    study = read_study(study_file, options={'methods.simclr.options': options})
    with pytest.raises(ConfigError, match=f'simclr is not pretrained as glcnet.*{message}'):
        check_protocol(study)


def test_the_head_is_the_methods_own(study_file):
    options = {'train_dataloader.batch_size': 4, 'model.head.temperature': 0.3}
    study = read_study(study_file, options={'methods.simclr.options': options})
    assert check_protocol(study) == {}
