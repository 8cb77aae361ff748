"""The core of Tuloy: plain Python that knows neither Prefect nor a command line."""

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """Look the version up when it is asked for: that takes longer than most commands may."""
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("tuloy")
        except PackageNotFoundError:  # a source tree that was never installed
            return "0+unknown"
    raise AttributeError(f"module 'tuloy' has no attribute {name!r}")
