"""The core of Tuloy: plain Python that knows neither Prefect nor a command line."""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["__version__"]

try:
    __version__ = version("tuloy")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"
