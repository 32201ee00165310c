//! Colours of seats, and what can be read on them.

/// For categories without a colour of their own: told apart by most colour-blind people too (Okabe and Ito).
const PALETTE: [&str; 7] = ["#56b4e9", "#e69f00", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"];

/// The basic names of CSS, which every renderer knows.
const NAMES: [(&str, [u8; 3]); 18] = [
    ("aqua", [0, 255, 255]),
    ("black", [0, 0, 0]),
    ("blue", [0, 0, 255]),
    ("fuchsia", [255, 0, 255]),
    ("gold", [255, 215, 0]),
    ("gray", [128, 128, 128]),
    ("green", [0, 128, 0]),
    ("lime", [0, 255, 0]),
    ("maroon", [128, 0, 0]),
    ("navy", [0, 0, 128]),
    ("olive", [128, 128, 0]),
    ("orange", [255, 165, 0]),
    ("purple", [128, 0, 128]),
    ("red", [255, 0, 0]),
    ("silver", [192, 192, 192]),
    ("teal", [0, 128, 128]),
    ("white", [255, 255, 255]),
    ("yellow", [255, 255, 0]),
];

/// A fill and the colour of marks on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paint {
    pub(super) fill: String,
    pub(super) ink: &'static str,
    /// The fill is a name whose brightness is not known here: marks stand on a white plate.
    pub(super) plate: bool,
}

impl Paint {
    pub(super) fn of(color: Option<&str>, index: usize) -> Self {
        let color = color.unwrap_or_else(|| PALETTE.get(index % PALETTE.len()).unwrap_or(&"#56b4e9"));
        match rgb(color) {
            Some([red, green, blue]) => Self {
                fill: format!("#{red:02x}{green:02x}{blue:02x}"),
                ink: ink([red, green, blue]),
                plate: false,
            },
            None => Self { fill: color.to_owned(), ink: "#000", plate: true },
        }
    }
}

/// What a colour looks like on white paper; `None` for names beyond the basic ones.
fn rgb(color: &str) -> Option<[u8; 3]> {
    let Some(hex) = color.strip_prefix('#') else {
        let lower = color.to_ascii_lowercase();
        return NAMES.iter().find(|(name, _)| *name == lower).map(|(_, rgb)| *rgb);
    };
    let digits: Option<Vec<u32>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits?;
    let values: Vec<u32> = match digits.len() {
        3 | 4 => digits.iter().map(|digit| digit * 17).collect(),
        6 | 8 => {
            digits.chunks(2).map(|pair| pair.iter().fold(0, |value, digit| value * 16 + digit)).collect()
        }
        _ => return None,
    };
    let opacity = values.get(3).copied().unwrap_or(255);
    let over_white = |value: u32| u8::try_from((value * opacity + 255 * (255 - opacity) + 127) / 255).ok();
    match values.get(..3)? {
        [red, green, blue] => Some([over_white(*red)?, over_white(*green)?, over_white(*blue)?]),
        _ => None,
    }
}

/// Black or white, whichever contrasts more: by at least 4.5 to 1 (WCAG 2.2, 1.4.3).
fn ink(rgb: [u8; 3]) -> &'static str {
    // A cubic is near enough to the exponential curve, and the same on every machine.
    let linear = |value: u8| {
        let value = f64::from(value) / 255.0;
        value * (value * (value * 0.305_306_011 + 0.682_171_111) + 0.012_522_878)
    };
    let [red, green, blue] = rgb.map(linear);
    if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 { "#000" } else { "#fff" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast by the letter of WCAG.
    fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
        let luminance = |rgb: [u8; 3]| {
            let linear = |value: u8| {
                let value = f64::from(value) / 255.0;
                if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2])
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn marks_can_be_read_on_every_colour() {
        let steps = || (0..=255_u8).step_by(15);
        for (red, green) in steps().flat_map(|red| steps().map(move |green| (red, green))) {
            for blue in steps() {
                let paint = Paint::of(Some(&format!("#{red:02x}{green:02x}{blue:02x}")), 0);
                let ink = if paint.ink == "#000" { [0; 3] } else { [255; 3] };
                assert!(contrast([red, green, blue], ink) >= 4.5, "{paint:?}");
            }
        }
    }

    #[test]
    fn every_form_of_colour_is_understood() {
        let fill = |color: &str| Paint::of(Some(color), 0).fill;
        assert_eq!(fill("#75f"), "#7755ff");
        assert_eq!(fill("#7A5cff"), "#7a5cff");
        assert_eq!(fill("#0000"), "#ffffff", "nothing, on white");
        assert_eq!(fill("#00000080"), "#7f7f7f");
        assert_eq!(fill("Teal"), "#008080");
        let unknown = Paint::of(Some("papayawhip"), 0);
        assert_eq!((unknown.fill.as_str(), unknown.plate), ("papayawhip", true));
        assert_ne!(Paint::of(None, 0), Paint::of(None, 1));
        assert_eq!(Paint::of(None, 7), Paint::of(None, 0));
    }
}
