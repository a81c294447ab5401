import health


def test_a_step_and_a_look_run(monkeypatch):
    monkeypatch.setattr(health, 'PAIRS', 2)
    health.training_step()()
    health.look()
