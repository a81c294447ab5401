"""A resumed run ends with the weights of an uninterrupted one."""

from typing import Any

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner

from glcnet_plugin.engine.deterministic_loader import (
    DeterministicDataLoader,
    Purpose,
    ResumableIterator,
    seed_streams,
)
from glcnet_plugin.engine.mm_internals import is_resumed, set_iteration
from glcnet_plugin.engine.resume_schedules import (
    ConfiguredState,
    follow_config,
    read_state,
    schedule_records,
)
from glcnet_plugin.engine.utils import is_accumulating
from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class DeterministicResumeHook(Hook):
    """Make every iteration depend only on seed, iteration and rank.

    mmengine seeds once, at the start; a resumed run draws other numbers than an uninterrupted one,
    and starts an unfinished epoch from its first batch. With this hook the random numbers of the
    network are seeded in each iteration, those of a sample from seed, iteration and index. So a
    resumed run continues where it stopped, without reading the data of finished iterations, and
    the number of data-loading processes makes no difference.

    Optimizer settings and schedules are those of the config, at the epoch that was reached:
    mmengine takes them from the checkpoint. A training by epochs whose epochs have another number
    of iterations now counts its iterations anew, so that it ends, with its schedules, at its last
    epoch. The log says what changes.

    On a CPU the weights are equal bit for bit. On a GPU they are not if kernels sum in no fixed
    order; see docs/fault_tolerance.md.

    For training by epochs and by iterations; the data of other loops stay as they are, with a
    warning in the log.
    """

    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        self.loader: DeterministicDataLoader | None = None
        self.epoch_start = 0  # iteration of the first batch of this epoch
        self.saved: dict[str, int] = {}
        self.first_seed = 0  # of the sampler, before the checkpoint names that of the run
        self.configured: ConfiguredState | None = None  # of a resumed run
        self.schedules: list[dict[str, Any]] = []
        self.saved_schedules: list[dict[str, Any]] | None = None

    def before_run(self, runner: Runner) -> None:
        """Keep the seed that the sampler was built with."""
        self.first_seed = runner.seed

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Read how much of its epoch was finished, and its schedules; keep those of the config."""
        meta = checkpoint.get('meta', {})
        self.saved = meta.get('batches', {})
        self.saved_schedules = meta.get('schedules')
        if is_resumed(runner):
            self.configured = read_state(runner)  # mmengine overwrites it next

    def before_train(self, runner: Runner) -> None:
        """Replace the loader."""
        loop: Any = runner.train_loop
        known = isinstance(loop, EpochBasedTrainLoop | IterBasedTrainLoop)
        if not known or loop.dataloader.batch_sampler is None:
            runner.logger.warning(
                f'the data of this {type(loop).__name__} depend on earlier random draws: a '
                'resumed run will differ from an uninterrupted one'
            )
            return
        sampler: Any = loop.dataloader.batch_sampler.sampler
        if getattr(sampler, 'seed', None) == self.first_seed:
            sampler.seed = runner.seed  # mmengine builds it before it resumes
        self.loader = loop.dataloader = DeterministicDataLoader(loop.dataloader, runner.seed)
        if isinstance(loop, IterBasedTrainLoop):
            loop.dataloader_iterator = ResumableIterator(self.loader, runner.iter)
            loop.fast_forward_on_resume = False  # skipped batches cost nothing here
        self._continue(runner, len(self.loader))

    def _continue(self, runner: Runner, batches: int) -> None:
        """Find the place in the epoch, and the state of optimizer and schedules there."""
        saved = self.saved if runner.iter > 0 else {}
        before = saved.get('all', batches)
        self.epoch_start = runner.iter - saved.get('finished', 0)
        if before != batches:
            self.epoch_start = runner.iter
            text = ''
            if isinstance(runner.train_loop, EpochBasedTrainLoop):
                done = saved['finished'] == before  # stopped between two epochs
                set_iteration(runner, (runner.epoch + done) * batches)
                text = f'. The run goes on as iteration {runner.iter}, not {self.epoch_start}'
                self.epoch_start = runner.iter - done * batches
            runner.logger.warning(
                f'an epoch had {before} batches and has {batches} now (other data, batch size or '
                f'processes): the run will differ from an uninterrupted one{text}'
            )
        state = read_state(runner)  # of a resumed run: with the settings of the checkpoint
        self.schedules = schedule_records(state, before)
        if self.configured is not None and runner.iter > 0:
            records = self.saved_schedules or self.schedules
            self.schedules = follow_config(runner, self.configured, records, batches)

    def before_train_epoch(self, runner: Runner) -> None:
        """Skip the batches that are trained already."""
        if self.loader is not None:
            self.loader.start_epoch(self.epoch_start, runner.iter - self.epoch_start)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Seed the random numbers of the network."""
        seed_streams(Purpose.NETWORK, runner.seed, runner.iter, get_rank())

    def after_train_epoch(self, runner: Runner) -> None:
        """The next epoch begins with the next iteration."""
        self.epoch_start = runner.iter

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Record how much of the epoch is finished, and schedules; warn if gradients are lost."""
        if self.loader is not None:
            finished = checkpoint['meta']['iter'] - self.epoch_start
            checkpoint['meta']['batches'] = {'finished': finished, 'all': len(self.loader)}
            checkpoint['meta']['schedules'] = self.schedules
        if is_accumulating(runner):
            runner.logger.warning(
                'this checkpoint lies between iterations whose gradients are summed for one step, '
                'and does not hold them: a run resumed from it will differ a little. Save after a '
                'multiple of accumulative_counts iterations'
            )
