//! What arrived, counted by several servers beside each other.

use postil::trace::arrival::{self, Arrivals, Ledger, Measure};

use crate::bed::{Bed, NOON};

crate::both!(counts_of_several_servers_are_added, what_is_too_old_is_forgotten,);

const HOUR: i64 = 3_600_000_000;

fn brought(why: &str, at: i64) -> Ledger {
    let mut ledger = Ledger::default();
    ledger.add(1, at, Some("client"), Arrivals::request(Measure::Refused, why));
    ledger
}

fn write(bed: &Bed, mut ledger: Ledger) {
    let entries = ledger.take();
    bed.db.write_blocking(move |tx| arrival::record(tx, &entries)).unwrap();
}

fn counts_of_several_servers_are_added(bed: &Bed) {
    write(bed, brought("too large", NOON + 5));
    write(bed, brought("too large", NOON + 3));
    write(bed, brought("not JSON", NOON + HOUR));
    let report = bed.db.read_blocking(|tx| arrival::report(tx, 1, NOON + 2 * HOUR, 24)).unwrap();
    let rejected: Vec<_> =
        report.rejected.iter().map(|one| (one.reason.as_str(), one.count, one.last_at - NOON)).collect();
    assert_eq!(rejected, [("too large", 2, 5), ("not JSON", 1, HOUR)]);
    let other = bed.db.read_blocking(|tx| arrival::report(tx, 2, NOON + 2 * HOUR, 24)).unwrap();
    assert!(other.rejected.is_empty());
}

fn what_is_too_old_is_forgotten(bed: &Bed) {
    write(bed, brought("old", NOON));
    write(bed, brought("new", NOON + 40 * HOUR));
    assert_eq!(bed.db.write_blocking(|tx| arrival::purge(tx, NOON + 48 * HOUR)).unwrap(), 0);
    assert_eq!(bed.db.write_blocking(|tx| arrival::purge(tx, NOON + 60 * HOUR)).unwrap(), 1);
    let report = bed.db.read_blocking(|tx| arrival::report(tx, 1, NOON + 60 * HOUR, 48)).unwrap();
    assert_eq!(report.rejected.len(), 1);
}
