//! `kitflik.reports`.

use kitflik_core::occupancy_csv;
use wasm_bindgen::prelude::*;

use super::{Engine, actor, json, read};

#[wasm_bindgen]
impl Engine {
    /// A report, by its name and query; with `csv`, all but the dashboard are comma-separated values.
    #[wasm_bindgen(js_name = reportsRead)]
    pub fn reports_read(&self, who: String, name: String, query: String, csv: bool) -> u32 {
        self.start(async move |kitflik| {
            let (who, reports) = (actor(&who)?, kitflik.reports());
            match name.as_str() {
                "dashboard" => json(&reports.dashboard(&who).await?),
                "occupancy" => {
                    let page = reports.occupancy(&who, &read(&query)?).await?;
                    if csv { json(&occupancy_csv(&page)) } else { json(&page) }
                }
                "occupancyBy" => {
                    let report = reports.occupancy_by(&who, &read(&query)?).await?;
                    if csv { json(&report.to_csv()) } else { json(&report) }
                }
                "revenue" => {
                    let report = reports.revenue(&who, &read(&query)?).await?;
                    if csv { json(&report.to_csv()) } else { json(&report) }
                }
                _ => {
                    let settled = reports.settlement(&who, &read(&query)?).await?;
                    if csv { json(&settled.to_csv()) } else { json(&settled) }
                }
            }
        })
    }
}
