//! Spans and log records whose attributes look like those of the tracing conventions, in every shape a value can have.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postil_fuzz::span::Call;

fuzz_target!(|call: Call| postil_fuzz::mapped(&call));
