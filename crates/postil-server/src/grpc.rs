//! OTLP over gRPC: the same ingest as over HTTP, behind the three services of OpenTelemetry.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::middleware::Next;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::collector::{logs::v1::ExportLogsPartialSuccess, trace::v1::ExportTracePartialSuccess};
use postil::project::{Caller, Permission};
use postil::trace::arrival::{Arrivals, Measure};
use postil::trace::intake;
use postil::trace::otlp;
use postil::{Error, Result};
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

use crate::api::caller::authenticate;
use crate::api::ingest;
use crate::state::App;

/// Serves the three services until `stop` resolves.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, app: App, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let limit = app.limits.ingest_body;
    let exporter = Exporter { app: app.clone() };
    let traces = TraceServiceServer::new(exporter.clone())
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(limit);
    let logs = LogsServiceServer::new(exporter.clone())
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(limit);
    let metrics = MetricsServiceServer::new(exporter)
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(limit);
    // Callers are known before their messages are decoded: a small message can unfold into a large one.
    let router = Routes::new(traces)
        .add_service(logs)
        .add_service(metrics)
        .into_axum_router()
        .layer(axum::middleware::from_fn_with_state(app, admit));
    tonic::transport::Server::builder()
        .tcp_nodelay(true)
        .add_routes(Routes::from(router))
        .serve_with_incoming_shutdown(tokio_stream::wrappers::TcpListenerStream::new(listener), stop)
        .await?;
    Ok(())
}

/// Lets a call through when its key may send traces, a few at a time.
async fn admit(State(app): State<App>, request: axum::extract::Request, next: Next) -> axum::response::Response {
    let headers = request.headers().clone();
    let admitted = authenticate(&app, &headers).await.and_then(|caller| {
        caller.require(Permission::Ingest)?;
        app.room(&headers, app.limits.ingest_body)
    });
    match admitted {
        Ok(_room) => next.run(request).await,
        Err(error) => status(error).into_http(),
    }
}

#[derive(Clone)]
struct Exporter {
    app: App,
}

impl Exporter {
    async fn caller(&self, metadata: &MetadataMap) -> Result<Caller> {
        let headers: HeaderMap = metadata.clone().into_headers();
        let caller = authenticate(&self.app, &headers).await?;
        caller.require(Permission::Ingest)?;
        Ok(caller)
    }
}

#[tonic::async_trait]
impl TraceService for Exporter {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let caller = self.caller(request.metadata()).await.map_err(status)?;
        let (origin, prices) = (ingest::origin(&self.app, &caller, None), self.app.prices.clone());
        let resource_spans = request.into_inner().resource_spans;
        let (mut prepared, rejected) = self
            .app
            .preparing(move || {
                let checked = otlp::check_traces(resource_spans);
                (intake::prepare(checked.resource_spans, origin, &prices), checked.rejected)
            })
            .await
            .map_err(status)?;
        prepared.arrivals.rejected(Measure::RejectedSpans, &rejected);
        ingest::store_prepared(&self.app, &caller, prepared).await.map_err(status)?;
        self.app.counted.spans_rejected(rejected.len());
        let partial_success = (!rejected.is_empty()).then(|| ExportTracePartialSuccess {
            rejected_spans: i64::try_from(rejected.len()).unwrap_or(i64::MAX),
            error_message: otlp::rejection_message(&rejected),
        });
        Ok(Response::new(ExportTraceServiceResponse { partial_success }))
    }
}

#[tonic::async_trait]
impl LogsService for Exporter {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let caller = self.caller(request.metadata()).await.map_err(status)?;
        let origin = ingest::origin(&self.app, &caller, None);
        let resource_logs = request.into_inner().resource_logs;
        let (mut prepared, rejected) = self
            .app
            .preparing(move || {
                let checked = otlp::check_logs(resource_logs);
                (intake::prepare_logs(checked.resource_logs, origin), checked.rejected)
            })
            .await
            .map_err(status)?;
        prepared.arrivals.rejected(Measure::RejectedRecords, &rejected);
        ingest::store_prepared_logs(&self.app, &caller, prepared).await.map_err(status)?;
        let partial_success = (!rejected.is_empty()).then(|| ExportLogsPartialSuccess {
            rejected_log_records: i64::try_from(rejected.len()).unwrap_or(i64::MAX),
            error_message: otlp::rejection_message(&rejected),
        });
        Ok(Response::new(ExportLogsServiceResponse { partial_success }))
    }
}

#[tonic::async_trait]
impl MetricsService for Exporter {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let caller = self.caller(request.metadata()).await.map_err(status)?;
        self.app.arrived(&caller, Arrivals::request(Measure::Metrics, ""));
        Ok(Response::new(ExportMetricsServiceResponse { partial_success: None }))
    }
}

/// What a gRPC caller is told. Overload and an unreachable database are UNAVAILABLE, which exporters try again.
fn status(error: Error) -> Status {
    let code = match &error {
        Error::Invalid { .. } => Code::InvalidArgument,
        Error::Unauthenticated(_) => Code::Unauthenticated,
        Error::Forbidden(_) => Code::PermissionDenied,
        Error::NotFound { .. } => Code::NotFound,
        Error::Conflict { .. } => Code::AlreadyExists,
        Error::TooLarge(_) => Code::OutOfRange,
        Error::RateLimited { .. } | Error::Overloaded | Error::Unavailable(_) => Code::Unavailable,
        Error::Internal(_) => Code::Internal,
    };
    if let Error::Internal(cause) | Error::Unavailable(cause) = &error {
        tracing::error!(cause, "a gRPC export failed");
    }
    Status::new(code, error.to_string())
}
