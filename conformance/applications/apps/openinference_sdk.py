"""openinference-instrumentation-openai and -anthropic."""

import exporting
import scenario
from openinference.instrumentation import using_attributes
from openinference.instrumentation.anthropic import AnthropicInstrumentor
from openinference.instrumentation.openai import OpenAIInstrumentor

provider = exporting.provider("openinference")
OpenAIInstrumentor().instrument(tracer_provider=provider)
AnthropicInstrumentor().instrument(tracer_provider=provider)
with using_attributes(session_id=scenario.SESSION, user_id=scenario.USER, tags=scenario.TAGS,
                      metadata={"tier": "gold", "seats": 3}):
    openai, anthropic = scenario.openai_client(), scenario.anthropic_client()
    for part in scenario.OPENAI:
        part(openai)
    for part in scenario.ANTHROPIC:
        part(anthropic)
provider.shutdown()
