//! The database room itself.

use postil::event::Event;
use postil::{Error, Result, params};

use crate::bed::Bed;

crate::both!(
    a_failed_verb_stores_nothing_and_leaves_its_neighbours_alone,
    what_is_answered_can_be_read,
    values_come_back_as_they_went_in,
    many_rows_go_in_with_one_text,
    a_panicking_verb_is_an_error_and_the_database_goes_on,
    a_reader_cannot_write,
    opening_twice_migrates_once,
    what_happens_is_told_after_the_commit_and_never_when_it_fails,
);

fn set(tx: &mut postil::Tx<'_>, name: &str, value: &str) -> Result<()> {
    let sql =
        "insert into setting (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
    tx.execute(sql, params![name, value]).map(drop)
}

fn names(bed: &Bed) -> Vec<String> {
    bed.db
        .read_blocking(|tx| {
            tx.query("select name from setting order by name", params![])?.iter().map(|row| row.text(0)).collect()
        })
        .unwrap()
}

fn a_failed_verb_stores_nothing_and_leaves_its_neighbours_alone(bed: &Bed) {
    let threads: Vec<_> = (0..40)
        .map(|number| {
            let db = bed.db.clone();
            std::thread::spawn(move || {
                db.write_blocking(move |tx| {
                    set(tx, &format!("n{number:02}"), "x")?;
                    if number % 2 == 1 { Err(Error::invalid("odd", "odd numbers are refused")) } else { Ok(()) }
                })
            })
        })
        .collect();
    let results: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    for (number, result) in results.iter().enumerate() {
        assert_eq!(result.is_err(), number % 2 == 1, "{result:?}");
    }
    let expected: Vec<_> = (0..40).step_by(2).map(|number| format!("n{number:02}")).collect();
    assert_eq!(names(bed), expected);
}

fn what_is_answered_can_be_read(bed: &Bed) {
    for number in 0..50 {
        let name = format!("k{number}");
        bed.db
            .write_blocking({
                let name = name.clone();
                move |tx| set(tx, &name, "v")
            })
            .unwrap();
        assert!(names(bed).contains(&name));
    }
}

fn values_come_back_as_they_went_in(bed: &Bed) {
    let row = bed
        .db
        .read_blocking(|tx| {
            tx.query_one(
                "select cast($1 as bigint), cast($2 as double precision), cast($3 as text), cast($4 as text)",
                params![i64::MIN, 0.1, "søster 🙂", Option::<String>::None],
            )
        })
        .unwrap();
    assert_eq!(row.int(0).unwrap(), i64::MIN);
    assert!((row.real(1).unwrap() - 0.1).abs() < f64::EPSILON);
    assert_eq!(row.text(2).unwrap(), "søster 🙂");
    assert_eq!(row.opt_text(3).unwrap(), None);
}

fn many_rows_go_in_with_one_text(bed: &Bed) {
    let rows: Vec<_> = (0..300).map(|number| params![format!("r{number:03}"), "v"].to_vec()).collect();
    let changed = bed
        .db
        .write_blocking(move |tx| tx.insert_many("insert into setting (name, value) values $rows", &rows))
        .unwrap();
    assert_eq!(changed, 300);
    assert_eq!(names(bed).len(), 300);
}

fn a_panicking_verb_is_an_error_and_the_database_goes_on(bed: &Bed) {
    let result = bed.db.write_blocking(|tx| -> Result<()> {
        set(tx, "half", "done")?;
        panic!("on purpose")
    });
    assert!(matches!(result, Err(Error::Internal(_))));
    bed.db.write_blocking(|tx| set(tx, "whole", "done")).unwrap();
    assert_eq!(names(bed), ["whole"]);
}

fn a_reader_cannot_write(bed: &Bed) {
    let result = bed.db.read_blocking(|tx| set(tx, "sneaky", "x"));
    assert!(result.is_err());
    assert!(names(bed).is_empty());
}

fn opening_twice_migrates_once(bed: &Bed) {
    bed.db.write_blocking(|tx| set(tx, "kept", "x")).unwrap();
    let again = postil::Db::open(&bed.location).unwrap();
    let kept = again.read_blocking(|tx| tx.query("select 1 from setting where name = 'kept'", params![])).unwrap();
    assert_eq!(kept.len(), 1);
}

fn updated(trace: &str) -> Event {
    Event { project: 1, kind: "trace.updated", trace_id: Some(trace.to_owned()), ..Event::default() }
}

fn what_happens_is_told_after_the_commit_and_never_when_it_fails(bed: &Bed) {
    let mut told = bed.db.events();
    let failed = bed.db.write_blocking(|tx| -> Result<()> {
        tx.emit(updated("lost"));
        Err(Error::invalid("no", "never mind"))
    });
    assert!(failed.is_err());
    bed.db
        .write_blocking(|tx| {
            tx.emit(updated("kept"));
            Ok(())
        })
        .unwrap();
    assert_eq!(told.blocking_recv().unwrap(), updated("kept"));
}

/// Tells `event` again and again until the other handle hears of it: that it listens is known by nothing else.
fn until_heard(from: &postil::Db, to: &postil::Db, event: &Event) {
    let mut told = to.events();
    let heard = std::thread::spawn({
        let event = event.clone();
        move || while told.blocking_recv().unwrap() != event {}
    });
    while !heard.is_finished() {
        let event = event.clone();
        from.write_blocking(move |tx| {
            tx.emit(event.clone());
            Ok(())
        })
        .unwrap();
        std::thread::yield_now();
    }
    heard.join().unwrap();
}

#[test]
fn replicas_on_one_postgres_hear_of_each_other() {
    let bed = Bed::postgres();
    let other = postil::Db::open(&bed.location).unwrap();
    until_heard(&bed.db, &other, &updated("first"));
    until_heard(&other, &bed.db, &updated("second"));
    // What a replica tells does not come back to it: it hears of it once.
    let mut told = bed.db.events();
    bed.db
        .write_blocking(|tx| {
            tx.emit(updated("own"));
            Ok(())
        })
        .unwrap();
    until_heard(&other, &bed.db, &updated("third"));
    let mut heard = Vec::new();
    while let Ok(event) = told.try_recv() {
        heard.push(event);
    }
    assert_eq!(heard.iter().filter(|event| **event == updated("own")).count(), 1, "{heard:?}");
}
