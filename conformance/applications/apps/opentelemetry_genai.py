"""opentelemetry-instrumentation-genai-openai; where the messages stand is the suite's to say."""

import exporting
import scenario
from opentelemetry import _logs
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

provider = exporting.provider("opentelemetry-genai")
logs = LoggerProvider(resource=provider.resource)
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
_logs.set_logger_provider(logs)
OpenAIInstrumentor().instrument()
client = scenario.openai_client()
for part in scenario.OPENAI:
    part(client)
logs.shutdown()
provider.shutdown()
