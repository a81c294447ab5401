"""The errors users can meet, each naming the offending value and the remedy."""


class GLCNetError(Exception):
    """Base class of every error raised on purpose by this package."""


class ConfigError(GLCNetError, ValueError):
    """A setting is out of range, missing, or contradicts another one."""


class DataError(GLCNetError, RuntimeError):
    """Data are missing, unreadable, or do not fit the settings."""


class CheckpointMismatchError(GLCNetError, RuntimeError):
    """A checkpoint does not hold what the requested scope promises."""


class CollapseError(GLCNetError, RuntimeError):
    """The embeddings of a pretraining no longer tell anything apart."""


class NonFiniteError(GLCNetError, ArithmeticError):
    """A loss is not a number, or infinite."""


class StorageError(GLCNetError, OSError):
    """A file of the run cannot be written."""


class HostError(GLCNetError, ImportError):
    """An OpenMMLab package is missing."""


class HostVersionWarning(UserWarning):
    """An installed package is outside the range this release was tested with."""
