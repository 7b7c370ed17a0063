//! Bodies of `/v1/traces` and `/v1/logs` in protobuf.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postil::trace::otlp::{decode_logs_protobuf, decode_traces_protobuf};

fuzz_target!(|body: &[u8]| {
    if let Ok(decoded) = decode_traces_protobuf(body) {
        postil_fuzz::traces(decoded);
    }
    if let Ok(decoded) = decode_logs_protobuf(body) {
        postil_fuzz::logs(decoded);
    }
});
