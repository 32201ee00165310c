//! The templates of mails: one text and one HTML for each mail and language, and the frame around the HTML.
//!
//! To add a mail: `templates/en/NAME.txt`, `templates/en/NAME.html`, the same two in `templates/de/`, a row in the
//! table below, and what it says in `render.rs`. The first line of the text is its subject.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use minijinja::{Environment, UndefinedBehavior, Value, context};

use super::language::Language;
use super::samples::{self, Sample};
use crate::ids::MailId;
use crate::ports::mailer::Email;

/// What the first line of a text begins with.
const SUBJECT: &str = "Subject:";
/// The language that has every mail.
const FIRST_LANGUAGE: &str = "en";
const LAYOUT: &str = "layout.html";
/// What every mail may tell.
const EVERYWHERE: [&str; 2] = ["house", "lang"];
/// Bytes of a template, at most.
const MOST_BYTES: usize = 100_000;

/// A mail that the engine sends.
struct Mail {
    name: &'static str,
    sample: fn(Sample<'_>) -> Value,
    /// File and source.
    sources: [(&'static str, &'static str); 4],
}

macro_rules! mails {
    ($($name:ident => $sample:ident,)*) => {
        const MAILS: &[Mail] = &[$(Mail {
            name: stringify!($name),
            sample: samples::$sample,
            sources: mails!(@sources $name, "en", "de"),
        },)*];
    };
    (@sources $name:ident, $($language:literal),*) => {[$(
        (
            concat!($language, "/", stringify!($name), ".txt"),
            include_str!(concat!("templates/", $language, "/", stringify!($name), ".txt")),
        ),
        (
            concat!($language, "/", stringify!($name), ".html"),
            include_str!(concat!("templates/", $language, "/", stringify!($name), ".html")),
        ),
    )*]};
}

// Every mail, and what it is tried with.
mails! {
    account_deleted => account,
    already_registered => account,
    booking_cancelled => cancelled,
    booking_confirmed => tickets,
    email_changed => account,
    email_changing => account,
    email_code => code,
    new_releases => releases,
    occupancy_report => occupancy,
    password_changed => account,
    password_code => code,
    payment_returned => late_payment,
    session_reused => account,
    show_cancelled => cancelled,
    show_moved => moved,
    show_reminder => reminder,
    staff_invited => invitation,
    tickets_returned => returned,
    verify_email => code,
    welcome => code,
}

fn mail(name: &str) -> Option<&'static Mail> {
    MAILS.iter().find(|mail| mail.name == name)
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidTemplate {
    /// The template, such as `de/welcome.txt`.
    pub file: String,
    /// Its line, from 1, if one is to blame.
    pub line: Option<usize>,
    /// What is wrong, and what is allowed.
    pub detail: String,
}

impl fmt::Display for InvalidTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.file, self.detail),
            None => write!(f, "{}: {}", self.file, self.detail),
        }
    }
}

impl InvalidTemplate {
    fn new(file: &str, line: Option<usize>, detail: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, detail: detail.into() }
    }

    fn of(file: &str, error: &minijinja::Error) -> Self {
        let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        // The frame may be to blame, or what is extended.
        Self::new(error.name().unwrap_or(file), error.line(), detail)
    }
}

/// What a mail says.
pub(super) struct Said {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// The templates of mails: those that come with KitFlik, and over them a house's own.
#[derive(Clone)]
pub struct MailTemplates(Arc<Templates>);

struct Templates {
    environment: Environment<'static>,
    /// Tags in small letters, English first.
    languages: Vec<String>,
}

static BUILT_IN: LazyLock<MailTemplates> = LazyLock::new(|| {
    let languages = vec![FIRST_LANGUAGE.to_owned(), "de".to_owned()];
    MailTemplates(Arc::new(Templates { environment: built_in(), languages }))
});

fn built_in() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let layout = (LAYOUT, include_str!("templates/layout.html"));
    for (name, source) in MAILS.iter().flat_map(|mail| mail.sources).chain([layout]) {
        // A template that does not parse is missing when it is rendered; a test renders each.
        let added = environment.add_template(name, source);
        debug_assert!(added.is_ok(), "{name}: {added:?}");
    }
    environment
}

impl Default for MailTemplates {
    /// Those that come with KitFlik, in English and German.
    fn default() -> Self {
        BUILT_IN.clone()
    }
}

impl fmt::Debug for MailTemplates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailTemplates").field("languages", &self.0.languages).finish_non_exhaustive()
    }
}

impl MailTemplates {
    /// A house's own templates over those that come with KitFlik: pairs of a name and a source, in the language of
    /// Jinja. Names are `layout.html`, the frame around all HTML, or a language, a mail and its form, such as
    /// `de/welcome.txt` and `de/welcome.html`. The first line of a text is `Subject:` and the subject. A language that
    /// KitFlik does not have needs both forms of each mail that it has; the others go out in the house's language.
    ///
    /// Each is tried with sample data.
    ///
    /// # Errors
    /// [`InvalidTemplate`] for a name that there is not, a mistake in the source, or a variable that the mail does not
    /// have.
    pub fn with_own(own: impl IntoIterator<Item = (String, String)>) -> Result<Self, InvalidTemplate> {
        let mut environment = built_in();
        let mut languages = BUILT_IN.0.languages.clone();
        let (mut tried, mut names) = (BTreeSet::new(), Vec::new());
        for (name, source) in own {
            if source.len() > MOST_BYTES {
                let detail = format!("a template has {MOST_BYTES} bytes at most");
                return Err(InvalidTemplate::new(&name, None, detail));
            }
            if name == LAYOUT {
                let mails = MAILS.iter().map(|mail| (FIRST_LANGUAGE.to_owned(), mail.name));
                tried.extend(mails);
            } else {
                let (language, mail) = parse(&name)?;
                if !languages.contains(&language) {
                    languages.push(language.clone());
                }
                tried.insert((language, mail.name));
            }
            environment
                .add_template_owned(name.clone(), source)
                .map_err(|error| InvalidTemplate::of(&name, &error))?;
            names.push(name);
        }
        let templates = Self(Arc::new(Templates { environment, languages }));
        for name in &names {
            templates.check_variables(name)?;
        }
        for (language, mail) in tried {
            templates.try_out(&language, mail)?;
        }
        Ok(templates)
    }

    /// The names of all mails.
    pub fn names() -> impl Iterator<Item = &'static str> {
        MAILS.iter().map(|mail| mail.name)
    }

    /// The languages that there are mails in, English first.
    #[must_use]
    pub fn languages(&self) -> &[String] {
        &self.0.languages
    }

    /// The names of the variables that a mail has; `None` if there is no such mail.
    #[must_use]
    pub fn variables(name: &str) -> Option<Vec<String>> {
        let sample = mail(name)?.sample;
        let sample = sample(Sample { language: Language::new(FIRST_LANGUAGE), full: true });
        let keys = sample.try_iter().ok()?.map(|key| key.to_string());
        let mut names: Vec<String> = EVERYWHERE.iter().map(ToString::to_string).chain(keys).collect();
        names.sort_unstable();
        Some(names)
    }

    /// A mail with sample data, in a language or the nearest that there is; `None` if there is no such mail.
    ///
    /// # Errors
    /// [`InvalidTemplate`] if its templates fail.
    pub fn preview(&self, name: &str, language: &str, house: &str) -> Result<Option<Email>, InvalidTemplate> {
        let Some(mail) = mail(name) else { return Ok(None) };
        let language = self.language(name, [language]);
        let context = (mail.sample)(Sample { language, full: true });
        let attachments = samples::attachments(&context);
        let to = "ada@example.org".to_owned();
        let to_name = Some("Ada Lovelace".to_owned());
        let unsubscribe =
            context.get_attr("unsubscribe").ok().and_then(|link| link.as_str().map(str::to_owned));
        let Said { subject, text, html } = self.say(name, language, house, context)?;
        let id = MailId::from_bytes([0; 16]);
        Ok(Some(Email { id, to, to_name, subject, text, html, attachments, unsubscribe }))
    }

    /// The first language of those wanted that has the mail, in this form or as a whole (`de` for `de-AT`).
    pub(crate) fn language<'a>(
        &'a self,
        mail: &str,
        wanted: impl IntoIterator<Item = &'a str>,
    ) -> Language<'a> {
        let has = |language: &str| {
            let found = self.0.languages.iter().find(|known| known.eq_ignore_ascii_case(language))?;
            self.0.environment.get_template(&format!("{found}/{mail}.txt")).ok()?;
            Some(found.as_str())
        };
        let found = wanted
            .into_iter()
            .find_map(|tag| has(tag).or_else(|| has(tag.split(['-', '_']).next().unwrap_or_default())));
        Language::new(found.unwrap_or(FIRST_LANGUAGE))
    }

    /// What a mail says in a language that has it.
    pub(super) fn say(
        &self,
        mail: &str,
        language: Language<'_>,
        house: &str,
        context: Value,
    ) -> Result<Said, InvalidTemplate> {
        let context = context! { house, lang => language.tag(), ..context };
        let render = |form: &str| {
            let file = format!("{}/{mail}.{form}", language.tag());
            let template = self.0.environment.get_template(&file);
            let rendered = template.and_then(|template| template.render(context.clone()));
            rendered.map_err(|error| InvalidTemplate::of(&file, &error))
        };
        let (text, html) = (render("txt")?, render("html")?);
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let Some(subject) = first.strip_prefix(SUBJECT) else {
            let file = format!("{}/{mail}.txt", language.tag());
            let detail = format!("the first line must be `{SUBJECT}` and the subject of the mail");
            return Err(InvalidTemplate::new(&file, Some(1), detail));
        };
        let text = rest.trim_start_matches(['\r', '\n']).to_owned();
        Ok(Said { subject: subject.trim().to_owned(), text, html })
    }

    /// A variable that the mail does not have is found even where no sample comes by.
    fn check_variables(&self, file: &str) -> Result<(), InvalidTemplate> {
        let mail = file.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
        let allowed = Self::variables(mail).unwrap_or_else(|| EVERYWHERE.map(str::to_owned).to_vec());
        let template = self.0.environment.get_template(file);
        let template = template.map_err(|error| InvalidTemplate::of(file, &error))?;
        let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().collect();
        unknown.retain(|name| !allowed.contains(name) && !["super", "loop"].contains(&name.as_str()));
        unknown.sort_unstable();
        let Some(name) = unknown.first() else { return Ok(()) };
        let word = |line: &str| {
            let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            (line.contains("{{") || line.contains("{%")) && words.any(|word| word == name)
        };
        let line = template.source().lines().position(word).map(|at| at + 1);
        let detail = format!("there is no {name:?} here; there are {}", allowed.join(", "));
        Err(InvalidTemplate::new(file, line, detail))
    }

    fn try_out(&self, language: &str, name: &str) -> Result<(), InvalidTemplate> {
        for form in ["txt", "html"] {
            let file = format!("{language}/{name}.{form}");
            if self.0.environment.get_template(&file).is_err() {
                let detail = "a mail has a text and an HTML: this one is missing";
                return Err(InvalidTemplate::new(&file, None, detail));
            }
        }
        let Some(mail) = mail(name) else { return Ok(()) };
        let language = Language::new(language);
        for full in [true, false] {
            self.say(name, language, "KitFlik", (mail.sample)(Sample { language, full }))?;
        }
        Ok(())
    }
}

/// The language and the mail of `de/welcome.txt`.
fn parse(file: &str) -> Result<(String, &'static Mail), InvalidTemplate> {
    let refuse = |detail: String| InvalidTemplate::new(file, None, detail);
    let expected = "expected layout.html or a language, a mail and its form, such as de/welcome.txt";
    let (language, name) = file.split_once('/').ok_or_else(|| refuse(expected.to_owned()))?;
    let part = |part: &str| {
        (1..=8).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if language.len() < 2 || language.len() > 35 || !language.split('-').all(part) {
        return Err(refuse(format!(
            "{language:?} is no language: expected a tag in small letters such as de"
        )));
    }
    let name = name.strip_suffix(".txt").or_else(|| name.strip_suffix(".html"));
    let name = name.ok_or_else(|| refuse(expected.to_owned()))?;
    let found = mail(name).ok_or_else(|| {
        let names: Vec<&str> = MailTemplates::names().collect();
        refuse(format!("there is no mail {name:?}; there are {}", names.join(", ")))
    })?;
    Ok((language.to_owned(), found))
}

#[cfg(test)]
mod tests;
