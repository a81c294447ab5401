"""Optimizer settings and schedules of a resumed run: those of its config.

mmengine overwrites both with the state in the checkpoint, settings included: a longer schedule, a
scaled learning rate or another number of iterations per epoch would have no effect.
"""

import copy
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmengine.optim import OptimWrapperDict
from mmengine.runner import EpochBasedTrainLoop, Runner

Values = dict[str, Any]
INF = int(1e9)  # mmengine's `end` of a schedule without one
# of a scheduler: its position, and values that the groups hold too
NO_SETTINGS = ('last_step', '_global_step', '_last_value', 'base_values')
COUNTS = (
    'begin', 'end', 'T_max', 'total_steps', 'step_size', 'periods', 'cumulative_periods',
    'milestones', 'total_iters', '_schedule_phases',
)  # fmt: skip


@dataclass(frozen=True)
class ConfiguredState:
    """Optimizer and schedulers as a config builds them, before the first iteration.

    Args:
        groups: Values of the parameter groups.
        schedulers: State of the schedulers.
    """

    groups: Sequence[Values]
    schedulers: Sequence[Values]


def read_state(runner: Runner) -> ConfiguredState:
    """Copy the state of optimizer and schedulers."""
    groups = [{k: v for k, v in one.items() if k != 'params'} for one in _groups(runner)]
    states = [one.state_dict() for one in _schedulers(runner)]
    return ConfiguredState(copy.deepcopy(groups), copy.deepcopy(states))


def schedule_records(state: ConfiguredState, epoch_length: int) -> list[Values]:
    """Settings of the schedulers for a checkpoint.

    Args:
        state: State of the schedulers.
        epoch_length: Iterations per epoch for which their iterations are meant.

    Returns:
        ``settings`` and ``epoch_length`` of each, of plain types.
    """
    return [{'settings': _settings(s), 'epoch_length': epoch_length} for s in state.schedulers]


def follow_config(
    runner: Runner, config: ConfiguredState, records: Sequence[Values], epoch_length: int
) -> list[Values]:
    """Give a resumed run the optimizer settings and schedules of its config.

    They are set back to the first iteration, and stepped to the present one. Nothing is changed
    where the settings are those of the checkpoint.

    A schedule of a training by epochs may count iterations. If its numbers are those of the
    checkpoint, but an epoch has another number of iterations now, they are rescaled: the
    schedule ends at the epoch it was meant for.

    Args:
        runner: The run, with the state of the checkpoint, at the iteration it continues with.
        config: State that the config gives.
        records: See :func:`schedule_records`, from the checkpoint.
        epoch_length: Iterations per epoch.

    Returns:
        Records for the next checkpoint.
    """
    by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
    kept, states = schedule_records(config, epoch_length), list(config.schedulers)
    for index, record in enumerate(records[: len(states) * by_epoch]):
        meant_for = record['epoch_length']
        ours, theirs = kept[index]['settings'], record['settings']
        if meant_for != epoch_length and _count_the_same_iterations(ours, theirs):
            states[index] = rescaled(states[index], epoch_length / meant_for)
            kept[index]['epoch_length'] = meant_for
    target = ConfiguredState(config.groups, states)
    changes = _changes(runner, target)
    if not changes:
        return kept
    text = '\n  '.join(changes)
    if any(getattr(one, 'need_val_args', False) for one in _schedulers(runner)):
        runner.logger.warning(
            'optimizer settings and schedules come from the checkpoint, since the state of one '
            f'depends on earlier scores; not used from the config:\n  {text}'
        )
        return kept
    rates = [_learning_rate(runner)]
    _restore(runner, target, epoch_length)
    rates.append(_learning_rate(runner))
    runner.logger.warning(
        'optimizer settings and schedules come from the config, weights and the moments of the '
        f'optimizer from the checkpoint; lr {rates[0]:.3g} -> {rates[1]:.3g} at epoch '
        f'{runner.epoch}, iteration {runner.iter}. In the checkpoint -> now:\n  {text}'
    )
    return kept


def rescaled(state: Values, ratio: float) -> Values:
    """A scheduler that counts iterations, for another number of iterations per epoch.

    Args:
        state: Its state at the first iteration.
        ratio: New number of iterations per epoch, divided by the old one.

    Returns:
        The state with rescaled numbers of iterations.
    """
    changed = {key: _rescale(state[key], ratio) for key in COUNTS if key in state}
    if 'total_iters' in state:  # mmengine's end - begin - 1
        changed['total_iters'] = max(1, round((state['total_iters'] + 1) * ratio) - 1)
    if '_schedule_phases' in state:
        changed['_schedule_phases'] = [
            {**phase, 'end_iter': (phase['end_iter'] + 1) * ratio - 1}
            for phase in state['_schedule_phases']
        ]
    if 'gamma' in state and not {'milestones', 'step_size'} & state.keys():
        changed['gamma'] = state['gamma'] ** (1 / ratio)  # per iteration
    return {**state, **changed}


def _rescale(count: Any, ratio: float) -> Any:
    """A number of iterations, or a list or Counter of them, rescaled."""
    if isinstance(count, Counter):
        scaled: Counter[int] = Counter()
        for one, times in count.items():
            scaled[_rescale(one, ratio)] += times
        return scaled
    if isinstance(count, list | tuple):
        return [_rescale(one, ratio) for one in count]
    if not isinstance(count, int) or count in (0, INF):
        return count
    return max(1, round(count * ratio))


def _count_the_same_iterations(ours: Values, theirs: Values) -> bool:
    """Whether schedulers count the same numbers of iterations: not converted from epochs."""
    return not ours['by_epoch'] and all(ours.get(k) == theirs.get(k) for k in COUNTS)


def _groups(runner: Runner) -> list[Values]:
    """Parameter groups of all optimizers."""
    wrapper: Any = runner.optim_wrapper
    wrappers = wrapper.values() if isinstance(wrapper, OptimWrapperDict) else [wrapper]
    return [group for one in wrappers for group in one.param_groups]


def _schedulers(runner: Runner) -> list[Any]:
    """Schedulers of all optimizers."""
    built: Any = runner.param_schedulers or []
    return [s for part in built.values() for s in part] if isinstance(built, dict) else built


def _learning_rate(runner: Runner) -> float:
    """The largest learning rate."""
    return max(float(group['lr']) for group in _groups(runner))


def _plain(value: Any) -> Any:
    """A value of plain types, which are equal after a checkpoint is written and read."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if callable(value):
        return getattr(value, '__name__', str(value))
    return value.tolist() if hasattr(value, 'tolist') else value


def _settings(state: Values) -> Values:
    """Settings in the state of a scheduler."""
    return {k: _plain(v) for k, v in state.items() if k not in NO_SETTINGS}


def _fixed_values(group: Values) -> Values:
    """Values of a group that no scheduler changes, and the initial ones of those that it does."""
    return {k: _plain(v) for k, v in group.items() if k != 'params' and f'initial_{k}' not in group}


def _changes(runner: Runner, target: ConfiguredState) -> list[str]:
    """Differences between the state of a resumed run and its target."""
    lines: list[str] = []
    for group, wanted in zip(_groups(runner), target.groups, strict=True):
        lines += _differences('', _fixed_values(group), _fixed_values(wanted))
    for scheduler, state in zip(_schedulers(runner), target.schedulers, strict=True):
        kind = type(scheduler).__name__
        lines += _differences(f'{kind}.', _settings(scheduler.state_dict()), _settings(state))
        epochs, iterations = _position(runner)
        steps = epochs if scheduler.by_epoch else iterations
        done = scheduler.state_dict()['_global_step']
        if done != steps and not getattr(scheduler, 'need_val_args', False):
            lines.append(f'steps of {kind}: {done} -> {steps}')
    return list(dict.fromkeys(lines))


def _differences(prefix: str, had: Values, wanted: Values) -> list[str]:
    """Differences as ``key: before -> now``."""
    keys = [key for key in {**had, **wanted} if had.get(key) != wanted.get(key)]
    return [f'{prefix}{key}: {had.get(key)} -> {wanted.get(key)}' for key in keys]


def _position(runner: Runner) -> tuple[int, int]:
    """Number of finished epochs, in a training by epochs, and of iterations."""
    by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
    return (runner.epoch if by_epoch else 0), runner.iter


def _restore(runner: Runner, target: ConfiguredState, epoch_length: int) -> None:
    """Set optimizer and schedulers to their first iteration, and step to the present one."""
    for group, wanted in zip(_groups(runner), target.groups, strict=True):
        group.update(copy.deepcopy(wanted))
    schedulers = _schedulers(runner)
    for scheduler, state in zip(schedulers, target.schedulers, strict=True):
        for key in scheduler.state_dict().keys() - state.keys():  # of a scheduler of another class
            delattr(scheduler, key)
        scheduler.load_state_dict(copy.deepcopy(state))
    epochs, iterations = _position(runner)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the optimizer has not stepped in this process
        for iteration in range(1, iterations + 1):
            _step(schedulers, by_epoch=False)
            if iteration <= epochs * epoch_length and iteration % epoch_length == 0:
                _step(schedulers, by_epoch=True)


def _step(schedulers: Sequence[Any], by_epoch: bool) -> None:
    """Step the schedulers of epochs or those of iterations."""
    for scheduler in schedulers:
        if scheduler.by_epoch == by_epoch:
            scheduler.step()
