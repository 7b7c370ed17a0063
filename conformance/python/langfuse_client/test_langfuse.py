"""The client of Langfuse, unmodified: its key check, spans with an image, recordings, scores."""

import base64
import struct
import urllib.request
import uuid
import zlib

import pytest
from langfuse import Langfuse
from langfuse.media import LangfuseMedia

from support import KEY, URL, eventually, get, http


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(red: int) -> bytes:
    """One pixel, of another colour each time, so that no test finds the image of another."""
    pixel = zlib.compress(bytes([0, red, uuid.uuid4().bytes[0], uuid.uuid4().bytes[1]]))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


def data_url(image: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(image).decode()


@pytest.fixture(scope="module")
def langfuse():
    client = Langfuse(public_key="pk-lf-conformance", secret_key=KEY, host=URL)
    yield client
    client.shutdown()


def generation(langfuse, **given):
    """A span of a model call, ended and sent: its trace id and its id."""
    if hasattr(langfuse, "start_observation"):
        span = langfuse.start_observation(name="look", as_type="generation", model="gpt-4o-mini", **given)
    else:
        span = langfuse.start_generation(name="look", model="gpt-4o-mini", **given)
    return span


def media_parts(trace_id: str, span_id: str) -> list[dict]:
    span = get(f"/v3/traces/{trace_id}/spans/{span_id}")["span"]
    parts = [part for message in span["normalized"]["input"] for part in message["parts"]]
    return [part for part in parts if part["type"] == "media"]


def stored(trace_id: str, span_id: str) -> list[dict]:
    def look():
        if http("GET", f"/v3/traces/{trace_id}/spans/{span_id}").status != 200:
            return []
        parts = media_parts(trace_id, span_id)
        return parts if parts and all(part["source"] == "stored" for part in parts) else []

    return eventually(look)


def fetched(path: str):
    request = urllib.request.Request(URL + path, headers={"Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read(), response.headers


def question(image) -> list:
    return [{"role": "user", "content": [
        {"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": image}}]}]


def test_the_client_accepts_its_key(langfuse):
    assert langfuse.auth_check() is True


def test_an_image_is_in_the_conversation(langfuse):
    image = png(10)
    span = generation(langfuse, input=question(data_url(image)), output="A pixel.")
    span.end()
    langfuse.flush()
    parts = stored(span.trace_id, span.id)
    assert [part["kind"] for part in parts] == ["image"]
    body, headers = fetched(parts[0]["url"])
    assert body == image
    assert headers["Content-Type"] == "image/png" and headers["X-Content-Type-Options"] == "nosniff"
    raw = get(f"/v3/traces/{span.trace_id}/spans/{span.id}")["span"]["attributes"]["langfuse.observation.input"]
    assert "@@@langfuseMedia:" in raw, "as it came"


def test_a_wrapped_image_is_sent_once_and_can_be_read_back(langfuse):
    image = png(20)
    spans = []
    for _ in range(2):
        media = LangfuseMedia(content_bytes=image, content_type="image/png")
        span = generation(langfuse, input=question(media), output="A pixel.")
        span.end()
        langfuse.flush()
        spans.append(span)
    urls = {stored(span.trace_id, span.id)[0]["url"] for span in spans}
    assert len(urls) == 1
    media = LangfuseMedia(content_bytes=image, content_type="image/png")
    reference = media._reference_string
    back = LangfuseMedia.resolve_media_references(
        obj={"image": reference}, langfuse_client=langfuse, resolve_with="base64_data_uri")
    assert back == {"image": data_url(image)}


def test_scores_are_verdicts_on_the_span_and_on_the_trace(langfuse):
    span = generation(langfuse, input=question("https://example.com/a.png"), output="A pixel.")
    span.score(name="quality", value=0.9, comment="good")
    span.score(name="safe", value=1, data_type="BOOLEAN")
    span.score_trace(name="tone", value="calm", data_type="CATEGORICAL")
    span.end()
    langfuse.flush()

    def look():
        answer = http("GET", f"/v3/traces/{span.trace_id}/spans/{span.id}")
        found = answer.json()["span"]["evaluations"] if answer.status == 200 else []
        return found if len(found) == 3 else []

    found = eventually(look)
    assert sorted(one["display_name"] for one in found) == ["quality", "safe", "tone"]
