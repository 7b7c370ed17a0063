from support import get


def test_list_parses_and_has_no_human_reviews(orq):
    answer = orq.evals.all(limit=10)
    assert (answer.object, answer.has_more) == ("list", False)
    kinds = {row["type"] for row in get("/v2/evaluators?limit=200")["data"]}
    assert kinds <= {"llm_eval", "json_schema", "http_eval", "python_eval", "function_eval", "ragas", "typescript_eval"}
