from progress import Step, Steps


def test_log_file_gets_one_line_per_step_and_one_per_tenth(capsys):
    steps = Steps(2)
    with steps.step('first') as step:
        for done in range(1, 101):
            step.tick(done, 100)
    with steps.step('second') as step:
        step.say('Kappa 0.5')
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert sum(line.startswith('first: ') for line in lines) == 10
    assert lines[-2].startswith('[1/2] first (') and lines[-1].startswith('[2/2] second: Kappa 0.5')


def test_terminal_is_updated_in_place():
    class Terminal:
        is_terminal = True
        calls = []

        def print(self, text, **kwargs):
            self.calls.append((text, kwargs))

    Step('work', Terminal()).tick(1, 1000)
    text, kwargs = Terminal.calls[0]
    assert text.startswith('work: 1/1000, ') and kwargs['end'] == '\r'
