"""opentelemetry-instrumentation-openai-v2: the messages come as log records."""

import exporting
import scenario
from opentelemetry import _logs
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

provider = exporting.provider("opentelemetry-events")
logs = LoggerProvider(resource=provider.resource)
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
_logs.set_logger_provider(logs)
OpenAIInstrumentor().instrument()
client = scenario.openai_client()
for part in scenario.OPENAI:
    # It does not know the Responses interface.
    if part not in (scenario.respond, scenario.respond_tool):
        part(client)
logs.shutdown()
provider.shutdown()
