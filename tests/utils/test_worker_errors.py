import pytest

from glcnet_plugin.utils.worker_errors import worker_error_message


@pytest.mark.parametrize(
    ('text', 'meaning'),
    [
        ('DataLoader worker (pid 7) is killed by signal: Killed.', 'was killed by the system'),
        ('unable to open shared memory object </torch_7>', '/dev/shm'),
    ],
)
def test_a_dead_worker_is_explained(text, meaning):
    assert meaning in worker_error_message(RuntimeError(text))


@pytest.mark.parametrize('text', ['anything else', 'out of resource: shared memory, Required: 9'])
def test_other_errors_are_not_explained(text):
    assert worker_error_message(RuntimeError(text)) is None  # the second is of a GPU


def test_of_a_traceback_the_last_line_is_shown():
    text = 'Caught RuntimeError in worker.\nTraceback ...\nRuntimeError: no room in </torch_7>\n'
    message = worker_error_message(RuntimeError(text))
    assert '(RuntimeError: no room in </torch_7>)' in message and '\n' not in message
    assert '(EOFError)' in worker_error_message(EOFError())


def test_the_remedy_can_be_typed_as_it_is():
    """Torch refuses ``num_workers=0`` beside ``persistent_workers=True``."""
    message = worker_error_message(RuntimeError('DataLoader worker (pid 7) is killed'))
    assert 'num_workers=0 train_dataloader.persistent_workers=False' in message
