//! Filters as text, read both ways: as SQL and in memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postil::trace::filter::{Filter, SqlBuilder, TraceFacts, oql};

fuzz_target!(|text: &str| {
    let read = oql::parse(text).map(|query| query.filter);
    for filter in [read, Filter::free_text(text)].into_iter().flatten() {
        let mut sql = SqlBuilder::default();
        let expression = filter.to_sql(&mut sql);
        // Whatever the text says stands in parameters.
        assert!(!text.contains("zq\"'") || !expression.contains("zq"), "{expression}");
        assert!(expression.len() < 64 * text.len() + 4096, "{} bytes of SQL", expression.len());
        let _ = (filter.matches(&TraceFacts::default()), filter.required());
    }
});
