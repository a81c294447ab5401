import check_docs
import pytest
from check_docs import ROOT, problems


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('[a](README.md) [b](https://example.org/x) [c](#part)', []),
        ('[a](gone.md)', ['link to gone.md']),
        ('[a](benchmarks/gone.md)', ['link to benchmarks/gone.md']),  # seen from its folder, once
        ('run `tools/train.py` and tools/gone.py', ['file tools/gone.py']),
        ('    make test\n    make coffee\nwe make things', ['make target coffee']),
        ('`glcnet_plugin.GLCNet`, `glcnet_plugin.NoSuch`', ['class NoSuch']),
    ],
)
def test_missing_names_are_listed(text, expected):
    assert problems(text, ROOT, ROOT) == expected


def test_outdated_tables_are_problems(monkeypatch, capsys):
    monkeypatch.setattr(check_docs, 'outdated', lambda root: {root / 'README.md': 'new'})
    with pytest.raises(SystemExit, match='True'):
        check_docs.main()
    assert 'README.md: outdated table; run tools/doc_tables.py' in capsys.readouterr().out
