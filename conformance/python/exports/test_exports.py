"""Files that leave Postil, loaded back by the libraries people train and count with: datasets, pandas, pyarrow and trl."""

import io
import json
import urllib.request
import zipfile

import datasets
import pandas
import pyarrow.json
import pyarrow.parquet
import pytest
import tokenizers
from transformers import PreTrainedTokenizerFast
from trl import data_utils as trl

from support import KEY, URL, Span, http, seed, unique

CORRECTIONS = ["Once a month.\n\"Twice\", in summer ✓", "=SUM(1,1)"]


def annotate(span: Span, **values) -> None:
    said = [{"key": key, "value": value} for key, value in values.items()]
    answer = http("POST", span.path, {"annotations": said})
    assert answer.status == 200, answer.text


@pytest.fixture(scope="module")
def dataset() -> str:
    """Two corrected answers, one that was found good, and one of which nothing was said."""
    spans = [seed() for _ in range(4)]
    for span, correction in zip(spans, CORRECTIONS):
        annotate(span, rating="bad", correction=correction)
    annotate(spans[2], rating="good")
    made = http("POST", "/v2/datasets", {"display_name": unique("exported")}).json()["_id"]
    taken = http("POST", f"/v3/datasets/{made}/spans", {"items": [span.ids for span in spans]})
    assert taken.status == 200, taken.text
    http("POST", f"/v2/datasets/{made}/datapoints", [{"inputs": {"city": "Łódź"}}])
    return made


def exported(dataset: str, query: str, folder) -> str:
    answer = http("GET", f"/v3/datasets/{dataset}/export?{query}")
    assert answer.status == 200, answer.text
    path = folder / "file.txt"
    path.write_bytes(answer.text.encode())
    return str(path)


def load(path: str, folder, kind="json") -> datasets.Dataset:
    return datasets.load_dataset(kind, data_files=path, split="train", cache_dir=str(folder / "cache"))


def test_preference_pairs_load_as_trl_wants_them(dataset, tmp_path):
    """https://huggingface.co/docs/trl/dataset_formats: prompt, chosen and rejected as lists of messages."""
    pairs = load(exported(dataset, "format=dpo", tmp_path), tmp_path)
    assert set(pairs.column_names) == {"prompt", "chosen", "rejected"}
    assert [row["chosen"] for row in pairs] == [[{"role": "assistant", "content": text}] for text in CORRECTIONS]
    for row in pairs:
        assert row["prompt"] == [{"role": "user", "content": "How do I water a cactus?"}]
        assert row["rejected"] == [{"role": "assistant", "content": "Rarely, and not in winter."}]


def test_verdicts_load_as_trl_wants_them(dataset, tmp_path):
    """prompt, completion and a truth value called label."""
    verdicts = load(exported(dataset, "format=kto", tmp_path), tmp_path)
    assert set(verdicts.column_names) == {"prompt", "completion", "label"}
    assert verdicts.features["label"].dtype == "bool"
    said = [(row["completion"][0]["content"], row["label"]) for row in verdicts]
    kept = "Rarely, and not in winter."
    assert said == [(CORRECTIONS[0], True), (kept, False), (CORRECTIONS[1], True), (kept, False), (kept, True)]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    """Knows no words; its template tells who said what."""
    template = "{% for each in messages %}[{{ each.role }}] {{ each.content }}\n{% endfor %}" \
        "{% if add_generation_prompt %}[assistant] {% endif %}"
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))
    return PreTrainedTokenizerFast(tokenizer_object=words, chat_template=template)


@pytest.mark.parametrize("format", ["dpo", "kto", "openai"])
def test_trl_itself_reads_what_it_trains_on(dataset, tokenizer, format, tmp_path):
    """By the functions with which its trainers prepare a file. They refuse other columns."""
    rows = load(exported(dataset, f"format={format}", tmp_path), tmp_path)
    texts = [trl.apply_chat_template(row, tokenizer) for row in rows]
    question, kept = "[user] How do I water a cactus?\n", "Rarely, and not in winter."
    assert all(trl.is_conversational(row) for row in rows)
    if format == "openai":
        assert [text["text"] for text in texts][0] == f"{question}[assistant] {CORRECTIONS[0]}\n"
        return
    assert {text["prompt"] for text in texts} == {f"{question}[assistant] "}
    if format == "kto":
        assert [(text["completion"], text["label"]) for text in texts][:2] == \
            [(f"{CORRECTIONS[0]}\n", True), (f"{kept}\n", False)]
        return
    assert [(text["chosen"], text["rejected"]) for text in texts] == \
        [(f"{correction}\n", f"{kept}\n") for correction in CORRECTIONS]
    unpaired = trl.unpair_preference_dataset(rows)
    assert set(unpaired.column_names) == {"prompt", "completion", "label"}
    assert list(unpaired["label"]) == [True, True, False, False]


def test_chats_load_for_fine_tuning(dataset, tmp_path):
    chats = load(exported(dataset, "format=openai", tmp_path), tmp_path)
    assert chats.column_names == ["messages"]
    assert [[message["role"] for message in row["messages"]] for row in chats] == [["user", "assistant"]] * 4
    assert [row["messages"][-1]["content"] for row in chats][:2] == CORRECTIONS


def test_everything_loads_from_lines_and_from_a_table(dataset, tmp_path):
    text = http("GET", f"/v3/datasets/{dataset}/export").text
    lines = pandas.read_json(io.StringIO(text), lines=True)
    table = pandas.read_csv(io.StringIO(http("GET", f"/v3/datasets/{dataset}/export?format=csv").text))
    arrow = pyarrow.json.read_json(io.BytesIO(text.encode()))
    assert len(lines) == len(table) == arrow.num_rows == 5
    assert list(lines["expected_output"][:2]) == list(table["expected_output"][:2]) == CORRECTIONS
    assert arrow.column("expected_output").to_pylist()[:2] == CORRECTIONS
    assert json.loads(table["inputs"][4]) == lines["inputs"][4] == {"city": "Łódź"}
    assert list(table["id"]) == list(lines["id"]) == arrow.column("id").to_pylist()


def test_annotations_load_from_lines_and_from_a_table():
    source = unique("source")
    spans = [seed() for _ in range(3)]
    values = {"defects": ["spelling", "grammatical"], "correction": CORRECTIONS[0], "conformance_score": 2.5}
    said = [{"key": key, "value": value} for key, value in values.items()]
    for span in spans:
        http("POST", span.path, {"annotations": said, "metadata": {"source": source}})
    text = http("GET", f"/v3/annotations/export?source={source}").text
    lines = pandas.DataFrame([json.loads(line) for line in text.splitlines()])
    table = pandas.read_csv(io.StringIO(http("GET", f"/v3/annotations/export?format=csv&source={source}").text))
    assert len(lines) == len(table) == 9
    for frame in (lines, table):
        assert set(frame["span_id"]) == {span.span_id for span in spans}
        assert set(frame[frame["key"] == "correction"]["value"]) == {CORRECTIONS[0]}
        assert set(frame["definition_version"]) == {1}
        assert frame["annotator_id"].notna().all() and frame["created_at"].notna().all()
    assert [sorted(json.loads(value)) for value in table[table["key"] == "defects"]["value"]] == \
        [sorted(values["defects"])] * 3
    assert set(table[table["key"] == "conformance_score"]["value"].astype(float)) == {2.5}


def fetched(path: str) -> bytes:
    """The bytes of a download; `http` reads text."""
    request = urllib.request.Request(URL + path, headers={"authorization": f"Bearer {KEY}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return answer.read()


def test_everything_loads_as_parquet(dataset, tmp_path):
    path = tmp_path / "dataset.parquet"
    path.write_bytes(fetched(f"/v3/datasets/{dataset}/export?format=parquet"))
    table = pyarrow.parquet.read_table(path)
    frame = pandas.read_parquet(path)
    loaded = load(str(path), tmp_path, "parquet")
    assert table.num_rows == len(frame) == len(loaded) == 5
    assert str(table.schema.field("created_at").type) == "timestamp[us, tz=UTC]"
    assert list(frame["expected_output"][:2]) == loaded["expected_output"][:2] == CORRECTIONS
    assert json.loads(loaded["inputs"][4]) == {"city": "Łódź"}
    assert [message["role"] for message in json.loads(loaded["messages"][0])] == ["user"]


def test_annotations_load_as_parquet(tmp_path):
    source = unique("source")
    span = seed()
    values = {"defects": ["spelling", "grammatical"], "correction": CORRECTIONS[0], "conformance_score": 2.5}
    said = [{"key": key, "value": value} for key, value in values.items()]
    http("POST", span.path, {"annotations": said, "metadata": {"source": source}})
    path = tmp_path / "annotations.parquet"
    path.write_bytes(fetched(f"/v3/annotations/export?format=parquet&source={source}"))
    frame = pandas.read_parquet(path).set_index("key")
    assert load(str(path), tmp_path, "parquet").num_rows == len(frame) == 3
    assert frame.loc["correction", "value"] == CORRECTIONS[0]
    assert sorted(json.loads(frame.loc["defects", "value"])) == sorted(values["defects"])
    assert float(frame.loc["conformance_score", "value"]) == 2.5
    assert set(frame["definition_version"]) == {1} and "queue_id" in frame


@pytest.mark.parametrize("files", ["jsonl", "parquet", "openai", "dpo", "kto"])
def test_a_folder_loads_as_a_dataset_with_its_parts(dataset, files, tmp_path):
    data = fetched(f"/v3/datasets/{dataset}/export?format=huggingface&test_percent=50&files={files}")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "folder")
    loaded = datasets.load_dataset(str(tmp_path / "folder"), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) <= {"train", "test"}
    counts = {"jsonl": 5, "parquet": 5, "openai": 4, "dpo": 2, "kto": 5}
    assert sum(part.num_rows for part in loaded.values()) == counts[files]
