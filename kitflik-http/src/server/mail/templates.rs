//! The house's own templates of mails, from a directory.

use std::path::Path;

use kitflik_core::MailTemplates;

use super::super::failure::Failure;
use super::super::settings::Settings;

/// Files larger than this are no templates.
const MOST_BYTES: u64 = 1024 * 1024;

/// The templates that come with the program, and over them those in the directory that the settings name.
pub(crate) fn load(settings: &Settings) -> Result<MailTemplates, Failure> {
    let templates = match &settings.mail_templates {
        None => MailTemplates::default(),
        Some(directory) => {
            let refuse = |error: &dyn std::fmt::Display| {
                Failure::usage(format!("mail_templates: {}: {error}", directory.display()))
            };
            let own = read(directory).map_err(|error| refuse(&error))?;
            MailTemplates::with_own(own).map_err(|error| refuse(&error))?
        }
    };
    let (wanted, known) = (settings.default_locale.to_lowercase(), templates.languages());
    let first = wanted.split('-').next().unwrap_or_default();
    if !known.iter().any(|known| *known == wanted || known == first) {
        return Err(Failure::usage(format!(
            "default_locale: there are no mails in {:?}; there are {}",
            settings.default_locale,
            known.join(", ")
        )));
    }
    Ok(templates)
}

/// The files of the directory and of the directories in it, each a language. What begins with a dot is not ours.
fn read(directory: &Path) -> std::io::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for entry in entries(directory)? {
        if entry.path().is_dir() {
            let language = entry.file_name().to_string_lossy().into_owned();
            for file in entries(&entry.path())? {
                let name = format!("{language}/{}", file.file_name().to_string_lossy());
                found.push((name, text(&file.path())?));
            }
        } else {
            found.push((entry.file_name().to_string_lossy().into_owned(), text(&entry.path())?));
        }
    }
    Ok(found)
}

fn entries(directory: &Path) -> std::io::Result<Vec<std::fs::DirEntry>> {
    let entries: Result<Vec<_>, _> = std::fs::read_dir(directory)?.collect();
    let mut entries = entries?;
    entries.retain(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    entries.sort_by_key(std::fs::DirEntry::file_name);
    Ok(entries)
}

fn text(path: &Path) -> std::io::Result<String> {
    let told = |error: String| std::io::Error::other(format!("{}: {error}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| told(error.to_string()))?.len();
    if size > MOST_BYTES {
        return Err(told(format!("this is no template: it has {size} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| told(error.to_string()))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_of_templates_is_read_and_its_faults_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
        std::fs::create_dir(directory.path().join("de")).unwrap();
        let load = |locale: &str| {
            let environment = [
                ("KITFLIK_MAIL_TEMPLATES", directory.path().to_str().unwrap()),
                ("KITFLIK_DEFAULT_LOCALE", locale),
            ];
            let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let settings = Settings::for_store(&Default::default(), environment.into()).unwrap();
            load(&settings).map_err(|failure| failure.to_string())
        };
        write("de/.welcome.txt.swp", "an editor's own");
        write("de/welcome.txt", "\u{feff}Subject: Hallo {{ name }}\n\nBei {{ house }}.\n");
        let email = load("de-CH").unwrap().preview("welcome", "de", "Kino").unwrap().unwrap();
        assert_eq!((email.subject.as_str(), email.text.as_str()), ("Hallo Ada Lovelace", "Bei Kino."));
        let refused = load("fr").unwrap_err();
        assert_eq!(refused, "default_locale: there are no mails in \"fr\"; there are en, de");
        write("de/welcome.txt", "Subject: Hallo\n\n{{ nam }}\n");
        let refused = load("de").unwrap_err();
        assert!(
            refused.starts_with("mail_templates: ") && refused.contains("de/welcome.txt, line 3: "),
            "{refused}"
        );
        write("de/welcome.txt", "Subject: Hallo\n");
        write("readme.md", "what this is");
        assert!(load("de").unwrap_err().contains("readme.md: expected layout.html"));
    }
}
