//! Bodies of `/v1/traces` and `/v1/logs` in JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postil::trace::otlp::{decode_logs_json, decode_traces_json};

fuzz_target!(|body: &[u8]| {
    if let Ok(decoded) = decode_traces_json(body) {
        postil_fuzz::traces(decoded);
    }
    if let Ok(decoded) = decode_logs_json(body) {
        postil_fuzz::logs(decoded);
    }
});
