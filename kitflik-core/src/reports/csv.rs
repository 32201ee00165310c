//! Comma-separated values: RFC 4180, and safe to open in a spreadsheet.

use crate::money::Money;

/// A table on its way to a file.
pub(super) struct Csv(String);

impl Csv {
    pub(super) fn new(header: &[&str]) -> Self {
        let mut csv = Self(String::new());
        csv.row(header.iter().map(|name| Cell::Text(name)));
        csv
    }

    pub(super) fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) {
        for (at, cell) in cells.into_iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            match cell {
                Cell::Text(text) => self.text(text),
                Cell::Number(number) => self.0 += &number.to_string(),
                Cell::Amount(money) => self.0 += &amount(money),
                Cell::Percent(basis_points) => {
                    self.0 += &format!("{}.{:02}", basis_points / 100, basis_points % 100);
                }
                Cell::Nothing => {}
            }
        }
        self.0 += "\r\n";
    }

    /// What a spreadsheet would take for a formula is marked as text.
    fn text(&mut self, text: &str) {
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let marked = if formula { format!("'{text}") } else { text.to_owned() };
        if marked.contains(['"', ',', '\r', '\n']) || marked.starts_with(' ') || marked.ends_with(' ') {
            self.0.push('"');
            self.0 += &marked.replace('"', "\"\"");
            self.0.push('"');
        } else {
            self.0 += &marked;
        }
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// One value of a row.
pub(super) enum Cell<'a> {
    Text(&'a str),
    Number(i64),
    /// Without its currency, which stands in a column of its own.
    Amount(Money),
    /// Hundredths of a percent.
    Percent(u32),
    Nothing,
}

impl Cell<'_> {
    pub(super) fn count(count: u64) -> Self {
        Self::Number(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

/// The amount with as many decimals as its currency has.
fn amount(money: Money) -> String {
    let text = money.to_string();
    text.split_once(' ').map_or(text.clone(), |(amount, _)| amount.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cells: Vec<Cell<'_>>) -> String {
        let mut csv = Csv(String::new());
        csv.row(cells);
        csv.finish()
    }

    #[test]
    fn texts_are_quoted_where_they_must() {
        for (text, cell) in [
            ("Alien", "Alien"),
            ("", ""),
            ("Good, Bad", "\"Good, Bad\""),
            ("The \"Thing\"", "\"The \"\"Thing\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            (" space ", "\" space \""),
            ("Amélie; 7½", "Amélie; 7½"),
        ] {
            assert_eq!(line(vec![Cell::Text(text), Cell::Nothing]), format!("{cell},\r\n"), "{text:?}");
        }
    }

    #[test]
    fn nothing_is_a_formula() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("=HYPERLINK(\"a\",\"b\")", "\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\""),
            ("a=b", "a=b"),
        ] {
            assert_eq!(line(vec![Cell::Text(text)]), format!("{cell}\r\n"), "{text:?}");
        }
    }

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        let money = |minor, currency: &str| Cell::Amount(Money::new(minor, currency.parse().unwrap()));
        let cells = vec![money(-1250, "EUR"), money(1250, "JPY"), money(5, "KWD"), Cell::Number(-3)];
        assert_eq!(line(cells), "-12.50,1250,0.005,-3\r\n");
        assert_eq!(line(vec![Cell::Percent(10_000), Cell::Percent(3_705)]), "100.00,37.05\r\n");
    }
}
