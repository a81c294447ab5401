import pytest
import rank_gradients
import script_processes


@pytest.fixture
def forked(monkeypatch):
    """Processes of rank_gradients that need not import the toolboxes."""
    script_processes.start_server()
    monkeypatch.setattr(rank_gradients, 'START', 'forkserver')
