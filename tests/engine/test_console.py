import logging
import sys

import pytest
from mmengine.config import Config
from mmengine.logging import MMLogger

from glcnet_plugin.engine.console import ConsoleRunner, console_handlers, quiet_console


@pytest.fixture
def logger(tmp_path):
    return MMLogger('console', logger_name=str(tmp_path), log_file=str(tmp_path / 'run.log'))


USELESS = [
    '\n------------------------------------------------------------\nSystem environment:\n x',
    'Config:\na = 1',
    'Hooks will be executed in the following order:\nbefore_run:',
    'Distributed training is not used, all SyncBatchNorm (SyncBN) layers',
    '"FileClient" will be deprecated in future.',
    'Exp name: x_2026',
]


def test_dumps_go_to_the_file_only(logger, tmp_path, capsys):
    for handler in console_handlers(logger):
        handler.setStream(sys.stdout)
    quiet_console(logger)
    for text in USELESS:
        logger.warning(text)
    logger.info('no checkpoint to start from')
    logger.info('Epoch(train) [1][10/12] loss: 4.4')
    shown = capsys.readouterr().out
    assert 'no checkpoint to start from' in shown and 'Epoch(train)' in shown
    assert len(shown.splitlines()) == 2
    kept = (tmp_path / 'run.log').read_text()
    assert all(text in kept for text in USELESS)


def test_only_the_console_is_filtered(logger):
    (handler,) = console_handlers(logger)
    assert not isinstance(handler, logging.FileHandler) and len(logger.handlers) == 2
    quiet_console(logger)
    quiet_console(logger)
    assert len([one for one in handler.filters if callable(one)]) == 1


def test_a_run_keeps_its_config_off_the_console(tmp_path, capsys):
    """400 to 520 lines came before the first one about the training."""
    cfg = Config(dict(
        model=dict(type='ToyModel'), work_dir=str(tmp_path / 'run'), experiment_name=str(tmp_path),
    ))  # fmt: skip
    cfg.model = dict(type='mmengine.ImgDataPreprocessor')
    runner = ConsoleRunner.from_cfg(cfg)
    for handler in console_handlers(runner.logger):
        handler.setStream(sys.stdout)
    assert 'Config' not in capsys.readouterr().out
    (log,) = (tmp_path / 'run').glob('*/*.log')
    assert 'Config:' in log.read_text() and 'System environment' in log.read_text()
