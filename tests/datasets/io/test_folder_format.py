import json

import pytest

from glcnet_plugin.datasets.io.folder_format import (
    image_files,
    label_rule,
    listed_names,
    mask_file,
    read_classes,
    read_manifest,
)
from glcnet_plugin.errors import DataError


@pytest.mark.parametrize(
    ('entry', 'name'),
    [('a', 'a'), ('a.png', 'a'), ('images/a.tif', 'a'), ('images\\a.tif', 'a'), ('b.c', 'b.c'),
     ('b.c.png', 'b.c'), ('z.png', 'z.png')],
)  # fmt: skip
def test_entries_of_lists(tmp_path, entry, name):
    (tmp_path / 'l.txt').write_text(entry)
    assert listed_names(tmp_path / 'l.txt', {'a', 'b.c', 'z.png'}, 'x') == [name]


def test_lists_of_unknown_names_and_of_names_in_two_ways(tmp_path):
    path = tmp_path / 'l.txt'
    path.write_text('z.png\na\n')
    with pytest.raises(DataError, match=r"l.txt names 1 images that x lacks, such as \['z.png'\]"):
        listed_names(path, {'a'}, 'x')
    path.write_text('a.png\na\n')
    with pytest.raises(DataError, match=r"l.txt names \['a'\] more than once"):
        listed_names(path, {'a'}, 'x')


@pytest.mark.parametrize('text', ['', '{"classes": [{"id": 0}]}', '{"classes": 3}'])
def test_unreadable_classes(labelled_folder, text):
    (labelled_folder / 'classes.json').write_text(text)
    with pytest.raises(DataError, match=r'cannot read .*classes.json'):
        read_classes(labelled_folder)


def test_gaps_in_class_ids(labelled_folder):
    entry = {'id': 1, 'name': 'x', 'color': '#000000'}
    (labelled_folder / 'classes.json').write_text(json.dumps({'classes': [entry]}))
    with pytest.raises(DataError, match='without gaps'):
        read_classes(labelled_folder)


def test_manifest_problems(labelled_folder):
    (labelled_folder / 'manifest.csv').write_text('file,group\na,B\n')
    with pytest.raises(DataError, match='"name"'):
        read_manifest(labelled_folder)
    (labelled_folder / 'manifest.csv').write_text('name,group\na1,A\na1,B\n')
    with pytest.raises(DataError, match=r"names \['a1'\] more than once"):
        read_manifest(labelled_folder)
    (labelled_folder / 'manifest.csv').unlink()
    with pytest.raises(DataError, match=r'cannot read .*manifest.csv'):
        read_manifest(labelled_folder)


@pytest.mark.parametrize('colour', ['#FF0000FF', '#F00', 'red', [255, 0, 0]])
def test_colours_of_classes_that_are_no_rgb(labelled_folder, colour):
    """One with alpha failed with a traceback where the colours were used."""
    path = labelled_folder / 'classes.json'
    content = json.loads(path.read_text())
    content['classes'][1]['color'] = colour
    path.write_text(json.dumps(content))
    with pytest.raises(DataError) as error:
        read_classes(labelled_folder)
    assert f"color {colour!r}: write '#RRGGBB'" in str(error.value)


def test_numbers_and_switches_of_classes_json(labelled_folder):
    path = labelled_folder / 'classes.json'
    content = json.loads(path.read_text())
    more = {'ignore_index': 7.0, 'reduce_zero_label': None, 'mapping': None}
    path.write_text(json.dumps({**content, **more}))
    meta = read_classes(labelled_folder)
    assert meta['ignore_index'] == 7 and meta['mapping'] == {}
    assert meta['reduce_zero_label'] is False
    path.write_text(json.dumps({**content, 'mapping': {'10': '0', '20': 1.0}}))
    assert read_classes(labelled_folder)['mapping'] == {10: 0, 20: 1}


@pytest.mark.parametrize(
    ('content', 'text'),
    [
        ('name,group\nKöln,A\n'.encode('cp1252'), 'manifest.csv: it is not UTF-8 text: save it as'),
        ('name,group\nKöln,A\n'.encode('utf-16'), 'it is not UTF-8 text'),
        (
            b'name,group\n"a1' + b'x' * 200_000 + b'",A\n',
            'cannot read .*manifest.csv: Error: field',
        ),
        (b'group,name\nA,a1\n\nB\n', 'manifest.csv: line 4 names no image, add its name'),
        (b'group,name\nB\nA,a1\n', 'line 2 names no image'),
        (b'name,group\na1,A\n,B\n', 'line 3 names no image'),
    ],
)
def test_manifests_of_other_programs(labelled_folder, content, text):
    """These ended in UnicodeDecodeError, csv.Error and KeyError."""
    (labelled_folder / 'manifest.csv').write_bytes(content)
    with pytest.raises(DataError, match=text):
        read_manifest(labelled_folder)


def test_reasons_in_words(labelled_folder, tmp_path):
    with pytest.raises(DataError, match=r'nowhere is not a folder'):
        read_classes(tmp_path / 'nowhere')
    (labelled_folder / 'classes.json').unlink()
    with pytest.raises(DataError, match=r'classes.json: no such file'):
        read_classes(labelled_folder)
    (labelled_folder / '.done').mkdir()
    with pytest.raises(DataError, match='has not finished, run it again'):
        read_classes(labelled_folder)


def test_images_and_masks_by_name(labelled_folder):
    for name in ('a1.tfw', 'a1.png.aux.xml', 'notes.txt'):
        (labelled_folder / 'images' / name).touch()
    assert list(image_files(labelled_folder / 'images')) == ['a1', 'a2', 'b1']
    assert mask_file(labelled_folder, 'a1').name == 'a1.png'
    (labelled_folder / 'masks/a1.png').rename(labelled_folder / 'masks/a1.tif')
    assert mask_file(labelled_folder, 'a1').name == 'a1.tif'
    (labelled_folder / 'masks/b1.png').rename(labelled_folder / 'masks/b1.PNG')
    assert mask_file(labelled_folder, 'b1').name == 'b1.PNG'
    assert mask_file(labelled_folder, 'gone').name == 'gone.png'
    (labelled_folder / 'images/a1.tif').touch()
    with pytest.raises(DataError, match=r'a1.png and .*a1.tif have one name'):
        image_files(labelled_folder / 'images')


def test_manifests_with_blanks_capitals_and_suffixes(labelled_folder):
    path = labelled_folder / 'manifest.csv'
    path.write_text('Name, Group\na1.png, A\n\n,\nimages/a2.png, A\nb1, B\n')
    assert read_manifest(labelled_folder) == [
        {'name': 'a1', 'group': 'A'}, {'name': 'a2', 'group': 'A'}, {'name': 'b1', 'group': 'B'}
    ]  # fmt: skip


def test_classes_json_says_what_values_stand_for(labelled_folder):
    path = labelled_folder / 'classes.json'
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, 'mapping': {'10': 0, '20': 1}}))
    rule = label_rule(read_classes(labelled_folder))
    assert rule.mapping == {10: 0, 20: 1} and rule.colours == {(255, 0, 0): 0, (0, 255, 0): 1}
    for wrong, text in (
        ({'mapping': {'1': 2}}, r'mapping leads to \[2\], class ids are 0..1'),
        ({'mapping': {'1': 1}, 'reduce_zero_label': True}, 'keep one of them'),
        ({'mapping': [0, 1]}, 'cannot read'),
        ({'mapping': {'1': 0.7}}, 'the class of value 1 is 0.7: write a whole number'),
        ({'reduce_zero_label': 'false'}, "reduce_zero_label is 'false', write true or false"),
        ({'ignore_index': None}, 'classes.json: ignore_index is None: write a whole number'),
        ({'ignore_index': '255'}, "ignore_index is '255': write a whole number without quotes"),
        ({'ignore_index': [0, 255]}, 'ignore_index is .0, 255.: write a whole number'),
    ):
        path.write_text(json.dumps({**content, **wrong}))
        with pytest.raises(DataError, match=text):
            read_classes(labelled_folder)
