import pytest

pytest.importorskip('griffe')

import doc_classes
from doc_classes import (
    class_section,
    classes_page,
    keys,
    keys_table,
    published_sets,
    registered,
)


def class_named(name):
    (found,) = (kind for kinds in registered().values() for kind in kinds if kind.name == name)
    return found


def test_the_static_list_is_what_the_registries_hold():
    from mmengine.utils import import_modules_from_strings

    from glcnet_plugin import registry

    for name, kinds in registered().items():
        own = getattr(registry, name)
        import_modules_from_strings(own._locations)
        held = {key for key in own.module_dict if own.module_dict[key].__name__ == key}
        assert {kind.name for kind in kinds} == held, name


def test_keys_have_type_default_and_meaning():
    parameters, base = keys(class_named('LocalMatchingHead'))
    by_name = {one.name: one for one in parameters}
    assert base == ''
    assert by_name['num_regions'].value == '4'
    assert str(by_name['region_size'].annotation) == 'int | Sequence[int]'
    assert 'K' in by_name['num_regions'].description


def test_keys_of_bases_in_the_package_are_listed_and_of_others_named():
    parameters, base = keys(class_named('LoveDADataset'))
    names = [one.name for one in parameters]
    assert names[:3] == ['data_root', 'split', 'areas'] and 'on_error' in names
    assert base == 'BaseSegDataset'
    assert (
        keys_table(class_named('LoveDADataset'))[-1]
        == 'Further keys are those of `BaseSegDataset`.'
    )


def test_what_a_class_sets_for_its_base_is_no_key():
    names = [one.name for one in keys(class_named('GID5Dataset'))[0]]
    assert names[:2] == ['data_root', 'image_folder']
    assert not {'mask_folder', 'mask_suffix'} & set(names)


def test_every_key_of_every_class_is_explained():
    missing = [
        f'{kind.name}.{one.name}'
        for kinds in registered().values()
        for kind in kinds
        for one in keys(kind)[0]
        if not one.description
    ]
    assert missing == []


def test_section_with_an_example_of_a_shipped_config():
    text = class_section(class_named('LinearHead'))
    assert text.startswith('### LinearHead\n')
    assert "type='glcnet_plugin.LinearHead'" in text and '](../../configs/' in text


def test_required_keys_are_in_the_example_of_a_class_that_no_config_names(monkeypatch):
    monkeypatch.setattr(doc_classes, 'uses', dict)
    text = class_section(class_named('LoveDADataset'))
    assert "dict(type='glcnet_plugin.LoveDADataset', data_root=...)" in text


def test_published_sets_have_pages_of_their_own():
    modules = {module.name for module in published_sets()}
    assert {'loveda', 'isprs', 'official_layout'} <= modules
    page = classes_page()
    assert '### GLCNet\n' in page and '### LoveDADataset' not in page


@pytest.mark.parametrize(
    ('text', 'expected'),
    [('a :class:`~x.Y` of ``z``', 'a `x.Y` of `z`'), ('`kept`', '`kept`')],
)
def test_roles_become_code(text, expected):
    assert doc_classes.plain(text) == expected


def test_a_config_may_name_a_type_by_a_variable(tmp_path, monkeypatch):
    (tmp_path / 'configs').mkdir()
    (tmp_path / 'configs/a.py').write_text(
        "kind = 'X'\na = dict(type=kind)\nb = dict(type='glcnet_plugin.GLCNet')\n"
    )
    monkeypatch.setattr(doc_classes, 'ROOT', tmp_path)
    assert doc_classes.uses.__wrapped__() == {
        'GLCNet': ('configs/a.py', "dict(type='glcnet_plugin.GLCNet')")
    }
