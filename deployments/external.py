"""A server that the user named in PREFECT_API_URL: whether it answers, and as which version."""

import base64
import os
import urllib.error
import urllib.request

from tuloy.errors import ServerUnavailable

__all__ = ["examined"]

TIMEOUT_S = 10.0


def examined(api_url: str) -> str | None:
    """Return the Prefect version of the server at this address, None where it does not tell.

    Raises ServerUnavailable when it does not answer as a Prefect API would.
    """
    health = _asked(f"{api_url}/health")
    if health.strip() != b"true":
        raise ServerUnavailable(_not_an_api(api_url))
    try:
        return _asked(f"{api_url}/admin/version").decode().strip().strip('"')
    except ServerUnavailable:
        return None


def _asked(url: str) -> bytes:
    request = urllib.request.Request(url, headers=_authorization())
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return bytes(answer.read(10_000))
    except urllib.error.HTTPError as error:
        raise ServerUnavailable(_said(url, error.code)) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise ServerUnavailable(
            f"the Prefect server in PREFECT_API_URL does not answer: {url!r}: {reason}; "
            "start it, or unset PREFECT_API_URL to use the local server"
        ) from error


def _not_an_api(api_url: str) -> str:
    return (
        f"PREFECT_API_URL={api_url!r} is not the address of a Prefect API, which usually ends in '/api'; "
        "correct it, or unset it to use the local server"
    )


def _said(url: str, status: int) -> str:
    if status == 404:
        return _not_an_api(url.removesuffix("/health"))
    if status in (401, 403):
        return (
            f"the Prefect server refused {url!r} with {status}; set PREFECT_API_AUTH_STRING (own server) or "
            "PREFECT_API_KEY (Prefect Cloud)"
        )
    return (
        f"the Prefect server in PREFECT_API_URL answered {url!r} with {status}; correct PREFECT_API_URL, "
        "or unset it to use the local server"
    )


def _authorization() -> dict[str, str]:
    if key := os.environ.get("PREFECT_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    if pair := os.environ.get("PREFECT_API_AUTH_STRING"):
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    return {}
