//! `kitflik.jobs`.

use kitflik_core::JobKind;
use wasm_bindgen::prelude::*;

use super::{Engine, actor, command, json, read};

#[wasm_bindgen]
impl Engine {
    /// Every job, as it stands.
    #[wasm_bindgen(js_name = jobsList)]
    pub fn jobs_list(&self, who: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.jobs().list(&actor(&who)?).await?))
    }

    /// Pauses, resumes or runs a job, as `verb` says.
    #[wasm_bindgen(js_name = jobsChange)]
    pub fn jobs_change(&self, who: String, job: String, verb: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let (who, job, key) = (actor(&who)?, read::<JobKind>(&job)?, command(key)?);
            let jobs = kitflik.jobs();
            json(&match verb.as_str() {
                "pause" => jobs.pause(&who, job, key.as_ref()).await?,
                "resume" => jobs.resume(&who, job, key.as_ref()).await?,
                _ => jobs.run_now(&who, job, key.as_ref()).await?,
            })
        })
    }
}
