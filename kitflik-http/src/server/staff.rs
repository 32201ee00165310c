//! `kitflik audit verify` and `kitflik staff rescue`: for whoever has the store and its key.

use data_encoding::BASE32_NOPAD;
use kitflik_core::{Actor, Kitflik, UserError};

use super::cli::{Audit, StaffCommand, StoreFlags};
use super::failure::Failure;
use super::import::on_store;
use super::{console, master_key};

/// Looks after the log of what staff did.
pub(crate) fn audit(what: &Audit) -> Result<(), Failure> {
    match what {
        Audit::Verify(flags) => verify(flags),
        Audit::Reseal(flags) => on_store(flags, async |kitflik| {
            let renewed = kitflik.staff().renew_seals(&Actor::System).await;
            let renewed = renewed.map_err(Failure::doing("seal the log anew"))?;
            console::say(&format!("{renewed} rows are sealed or covered by the current key now"));
            Ok(())
        }),
    }
}

fn verify(flags: &StoreFlags) -> Result<(), Failure> {
    on_store(flags, async |kitflik| {
        let failed = Failure::doing("verify the log");
        let report = kitflik.staff().verify_audit(&Actor::System).await.map_err(failed)?;
        if let Some(fault) = report.fault {
            return Err(Failure::run(format!("the log of staff's actions is damaged: {fault}")));
        }
        console::say(&format!(
            "{} entries, {} members of staff: nothing was altered, moved or taken out",
            report.entries, report.chains
        ));
        Ok(())
    })
}

/// What helps an admin who is locked out.
pub(crate) fn run(what: &StaffCommand) -> Result<(), Failure> {
    let StaffCommand::Rescue(flags) = what;
    on_store(&flags.store, async |kitflik| rescue(kitflik, &flags.email).await)
}

async fn rescue(kitflik: &Kitflik, email: &str) -> Result<(), Failure> {
    let password = BASE32_NOPAD.encode(&master_key::random::<15>()?).to_lowercase();
    match kitflik.staff().rescue(&Actor::System, email, &password).await {
        Ok(admin) => {
            console::say("The admin has a new password, and no one-time codes. This is shown once:");
            console::say(&format!("  e-mail    {}", admin.email));
            console::say(&format!("  password  {password}"));
            Ok(())
        }
        Err(UserError::NotFound) => Err(Failure::usage(format!(
            "{email:?} is no admin's e-mail address: other staff are helped by an admin"
        ))),
        Err(error) => Err(Failure::doing("rescue the admin")(error)),
    }
}
