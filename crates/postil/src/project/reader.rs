//! Who reads what people said, and what of it is not yet to be known to them.

use super::{Caller, Permission};

/// Who reads annotations, of which project.
///
/// In a blind annotation queue nobody gets another's answer to an item before the item is complete, but for those who
/// manage queues and have no seat at it. Every statement that reads annotations for a caller says so by
/// [`Reader::sees`], so that no way around it is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The number of the project.
    pub project: i64,
    /// Whose eyes these are, and whether they manage queues; none: the server's own.
    caller: Option<(String, bool)>,
}

impl From<&Caller> for Reader {
    fn from(caller: &Caller) -> Reader {
        let manages = caller.permissions.has(Permission::Define);
        Reader { project: caller.project.number, caller: Some((caller.actor.id().to_owned(), manages)) }
    }
}

/// The server itself: for work on annotations that shows them to nobody.
impl From<i64> for Reader {
    fn from(project: i64) -> Reader {
        Reader { project, caller: None }
    }
}

impl Reader {
    /// Somebody who wrote nothing and manages nothing: an automation, whose doings everybody reads.
    pub fn outsider(project: i64) -> Reader {
        Reader { project, caller: Some((String::new(), false)) }
    }

    /// The same one in another project.
    #[must_use]
    pub fn of(self, project: i64) -> Reader {
        Reader { project, ..self }
    }

    /// The id for the parameter `me` of [`Reader::sees`]; none when there is no such parameter.
    pub fn me(&self) -> Option<&str> {
        self.caller.as_ref().map(|(id, _)| id.as_str())
    }

    /// The id of somebody who is not to know what others wrote of an item of a blind queue that is not complete;
    /// `has_seat` says whether one has a place at it.
    pub fn blinded(&self, has_seat: impl Fn(&str) -> bool) -> Option<&str> {
        let (me, manages) = self.caller.as_ref()?;
        (!manages || has_seat(me)).then_some(me.as_str())
    }

    /// How many flags of the item `i` of a blind queue are to be known, as SQL. `me` stands for [`Reader::me`].
    pub fn flags(&self, me: &str) -> String {
        let Some((_, manages)) = &self.caller else { return "i.flags".into() };
        let seat = format!("from queue_seat m where m.item_id = i.id and m.reviewer = {me}");
        let judges_not = if *manages { format!(" or not exists (select 1 {seat})") } else { String::new() };
        format!(
            "case when i.state = 'completed'{judges_not} then i.flags
               else (select count(*) {seat} and m.flagged = 1) end"
        )
    }

    /// A condition on the event `e` of an annotation in a trace, beginning with `and`: what somebody said in a blind queue
    /// and took back stays theirs as long as the item is not complete. `me` stands for [`Reader::me`].
    pub fn sees_event(&self, me: &str) -> String {
        let Some((_, manages)) = &self.caller else { return String::new() };
        let has_seat = format!("exists (select 1 from queue_seat m where m.item_id = b.id and m.reviewer = {me})");
        let concerned = if *manages { format!(" and {has_seat}") } else { String::new() };
        format!(
            " and (e.annotator_id = {me} or not exists (
                select 1 from queue_item b
                join queue bq on bq.id = b.queue_id and bq.blind = 1
                where b.queue_id = e.queue_id and b.project = e.project and b.trace_id = e.trace_id
                  and b.state <> 'completed' and (b.kind = 'trace' or b.span_id = e.span_id){concerned}))"
        )
    }

    /// A condition on the annotation `a` that leaves out what is not yet to be known, beginning with `and`. `me` stands
    /// for [`Reader::me`].
    pub fn sees(&self, me: &str) -> String {
        let Some((_, manages)) = &self.caller else { return String::new() };
        let has_seat = format!("exists (select 1 from queue_seat m where m.item_id = b.id and m.reviewer = {me})");
        let concerned = if *manages { format!(" and {has_seat}") } else { String::new() };
        // Where no queue is blind, that is found out once and not of every annotation.
        format!(
            " and (a.annotator_id = {me} or not exists (select 1 from queue where blind = 1) or not exists (
                select 1 from queue_item b
                join queue bq on bq.id = b.queue_id and bq.blind = 1
                join queue_seat bs on bs.item_id = b.id and bs.reviewer = a.annotator_id and bs.state = 'submitted'
                where b.project = a.project and b.trace_id = a.trace_id and b.state <> 'completed'
                  and (b.kind = 'trace' or b.span_id = a.span_id){concerned}))"
        )
    }
}
