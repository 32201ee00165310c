//! The schedule: many shows at once, and what is changed about one that is there.

use kitflik_core::{
    Actor, AddedShows, CancelShow, CommandId, CopyWeek, EditShow, KitflikError, MoveShow, RepeatShow,
    ScheduleQuery, ScheduleView, ShowCancellationView, ShowId, ShowView,
};

use super::Catalog;
use crate::guard::guarded;

/// `revision` is that of the view that the editor has seen; without one, whatever is there is changed.
#[uniffi::export]
impl Catalog {
    /// Adds a movie's shows at every one of the times on every one of the days: all or none, or, if the request says
    /// so, all that can be there.
    ///
    /// # Errors
    /// As [`Catalog::add_show`]: `show_overlap` or `Invalid` names each start that cannot be, also where a change of
    /// the clocks skips or repeats it.
    pub async fn add_shows(&self, actor: Actor, shows: RepeatShow) -> Result<AddedShows, KitflikError> {
        guarded(self.kitflik.catalog().add_shows(&actor, &shows)).await
    }

    /// Adds the shows of seven days once more, as many days later or earlier.
    ///
    /// # Errors
    /// As [`Catalog::add_shows`].
    pub async fn copy_week(&self, actor: Actor, copy: CopyWeek) -> Result<AddedShows, KitflikError> {
        guarded(self.kitflik.catalog().copy_week(&actor, &copy)).await
    }

    /// Changes everything about a show but what, where and when.
    ///
    /// # Errors
    /// `Invalid`, `not_found`, `stale_revision`, `forbidden` or `unauthenticated`.
    pub async fn edit_show(
        &self,
        actor: Actor,
        show: ShowId,
        revision: Option<u64>,
        edit: EditShow,
    ) -> Result<ShowView, KitflikError> {
        guarded(self.kitflik.catalog().edit_show(&actor, show, revision, &edit)).await
    }

    /// Moves a show to another time or auditorium. Whoever has bought a seat gets a mail with new tickets: those that
    /// they had are signed for the old time.
    ///
    /// # Errors
    /// As [`Catalog::edit_show`], `show_overlap`, and `in_use` if it has bookings and the auditorium another layout.
    pub async fn move_show(
        &self,
        actor: Actor,
        show: ShowId,
        revision: Option<u64>,
        to: MoveShow,
    ) -> Result<ShowView, KitflikError> {
        guarded(self.kitflik.catalog().move_show(&actor, show, revision, &to)).await
    }

    /// Cancels a show: nobody can have a seat of it any more, every booking is undone, all money goes back, and each
    /// holder gets a mail. With many bookings `tick` goes on with it.
    ///
    /// # Errors
    /// `Invalid` without a reason, `not_found`, `forbidden` or `unauthenticated`.
    pub async fn cancel_show(
        &self,
        actor: Actor,
        show: ShowId,
        request: CancelShow,
    ) -> Result<ShowCancellationView, KitflikError> {
        guarded(self.kitflik.catalog().cancel_show(&actor, show, &request)).await
    }

    /// How far the cancellation of a show is.
    ///
    /// # Errors
    /// `not_found` unless it is cancelled, `forbidden` or `unauthenticated`.
    pub async fn show_cancellation(
        &self,
        actor: Actor,
        show: ShowId,
    ) -> Result<ShowCancellationView, KitflikError> {
        guarded(self.kitflik.catalog().show_cancellation(&actor, show)).await
    }

    /// Ends the sales of a show until they are opened again. What is held can still be bought.
    ///
    /// # Errors
    /// As [`Catalog::edit_show`].
    #[uniffi::method(default(command = None))]
    pub async fn close_sales(
        &self,
        actor: Actor,
        show: ShowId,
        revision: Option<u64>,
        command: Option<CommandId>,
    ) -> Result<ShowView, KitflikError> {
        guarded(self.kitflik.catalog().close_sales(&actor, show, revision, command.as_ref())).await
    }

    /// Undoes [`Catalog::close_sales`].
    ///
    /// # Errors
    /// As [`Catalog::edit_show`].
    #[uniffi::method(default(command = None))]
    pub async fn open_sales(
        &self,
        actor: Actor,
        show: ShowId,
        revision: Option<u64>,
        command: Option<CommandId>,
    ) -> Result<ShowView, KitflikError> {
        guarded(self.kitflik.catalog().open_sales(&actor, show, revision, command.as_ref())).await
    }

    /// Deletes a show that has no booking: none that is held, and none that was ever sold.
    ///
    /// # Errors
    /// As [`Catalog::edit_show`], and `in_use`.
    #[uniffi::method(default(command = None))]
    pub async fn delete_show(
        &self,
        actor: Actor,
        show: ShowId,
        revision: Option<u64>,
        command: Option<CommandId>,
    ) -> Result<(), KitflikError> {
        guarded(self.kitflik.catalog().delete_show(&actor, show, revision, command.as_ref())).await
    }

    /// What is where, by auditorium and day.
    ///
    /// # Errors
    /// `not_found`, or `Invalid` for too many days.
    pub async fn schedule(&self, query: ScheduleQuery) -> Result<ScheduleView, KitflikError> {
        guarded(self.kitflik.catalog().schedule(&query)).await
    }
}
