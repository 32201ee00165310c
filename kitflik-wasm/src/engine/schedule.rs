//! `kitflik.catalog`: the schedule, and discount codes.

use kitflik_core::{CancelShow, CopyWeek, EditShow, MoveShow, NewVoucher, RepeatShow};
use wasm_bindgen::prelude::*;

use super::{Engine, actor, command, id, json, read, revision};

#[wasm_bindgen]
impl Engine {
    /// Adds many shows of a movie.
    #[wasm_bindgen(js_name = addShows)]
    pub fn add_shows(&self, who: String, new: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let new = RepeatShow { command: command(key)?, ..read(&new)? };
            json(&kitflik.catalog().add_shows(&actor(&who)?, &new).await?)
        })
    }

    /// Adds the shows of a week once more.
    #[wasm_bindgen(js_name = copyWeek)]
    pub fn copy_week(&self, who: String, new: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let new = CopyWeek { command: command(key)?, ..read(&new)? };
            json(&kitflik.catalog().copy_week(&actor(&who)?, &new).await?)
        })
    }

    /// Changes everything about a show but what, where and when.
    #[wasm_bindgen(js_name = editShow)]
    pub fn edit_show(
        &self,
        who: String,
        show: String,
        rev: String,
        edit: String,
        key: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let edit = EditShow { command: command(key)?, ..read(&edit)? };
            json(&kitflik.catalog().edit_show(&actor(&who)?, id(&show)?, revision(&rev)?, &edit).await?)
        })
    }

    /// Moves a show.
    #[wasm_bindgen(js_name = moveShow)]
    pub fn move_show(
        &self,
        who: String,
        show: String,
        rev: String,
        edit: String,
        key: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let edit = MoveShow { command: command(key)?, ..read(&edit)? };
            json(&kitflik.catalog().move_show(&actor(&who)?, id(&show)?, revision(&rev)?, &edit).await?)
        })
    }

    /// Cancels a show.
    #[wasm_bindgen(js_name = cancelShow)]
    pub fn cancel_show(&self, who: String, show: String, request: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let request = CancelShow { command: command(key)?, ..read(&request)? };
            json(&kitflik.catalog().cancel_show(&actor(&who)?, id(&show)?, &request).await?)
        })
    }

    /// How far the cancellation of a show is.
    #[wasm_bindgen(js_name = showCancellation)]
    pub fn show_cancellation(&self, who: String, show: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.catalog().show_cancellation(&actor(&who)?, id(&show)?).await?)
        })
    }

    /// Ends the sales of a show.
    #[wasm_bindgen(js_name = closeSales)]
    pub fn close_sales(&self, who: String, show: String, rev: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let command = command(key)?;
            let (who, rev) = (actor(&who)?, revision(&rev)?);
            json(&kitflik.catalog().close_sales(&who, id(&show)?, rev, command.as_ref()).await?)
        })
    }

    /// Opens the sales of a show again.
    #[wasm_bindgen(js_name = openSales)]
    pub fn open_sales(&self, who: String, show: String, rev: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let command = command(key)?;
            let (who, rev) = (actor(&who)?, revision(&rev)?);
            json(&kitflik.catalog().open_sales(&who, id(&show)?, rev, command.as_ref()).await?)
        })
    }

    /// Deletes a show that has no booking.
    #[wasm_bindgen(js_name = deleteShow)]
    pub fn delete_show(&self, who: String, show: String, rev: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let command = command(key)?;
            let (who, rev) = (actor(&who)?, revision(&rev)?);
            json(&kitflik.catalog().delete_show(&who, id(&show)?, rev, command.as_ref()).await?)
        })
    }

    /// What is where.
    pub fn schedule(&self, query: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.catalog().schedule(&read(&query)?).await?))
    }

    /// Adds a discount code.
    #[wasm_bindgen(js_name = addVoucher)]
    pub fn add_voucher(&self, who: String, new: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let new = NewVoucher { command: command(key)?, ..read(&new)? };
            json(&kitflik.catalog().add_voucher(&actor(&who)?, &new).await?)
        })
    }

    /// Replaces all that is said of a discount code but the code.
    #[wasm_bindgen(js_name = editVoucher)]
    pub fn edit_voucher(
        &self,
        who: String,
        voucher: String,
        rev: String,
        edit: String,
        key: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let edit = NewVoucher { command: command(key)?, ..read(&edit)? };
            json(&kitflik.catalog().edit_voucher(&actor(&who)?, id(&voucher)?, revision(&rev)?, &edit).await?)
        })
    }

    /// A discount code.
    pub fn voucher(&self, who: String, voucher: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.catalog().voucher(&actor(&who)?, id(&voucher)?).await?))
    }

    /// A page of discount codes.
    pub fn vouchers(&self, who: String, page: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.catalog().vouchers(&actor(&who)?, &read(&page)?).await?)
        })
    }
}
