from pathlib import Path

import pytest
import torch

from glcnet_plugin.checkpoints import sources
from glcnet_plugin.checkpoints.safe_load import read_weights
from glcnet_plugin.errors import DataError


def refused(path, message):
    with pytest.raises(DataError, match=message):
        read_weights(str(path))


@pytest.fixture
def web(tmp_path, monkeypatch):
    """A web with one file; counts what is fetched."""
    fetched = []

    def fetch(address, path, hash_prefix=None, progress=True):
        fetched.append((address, hash_prefix))
        if 'gone' in address:
            raise OSError('HTTP Error 404: Not Found')
        torch.save({'a': torch.ones(1)}, path)

    monkeypatch.setattr(torch.hub, 'download_url_to_file', fetch)
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
    return fetched


def test_addresses_are_fetched_once_and_compared_with_the_digest_in_the_name(web, tmp_path):
    address = 'https://example.org/a/resnet50-0676ba61.pth?download=1'
    for _ in range(2):
        assert read_weights(address)['a'] == 1
    assert web == [(address, '0676ba61')]
    assert (tmp_path / 'hub/checkpoints/resnet50-0676ba61.pth').is_file()


def test_a_name_without_digest(web):
    read_weights('https://example.org/model-ade.pth')
    assert web[0][1] is None


def test_an_address_that_cannot_be_downloaded(web):
    refused(
        'https://example.org/gone.pth',
        r'(?s)gone.pth could not be downloaded \(HTTP Error 404.*put it',
    )


def test_names_of_torchvision(web):
    read_weights('torchvision://resnet50')
    assert web[0][0].endswith('download.pytorch.org/models/resnet50-0676ba61.pth')
    refused('torchvision://resnet51', "no weights 'resnet51'; near: resnet18")


def test_other_addresses():
    refused('s3://bucket/x.pth', 's3://bucket/x.pth: only https://')


def test_names_of_openmmlab_and_their_former_ones(web, monkeypatch):
    tables = {'open-mmlab://': lambda: {'new': 'https://example.org/new.pth'}}
    monkeypatch.setattr(sources, 'CATALOGUES', tables)
    monkeypatch.setattr(sources, 'get_deprecated_model_names', lambda: {'old': 'new'})
    read_weights('open-mmlab://old')
    assert web[0][0] == 'https://example.org/new.pth'
    refused('open-mmlab://other', "open-mmlab has no weights 'other'")


def test_http_is_downloaded_as_mmengine_does(web):
    assert read_weights('http://example.org/x.pth')['a'] == 1


def test_home_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    torch.save({'a': torch.ones(1)}, Path(tmp_path, 'x.pth'))
    assert read_weights('~/x.pth')['a'] == 1
