//! Bodies of `/v2/traces/v1/traces` in the JSON of orq's decorator.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postil::trace::otlp::{decode_orq_json, is_orq_body};

fuzz_target!(|body: &[u8]| {
    let _ = is_orq_body(body);
    if let Ok(decoded) = decode_orq_json(body) {
        postil_fuzz::traces(decoded);
    }
});
