//! OTLP over gRPC.

use postil::{Error, Result};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;
use tonic::transport::Server;

use crate::state::App;

/// Answers calls until the server is told to end.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, app: App) -> Result<()> {
    Server::builder()
        .add_routes(Routes::default())
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), app.stopped())
        .await
        .map_err(Error::internal)
}
