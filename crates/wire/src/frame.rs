//! Writes one tagged message: tag, length, body.
//!
//! In goes a tag and what writes the body, out come the bytes, appended to a buffer.
//!
//! **Invariant**: the length that is written is the length of the body that follows.

/// Appends a message to `out`. `body` appends the body; the length is filled in afterwards.
///
/// # Panics
/// When the body is longer than the protocol can say (2 GiB); the bodies written here are answers
/// of a few kilobytes.
pub fn frame(out: &mut Vec<u8>, tag: u8, body: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    length_prefixed(out, body);
}

/// Appends a body behind its own length, as startup messages are framed.
pub(crate) fn length_prefixed(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out);
    let length = i32::try_from(out.len() - start).expect("answers are far below 2 GiB");
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

/// Appends `text` and its NUL. A NUL inside would end the text early, so the text stops there.
pub(crate) fn string(out: &mut Vec<u8>, text: &[u8]) {
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    out.extend_from_slice(&text[..end]);
    out.push(0);
}

/// Appends a count as the 16-bit integer the protocol uses for counts.
pub(crate) fn count(out: &mut Vec<u8>, count: usize) {
    let count = i16::try_from(count).expect("answers have few columns and parameters");
    out.extend_from_slice(&count.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_counts_itself_and_the_body() {
        let mut out = b"before".to_vec();
        frame(&mut out, b'X', |body| string(body, b"ab\0cd"));
        assert_eq!(out, b"beforeX\0\0\0\x07ab\0");
    }
}
