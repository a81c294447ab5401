import pytest
from doc_commands import (
    ROOT,
    blocks,
    commands,
    main,
    missing_line,
    run_document,
    small,
)

DOCUMENT = """
```python title="hello.py"
print('Hello', 3 * 2, 'times')
```

```bash
# a comment
python hello.py \\
    --option    # another
ls configs/glcnet | head -n 1
```

```text title="prints"
Hello ... times
glcnet_
```

<!-- doc-test: skip (needs a GPU) -->
```bash
python train_for_days.py
```

```python
not_run()
```
"""


def test_a_document_runs_in_a_folder_of_its_own(tmp_path):
    (tmp_path / 'page.md').write_text(DOCUMENT)
    folder = tmp_path / 'work'
    folder.mkdir()
    times = run_document(tmp_path / 'page.md', folder)
    assert [command for command, _ in times] == [
        'python hello.py --option', 'ls configs/glcnet | head -n 1'
    ]  # fmt: skip
    assert (folder / 'hello.py').is_file()


def test_what_is_not_run_has_a_reason():
    reasons = [block.reason for block in blocks(DOCUMENT) if block.language == 'bash']
    assert reasons == [None, 'needs a GPU']


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('```bash\nfalse\n```\n', 'ended with 1'),
        ('```bash\necho a\n```\n\n```text title="prints"\nb\n```\n', 'nothing like'),
        ('```python title="../x.py"\n```\n', '../x.py would be written outside'),
        ('```python title="configs/glcnet/x.py"\n```\n', 'glcnet/x.py would be written outside'),
    ],
)
def test_a_wrong_document_is_reported(text, said, tmp_path, capsys):
    (tmp_path / 'page.md').write_text(text)
    assert main([str(tmp_path / 'page.md')]) == 1
    printed = capsys.readouterr().out
    assert said in printed and '1 documents, 1 wrong' in printed


@pytest.mark.parametrize(
    ('printed', 'expected', 'missing'),
    [
        ('a\nb  c\n', 'a\nb c', None),
        ('a\nb\n', 'b\na', 'a'),
        ('OA 1.0  Kappa 0.5', 'OA ... Kappa', None),
        ('a.b', 'a?b', 'a?b'),
    ],
)
def test_lines_are_found_in_order(printed, expected, missing):
    assert missing_line(printed, expected) == missing


def test_trainings_are_made_small_and_keep_their_own_options():
    command = small(
        'python tools/train.py configs/a_1xb24-1000i_x.py --cfg-options a=1 --work-dir w'
    )
    assert command.count('--cfg-options') == 1
    assert 'a=1 train_cfg.max_iters=2' in command and '--work-dir w --cfg-options' in command
    assert small('fit x/iter_1000.pth') == 'fit x/iter_2.pth'
    assert 'max_epochs=1' in small('python tools/train.py c/b_1xb64-amp-100e_rgb.py --data-root d')
    assert small('echo a') == 'echo a'


def test_comments_and_continued_lines():
    assert commands('# a\nx \\\n  y  # b\nz "#6EC1E4"\n') == ['x y', 'z "#6EC1E4"']


@pytest.mark.slow
@pytest.mark.parametrize('page', ['tutorials/choosing_tiles.md', 'tutorials/training_log.md'])
def test_short_tutorials_run(page, tmp_path):
    run_document(ROOT / 'docs' / page, tmp_path)


def test_every_tutorial_has_commands_that_run():
    for path in [*(ROOT / 'docs/start').glob('*.md'), *(ROOT / 'docs/tutorials').glob('*.md')]:
        found = list(blocks(path.read_text(encoding='utf-8')))
        assert any(block.language == 'bash' and block.reason is None for block in found), path
