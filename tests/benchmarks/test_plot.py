import plot


def test_bars_show_the_results(monkeypatch, tmp_path):
    monkeypatch.setattr(plot, 'IMAGES', tmp_path)
    monkeypatch.setattr('sys.argv', ['plot.py'])
    plot.main()
    text = (tmp_path / 'performance.svg').read_text()
    glcnet = plot.read('gpu_suite')['methods']['glcnet bf16 channels_last']['ms']
    assert f'>{glcnet:.3g}</text>' in text and 'GLCNet, contiguous' in text
    first = text
    plot.main()
    assert (tmp_path / 'performance.svg').read_text() == first
