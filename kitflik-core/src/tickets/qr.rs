//! QR codes of tickets.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};
use thiserror::Error;

/// Light modules around the symbol, as ISO/IEC 18004 asks for.
const QUIET: usize = 4;
/// Pixels of a module in a PNG.
const SCALE: usize = 8;

/// A text that cannot be shown as a QR code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QrError {
    /// Too long for one symbol.
    #[error("the text has {bytes} bytes, which is too long for a QR code: at most 2331 fit")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// The image could not be written.
    #[error("the QR code could not be drawn: {reason}")]
    Drawing {
        /// What the encoder says.
        reason: String,
    },
}

/// The dark modules of a symbol, row by row.
struct Symbol {
    width: usize,
    modules: Vec<Color>,
}

impl Symbol {
    /// Level M restores 15 % of the symbol: scratched screens, folded paper.
    fn new(text: &str) -> Result<Self, QrError> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)
            .map_err(|_| QrError::TooLong { bytes: text.len() })?;
        Ok(Self { width: code.width(), modules: code.to_colors() })
    }

    /// Width and height with the quiet zone.
    fn size(&self) -> usize {
        self.width + 2 * QUIET
    }

    fn rows(&self) -> impl Iterator<Item = &[Color]> {
        self.modules.chunks(self.width.max(1))
    }
}

/// A QR code as an SVG image: black on white, with a quiet zone, a unit to a module. The text itself is not
/// in it as text, so whatever it is it cannot alter the image.
///
/// # Errors
/// [`QrError::TooLong`].
pub fn qr_svg(text: &str) -> Result<String, QrError> {
    let symbol = Symbol::new(text)?;
    let size = symbol.size();
    let mut path = String::new();
    for (y, row) in symbol.rows().enumerate() {
        let mut x = QUIET;
        for run in row.chunk_by(|left, right| left == right) {
            if run.first() == Some(&Color::Dark) {
                // Writing to a String cannot fail.
                let _ = write!(path, "M{x} {}h{}v1h-{}z", y + QUIET, run.len(), run.len());
            }
            x += run.len();
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" role=\"img\" \
         shape-rendering=\"crispEdges\"><title>QR code of the ticket</title>\
         <path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// A QR code as a PNG image: black on white, one bit a pixel, eight pixels a module, with a quiet zone.
///
/// # Errors
/// [`QrError::TooLong`].
pub fn qr_png(text: &str) -> Result<Vec<u8>, QrError> {
    let symbol = Symbol::new(text)?;
    // Eight pixels of one bit: a module is one byte of a line.
    let light = 0xFF_u8;
    let line = |row: &[Color]| {
        let module = |color: &Color| color.select(0, light);
        let quiet = std::iter::repeat_n(light, QUIET);
        quiet.clone().chain(row.iter().map(module)).chain(quiet).collect::<Vec<u8>>()
    };
    let quiet = vec![light; symbol.size() * SCALE * QUIET];
    let mut pixels = quiet.clone();
    for row in symbol.rows() {
        let line = line(row);
        (0..SCALE).for_each(|_| pixels.extend(&line));
    }
    pixels.extend(quiet);

    let drawing = |error: png::EncodingError| QrError::Drawing { reason: error.to_string() };
    let side = u32::try_from(symbol.size() * SCALE).unwrap_or(u32::MAX);
    let mut image = Vec::new();
    let mut encoder = png::Encoder::new(&mut image, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().map_err(drawing)?;
    writer.write_image_data(&pixels).map_err(drawing)?;
    writer.finish().map_err(drawing)?;
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads an image as a gate's scanner would.
    fn scan(width: usize, height: usize, light: impl Fn(usize, usize) -> bool) -> String {
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(
                width,
                height,
                |x, y| {
                    if light(x, y) { 255 } else { 0 }
                },
            );
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    fn token() -> String {
        format!("KF1.{}", "aZ09_-".repeat(28) + "1234")
    }

    #[test]
    fn a_scanner_reads_the_png_again() {
        for text in [token(), "KF1.short".into(), "Größe".into(), "x".repeat(1000)] {
            let image = qr_png(&text).unwrap();
            let mut reader = png::Decoder::new(std::io::Cursor::new(image)).read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut pixels).unwrap();
            assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Grayscale, png::BitDepth::One));
            let (width, height) = (info.width as usize, info.height as usize);
            let light = |x: usize, y: usize| pixels[y * info.line_size + x / 8] >> (7 - x % 8) & 1 == 1;
            let margin = QUIET * SCALE;
            assert!(
                (0..width).all(|x| (0..margin).all(|y| light(x, y) && light(y, x))),
                "the quiet zone is light"
            );
            assert_eq!(scan(width, height, light), text);
        }
    }

    #[test]
    fn a_ticket_is_a_small_symbol() {
        assert_eq!(token().len(), 176);
        assert_eq!(
            Symbol::new(&token()).unwrap().width,
            53,
            "version 9; one character more would not fit it"
        );
    }

    #[test]
    fn the_svg_draws_the_same_modules_and_has_a_name() {
        insta::assert_snapshot!(qr_svg("KF1.short").unwrap());
        let svg = qr_svg(&token()).unwrap();
        // Draw the path again: each command is a run of dark modules.
        let path = svg.rsplit_once(" d=\"").unwrap().1.split_once('"').unwrap().0;
        let mut dark = vec![vec![false; 61]; 61];
        for run in path.split_terminator('z') {
            let (start, rest) = run.strip_prefix('M').unwrap().split_once('h').unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let length: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            dark[y][x..x + length].fill(true);
        }
        assert_eq!(scan(61 * 4, 61 * 4, |x, y| !dark[y / 4][x / 4]), token());
    }

    #[test]
    fn a_text_that_is_too_long_is_refused() {
        let longest = "x".repeat(2331);
        assert!(qr_svg(&longest).is_ok());
        let long = "x".repeat(2332);
        assert_eq!(qr_svg(&long), Err(QrError::TooLong { bytes: 2332 }));
        assert_eq!(qr_png(&long), Err(QrError::TooLong { bytes: 2332 }));
        assert!(!qr_svg("</svg><script>alert(1)</script>").unwrap().contains("script"));
    }
}
