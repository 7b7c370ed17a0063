//! Saved views.

use postil::page::PageRequest;
use postil::project::{Actor, Caller, Permission, Permissions, ProjectRef};
use postil::view::{self, Change, View};
use postil::{Error, Result, Tx};

use crate::bed::Bed;

crate::both!(
    a_view_comes_back_as_it_was_saved,
    private_views_are_seen_by_their_maker_alone,
    shared_views_are_changed_by_their_maker_and_by_those_who_define,
    a_name_is_there_once_for_everybody_and_once_for_oneself,
    one_view_of_a_screen_is_the_default,
);

fn caller(name: &str, permissions: &[Permission]) -> Caller {
    Caller {
        workspace_id: "w".into(),
        project: ProjectRef { id: "p".into(), number: 1 },
        bound_to: None,
        actor: Actor::Member { id: name.into(), name: name.into() },
        permissions: Permissions::of(permissions),
        client: None,
    }
}

fn ann() -> Caller {
    caller("ann", &[Permission::Read, Permission::Annotate])
}

fn bob() -> Caller {
    caller("bob", &[Permission::Read, Permission::Annotate])
}

fn write<T: Send + 'static>(bed: &Bed, work: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
    bed.db.write_blocking(work)
}

fn save(bed: &Bed, caller: &Caller, change: &Change) -> Result<View> {
    let (clock, caller, change) = (bed.clock.clone(), caller.clone(), change.clone());
    write(bed, move |tx| view::create(tx, &clock, &caller, &change))
}

fn named(name: &str, is_private: bool) -> Change {
    Change { display_name: Some(name.into()), is_private: Some(is_private), ..Change::default() }
}

fn names(bed: &Bed, caller: &Caller) -> Vec<String> {
    let caller = caller.clone();
    let page = PageRequest::new(Some(200), None, None).unwrap();
    let found = bed.db.read_blocking(move |tx| view::list(tx, &caller, Some("traces"), &page)).unwrap();
    found.data.into_iter().map(|view| view.display_name).collect()
}

fn a_view_comes_back_as_it_was_saved(bed: &Bed) {
    let wanted = Change {
        display_name: Some("Slow and wrong".into()),
        filter_by: Some("status:error duration_ms:>5000".into()),
        columns: Some(vec!["name".into(), "cost".into()]),
        column_labels: Some([("cost".to_owned(), "Price".to_owned())].into()),
        sort: Some("duration_ms".into()),
        density: Some("dense".into()),
        time_range: Some("30d".into()),
        ..Change::default()
    };
    let saved = save(bed, &ann(), &wanted).unwrap();
    let id = saved.id.clone();
    let found = bed.db.read_blocking(move |tx| view::get(tx, &ann(), &id)).unwrap();
    assert_eq!(found, saved);
    assert_eq!(found.columns, ["name", "cost"]);
}

fn private_views_are_seen_by_their_maker_alone(bed: &Bed) {
    save(bed, &ann(), &named("mine", true)).unwrap();
    save(bed, &ann(), &named("ours", false)).unwrap();
    assert_eq!(names(bed, &ann()), ["mine", "ours"]);
    assert_eq!(names(bed, &bob()), ["ours"]);
    let reader = caller("cy", &[Permission::Read]);
    save(bed, &reader, &named("reading", true)).unwrap();
    assert!(matches!(save(bed, &reader, &named("for all", false)), Err(Error::Forbidden(_))));
    let elsewhere = Caller { project: ProjectRef { id: "q".into(), number: 2 }, ..ann() };
    assert!(names(bed, &elsewhere).is_empty());
}

fn shared_views_are_changed_by_their_maker_and_by_those_who_define(bed: &Bed) {
    let id = save(bed, &ann(), &named("ours", false)).unwrap().id;
    let rename = |by: Caller, to: &str| {
        let (clock, id, change) =
            (bed.clock.clone(), id.clone(), Change { display_name: Some(to.into()), ..Change::default() });
        write(bed, move |tx| view::update(tx, &clock, &by, &id, &change))
    };
    assert!(matches!(rename(bob(), "theirs"), Err(Error::Forbidden(_))));
    rename(ann(), "still ours").unwrap();
    let lead = caller("lead", &[Permission::Read, Permission::Define]);
    let renamed = rename(lead.clone(), "the team's").unwrap();
    assert_eq!((renamed.created_by.as_str(), renamed.updated_by.as_str()), ("ann", "lead"));
    let gone = id.clone();
    assert!(write(bed, move |tx| view::remove(tx, &bob(), &gone)).is_err());
    let gone = id.clone();
    write(bed, move |tx| view::remove(tx, &lead, &gone)).unwrap();
    assert!(names(bed, &ann()).is_empty());
}

fn a_name_is_there_once_for_everybody_and_once_for_oneself(bed: &Bed) {
    save(bed, &ann(), &named("errors", false)).unwrap();
    assert!(matches!(save(bed, &bob(), &named("errors", false)), Err(Error::Conflict { .. })));
    save(bed, &bob(), &named("errors", true)).unwrap();
    save(bed, &ann(), &named("errors", true)).unwrap();
}

fn one_view_of_a_screen_is_the_default(bed: &Bed) {
    for name in ["first", "second"] {
        save(bed, &ann(), &Change { is_default: Some(true), ..named(name, false) }).unwrap();
    }
    let page = PageRequest::new(Some(10), None, None).unwrap();
    let found = bed.db.read_blocking(move |tx| view::list(tx, &ann(), None, &page)).unwrap();
    let defaults: Vec<_> = found.data.into_iter().filter(|view| view.is_default).map(|one| one.display_name).collect();
    assert_eq!(defaults, ["second"]);
}
