//! FEEL in the browser: texts in, texts out. What they say is [`weft_feel::trial`]'s.
//!
//! The caller asks for room, writes its request there, and gives both to [`try_expression`]; the answer lies at the address in
//! the upper half of the result and is as long as the lower half says, until the next call.
#![expect(unsafe_code, reason = "the browser can only hand over addresses; each block says why it is sound")]

use std::cell::RefCell;

thread_local! {
    /// One thread, one request at a time: what came in and what goes out.
    static REQUEST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A request of more than this is refused by giving no room.
const REQUEST_BYTES_MAX: usize = 1 << 20;

/// Room for a request of this length in bytes; 0 if that is too much.
// SAFETY: no other symbol of this module has the name.
#[unsafe(no_mangle)]
pub extern "C" fn room(length: usize) -> usize {
    if length > REQUEST_BYTES_MAX {
        return 0;
    }
    REQUEST.with_borrow_mut(|request| {
        request.clear();
        request.resize(length, 0);
        request.as_mut_ptr() as usize
    })
}

/// Try what was written into the room. The address is in the upper half, the length in the lower.
// SAFETY: no other symbol of this module has the name.
#[unsafe(no_mangle)]
pub extern "C" fn try_expression() -> u64 {
    let answer = REQUEST.with_borrow(|request| weft_feel::trial(&String::from_utf8_lossy(request)));
    ANSWER.with_borrow_mut(|kept| {
        *kept = answer;
        ((kept.as_ptr() as u64) << 32) | kept.len() as u64
    })
}
