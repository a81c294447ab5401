import zipfile

import numpy as np
import pytest
from PIL import Image

from glcnet_plugin.datasets.io.images import read_image
from glcnet_plugin.datasets.tiling.archives import (
    choose,
    copy_file,
    list_files,
    opened_file,
    split_address,
    stamp,
    unpacked,
)
from glcnet_plugin.errors import DataError


def find_files(source, pattern):
    return choose(list_files(source), pattern)


def pack(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, 'w', compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def picture(tmp_path):
    values = np.random.randint(0, 255, (9, 7, 3)).astype(np.uint8)
    Image.fromarray(values).save(tmp_path / 'a b.png')
    return values, (tmp_path / 'a b.png').read_bytes()


def test_folder_archive_and_archive_in_archive_give_the_same_image(picture, tmp_path):
    values, content = picture
    inner = pack(tmp_path / 'inner.zip', {'top/in 2.png': content}).read_bytes()
    source = tmp_path / 'source'
    (source / 'sub').mkdir(parents=True)
    (source / 'sub' / 'plain.png').write_bytes(content)
    pack(source / 'one.zip', {'deep/in 1.png': content})
    pack(source / 'Two.ZIP', {'x/inner.zip': inner}, zipfile.ZIP_STORED)
    found = find_files(source, '*.png')
    assert list(found) == ['in 1.png', 'in 2.png', 'plain.png']
    for name, address in found.items():
        np.testing.assert_array_equal(read_image(address), values, err_msg=name)
        with opened_file(address) as file:
            assert file.read() == content
        copy_file(address, tmp_path / 'copy.png')
        assert (tmp_path / 'copy.png').read_bytes() == content
    assert [file.location for file in list_files(source)] == [
        'Two.ZIP/x/inner.zip/top/in 2.png', 'one.zip/deep/in 1.png', 'sub/plain.png'
    ]  # fmt: skip
    assert found == find_files(source, '*.png')
    assert list(find_files(source / 'one.zip', '*.png')) == ['in 1.png']


def test_files_of_the_system_are_left_out(tmp_path):
    for name in ('.a.tif', '._b.tif'):
        (tmp_path / name).write_bytes(b'x')
    pack(tmp_path / 'z.zip', {'__MACOSX/c.tif': b'x', 'd/.e.tif': b'x', 'd/f.tif': b'x'})
    assert list(find_files(tmp_path, '*')) == ['f.tif']


def test_equal_duplicates_count_once_and_others_are_refused(tmp_path):
    for folder in ('2_Ortho/2_Ortho', '2_Ortho'):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / 'a.tif').write_bytes(b'123')
    assert find_files(tmp_path, 'a.*') == {'a.tif': str(tmp_path / '2_Ortho/2_Ortho/a.tif')}
    pack(tmp_path / 'z.zip', {'a.tif': b'12345'})
    with pytest.raises(DataError, match=r'2_Ortho/a.tif \(3 bytes\) and z.zip/a.tif \(5 bytes\)'):
        find_files(tmp_path, 'a.*')
    assert choose(list_files(tmp_path), 'a.*', lambda place: place.startswith('z.zip'))


def test_linked_folders_are_followed(tmp_path):
    (tmp_path / 'real').mkdir()
    (tmp_path / 'real' / 'a.tif').write_bytes(b'x')
    (tmp_path / 'source').mkdir()
    (tmp_path / 'source' / 'link').symlink_to(tmp_path / 'real')
    assert list(find_files(tmp_path / 'source', '*.tif')) == ['a.tif']


def test_bad_sources(tmp_path):
    with pytest.raises(DataError, match='nowhere is neither a folder nor a zip'):
        list_files(tmp_path / 'nowhere')
    (tmp_path / 'half.zip').write_bytes(b'PK\x03\x04 cut off')
    with pytest.raises(DataError, match=r'half\.zip: .*fetch it again'):
        list_files(tmp_path)


def test_addresses(tmp_path):
    assert split_address('/a/b.tif') == ('/a/b.tif', '')
    inner = '/vsizip/{/o.zip}/i.zip'
    assert split_address(f'/vsizip/{{{inner}}}/d/f.tif') == (inner, 'd/f.tif')
    path = pack(tmp_path / 'z.zip', {'a.tif': b'x'})
    status = path.stat()
    address = find_files(path, '*')['a.tif']
    assert stamp(address) == stamp(str(path)) == [status.st_size, status.st_mtime_ns]
    assert stamp('/vsicurl/https://example.org/a.tif') == []
    with pytest.raises(DataError, match='cannot copy .*b.tif'):
        copy_file(address.replace('a.tif', 'b.tif'), tmp_path / 'x')


def test_unpacked_names_the_member_in_errors(tmp_path):
    path = pack(tmp_path / 'z.zip', {'a.png': b'no picture'})
    address = find_files(path, '*')['a.png']
    with pytest.raises(DataError, match=r'z\.zip}/a\.png') as raised, unpacked(address) as file:
        read_image(file)
    assert 'tmp/tmp' not in str(raised.value)
    with unpacked(str(path)) as file:
        assert file == str(path)


def test_a_file_is_not_copied_onto_itself(picture, tmp_path):
    """It was cut to 0 bytes, also through a link."""
    path = tmp_path / 'a b.png'
    (tmp_path / 'link.png').symlink_to(path)
    for target in (path, tmp_path / 'link.png'):
        with pytest.raises(DataError, match='a b.png is read, and .* would be written over it'):
            copy_file(str(path), target)
    assert path.read_bytes() == picture[1]
