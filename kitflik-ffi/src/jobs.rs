//! What the house does by itself.

use kitflik_core::{Actor, CommandId, JobKind, JobView, KitflikError};

use crate::guard::guarded;

/// What a house does by itself, by the clock. From `Kitflik.jobs`.
#[derive(uniffi::Object)]
pub struct Jobs {
    pub(crate) kitflik: kitflik_core::Kitflik,
}

#[uniffi::export]
impl Jobs {
    /// Every job, as it stands.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless an admin or a manager asks.
    pub async fn list(&self, actor: Actor) -> Result<Vec<JobView>, KitflikError> {
        guarded(self.kitflik.jobs().list(&actor)).await
    }

    /// Has a job begin nothing, and go on with nothing, until it is resumed.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless an admin or a manager asks.
    #[uniffi::method(default(command = None))]
    pub async fn pause(
        &self,
        actor: Actor,
        job: JobKind,
        command: Option<CommandId>,
    ) -> Result<JobView, KitflikError> {
        guarded(self.kitflik.jobs().pause(&actor, job, command.as_ref())).await
    }

    /// Ends a pause. Times that fell into it are not made up for.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden` unless an admin or a manager asks.
    #[uniffi::method(default(command = None))]
    pub async fn resume(
        &self,
        actor: Actor,
        job: JobKind,
        command: Option<CommandId>,
    ) -> Result<JobView, KitflikError> {
        guarded(self.kitflik.jobs().resume(&actor, job, command.as_ref())).await
    }

    /// Begins a run, beside those that are due; `Kitflik.tick` goes on with it.
    ///
    /// # Errors
    /// `not_found` for a job that is off in this house, `unauthenticated` or `forbidden` unless an admin or a manager
    /// asks.
    #[uniffi::method(default(command = None))]
    pub async fn run_now(
        &self,
        actor: Actor,
        job: JobKind,
        command: Option<CommandId>,
    ) -> Result<JobView, KitflikError> {
        guarded(self.kitflik.jobs().run_now(&actor, job, command.as_ref())).await
    }
}
