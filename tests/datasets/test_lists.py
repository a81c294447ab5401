import pytest

from glcnet_plugin.datasets.lists import read_list
from glcnet_plugin.errors import DataError


def test_line_ends_blanks_and_byte_order_marks(tmp_path):
    path = tmp_path / 'l.txt'
    path.write_bytes('\ufeffa b.tif\r\n\r\n  /abs/c.tif \rd\n\n'.encode())
    assert read_list(path) == ['a b.tif', '/abs/c.tif', 'd']


def test_problems(tmp_path):
    path = tmp_path / 'l.txt'
    with pytest.raises(DataError, match=r'cannot read the image list .*l.txt'):
        read_list(path)
    path.write_text('\n \n')
    with pytest.raises(DataError, match=r'l.txt is empty'):
        read_list(path)
    path.write_text('a\nb\na\n')
    with pytest.raises(DataError, match=r"l.txt names \['a'\] more than once"):
        read_list(path)
    path.write_bytes(b'\xff\xfe\x00')
    with pytest.raises(DataError, match=r'cannot read the image list'):
        read_list(path)
