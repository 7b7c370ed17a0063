//! Members, sessions, invites, keys and identities.

use std::collections::HashMap;

use postil::page::PageRequest;
use postil::project::access::Wanted;
use postil::project::invite::{self, Guest};
use postil::project::{
    Actor, Caller, Permissions, Role, identity, key, keys, member, people, projects, sign_in, speak_to, start,
    workspace,
};
use postil::{Error, Result, Tx};

use crate::bed::Bed;

crate::both!(
    a_member_is_added_once_and_comes_back_with_the_same_id,
    two_owners_cannot_remove_each_other_at_once,
    a_link_is_used_once_even_by_many_at_once,
    an_invite_is_accepted_once_even_by_many_at_once,
    projects_made_at_once_get_numbers_and_keys_of_their_own,
    a_removed_member_loses_sessions_roles_and_the_keys_that_are_theirs,
    the_use_of_keys_is_noted_and_never_goes_back,
    identities_are_found_and_paged,
    keys_are_listed_and_revoked_by_name,
    what_is_made_can_be_changed_and_taken_away,
    a_password_change_ends_other_sessions,
    names_are_found_by_id_however_many_are_asked_for,
);

fn home(bed: &Bed) -> start::Home {
    let clock = bed.clock.clone();
    bed.db.write_blocking(move |tx| start::home(tx, &clock)).unwrap()
}

fn admin(home: &start::Home) -> Caller {
    Caller {
        workspace_id: home.workspace_id.clone(),
        project: home.project.clone(),
        bound_to: None,
        actor: Actor::Key { id: "test".into(), name: "test".into() },
        permissions: Permissions::ALL,
        client: None,
    }
}

fn run<T: Send + 'static>(bed: &Bed, work: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
    bed.db.write_blocking(work)
}

fn add(bed: &Bed, email: &'static str, role: Option<Role>) -> Result<String> {
    let (clock, workspace) = (bed.clock.clone(), home(bed).workspace_id);
    run(bed, move |tx| member::add(tx, &clock, &workspace, email, "Somebody", Some("hash"), role))
}

/// Runs the same work on many threads and returns what each was answered.
fn at_once<T: Send + 'static>(
    bed: &Bed,
    times: usize,
    work: impl Fn(&mut Tx<'_>, usize) -> Result<T> + Clone + Send + 'static,
) -> Vec<Result<T>> {
    let threads: Vec<_> = (0..times)
        .map(|number| {
            let (db, work) = (bed.db.clone(), work.clone());
            std::thread::spawn(move || db.write_blocking(move |tx| work(tx, number)))
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

fn a_member_is_added_once_and_comes_back_with_the_same_id(bed: &Bed) {
    let id = add(bed, "Ada@Example.com", Some(Role::Owner)).unwrap();
    assert!(matches!(add(bed, "ada@example.com", None), Err(Error::Conflict { name: "email_taken", .. })));
    add(bed, "other@example.com", Some(Role::Owner)).unwrap();
    assert!(add(bed, "third@example.com", Some(Role::Viewer)).is_err());
    let (clock, target) = (bed.clock.clone(), id.clone());
    let caller = Caller { actor: Actor::Member { id: id.clone(), name: "Ada".into() }, ..admin(&home(bed)) };
    run(bed, move |tx| member::remove(tx, &clock, &caller, &target, false)).unwrap();
    assert_eq!(add(bed, "ada@example.com", None).unwrap(), id);
    let found = run(bed, |tx| member::by_email(tx, "ADA@example.com")).unwrap().unwrap();
    assert_eq!((found.0.workspace_role, found.1.as_deref()), (None, Some("hash")));
}

fn two_owners_cannot_remove_each_other_at_once(bed: &Bed) {
    let ids = [
        add(bed, "one@example.com", Some(Role::Owner)).unwrap(),
        add(bed, "two@example.com", Some(Role::Owner)).unwrap(),
    ];
    let (clock, caller) = (bed.clock.clone(), admin(&home(bed)));
    let outcomes = at_once(bed, 2, move |tx, number| {
        let by = Caller { actor: Actor::Member { id: ids[1 - number].clone(), name: "O".into() }, ..caller.clone() };
        member::remove(tx, &clock, &by, &ids[number], false)
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
}

fn a_link_is_used_once_even_by_many_at_once(bed: &Bed) {
    let id = add(bed, "ada@example.com", None).unwrap();
    let clock = bed.clock.clone();
    let token = run(bed, move |tx| member::sign_in_link(tx, &clock, &id)).unwrap();
    let clock = bed.clock.clone();
    let outcomes = at_once(bed, 8, move |tx, _| sign_in::use_link(tx, &clock, &token));
    let used = outcomes.into_iter().filter_map(Result::unwrap).count();
    assert_eq!(used, 1);
}

fn an_invite_is_accepted_once_even_by_many_at_once(bed: &Bed) {
    let (clock, caller) = (bed.clock.clone(), admin(&home(bed)));
    let by = caller.clone();
    let draft = invite::Draft { role: Role::Reviewer, email: None, days: None, queue_id: None };
    let (_, token) = run(bed, move |tx| invite::create(tx, &clock, &by, &draft)).unwrap();
    let clock = bed.clock.clone();
    let outcomes = at_once(bed, 8, move |tx, number| {
        let email = Some(format!("guest{number}@example.com"));
        let guest = Guest::New { display_name: "Guest".into(), email, password_hash: "hash".into() };
        invite::accept(tx, &clock, &token, &guest)
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let members = run(bed, move |tx| member::list(tx, &caller, true)).unwrap();
    assert_eq!(members.len(), 1, "those who came too late are not members");
    assert_eq!(members[0].role(), Some(Role::Reviewer));
}

fn projects_made_at_once_get_numbers_and_keys_of_their_own(bed: &Bed) {
    let (clock, caller) = (bed.clock.clone(), admin(&home(bed)));
    let draft = projects::Draft { name: Some("Same name".into()), ..projects::Draft::default() };
    let by = caller.clone();
    let outcomes = at_once(bed, 6, move |tx, _| projects::create(tx, &clock, &by, &draft));
    let mut made: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    made.sort_by_key(|project| project.reference.number);
    let numbers: Vec<_> = made.iter().map(|project| project.reference.number).collect();
    assert_eq!(numbers, [2, 3, 4, 5, 6, 7]);
    let mut names: Vec<_> = made.into_iter().map(|project| project.key).collect();
    names.sort();
    assert_eq!(names, ["same-name", "same-name-2", "same-name-3", "same-name-4", "same-name-5", "same-name-6"]);
    let there = run(bed, move |tx| speak_to(tx, &caller, "same-name-2")).unwrap();
    assert_ne!(there.project.number, 1);
}

fn a_removed_member_loses_sessions_roles_and_the_keys_that_are_theirs(bed: &Bed) {
    let id = add(bed, "ada@example.com", None).unwrap();
    let (clock, caller) = (bed.clock.clone(), admin(&home(bed)));
    let (target, by) = (id.clone(), caller.clone());
    let (session, key_id) = run(bed, move |tx| {
        member::set_role(tx, &target, &by.project.id, Role::Admin)?;
        let owner = Some(keys::Owner { kind: "user".into(), user_id: Some(target.clone()) });
        let draft = keys::Draft { name: "hers".into(), owner, ..keys::Draft::default() };
        let key = keys::create(tx, &clock, &by, "sk-orq-test", &draft)?;
        Ok((sign_in::start(tx, &clock, &target, Some("a browser"))?, key.id))
    })
    .unwrap();
    let clock = bed.clock.clone();
    let seen = move |tx: &mut Tx<'_>| {
        let member = sign_in::authenticate(tx, &clock, &key::hash(&session), None)?;
        let key = key::authenticate(tx, &clock, &key::hash("sk-orq-test"), None)?;
        Ok((member.map(|caller| caller.bound_to), key.is_some()))
    };
    assert_eq!(run(bed, seen.clone()).unwrap(), (Some(Some(caller.project.id.clone())), true));
    let (clock, by) = (bed.clock.clone(), caller.clone());
    run(bed, move |tx| member::remove(tx, &clock, &by, &id, false)).unwrap();
    assert_eq!(run(bed, seen).unwrap(), (None, false));
    let key = run(bed, move |tx| keys::get(tx, &caller, &key_id)).unwrap();
    assert_eq!(key.status, "revoked");
}

fn the_use_of_keys_is_noted_and_never_goes_back(bed: &Bed) {
    let (clock, caller) = (bed.clock.clone(), admin(&home(bed)));
    let by = caller.clone();
    let draft = keys::Draft { name: "k".into(), ..keys::Draft::default() };
    let id = run(bed, move |tx| keys::create(tx, &clock, &by, "sk-orq-test", &draft)).unwrap().id;
    for at in [500, 400] {
        let used = HashMap::from([(id.clone(), at), ("gone".into(), at)]);
        run(bed, move |tx| keys::record_key_use(tx, &used)).unwrap();
    }
    assert_eq!(run(bed, move |tx| keys::get(tx, &caller, &id)).unwrap().last_used_at, Some(500));
}

fn identities_are_found_and_paged(bed: &Bed) {
    let (clock, caller) = (bed.clock.clone(), admin(&home(bed)));
    let by = caller.clone();
    run(bed, move |tx| {
        for number in 0..5 {
            let draft = identity::Draft {
                display_name: Some(format!("Name {}", 9 - number)),
                tags: Some(vec![if number % 2 == 0 { "even" } else { "odd" }.into()]),
                ..identity::Draft::default()
            };
            identity::create(tx, &clock, &by, &format!("user-{number}"), &draft)?;
        }
        Ok(())
    })
    .unwrap();
    let page = move |filter: identity::Filter, after: Option<String>| {
        let by = caller.clone();
        let request = PageRequest::new(Some(2), after, None).unwrap();
        let page = bed.db.read_blocking(move |tx| identity::list(tx, &by, &filter, &request)).unwrap();
        let names: Vec<_> = page.data.iter().map(|one| one.external_id.clone()).collect();
        (names, page.has_more, page.data.last().map(|one| one.id.clone()))
    };
    let by_name = || identity::Filter { order: identity::Order::Name, ..identity::Filter::default() };
    let (names, more, last) = page(by_name(), None);
    assert_eq!((names, more), (vec!["user-4".into(), "user-3".into()], true));
    let (names, _, last) = page(by_name(), last);
    assert_eq!(names, ["user-2", "user-1"]);
    assert_eq!(page(by_name(), last).0, ["user-0"]);
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let (names, more, last) = page(identity::Filter::default(), after);
        all.extend(names);
        after = last;
        if !more {
            break;
        }
    }
    all.sort();
    assert_eq!(all, ["user-0", "user-1", "user-2", "user-3", "user-4"], "made in one instant, each once");
    let even =
        identity::Filter { tags: vec!["even".into()], search: Some("USER-".into()), ..identity::Filter::default() };
    assert_eq!(page(even, None).0.len(), 2);
    let nothing = identity::Filter { search: Some("%".into()), ..identity::Filter::default() };
    assert!(page(nothing, None).0.is_empty());
}

fn keys_are_listed_and_revoked_by_name(bed: &Bed) {
    let home = home(bed);
    let (clock, by) = (bed.clock.clone(), home.clone());
    run(bed, move |tx| start::bootstrap_key(tx, &clock, &by, "sk-orq-boot")).unwrap();
    let (clock, workspace) = (bed.clock.clone(), home.workspace_id.clone());
    assert!(run(bed, move |tx| keys::revoke(tx, &clock, &workspace, "bootstrap")).unwrap());
    let (clock, workspace) = (bed.clock.clone(), home.workspace_id.clone());
    assert!(!run(bed, move |tx| keys::revoke(tx, &clock, &workspace, "nothing")).unwrap());
    let all = run(bed, move |tx| keys::list_all(tx, &home.workspace_id)).unwrap();
    assert_eq!((all.len(), all[0].status.as_str()), (1, "revoked"));
    let clock = bed.clock.clone();
    assert!(run(bed, move |tx| key::authenticate(tx, &clock, &key::hash("sk-orq-boot"), None)).unwrap().is_none());
}

fn what_is_made_can_be_changed_and_taken_away(bed: &Bed) {
    let id = add(bed, "ada@example.com", None).unwrap();
    let (clock, by) = (bed.clock.clone(), admin(&home(bed)));
    run(bed, move |tx| {
        let draft = |name: &str| projects::Draft { name: Some(name.into()), ..projects::Draft::default() };
        let made = projects::create(tx, &clock, &by, &draft("One"))?;
        let described = projects::Draft { description: Some("D".into()), ..projects::Draft::default() };
        let changed = projects::update(tx, &clock, &by, &made.key, &described)?;
        assert_eq!((changed.name.as_str(), changed.description.as_str()), ("One", "D"));

        let there = speak_to(tx, &by, "one")?;
        member::change(tx, &there, &id, &member::Change { role: Some(Role::Viewer), ..Default::default() })?;
        let ada = member::get(tx, &there, &id)?;
        assert_eq!((ada.role(), member::roles(tx, &id)?.len()), (Some(Role::Viewer), 1));
        assert_eq!(projects::of_member(tx, &ada)?.len(), 1);
        member::change(
            tx,
            &by,
            &id,
            &member::Change { workspace_role: Some(Some(Role::Admin)), ..Default::default() },
        )?;
        member::change(tx, &by, &id, &member::Change { workspace_role: Some(None), ..Default::default() })?;
        member::remove(tx, &clock, &there, &id, true)?;
        assert!(member::roles(tx, &id)?.is_empty());

        let draft = invite::Draft { role: Role::Viewer, email: None, days: Some(1), queue_id: None };
        let (invite, token) = invite::create(tx, &clock, &there, &draft)?;
        assert_eq!(invite::by_token(tx, &clock, &token)?.project_name, "One");
        assert_eq!(invite::list(tx, &there)?.len(), 1);
        invite::revoke(tx, &there, &invite.id)?;
        assert!(invite::list(tx, &there)?.is_empty());

        let key =
            keys::create(tx, &clock, &there, "sk-orq-x", &keys::Draft { name: "k".into(), ..Default::default() })?;
        let wanted = Wanted { permission_mode: Some("read_only".into()), ..Default::default() };
        let reach = Some(keys::Reach::Project("one".into()));
        let change = keys::Change { wanted, reach, ..Default::default() };
        let key = keys::update(tx, &clock, &there, &key.id, &change)?;
        assert_eq!((key.access.scopes.join(" "), key.project_id.as_ref()), ("read".into(), Some(&there.project.id)));
        assert_eq!(keys::list(tx, &by, Some(&there.project.id))?.len(), 1);
        keys::delete(tx, &clock, &by, &key.id)?;
        assert!(keys::list(tx, &by, None)?.is_empty());

        identity::create(tx, &clock, &by, "u", &identity::Draft::default())?;
        let named = identity::Draft { display_name: Some("U".into()), ..Default::default() };
        assert_eq!(identity::update(tx, &clock, &by, "u", &named)?.display_name.as_deref(), Some("U"));
        identity::delete(tx, &by, "u")?;
        assert!(identity::find(tx, &by, "u")?.is_none());

        let change = workspace::Change { display_name: Some("W".into()), ..Default::default() };
        workspace::update(tx, &by, "default", &change)?;
        assert_eq!(workspace::get(tx, &by, "default")?.display_name, "W");

        projects::archive(tx, &clock, &by, "one")?;
        assert_eq!(projects::list(tx, &by)?.len(), 1);
        assert!(speak_to(tx, &by, "one").is_err());
        Ok(())
    })
    .unwrap();
}

fn a_password_change_ends_other_sessions(bed: &Bed) {
    let id = add(bed, "ada@example.com", None).unwrap();
    let clock = bed.clock.clone();
    let target = id.clone();
    let sessions = run(bed, move |tx| {
        let one = sign_in::start(tx, &clock, &target, None)?;
        let two = sign_in::start(tx, &clock, &target, None)?;
        let link = member::sign_in_link(tx, &clock, &target)?;
        member::set_password(tx, &target, "new hash", Some(&key::hash(&one)))?;
        assert!(sign_in::use_link(tx, &clock, &link)?.is_none(), "a link made before is useless");
        Ok([one, two])
    })
    .unwrap();
    let clock = bed.clock.clone();
    let alive = run(bed, move |tx| {
        assert_eq!(member::password_hash(tx, &id)?.as_deref(), Some("new hash"));
        sessions
            .iter()
            .map(|session| Ok(sign_in::find(tx, &clock, &key::hash(session))?.is_some()))
            .collect::<Result<Vec<_>>>()
    });
    assert_eq!(alive.unwrap(), [true, false]);
}

fn names_are_found_by_id_however_many_are_asked_for(bed: &Bed) {
    let ada = add(bed, "ada@example.com", Some(Role::Owner)).unwrap();
    let (clock, caller) = (bed.clock.clone(), admin(&home(bed)));
    let names = run(bed, move |tx| {
        for number in 0..120 {
            let name = (number != 7).then(|| format!("User {number}"));
            let draft = identity::Draft { display_name: name, ..identity::Draft::default() };
            identity::create(tx, &clock, &caller, &format!("u{number}"), &draft)?;
        }
        // Whoever takes the id of a member gets no say in their name.
        let false_name = identity::Draft { display_name: Some("Not Ada".into()), ..identity::Draft::default() };
        identity::create(tx, &clock, &caller, &ada, &false_name)?;
        let ids: Vec<String> = (0..121).map(|number| format!("u{number}")).collect();
        let mut asked: Vec<&str> = ids.iter().map(String::as_str).collect();
        asked.extend([ada.as_str(), "", "u3", "nobody"]);
        let names = people::names(tx, &caller, &asked)?;
        assert_eq!(names.get(&ada).map(String::as_str), Some("Somebody"));
        Ok(names)
    })
    .unwrap();
    assert_eq!(names.len(), 120, "119 identities with a name, and a member");
    assert_eq!(names.get("u119").map(String::as_str), Some("User 119"));
    assert!(!names.contains_key("u7") && !names.contains_key("nobody"));
}
