//! `kitflik mail`: what mails say, before anybody gets one.

use kitflik_core::MailTemplates;

use super::super::cli::{MailCommand, PreviewFlags, StoreFlags};
use super::super::console;
use super::super::failure::Failure;
use super::super::settings::{Settings, environment};
use super::{mime, templates};

/// Lists mails, or shows one.
pub(crate) fn run(what: &MailCommand) -> Result<(), Failure> {
    match what {
        MailCommand::List(flags) => list(flags),
        MailCommand::Preview(flags) => preview(flags),
    }
}

fn list(flags: &StoreFlags) -> Result<(), Failure> {
    let templates = templates::load(&Settings::for_store(flags, environment())?)?;
    console::say(&format!("languages: {}", templates.languages().join(", ")));
    for name in MailTemplates::names() {
        let variables = MailTemplates::variables(name).unwrap_or_default();
        console::say(&format!("{name}: {}", variables.join(", ")));
    }
    Ok(())
}

fn preview(flags: &PreviewFlags) -> Result<(), Failure> {
    let settings = Settings::for_store(&flags.store, environment())?;
    let templates = templates::load(&settings)?;
    let language = flags.lang.as_deref().unwrap_or(&settings.default_locale);
    let shown = templates.preview(&flags.name, language, &settings.house_name);
    let email = shown.map_err(Failure::doing("show the mail"))?.ok_or_else(|| {
        let names: Vec<&str> = MailTemplates::names().collect();
        Failure::usage(format!("there is no mail {:?}; there are {}", flags.name, names.join(", ")))
    })?;
    let Some(directory) = &flags.out else {
        console::say(&format!("Subject: {}\n\n{}\n\n{}", email.subject, email.text, email.html));
        return Ok(());
    };
    let (text, html) = (email.text.clone(), email.html.clone());
    let whole = mime::message(email, &settings.mail_from).map_err(Failure::doing("put the mail together"))?;
    std::fs::create_dir_all(directory)
        .map_err(|error| Failure::run(format!("{} cannot be made: {error}", directory.display())))?;
    for (form, content) in
        [("txt", text.into_bytes()), ("html", html.into_bytes()), ("eml", whole.formatted())]
    {
        let path = directory.join(format!("{}.{form}", flags.name));
        std::fs::write(&path, content)
            .map_err(|error| Failure::run(format!("{} cannot be written: {error}", path.display())))?;
        console::say(&path.display().to_string());
    }
    Ok(())
}
