//! How many of the traces that match an automation acts on: samples, strata, quotas; and trials of them.

use postil::automation::{self, Change, DryRun, Outcome, Stratum};
use postil::project::Caller;

use crate::automations::{
    SECOND, after, count, does, into_queue, items, make, make_queue, meaning, prepare, rate, runs, send_traces,
    trace_id, write,
};
use crate::bed::Bed;

crate::both!(
    a_sample_is_the_same_in_a_trial_and_in_earnest,
    quotas_hold_over_a_day_and_begin_anew,
    what_was_not_acted_on_is_counted_and_listed_only_so_often_a_day,
    each_stratum_has_its_own_rate_and_quota,
    a_trial_says_what_would_have_been_done_and_does_nothing,
    why_nothing_was_done_is_forgotten_after_a_month_and_what_was_done_is_not,
    a_trial_with_as_many_values_as_there_may_be_is_answered,
);

fn tried(bed: &Bed, caller: &Caller, change: &Change, id: Option<&str>) -> DryRun {
    let (clock, by, change, id) = (bed.clock.clone(), caller.clone(), change.clone(), id.map(ToOwned::to_owned));
    bed.db.read_blocking(move |tx| automation::dry_run(tx, &clock, &by, (&change, id.as_deref()), 90, 100)).unwrap()
}

fn a_sample_is_the_same_in_a_trial_and_in_earnest(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    let rule = make(bed, &caller, Change { sampling_rate: Some(20.0), ..does(vec![into_queue(&queue)]) });
    send_traces(bed, 0..100, "chat");
    let trial = tried(bed, &caller, &Change::default(), Some(&rule.id));
    assert!((8..35).contains(&trial.would_act), "{}", trial.would_act);
    after(bed, 5);
    let mut meant: Vec<String> =
        trial.traces.iter().filter(|trace| trace.acts).map(|trace| trace.trace_id.clone()).collect();
    meant.sort();
    assert_eq!(items(bed, &queue), meant);
    assert_eq!((trial.acted_before, trial.would_act), (0, i64::try_from(meant.len()).unwrap()));
    send_traces(bed, 100..200, "chat");
    let again = tried(bed, &caller, &Change::default(), Some(&rule.id));
    assert_eq!(again.acted_before, trial.would_act);
    assert!(again.would_act > again.acted_before, "what came since is not acted on yet");
    assert_eq!(tried(bed, &caller, &Change::default(), None).acted_before, 0);
    let left = runs(bed, &caller, &rule).into_iter().find(|run| run.outcome == Outcome::NotSampled).unwrap();
    assert!(left.reason.starts_with("Matches, but is not in the sample of "), "{}", left.reason);
}

fn quotas_hold_over_a_day_and_begin_anew(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    let rule = make(bed, &caller, Change { per_day: Some(Some(3)), ..does(vec![into_queue(&queue)]) });
    for part in 0..5 {
        send_traces(bed, part * 2..part * 2 + 2, "chat");
        after(bed, 5);
    }
    assert_eq!(items(bed, &queue).len(), 3);
    let over = runs(bed, &caller, &rule).into_iter().filter(|run| run.outcome == Outcome::OverQuota);
    let over: Vec<_> = over.map(|run| run.reason).collect();
    assert_eq!((over.len(), over[0].as_str()), (7, "Matches, but 3 traces of that day were acted on already."));
    bed.clock.advance(86_400 * SECOND);
    send_traces(bed, 20..24, "chat");
    after(bed, 5);
    assert_eq!(items(bed, &queue).len(), 6);
}

fn what_was_not_acted_on_is_counted_and_listed_only_so_often_a_day(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    let rule = make(bed, &caller, Change { per_day: Some(Some(3)), ..does(vec![into_queue(&queue)]) });
    send_traces(bed, 0..1100, "chat");
    after(bed, 5);
    assert_eq!(count(bed, "automation_run"), 1003);
    let ids = [rule.id.clone()];
    let totals = write(bed, move |tx| automation::totals(tx, &ids)).remove(&rule.id).unwrap();
    assert_eq!((totals.acted, totals.over_quota), (3, 1097));
}

fn each_stratum_has_its_own_rate_and_quota(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    let stratum = |name: &str, per_day| Stratum {
        name: name.into(),
        selection: meaning("name", name),
        sampling_rate: 100.0,
        per_day,
    };
    let change = Change {
        strata: Some(vec![stratum("bad", None), stratum("odd", Some(2))]),
        sampling_rate: Some(0.0),
        per_day: Some(Some(9)),
        ..does(vec![into_queue(&queue)])
    };
    let rule = make(bed, &caller, change);
    send_traces(bed, 0..5, "bad");
    send_traces(bed, 5..10, "odd");
    send_traces(bed, 10..15, "good");
    after(bed, 5);
    let acted = |name: &str| {
        let runs = runs(bed, &caller, &rule);
        runs.iter().filter(|run| run.outcome == Outcome::Acted && run.stratum.as_deref() == Some(name)).count()
    };
    assert_eq!((acted("bad"), acted("odd"), items(bed, &queue).len()), (5, 2, 7));
    send_traces(bed, 20..25, "bad");
    after(bed, 5);
    assert_eq!((acted("bad"), items(bed, &queue).len()), (7, 9), "the quota of all strata is used up");
}

fn a_trial_says_what_would_have_been_done_and_does_nothing(bed: &Bed) {
    let caller = prepare(bed);
    send_traces(bed, 0..10, "bad");
    send_traces(bed, 10..20, "good");
    rate(bed, &caller, 3, "bad");
    let rated = Stratum {
        name: "rated".into(),
        selection: meaning("annotation.rating", "bad"),
        sampling_rate: 100.0,
        per_day: None,
    };
    let change = Change {
        selection: Some(meaning("name", "bad")),
        strata: Some(vec![rated]),
        per_day: Some(Some(4)),
        ..Change::default()
    };
    let trial = tried(bed, &caller, &change, None);
    assert_eq!((trial.looked_at, trial.matches, trial.would_act, trial.truncated), (20, 10, 4, false));
    assert_eq!(trial.strata, [("rated".to_owned(), 1, 0)], "the older ones came first that day");
    assert_eq!((trial.traces.len(), trial.traces[0].trace_id.as_str()), (10, trace_id(0).as_str()));
    assert_eq!(trial.traces.iter().filter(|trace| trace.acts).count(), 4);
}

fn why_nothing_was_done_is_forgotten_after_a_month_and_what_was_done_is_not(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    let rule = make(bed, &caller, Change { per_day: Some(Some(2)), ..does(vec![into_queue(&queue)]) });
    send_traces(bed, 0..5, "chat");
    after(bed, 5);
    let forget = |days: i64| {
        bed.clock.advance(days * 86_400 * SECOND);
        let clock = bed.clock.clone();
        write(bed, move |tx| automation::forget_old(tx, &clock));
        runs(bed, &caller, &rule).len()
    };
    assert_eq!((forget(29), forget(2)), (5, 2));
    send_traces(bed, 0..2, "chat");
    after(bed, 5);
    assert_eq!((items(bed, &queue).len(), runs(bed, &caller, &rule).len()), (2, 2), "what was acted on stays so");
}

fn a_trial_with_as_many_values_as_there_may_be_is_answered(bed: &Bed) {
    let caller = prepare(bed);
    send_traces(bed, 0..2, "chat");
    let mut many = meaning("metadata.number", "1");
    many.conditions[0].op = Some("in".into());
    many.conditions[0].values = (0..100).map(|number| number.to_string()).collect();
    many.conditions = vec![many.conditions[0].clone(); 5];
    many.any = true;
    let strata = (0..10).map(|number| Stratum {
        name: number.to_string(),
        selection: many.clone(),
        sampling_rate: 100.0,
        per_day: None,
    });
    let change = Change { strata: Some(strata.collect()), ..Change::default() };
    assert_eq!(tried(bed, &caller, &change, None).matches, 2);
}
